"""Store Pabulib files: each is one pool of an archived edition, with its proposals and, when wanted, its ballots.

The seed of the lot is ``pabulib-<code of the edition>`` and the lot draws the files' project ids, so that the same files
imported anywhere under the same code are counted the same.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

from peewee import Model, chunked

from portal import clock, crypto
from portal.database import database, lock, transaction
from portal.errors import ImportRefused
from portal.models.ballot import Ballot, BallotState, Choice
from portal.models.edition import District, Edition, Pool
from portal.models.proposal import Proposal, ProposalState
from portal.services import audit
from portal.services.pabulib import PabulibError, PabulibFile, Project, recount

MOST_PICKS = 20  # What an edition can say; ballots of an archived one may have more.
SLUG_LENGTH = 120
ROWS = 100  # Per statement.

Progress = Callable[[str, int, int], None]  # What is being stored, how many are done, of how many.


@dataclass(slots=True)
class Imported:
    """How much was stored."""

    pools: int = 0
    proposals: int = 0
    ballots: int = 0
    choices: int = 0


@dataclass(slots=True)
class _Race:
    """A file with its pool, and the proposals by the file's project ids."""

    file: PabulibFile
    pool: Pool
    proposals: dict[str, int] = field(default_factory=dict)


def import_files(files: Sequence[PabulibFile], code: str, *, with_ballots: bool, actor: str, now: datetime,
                 progress: Progress = lambda what, done, total: None) -> Imported:
    """Store files as pools of the edition with this code, which is created when it is missing: all of them or nothing.

    A voter id is one person in all files of the edition, also of an earlier call. Raises PabulibError for a file that cannot
    be stored, ImportRefused when the edition or a pool of it stands against it, and KeyMissing when the edition has ballots
    but no longer its ballot key.
    """
    check_files(files, with_ballots=with_ballots)
    stored = Imported(pools=len(files))
    with transaction():
        lock("editions")
        edition = _edition(files, code)
        districts = {fold(district.name): district for district in District.select()}
        races = [_Race(file, _pool(edition, file, districts)) for file in files]
        stored.proposals = _store_proposals(edition, races, progress)
        if with_ballots:
            stored.ballots, stored.choices = _store_ballots(edition, races, districts, now, progress)
        audit.record("edition imported", actor=actor, subject=f"edition:{code}", now=now, **asdict(stored))
    return stored


def check_files(files: Sequence[PabulibFile], *, with_ballots: bool) -> None:
    """Raise PabulibError when files are of the same pool or say what the database has no room for."""
    seen: dict[str, PabulibFile] = {}
    for file in files:
        if (other := seen.setdefault(fold(file.subunit or ""), file)) is not file:
            raise PabulibError(file.name, 0, f"it has the same subunit as {other.name}")
        if file.date_begin.year < 1900 or file.date_end.year > 2100:
            raise PabulibError(file.name, 0, "the dates are not between 1900 and 2100")
        _check_length(file, 0, "subunit", file.subunit or "", District.name)
        for number in (file.min_project_score_threshold, file.default_score):
            _check_number(file, 0, number)
        for project in file.projects:
            _check_length(file, project.line, "project_id", project.project_id, Proposal.number)
            _check_length(file, project.line, "name", project.name, Proposal.title)
            _check_length(file, project.line, "category", ", ".join(project.categories), Proposal.categories)
        for vote in file.votes if with_ballots else ():
            for choice in vote.choices:
                _check_number(file, vote.line, choice.points)


def _check_length(file: PabulibFile, line: int, column: str, text: str, room: Any) -> None:
    if len(text) > room.max_length:
        raise PabulibError(file.name, line, f"{column} is longer than {room.max_length} characters")


def _check_number(file: PabulibFile, line: int, number: Decimal) -> None:
    if not fits(number):
        raise PabulibError(file.name, line, f"'{number}' has more than 10 digits before or 4 after the decimal point")


@lru_cache(maxsize=10_000)
def fits(number: Decimal) -> bool:
    """Tell whether points can be stored exactly."""
    return abs(number) < 10**10 and number == round(number, 4)


def fold(name: str) -> str:
    """Return what two spellings of a name have in common: letter case, composition and blanks make no difference."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def slugify(*parts: str) -> str:
    """Return the parts in small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", " ".join(parts).lower().replace("ł", "l")).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain))


