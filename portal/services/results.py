"""The count of an edition from its ballots by either rule, and its turnout."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import Case, fn

from portal import clock
from portal.errors import ResultsSecret, require
from portal.models import Ballot, Choice, CountRule, District, Edition, Exclusion, Pool, Proposal
from portal.models.ballot import COUNTING
from portal.models.proposal import VOTED_ON
from portal.services.counting import Entry, Outcome, count_greedy
from portal.services.counting_shares import Ballots, count_equal_shares
from portal.services.proposals_catalogue import pools_of

SMALLEST_CELL = 5  # Ballots: fewer would tell something of people.
PARTS = fn.ROUND(Choice.points * 10_000).cast("BIGINT")  # SQLite would add fractions as floating-point numbers.


class PoolResult(NamedTuple):
    """The outcome of one pool, proposals in the order of the count; amounts in grosze.

    ``voters`` are the ballots that choose something of the pool, ``served`` those of which at least one choice is funded.
    """

    pool: Pool
    outcomes: list[Outcome]
    proposals: dict[str, Proposal]
    voters: int = 0
    served: int = 0

    @property
    def spent(self) -> int:
        return sum(outcome.entry.cost for outcome in self.outcomes if outcome.funded)

    @property
    def winners(self) -> list[Proposal]:
        return [self.proposals[outcome.entry.id] for outcome in self.outcomes if outcome.funded]


class Turnout(NamedTuple):
    """How many voted: in all, per day in the city, district, channel and age from so many years; nothing about choices."""

    total: int
    by_day: list[tuple[date, int]]
    by_district: list[tuple[District, int]]
    by_channel: list[tuple[str, int]]
    by_age: list[tuple[int, int]]


def count_edition(edition: Edition, *, now: datetime, rule: str = "") -> list[PoolResult]:
    """Count every pool of an edition, the citywide one first, by its own rule or another.

    The moment is the real one: a preview of the portal as on a later date must not open the ballots. Raises ResultsSecret before
    voting has ended.
    """
    require(now > edition.voting_to, ResultsSecret)
    pools = list(pools_of(edition))
    entries, proposals = _entries(edition, {pool.id: pool for pool in pools})
    shares = (rule or edition.count_rule) == CountRule.EQUAL_SHARES
    ballots = _ballots(edition, proposals) if shares else {}
    counted = []
    for pool in pools:
        given = {"budget": pool.budget, "minimum": pool.minimum_points, "exclusions": exclusions(proposals[pool.id]),
                 "tie_order": edition.tie_order.split(","), "seed": edition.lot_seed}
        outcomes = (count_equal_shares(entries[pool.id], ballots.get(pool.id, ()), **given) if shares
                    else count_greedy(entries[pool.id], **given))
        counted.append(PoolResult(pool, outcomes, proposals[pool.id]))
    voters = _voters(edition, [winner.id for result in counted for winner in result.winners])
    return [PoolResult(*result[:3], *voters.get(result.pool.id, (0, 0))) for result in counted]


def exclusions(proposals: Mapping[str, Proposal]) -> list[tuple[str, str]]:
    """Return the pairs of one pool by their numbers, sorted; numbers are what the lot draws: anybody can draw it again."""
    numbers = {proposal.id: number for number, proposal in proposals.items()}
    both = Exclusion.first.in_(list(numbers)), Exclusion.second.in_(list(numbers))
    pairs: Any = Exclusion.select(Exclusion.first, Exclusion.second).where(*both).tuples()
    return sorted((numbers[first], numbers[second]) for first, second in pairs)


def _entries(edition: Edition, pools: dict[int, Pool]) -> tuple[dict[int, list[Entry]], dict[int, dict[str, Proposal]]]:
    """Sum the choices per proposal in one query; a ballot's silence counts as the pool's default points."""
    top_marks = fn.SUM(Case(None, [(Choice.rank == 1, 1)], 0))
    marks = counted_choices(edition, Choice.proposal, fn.SUM(PARTS).coerce(False), fn.COUNT(Choice.ballot), top_marks)
    sums = {proposal: (points, voters, int(tops)) for proposal, points, voters, tops in marks.group_by(Choice.proposal)}
    ballots = _voters(edition, []) if any(pool.default_points for pool in pools.values()) else {}
    entries: dict[int, list[Entry]] = defaultdict(list)
    proposals: dict[int, dict[str, Proposal]] = defaultdict(dict)
    for proposal in Proposal.select().where(Proposal.pool.in_(list(pools)), Proposal.state.in_(VOTED_ON)):
        pool = pools[proposal.pool_id]
        points, voters, tops = sums.get(proposal.id, (0, 0, 0))
        silent = ballots.get(pool.id, (0, 0))[0] - voters if pool.default_points else 0
        total = Decimal(points).scaleb(-4) + pool.default_points * silent
        entries[pool.id].append(Entry(proposal.number, proposal.cost, total, voters, tops))
        proposals[pool.id][proposal.number] = proposal
    return entries, proposals


def _voters(edition: Edition, winners: list[int]) -> dict[int, tuple[int, int]]:
    """Return how many ballots of each pool have a choice there, and how many give points to one of these proposals."""
    served = Case(None, [(Choice.proposal.in_(winners) & (Choice.points > 0), Choice.ballot)])
    rows = counted_choices(edition, Choice.pool, fn.COUNT(Choice.ballot.distinct()), fn.COUNT(served.distinct()))
    return {pool: (voters, served) for pool, voters, served in rows.group_by(Choice.pool)}


def _ballots(edition: Edition, proposals: Mapping[int, Mapping[str, Proposal]]) -> dict[int, Ballots]:
    """Return the different ballots of each pool, without voters, by numbers of proposals and ten-thousandths of points."""
    numbers = {proposal.id: number for pool in proposals.values() for number, proposal in pool.items()}
    rows = counted_choices(edition, Choice.pool, Choice.ballot.coerce(False), Choice.proposal, PARTS.coerce(False))
    given: dict[int, dict[Any, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for pool, ballot, proposal, points in rows:
        given[pool][ballot].append((numbers.get(proposal, ""), points))
    return {pool: Counter(tuple(sorted(marks)) for marks in ballots.values()).items() for pool, ballots in given.items()}


def counted_choices(edition: Edition, *columns: Any) -> Any:
    """Select these columns of the choices that count in an edition, as tuples."""
    return Choice.select(*columns).join(Ballot).where(Ballot.edition == edition, Ballot.state.in_(COUNTING)).tuples()


def count_ballots(edition: Edition, *columns: Any, least: int = 1) -> Any:
    """Count the ballots of an edition that count by these columns, the fewest first; leave out fewer than ``least``."""
    ballots = fn.COUNT(Ballot.id)
    return (Ballot.select(*columns, ballots).where(Ballot.edition == edition, Ballot.state.in_(COUNTING))
            .group_by(*columns).having(ballots >= least).order_by(ballots, *columns).tuples())


def turnout(edition: Edition) -> Turnout:
    """Return how many ballots came in; void ones are left out, and small neighbouring age bands are told as one."""
    days, districts = Counter[date](), Counter[int | None]()
    for hour, district, ballots in count_ballots(edition, Ballot.cast_at, Ballot.district):
        days[clock.local(hour).date()] += ballots
        districts[district] += ballots
    named = District.select().where(District.id.in_([key for key in districts if key])).order_by(District.number, District.name)
    ages = {age: ballots for age, ballots in count_ballots(edition, Ballot.age_from) if age is not None}
    by_day = [] if edition.archived else sorted(days.items())  # Files tell no days.
    return Turnout(days.total(), by_day, [(district, districts[district.id]) for district in named],
                   sorted(count_ballots(edition, Ballot.channel)), merge_bands(ages))


def merge_bands(ages: Mapping[int, int]) -> list[tuple[int, int]]:
    """Add each age band of too few ballots to a neighbour, the older one if there is any; return none if all are too few."""
    bands: list[tuple[int, int]] = []
    for age, ballots in sorted(ages.items(), reverse=True):
        if bands and (bands[-1][1] < SMALLEST_CELL or ballots < SMALLEST_CELL):
            bands[-1] = age, bands[-1][1] + ballots
        else:
            bands.append((age, ballots))
    return bands[::-1] if bands and bands[-1][1] >= SMALLEST_CELL else []
