"""The count of an edition from its ballots, and its turnout."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN, Case, fn

from portal import clock
from portal.errors import ResultsSecret
from portal.models.ballot import COUNTING, Ballot, Choice
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.proposal import VOTED_ON, Proposal
from portal.models.results import Exclusion
from portal.services.counting import Entry, Outcome, count_greedy


@dataclass(frozen=True, slots=True)
class PoolResult:
    """The outcome of one pool, proposals in the order of the count; amounts in grosze."""

    pool: Pool
    outcomes: list[Outcome]
    proposals: dict[str, Proposal]

    @property
    def spent(self) -> int:
        return sum(outcome.entry.cost for outcome in self.outcomes if outcome.funded)


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many voted: in all, per day in the city and per district; nothing about choices."""

    total: int
    by_day: list[tuple[date, int]]
    by_district: list[tuple[District, int]]


def count_edition(edition: Edition, *, now: datetime) -> list[PoolResult]:
    """Count every pool of an edition, the citywide one first; raise ResultsSecret before voting has ended.

    The moment is the real one: a preview of the portal as on a later date must not open the ballots.
    """
    if now <= edition.voting_to:
        raise ResultsSecret
    pools = list(Pool.select(Pool, District).join(District, JOIN.LEFT_OUTER).where(Pool.edition == edition)
                 .order_by(Pool.district.is_null(False), District.number, District.name))
    entries, proposals = _entries(edition, {pool.id: pool for pool in pools})
    exclusions = (Exclusion.select(Exclusion).join(Proposal, on=Exclusion.first == Proposal.id).join(Pool)
                  .where(Pool.edition == edition))
    pairs = [(pair.first_id, pair.second_id) for pair in exclusions]
    return [PoolResult(pool, count_greedy(
        entries[pool.id], budget=pool.budget, minimum=pool.minimum_points, exclusions=_numbered(pairs, proposals[pool.id]),
        tie_order=edition.tie_order.split(","), seed=edition.lot_seed), proposals[pool.id]) for pool in pools]


def _numbered(pairs: list[tuple[int, int]], proposals: dict[str, Proposal]) -> list[tuple[str, str]]:
    """Return the pairs of one pool by their numbers, which are what the lot draws: anybody can draw it again."""
    numbers = {proposal.id: number for number, proposal in proposals.items()}
    return [(numbers[first], numbers[second]) for first, second in pairs if first in numbers and second in numbers]


def _entries(edition: Edition, pools: dict[int, Pool]) -> tuple[dict[int, list[Entry]], dict[int, dict[str, Proposal]]]:
    """Sum the choices per proposal in one query; a ballot's silence counts as the pool's default points.

    Points are summed as whole ten-thousandths, because SQLite would add fractions as floating-point numbers.
    """
    parts = fn.SUM(fn.ROUND(Choice.points * 10_000).cast("BIGINT"))
    top_marks = fn.SUM(Case(None, [(Choice.rank == 1, 1)], 0))
    marks: Any = (
        Choice.select(Choice.proposal, parts.coerce(False), fn.COUNT(Choice.ballot), top_marks)
        .join(Ballot).where(Ballot.edition == edition, Ballot.state.in_(COUNTING)).group_by(Choice.proposal))
    sums = {proposal: (points, voters, int(tops)) for proposal, points, voters, tops in marks.tuples()}
    ballots = _ballots_with_defaults(pools)
    entries: dict[int, list[Entry]] = defaultdict(list)
    proposals: dict[int, dict[str, Proposal]] = defaultdict(dict)
    for proposal in Proposal.select().where(Proposal.pool.in_(list(pools)), Proposal.state.in_(VOTED_ON)):
        pool = pools[proposal.pool_id]
        points, voters, tops = sums.get(proposal.id, (0, 0, 0))
        silent = ballots.get(pool.id, 0) - voters if pool.default_points else 0
        total = Decimal(points).scaleb(-4) + pool.default_points * silent
        key = str(proposal.number)
        entries[pool.id].append(Entry(key, proposal.cost, total, voters, tops))
        proposals[pool.id][key] = proposal
    return entries, proposals


def _ballots_with_defaults(pools: dict[int, Pool]) -> dict[int, int]:
    """Return the number of ballots in each pool that gives points to what a ballot does not mark."""
    wanted = [pool.id for pool in pools.values() if pool.default_points]
    if not wanted:
        return {}
    rows: Any = (Choice.select(Choice.pool, fn.COUNT(Choice.ballot.distinct())).join(Ballot)
                 .where(Choice.pool.in_(wanted), Ballot.state.in_(COUNTING)).group_by(Choice.pool).tuples())
    return dict(rows)


def turnout(edition: Edition) -> Turnout:
    """Return how many ballots came in, per day and district; void ones are left out."""
    cast: Any = Ballot.select(Ballot.cast_at, Ballot.district, fn.COUNT(Ballot.id)).where(
        Ballot.edition == edition, Ballot.state.in_(COUNTING)).group_by(Ballot.cast_at, Ballot.district).tuples()
    days: dict[date, int] = defaultdict(int)
    districts: dict[int | None, int] = defaultdict(int)
    for hour, district, ballots in cast:
        days[clock.local(hour).date()] += ballots
        districts[district] += ballots
    named = District.select().where(District.id.in_([key for key in districts if key])).order_by(District.number, District.name)
    return Turnout(sum(days.values()), sorted(days.items()), [(district, districts[district.id]) for district in named])
