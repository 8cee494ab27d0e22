"""The count of an edition from its ballots, and its turnout."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.errors import ResultsSecret
from portal.models import Account, Ballot, Choice, District, Edition, Exclusion, Pool, Proposal
from portal.models.ballot import BallotState, Channel
from portal.models.edition import CountRule
from portal.models.proposal import ProposalState
from portal.services import results
from portal.services.counting import Reason
from tests.factories import make_account, make_district, make_edition, make_pool, make_proposal
from tests.services.ballots import cast, choose

pytestmark = pytest.mark.usefixtures("app")
MICROSECOND, HOUR = timedelta(microseconds=1), timedelta(hours=1)


@pytest.fixture
def edition(now: datetime) -> Edition:
    """An edition whose voting ended yesterday."""
    return make_edition(open_now=False)


def store(edition: Edition, *picks: Proposal, district: District | None = None, state: str = BallotState.RECORDED,
          at: datetime | None = None, points: tuple[Any, ...] = (3, 2, 1)) -> None:
    """Store a ballot that gives these points, highest first, to the picks."""
    number = Ballot.select().count()
    ballot = Ballot.create(edition=edition, voter_key=f"{number:064d}", channel=Channel.ONLINE, district=district, state=state,
                           void_reason="test" if state == BallotState.VOID else "", cast_at=at or edition.voting_from)
    for rank, proposal in enumerate(picks):
        Choice.create(ballot=ballot, proposal=proposal, pool=proposal.pool_id, points=points[rank], rank=rank + 1)


def contest(edition: Edition, *costs: int, **given: Any) -> list[Proposal]:
    """Make a citywide pool of 100 zł with proposals A, B, C... of these costs in zł."""
    pool = make_pool(edition, **{"budget": 100_00, **given})
    return [make_proposal(pool, number=number, cost=cost * 100) for number, cost in zip("ABCDEF", costs, strict=False)]


def count(edition: Edition, now: datetime) -> list[Any]:
    """Return the outcomes of the citywide pool."""
    return results.count_edition(edition, now=now)[0].outcomes


def test_points_voters_and_top_marks_come_from_the_ballots(edition: Edition, now: datetime):
    a, b, c = contest(edition, 10, 10, 10)
    for _ in range(3):
        store(edition, a, b, c)
    store(edition, b, a, c)
    store(edition, b)
    entries = [(outcome.entry.id, outcome.entry.points, outcome.entry.voters, outcome.entry.top_marks)
               for outcome in count(edition, now)]
    assert entries == [("B", 12, 5, 2), ("A", 11, 4, 3), ("C", 4, 4, 0)]


def test_proposal_that_nobody_chose_is_counted_with_nothing(edition: Edition, now: datetime):
    contest(edition, 10)
    (outcome,) = count(edition, now)
    assert (outcome.entry.points, outcome.entry.voters, outcome.funded) == (0, 0, True)


def test_ballots_cast_through_the_portal_are_what_is_counted(now: datetime):
    edition, district = make_edition(), make_district()
    pools = make_pool(edition, proposals=4), make_pool(edition, district, proposals=4)
    for account in [make_account(district) for _ in range(3)]:
        choose(edition, district, account, now)
        cast(edition, district, account, now)
    counted = results.count_edition(edition, now=edition.voting_to + MICROSECOND)
    assert [result.pool for result in counted] == list(pools)
    assert [[(outcome.entry.points, outcome.entry.voters) for outcome in result.outcomes] for result in counted] == [
        [(9, 3), (6, 3), (3, 3), (0, 0)]] * 2


@pytest.mark.parametrize(("state", "counts"), [(BallotState.RECORDED, True), (BallotState.UNDER_CHECK, True),
                                               (BallotState.COUNTED, True), (BallotState.VOID, False)])
def test_only_void_ballots_are_left_out(edition: Edition, now: datetime, state: str, counts: bool):
    (a,) = contest(edition, 10)
    store(edition, a, state=state)
    (outcome,) = count(edition, now)
    assert (outcome.entry.points, outcome.entry.voters, outcome.entry.top_marks) == ((3, 1, 1) if counts else (0, 0, 0))
    assert results.turnout(edition).total == counts


def test_ballots_of_another_edition_are_not_counted(edition: Edition, now: datetime):
    (a,) = contest(edition, 10)
    other = make_edition(open_now=False)
    (same_number,) = contest(other, 10)
    store(other, same_number)
    assert count(edition, now)[0].entry.points == 0
    assert a.number == same_number.number


def test_fractions_of_points_are_summed_exactly(edition: Edition, now: datetime):
    a, b = contest(edition, 10, 10)
    for _ in range(10):
        store(edition, a, points=(Decimal("0.1"),))
    store(edition, b, points=(Decimal("1"),))
    points = {outcome.entry.id: outcome.entry.points for outcome in count(edition, now)}
    assert points == {"A": Decimal(1), "B": Decimal(1)}


@pytest.mark.parametrize("when", ["voting_from", "voting_to"])
def test_nothing_is_counted_before_the_last_second_is_over(now: datetime, when: str):
    edition = make_edition()
    store(edition, *contest(edition, 10))
    with pytest.raises(ResultsSecret):
        results.count_edition(edition, now=getattr(edition, when))
    assert results.count_edition(edition, now=edition.voting_to + MICROSECOND)


def test_proposals_that_were_not_voted_on_are_left_out(edition: Edition, now: datetime):
    (a,) = contest(edition, 10)
    for state in (ProposalState.REFUSED, ProposalState.WITHDRAWN, ProposalState.ADMITTED, ProposalState.DRAFT):
        make_proposal(a.pool, state=state)
    assert [outcome.entry.id for outcome in count(edition, now)] == ["A"]


def test_what_does_not_fit_is_skipped_and_the_count_goes_on(edition: Edition, now: datetime):
    a, b, c = contest(edition, 60, 50, 40)
    store(edition, a, b, c)
    outcomes = count(edition, now)
    assert [(outcome.entry.id, outcome.reason, outcome.missing) for outcome in outcomes] == [
        ("A", Reason.FUNDED, 0), ("B", Reason.OVER_BUDGET, 10_00), ("C", Reason.FUNDED, 0)]
    assert results.count_edition(edition, now=now)[0].spent == 100_00


def test_minimum_of_the_pool_holds(edition: Edition, now: datetime):
    a, b = contest(edition, 10, 10, minimum_points=3)
    store(edition, a, b)
    assert [outcome.reason for outcome in count(edition, now)] == [Reason.FUNDED, Reason.BELOW_MINIMUM]


def test_excluding_pairs_of_the_edition_hold_and_name_the_winner(edition: Edition, now: datetime):
    a, b, c = contest(edition, 10, 10, 10)
    Exclusion.create(first=a, second=b)
    store(edition, b, a, c)
    assert [(outcome.entry.id, outcome.reason, outcome.excluded_by) for outcome in count(edition, now)] == [
        ("B", Reason.FUNDED, None), ("A", Reason.EXCLUDED, "B"), ("C", Reason.FUNDED, None)]


def test_exclusion_over_two_pools_changes_nothing(edition: Edition, now: datetime):
    (a,) = contest(edition, 10)
    other = make_proposal(make_pool(edition, make_district()), number="B")
    Exclusion.create(first=a, second=other)
    assert all(result.outcomes[0].funded for result in results.count_edition(edition, now=now))


def test_tie_is_broken_in_the_order_of_the_edition(edition: Edition, now: datetime):
    a, b = contest(edition, 10, 10)
    store(edition, a)
    store(edition, b, points=(2,))
    store(edition, b, points=(1,))
    assert [outcome.entry.id for outcome in count(edition, now)] == ["B", "A"], "two top marks before one"
    edition.tie_order = "lot"
    drawn = {}
    for seed in "abcdefgh":
        edition.lot_seed = seed
        drawn[seed] = [outcome.entry.id for outcome in count(edition, now)]
    assert {tuple(order) for order in drawn.values()} == {("A", "B"), ("B", "A")}


def test_default_points_go_to_what_a_ballot_of_the_pool_leaves_unmarked(edition: Edition, now: datetime):
    a, b = contest(edition, 10, 10, default_points=Decimal("0.5"))
    elsewhere = make_proposal(make_pool(edition, make_district()), number="X")
    store(edition, a)
    store(edition, a)
    store(edition, b)
    store(edition, elsewhere)
    store(edition, b, state=BallotState.VOID)
    points = {outcome.entry.id: outcome.entry.points for outcome in count(edition, now)}
    assert points == {"A": Decimal("6.5"), "B": Decimal("4")}


def test_pools_come_citywide_first_and_then_by_district_number(edition: Edition, now: datetime):
    late, early = make_district(number=8802, name="A"), make_district(number=8801, name="B")
    for district in (late, None, early):
        make_pool(edition, district)
    assert [result.pool.name for result in results.count_edition(edition, now=now)] == [None, "B", "A"]


def test_turnout_is_told_by_day_of_the_city_and_by_district(edition: Edition, now: datetime):
    north, south = make_district(name="Północ", number=1), make_district(name="Południe", number=2)
    evening = datetime.fromisoformat("2026-06-08T21:00:00Z")
    store(edition, district=south, at=evening)
    store(edition, district=north, at=evening + HOUR)  # The next day has begun in the city.
    store(edition, district=north, at=evening + 2 * HOUR)
    store(edition, district=north, at=evening, state=BallotState.VOID)
    store(make_edition(open_now=False), district=north)
    turnout = results.turnout(edition)
    assert turnout.total == 3
    assert [(day.isoformat(), voters) for day, voters in turnout.by_day] == [("2026-06-08", 1), ("2026-06-09", 2)]
    assert turnout.by_district == [(north, 2), (south, 1)]
    assert (turnout.by_channel, turnout.by_age) == ([("online", 3)], []), "three are too few to tell how old they are"


def test_turnout_counts_ballots_whose_district_is_unknown(edition: Edition):
    store(edition)
    turnout = results.turnout(edition)
    assert (turnout.total, turnout.by_district) == (1, [])


def test_edition_without_pools_or_ballots_has_an_empty_result(edition: Edition, now: datetime):
    assert results.count_edition(edition, now=now) == []
    assert (results.turnout(edition).total, Pool.select().count(), Account.select().count()) == (0, 0, 0)


def test_equal_shares_count_the_ballots_of_each_pool_by_themselves(edition: Edition, now: datetime):
    """Of 100 zł each of four ballots has 25: three buy A for 60 zł together, the fourth one B for 20; C is too dear for any."""
    a, b, c = contest(edition, 60, 20, 30)
    elsewhere = make_proposal(make_pool(edition, make_district(), budget=5_00), number="X", cost=5_00)
    for picks in ((a, c), (a, c), (a, elsewhere), (b,)):
        store(edition, *picks)
    store(edition, c, state=BallotState.VOID)
    citywide, district = results.count_edition(edition, now=now, rule=CountRule.EQUAL_SHARES)
    assert [(outcome.entry.id, outcome.reason) for outcome in citywide.outcomes] == [
        ("A", Reason.FUNDED), ("B", Reason.FUNDED), ("C", Reason.OVER_BUDGET)]
    assert (citywide.voters, citywide.served, district.voters, district.served) == (4, 4, 1, 1)
    assert [str(winner.number) for winner in citywide.winners] == ["A", "B"]
    assert [outcome.funded for outcome in district.outcomes] == [True]


def test_rule_of_the_edition_is_the_official_one(edition: Edition, now: datetime):
    """By points both of the many win; by equal shares the few have their own."""
    a, b, c = contest(edition, 50, 50, 30)
    for picks in ((a, b), (a, b), (c,)):
        store(edition, *picks)
    winners = {}
    for rule in CountRule:
        edition.count_rule = rule
        winners[rule] = [str(proposal.number) for proposal in results.count_edition(edition, now=now)[0].winners]
    assert winners == {CountRule.GREEDY: ["A", "B"], CountRule.EQUAL_SHARES: ["A", "C"]}
    edition.count_rule = CountRule.EQUAL_SHARES
    assert [str(proposal.number) for proposal in results.count_edition(edition, now=now, rule="greedy")[0].winners] == ["A", "B"]


def test_voters_who_gave_points_to_a_winner_are_served(edition: Edition, now: datetime):
    a, b = contest(edition, 60, 60)
    store(edition, a, b)
    store(edition, a)
    store(edition, b)
    store(edition, a, state=BallotState.VOID)
    store(edition, a, points=(0,))
    (result,) = results.count_edition(edition, now=now)
    assert ([str(winner.number) for winner in result.winners], result.voters, result.served) == (["A"], 4, 2)


@pytest.mark.parametrize(("ages", "told"), [
    ({}, []), ({0: 4}, []), ({0: 5}, [(0, 5)]), ({0: 4, 20: 1}, [(0, 5)]), ({0: 4, 20: 5}, [(0, 9)]),
    ({0: 5, 20: 4, 25: 5}, [(0, 5), (20, 9)]), ({0: 5, 20: 5, 75: 4}, [(0, 5), (20, 9)]),
    ({16: 1, 20: 9, 25: 1, 30: 1, 75: 3}, [(16, 10), (25, 5)])])
def test_no_age_band_is_told_with_less_than_five(ages: dict[int, int], told: list[tuple[int, int]]):
    assert results.merge_bands(ages) == told
    assert sum(ages.values()) in (sum(ballots for _age, ballots in told), *range(5))
