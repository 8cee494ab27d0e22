"""Store Pabulib files: each is one pool of an archived edition, with its proposals and, when wanted, its ballots.

The seed of the lot is ``pabulib-<code of the edition>`` and the lot draws the files' project ids, so that the same files
imported anywhere under the same code are counted the same.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import chain, count
from typing import Any, NamedTuple

from portal import clock, crypto
from portal.database import lock, transaction
from portal.errors import ImportRefused
from portal.models.ballot import Ballot, BallotState, Choice
from portal.models.base import BaseModel
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.proposal import Proposal, ProposalState
from portal.services import audit
from portal.services.pabulib import PabulibFile, Project
from portal.services.pabulib_check import check_files, default_points, fold

MOST_PICKS = 20  # What an edition can say; ballots of an archived one may have more.
SLUG_LENGTH = 120
ROWS = 100  # Per statement.

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
    check_files(files)
    with transaction():
        lock("editions")
        edition = _edition(files, code)
        districts = {fold(district.name): district for district in District.select()}
        races = [(file, _pool(edition, file, districts)) for file in files]
        proposals = _store_proposals(edition, races, progress)
        cast = _store_ballots(edition, races, proposals, districts, now, progress) if with_ballots else ()
        stored = Imported(len(races), len(proposals), *cast)
        audit.record("edition imported", actor=actor, subject=f"edition:{code}", now=now, **stored._asdict())
    return stored


def slugify(*parts: str) -> str:
    """Return the parts in small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", " ".join(parts).lower().replace("ł", "l")).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain))


def _edition(files: Sequence[PabulibFile], code: str) -> Edition:
    """Create the edition or widen the archived one, so that it covers the files."""
    edition = Edition.get_or_none(Edition.code == code)
    if edition is None:
        name = f"{files[0].unit} {files[0].instance}"[:150]
        edition = Edition(code=code, name=name, archived=True, lot_seed=f"pabulib-{code}", citywide_picks=0, district_picks=0)
        for other in Edition.select():
            if crypto.keyring.path(other.ballot_key) == crypto.keyring.path(edition.ballot_key):
                raise ImportRefused("the code %(code)s is too much like that of edition %(other)s", code=code, other=other.code)
    elif not edition.archived:
        raise ImportRefused("edition %(code)s is not archived: files cannot be added to it", code=code)
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
        district = districts.get(fold(file.subunit)) or District.create(name=file.subunit)
        districts[fold(file.subunit)] = district
    same = Pool.district.is_null() if district is None else Pool.district == district
    if Pool.select().where(Pool.edition == edition, same).exists():
        raise ImportRefused("edition %(code)s already has the pool of %(file)s", code=edition.code, file=file.name)
    return Pool.create(edition=edition, district=district, budget=file.budget, minimum_points=file.min_project_score_threshold,
                       default_points=default_points(file))


def _store_proposals(edition: Edition, races: Races, progress: Progress) -> dict[tuple[int, str], int]:
    """Return the ids of the proposals by pool and the file's project id."""
    used = {proposal.slug for proposal in Proposal.select(Proposal.slug)}
    rows = [_proposal(edition, pool, project, used) for file, pool in races for project in file.projects]
    _insert(Proposal, rows, progress)
    stored: Any = Proposal.select(Proposal.pool, Proposal.number, Proposal.id).where(Proposal.pool << [pool for _, pool in races])
    return {(pool, number): id for pool, number, id in stored.tuples()}


def _proposal(edition: Edition, pool: Pool, project: Project, used: set[str]) -> dict[str, Any]:
    base = slugify(edition.code, pool.name or "", project.project_id, project.name)[:SLUG_LENGTH].strip("-")
    others = (f"{base[:SLUG_LENGTH - 8]}-{number}" for number in count(2))
    slug = next(slug for slug in chain([base], others) if slug not in used)
    used.add(slug)
    return {"pool": pool.id, "number": project.project_id, "slug": slug, "title": project.name, "cost": project.cost,
            "categories": ", ".join(project.categories), "latitude": project.latitude, "longitude": project.longitude,
            "description": project.columns.get("description", ""), "beneficiaries": project.columns.get("target", ""),
            "state": ProposalState.ON_BALLOT}


def _store_ballots(edition: Edition, races: Races, proposals: dict[tuple[int, str], int], districts: dict[str, District],
                   now: datetime, progress: Progress) -> tuple[int, int]:
    """Store one ballot per person over all files, ordered by random ids, so that nothing keeps the order of a file."""
    known: dict[str, Any] = {ballot.voter_key: ballot for ballot in Ballot.select().where(Ballot.edition == edition)}
    (crypto.keyring.get if known else crypto.keyring.create)(edition.ballot_key)
    state = BallotState.COUNTED if now > edition.voting_to else BallotState.RECORDED
    key_of = cache(partial(crypto.keyed_hash, edition.ballot_key, "pabulib"))
    ballots, moved, choices = known.copy(), set(), []
    for pool, vote in ((pool, vote) for file, pool in races for vote in file.votes):
        key = key_of(vote.voter_id)
        if key not in ballots:
            ballots[key] = Ballot(edition=edition, voter_key=key, channel=vote.channel, state=state,
                                  cast_at=clock.hour_of(edition.voting_from))
        ballot = ballots[key]
        district = districts.get(fold(vote.district or ""), pool.district)
        if ballot.district_id is None and district is not None:
            ballot.district_id = district.id
            moved.add(key)
        choices += [{"ballot": ballot.id, "proposal": proposals[pool.id, choice.project_id], "pool": pool.id,
                     "points": choice.points, "rank": choice.rank} for choice in vote.choices]
    Ballot.bulk_update([known[key] for key in moved & known.keys()], [Ballot.district], batch_size=ROWS)
    fresh = sorted((ballot.__data__ for key, ballot in ballots.items() if key not in known), key=lambda data: data["id"])
    _insert(Ballot, [{name: data.get(name) for name in Ballot._meta.sorted_field_names} for data in fresh], progress)
    _insert(Choice, sorted(choices, key=lambda choice: choice["ballot"].int), progress)
    return len(fresh), len(choices)


def _insert(model: type[BaseModel], rows: Sequence[dict[str, Any]], progress: Progress) -> None:
    for start in range(0, len(rows), ROWS):
        model.add(*rows[start:start + ROWS])
        progress(f"{model._meta.table_name}s", min(start + ROWS, len(rows)), len(rows))
