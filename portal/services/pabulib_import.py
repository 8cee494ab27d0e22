"""Store Pabulib files: each is one pool of an archived edition, with its proposals and, when wanted, its ballots.

The seed of the lot is ``pabulib-<code of the edition>`` and the lot draws the files' project ids, so that the same files
imported anywhere under the same code are counted the same. Files that a portal has written say in comments how they are counted.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import chain, count
from typing import Any, NamedTuple
from uuid import uuid4

from portal import clock, crypto
from portal.database import lock, transaction
from portal.errors import N_, ImportRefused, require
from portal.models import Ballot, BallotState, Choice, CountRule, District, Edition, Exclusion, Pool, Proposal, ProposalState
from portal.services import audit
from portal.services.pabulib import PabulibFile, Project, VoteType, check_sums, default_points
from portal.services.pabulib_format import refuse

MOST_PICKS = 20  # What an edition can say; ballots of an archived one may have more.
SLUG_LENGTH = 120
ROWS = 100  # Per statement.

# What services/open_data.py writes into comments.
SEED, TIES, EITHER = r"seed of the lot: (\S{1,100})", r"ties: ([a-z_,]{1,100})", r"at most one of (\S+) and (\S+)"

Progress = Callable[[str, int, int], None]  # What is being stored, how many are done, of how many.
Races = list[tuple[PabulibFile, Pool]]


class Imported(NamedTuple):
    """How much was stored."""

    pools: int
    proposals: int
    ballots: int = 0
    choices: int = 0


def import_files(files: Sequence[PabulibFile], code: str, *, with_ballots: bool, actor: str, now: datetime,
                 progress: Progress = lambda what, done, total: None) -> Imported:
    """Store files as pools of the edition with this code, which is created when it is missing: all of them or nothing.

    A voter id is one person in all files of the edition, also of an earlier call. Raises PabulibError for a file that cannot
    be stored, ImportRefused when the edition or a pool of it stands against it, and KeyMissing when the edition has ballots
    but no longer its ballot key.
    """
    _check(files)
    require(re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,19}", code),
            ImportRefused(N_("A code has 1 to 20 letters, digits, hyphens and underscores.")))
    with transaction():
        lock("editions")
        edition = _edition(files, code)
        districts = {fold(district.name): district for district in District.select()}
        races = [(file, _pool(edition, file, districts)) for file in files]
        proposals = _store_proposals(edition, races, progress)
        cast = _store_ballots(edition, races, proposals, districts, now, progress) if with_ballots else ()
        stored = Imported(len(races), len(proposals), *cast)
        audit.record("edition imported", actor=actor, subject=edition, now=now, **stored._asdict())
    return stored


def slugify(*parts: str) -> str:
    """Return the parts in small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", " ".join(parts).lower().replace("ł", "l")).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain))


def fold(name: str) -> str:
    """Return what two spellings of a name have in common: letter case, composition and blanks make no difference."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _check(files: Sequence[PabulibFile]) -> None:
    """Refuse two files of the same pool, and a file that the database cannot keep exactly or that contradicts itself."""
    seen: dict[str, PabulibFile] = {}
    for file in files:
        other = seen.setdefault(fold(file.subunit or ""), file)
        refuse(other is not file, file.name, 0, f"it is of the same pool (subunit) as {other.name}")
        refuse(file.date_begin.year < 1900 or file.date_end.year > 2100, file.name, 0, "the dates are not between 1900 and 2100")
        texts = [(0, "subunit", file.subunit or "", District.name)]
        texts += [(project.line, "project_id", project.project_id, Proposal.number) for project in file.projects]
        texts += [(project.line, "name", project.name, Proposal.title) for project in file.projects]
        texts += [(project.line, "category", ", ".join(project.category), Proposal.categories) for project in file.projects]
        for line, column, text, field in texts:
            refuse(len(text) > field.max_length, file.name, line, f"{column} is longer than {field.max_length} characters")
        points = [(vote.line, points) for vote in file.votes for points in vote.points]
        for line, number in [(0, file.min_project_score_threshold), (0, file.default_score), *points]:
            refuse(abs(number) >= 10**10 or number != round(number, 4), file.name, line,
                   f"'{number}' has more than 10 digits before or 4 after the decimal point")
        check_sums(file)


def _edition(files: Sequence[PabulibFile], code: str) -> Edition:
    """Create the edition or widen the archived one, so that it covers the files."""
    edition = Edition.get_or_none(Edition.code == code)
    if edition is None:
        name = f"{files[0].unit} {files[0].instance}"[:150]
        seed, ties = (re.search(words, files[0].meta.get("comment", "")) for words in (SEED, TIES))
        shares = files[0].rule == "equalshares/add1"
        edition = Edition(code=code, name=name, archived=True, lot_seed=seed[1] if seed else f"pabulib-{code}", citywide_picks=0,
                          district_picks=0, count_rule=CountRule.EQUAL_SHARES if shares else CountRule.GREEDY)
        edition.tie_order = ties[1] if ties else edition.tie_order
        for other in Edition.select():
            if crypto.keyring.path(other.ballot_key) == crypto.keyring.path(edition.ballot_key):
                raise ImportRefused(N_("%(code)s is too much like the code of edition %(other)s."), code=code, other=other.code)
    require(edition.archived, ImportRefused(N_("Edition %(code)s is not archived: files cannot be added to it."), code=code))
    edition.voting_from = min(filter(None, [edition.voting_from, *(clock.start_of(file.date_begin) for file in files)]))
    edition.voting_to = max(filter(None, [edition.voting_to, *(clock.end_of(file.date_end) for file in files)]))
    edition.results_on = max(filter(None, [edition.results_on, edition.voting_to + timedelta(microseconds=1)]))
    edition.all_required = edition.all_required and all(file.min_length == file.max_length for file in files)
    for file in files:
        picks = "district_picks" if file.subunit else "citywide_picks"
        setattr(edition, picks, max(getattr(edition, picks), min(file.max_length, MOST_PICKS)))
    edition.save()
    return edition


def _pool(edition: Edition, file: PabulibFile, districts: dict[str, District]) -> Pool:
    """Create the pool of a file, and its district when nobody knows it yet."""
    district = None
    if file.subunit:
        district = districts[fold(file.subunit)] = districts.get(fold(file.subunit)) or District.create(name=file.subunit)
    require((district and district.id) not in [pool.district_id for pool in edition.pools], ImportRefused(
        N_("Edition %(code)s already has the pool of %(file)s."), code=edition.code, file=file.name))
    return Pool.create(edition=edition, district=district, budget=file.budget, minimum_points=file.min_project_score_threshold,
                       default_points=default_points(file))


def _store_proposals(edition: Edition, races: Races, progress: Progress) -> dict[tuple[int, str], int]:
    """Return the ids of the proposals by pool and the file's project id."""
    used = {proposal.slug for proposal in Proposal.select(Proposal.slug)}
    _insert(Proposal, [_proposal(edition, pool, project, used) for file, pool in races for project in file.projects], progress)
    stored: Any = Proposal.select(Proposal.pool, Proposal.number, Proposal.id).where(Proposal.pool << [pool for _, pool in races])
    known = {(pool, number): id for pool, number, id in stored.tuples()}
    for file, pool in races:
        for pair in re.findall(EITHER, file.meta.get("comment", "")):
            ids = sorted({known[pool.id, number] for number in pair if (pool.id, number) in known})
            if len(ids) == len(pair):
                Exclusion.create(first=ids[0], second=ids[1])
    return known