def _edition(files: Sequence[PabulibFile], code: str) -> Edition:
    """Create the edition or widen the archived one, so that it covers the files."""
    edition = Edition.get_or_none(Edition.code == code)
    if edition is None:
        name = f"{files[0].unit} {files[0].instance}"[:Edition.name.max_length]
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
    if edition.pools.where(Pool.district.is_null() if district is None else Pool.district == district).exists():
        raise ImportRefused("edition %(code)s already has the pool of %(file)s", code=edition.code, file=file.name)
    return Pool.create(edition=edition, district=district, budget=file.budget, minimum_points=file.min_project_score_threshold,
                       default_points=_default_points(file))


def _default_points(file: PabulibFile) -> Decimal:
    """Return the default score, unless the stated scores leave it out, as the format's official checker does."""
    tallies = recount(file, default_score=file.default_score)
    stated = (project.score in (None, tallies[project.project_id].score) for project in file.projects)
    return file.default_score if all(stated) else Decimal(0)


def _store_proposals(edition: Edition, races: list[_Race], progress: Progress) -> int:
    used = {slug for slug, in Proposal.select(Proposal.slug).tuples()}
    rows = [_proposal(edition, race.pool, project, used) for race in races for project in race.file.projects]
    for batch in chunked(rows, ROWS):
        Proposal.insert_many(batch).execute()
    for race in races:
        race.proposals = dict(Proposal.select(Proposal.number, Proposal.id).where(Proposal.pool == race.pool).tuples())
    progress("proposals", len(rows), len(rows))
    return len(rows)


def _proposal(edition: Edition, pool: Pool, project: Project, used: set[str]) -> dict[str, Any]:
    base = slugify(edition.code, pool.name or "", project.project_id, project.name)[:SLUG_LENGTH]
    slug, count = base, 1
    while slug in used:
        count += 1
        slug = f"{base[:SLUG_LENGTH - 8]}-{count}"
    used.add(slug)
    return {"pool": pool, "number": project.project_id, "slug": slug, "title": project.name, "cost": project.cost,
            "categories": ", ".join(project.categories), "latitude": project.latitude, "longitude": project.longitude,
            "description": project.columns.get("description", ""), "beneficiaries": project.columns.get("target", ""),
            "state": ProposalState.ON_BALLOT}


def _store_ballots(edition: Edition, races: list[_Race], districts: dict[str, District], now: datetime,
                   progress: Progress) -> tuple[int, int]:
    """Store one ballot per person over all files, ordered by random ids, so that nothing keeps the order of a file."""
    known = {str(ballot.voter_key): ballot for ballot in Ballot.select().where(Ballot.edition == edition)}
    (crypto.keyring.get if known else crypto.keyring.create)(edition.ballot_key)
    state = BallotState.COUNTED if now > edition.voting_to else BallotState.RECORDED
    ballots, moved, choices = dict(known), set(), []
    for race, vote in ((race, vote) for race in races for vote in race.file.votes):
        key = crypto.keyed_hash(edition.ballot_key, "pabulib", vote.voter_id)
        if (ballot := ballots.get(key)) is None:
            ballot = ballots[key] = Ballot(edition=edition, voter_key=key, channel=vote.channel, state=state,
                                           cast_at=clock.hour_of(edition.voting_from))
        district = districts.get(fold(vote.district or ""), race.pool.district)
        if ballot.district_id is None and district is not None:
            ballot.district_id = district.id
            moved.add(key)
        choices += [(ballot.id, race.proposals[choice.project_id], race.pool.id, choice.points, choice.rank)
                    for choice in vote.choices]
    Ballot.bulk_update([known[key] for key in moved & known.keys()], [Ballot.district], batch_size=ROWS)
    fresh = sorted((ballot.__data__ for key, ballot in ballots.items() if key not in known), key=itemgetter("id"))
    _insert(Ballot, [[data.get(name) for name in Ballot._meta.sorted_field_names] for data in fresh], progress)
    _insert(Choice, sorted(choices, key=lambda choice: choice[0].int), progress)
    return len(fresh), len(choices)


def _insert(model: type[Model], rows: Sequence[Sequence[Any]], progress: Progress) -> None:
    """Insert rows of all fields of a model in their order; three times as fast as insert_many."""
    fields, table = model._meta.sorted_fields, model._meta.table_name
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    row_of = f"({', '.join([database.param] * len(fields))})"
    done = 0
    for batch in chunked(rows, ROWS):
        values = [field.db_value(value) for row in batch for field, value in zip(fields, row, strict=True)]
        database.execute_sql(f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([row_of] * len(batch))}', values)
        done += len(batch)
        progress(f"{table}s", done, len(rows))
