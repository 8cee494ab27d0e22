"""The count of an edition from its ballots, and its turnout."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from peewee import JOIN, Case, fn

from portal import clock
from portal.errors import ResultsSecret
from portal.models.ballot import COUNTING, Ballot, Choice
from portal.models.edition import District, Edition, Pool
from portal.models.proposal import VOTED_ON, Exclusion, Proposal
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
    """Count every pool of an edition, the citywide one first; raise ResultsSecret before voting has ended."""
    if now <= edition.voting_to:
        raise ResultsSecret
    pools = list(Pool.select(Pool, District).join(District, JOIN.LEFT_OUTER).where(Pool.edition == edition)
                 .order_by(Pool.district.is_null(False), District.number, District.name))
    entries, proposals = _entries(edition, {pool.id: pool for pool in pools})
    exclusions = (Exclusion.select(Exclusion).join(Proposal, on=Exclusion.first == Proposal.id).join(Pool)
                  .where(Pool.edition == edition))
    pairs = [(str(pair.first_id), str(pair.second_id)) for pair in exclusions]
    return [PoolResult(pool, count_greedy(
        entries[pool.id], budget=pool.budget, minimum=pool.minimum_points, exclusions=pairs,
        tie_order=edition.tie_order.split(","), seed=edition.lot_seed), proposals[pool.id]) for pool in pools]


def _entries(edition: Edition, pools: dict[int, Pool]) -> tuple[dict[int, list[Entry]], dict[int, dict[str, Proposal]]]:
    """Sum the choices per proposal in one query; a ballot's silence counts as the pool's default points."""
    marks = (Choice.select(Choice.proposal, fn.SUM(Choice.points).alias("points"), fn.COUNT(Choice.ballot).alias("voters"),
                           fn.SUM(Case(None, [(Choice.rank == 1, 1)], 0)).alias("top_marks"))
             .join(Ballot).where(Ballot.edition == edition, Ballot.state.in_(COUNTING)).group_by(Choice.proposal))
    sums = {mark.proposal_id: mark for mark in marks}
    ballots = _ballots_with_defaults(pools)
    entries: dict[int, list[Entry]] = defaultdict(list)
    proposals: dict[int, dict[str, Proposal]] = defaultdict(dict)
    for proposal in Proposal.select().where(Proposal.pool.in_(list(pools)), Proposal.state.in_(VOTED_ON)):
        mark, pool = sums.get(proposal.id), pools[proposal.pool_id]
        voters = mark.voters if mark else 0
        silent = ballots.get(pool.id, 0) - voters if pool.default_points else 0
        points = Decimal(mark.points if mark else 0) + pool.default_points * silent
        key = str(proposal.id)
        entries[pool.id].append(Entry(key, proposal.cost, points, voters, int(mark.top_marks) if mark else 0))
        proposals[pool.id][key] = proposal
    return entries, proposals


def _ballots_with_defaults(pools: dict[int, Pool]) -> dict[int, int]:
    """Return the number of ballots in each pool that gives points to what a ballot does not mark."""
    wanted = [pool.id for pool in pools.values() if pool.default_points]
    if not wanted:
        return {}
    rows = (Choice.select(Choice.pool, fn.COUNT(Choice.ballot.distinct())).join(Ballot)
            .where(Choice.pool.in_(wanted), Ballot.state.in_(COUNTING)).group_by(Choice.pool).tuples())
    return dict(rows)


def turnout(edition: Edition) -> Turnout:
    """Return how many ballots came in, per day and district; void ones are left out."""
    cast = Ballot.select(Ballot.cast_at, Ballot.district, fn.COUNT(Ballot.id).alias("ballots")).where(
        Ballot.edition == edition, Ballot.state.in_(COUNTING)).group_by(Ballot.cast_at, Ballot.district)
    days: dict[date, int] = defaultdict(int)
    districts: dict[int | None, int] = defaultdict(int)
    for row in cast:
        days[clock.local(row.cast_at).date()] += row.ballots
        districts[row.district_id] += row.ballots
    named = District.select().where(District.id.in_([key for key in districts if key])).order_by(District.number, District.name)
    return Turnout(sum(days.values()), sorted(days.items()), [(district, districts[district.id]) for district in named])