def _proposal(edition: Edition, pool: Pool, project: Project, used: set[str]) -> dict[str, Any]:
    base = slugify(edition.code, pool.name or "", project.project_id, project.name)[:SLUG_LENGTH].strip("-")
    others = (f"{base[:SLUG_LENGTH - 8]}-{number}" for number in count(2))
    slug = next(slug for slug in chain([base], others) if slug not in used)
    used.add(slug)
    return {"pool": pool.id, "number": project.project_id, "slug": slug, "title": project.name, "cost": project.cost,
            "categories": ", ".join(project.category), "latitude": project.latitude, "longitude": project.longitude,
            "description": project.description, "beneficiaries": project.target, "state": ProposalState.ON_BALLOT}


def _store_ballots(edition: Edition, races: Races, proposals: dict[tuple[int, str], int], districts: dict[str, District],
                   now: datetime, progress: Progress) -> tuple[int, int]:
    """Store one ballot per person over all files, ordered by random ids, so that nothing keeps the order of a file."""
    stored: Any = Ballot.select(Ballot.id, Ballot.voter_key, Ballot.district).where(Ballot.edition == edition).dicts()
    known = {ballot["voter_key"]: ballot for ballot in stored}
    (crypto.keyring.get if known else crypto.keyring.create)(edition.ballot_key)
    state = BallotState.COUNTED if now > edition.voting_to else BallotState.RECORDED
    key_of = cache(partial(crypto.keyed_hash, edition.ballot_key, "pabulib"))
    common = {"edition": edition.id, "state": state, "cast_at": clock.hour_of(edition.voting_from), "district": None}
    homeless = [ballot for ballot in known.values() if ballot["district"] is None]
    ballots, choices = known.copy(), []
    for file, pool in races:
        exported = re.search(SEED, file.meta.get("comment", ""))
        for vote in file.votes:
            key = key_of(vote.voter_id)
            ballot = ballots.setdefault(key, {"id": uuid4(), "voter_key": key, "channel": vote.voting_method, **common})
            district = districts.get(fold(vote.district), pool.district)
            ballot["district"] = ballot["district"] or (district and district.id)
            places = [int(file.max_points - points) + 1 for points in vote.points]  # Somebody may give no top mark.
            ranks = places if exported and len({*places}) == len(places) else count(1)
            choices += [{"ballot": ballot["id"], "proposal": proposals[pool.id, project], "pool": pool.id, "points": points,
                         "rank": place if file.vote_type is VoteType.ORDINAL else None}
                        for place, project, points in zip(ranks, vote.vote, vote.points)]
    Ballot.bulk_update([Ballot(**ballot) for ballot in homeless if ballot["district"]], [Ballot.district], batch_size=ROWS)
    fresh = [ballot for key, ballot in ballots.items() if key not in known]
    _insert(Ballot, sorted(fresh, key=lambda ballot: ballot["id"].int), progress)
    _insert(Choice, sorted(choices, key=lambda choice: choice["ballot"].int), progress)
    return len(fresh), len(choices)


def _insert(model: type[Proposal | Ballot | Choice], rows: Sequence[dict[str, Any]], progress: Progress) -> None:
    for start in range(0, len(rows), ROWS):
        model.add(*rows[start:start + ROWS])
        progress(f"{model._meta.table_name}s", min(start + ROWS, len(rows)), len(rows))
