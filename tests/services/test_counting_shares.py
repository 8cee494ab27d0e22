"""Equal shares: examples a person can check by hand, and the laws that make the method fair, checked with other arithmetic."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import gcd
from typing import Any

import pytest
from hypothesis import given, strategies as st

from portal.services.counting import TIE_ORDER, Entry, Outcome, Reason, rank
from portal.services.counting_shares import PARTS, Ballots, _price, count_equal_shares, share_out

GIVEN: dict[str, Any] = {"minimum": Decimal(0), "exclusions": (), "tie_order": TIE_ORDER, "seed": "kosc"}


def pool(costs: dict[str, int], *ballots: tuple[int, dict[str, int]]) -> tuple[list[Entry], Ballots]:
    """Return entries and ballots of a pool: what each project costs, and how many ballots give which points."""
    points, voters = Counter(), Counter()
    for many, marks in ballots:
        for key, mark in marks.items():
            points[key] += many * mark
            voters[key] += many
    return ([Entry(key, cost, Decimal(points[key]), voters[key], 0) for key, cost in costs.items()],
            [(tuple(marks.items()), many) for many, marks in ballots])


def count(entries: list[Entry], ballots: Ballots, budget: int, **also: Any) -> list[tuple[str, str]]:
    return [(outcome.entry.id, outcome.reason.value)
            for outcome in count_equal_shares(entries, ballots, budget=budget, **{**GIVEN, **also})]


# Examples

def test_a_minority_gets_what_its_share_pays_for():
    """Six of ten like three things of the north, four one of the south: by points all the money goes north."""
    entries, ballots = pool({"n1": 50, "n2": 50, "s": 40}, (6, {"n1": 3, "n2": 2}), (4, {"s": 3}))
    assert count(entries, ballots, 100) == [("n1", "funded"), ("s", "funded"), ("n2", "over_budget")]


def test_supporters_pay_the_same_per_point():
    """Shares of 30: at 5 per point the first pays 15, the others 10 and 5."""
    entries, ballots = pool({"a": 30}, (1, {"a": 3}), (1, {"a": 2}), (1, {"a": 1}))
    share, bought = share_out(entries, ballots, budget=90, **GIVEN)
    assert (share, bought) == (30 * PARTS, [("a", 5 * PARTS)])


def test_who_has_less_left_pays_all_of_it_and_the_others_more():
    """Of shares of 30 the first pays 20 for a, and its last 10 for b, which costs 35; the second one 25, and 5 for c."""
    entries, ballots = pool({"a": 20, "b": 35, "c": 5}, (1, {"a": 100, "b": 20, "c": 1}), (1, {"b": 20, "c": 1}), (1, {}))
    share, bought = share_out(entries, ballots, budget=90, **GIVEN)
    assert (share, bought) == (30 * PARTS, [("a", PARTS // 5), ("b", 5 * PARTS // 4), ("c", 5 * PARTS)])


def test_shares_grow_by_one_per_cent_until_something_more_can_be_paid():
    entries, ballots = pool({"a": 50, "b": 51}, (1, {"a": 1}), (1, {"b": 1}))
    share, bought = share_out(entries, ballots, budget=101, **GIVEN)
    first = 101 * PARTS // 2
    assert [key for key, _price in bought] == ["a", "b"] and share == first + first // 100 + 1
    assert count(entries, ballots, 100) == [("a", "funded"), ("b", "over_budget")]


def test_growth_that_would_cost_too_much_is_taken_back_and_the_rest_spent_from_the_top():
    entries, ballots = pool({"a": 55, "b": 54, "c": 40, "d": 5}, (3, {"a": 1}), (3, {"b": 1}), (1, {"c": 1}))
    assert count(entries, ballots, 100) == [
        ("b", "funded"), ("a", "over_budget"), ("c", "funded_from_the_rest"), ("d", "funded_from_the_rest")]


def test_project_that_nobody_chose_is_funded_only_of_what_is_left():
    entries, ballots = pool({"a": 50, "b": 10}, (2, {"a": 1}))
    assert count(entries, ballots, 60) == [("a", "funded"), ("b", "funded_from_the_rest")]
    assert count(entries, ballots, 59) == [("a", "funded"), ("b", "over_budget")]


def test_minimum_and_exclusions_hold():
    entries, ballots = pool({"a": 10, "b": 10, "c": 10}, (3, {"a": 3, "b": 2}), (1, {"c": 1}))
    assert count(entries, ballots, 100, minimum=Decimal(2), exclusions=[("b", "a")]) == [
        ("a", "funded"), ("b", "excluded"), ("c", "below_minimum")]


def test_equal_prices_are_decided_by_the_official_ranking():
    entries, ballots = pool({"12": 10, "7": 10}, (1, {"12": 1}), (1, {"7": 1}))
    assert [key for key, _reason in count(entries, ballots, 20)] == ["7", "12"], "by the lot with this seed"


def test_points_of_any_unit_mean_the_same():
    costs, marks = {"a": 37, "b": 23, "c": 31}, [(5, {"a": 3, "b": 2}), (4, {"b": 3, "c": 1}), (3, {"c": 2, "a": 1})]
    fine = [(many, {key: points * 10_000 for key, points in one.items()}) for many, one in marks]
    assert share_out(*pool(costs, *marks), budget=60, **GIVEN) == share_out(*pool(costs, *fine), budget=60, **GIVEN)


@pytest.mark.parametrize("ballots", [(), ((2, {}),), ((2, {"gone": 3}),), ((1, {"a": -1}),)])
def test_without_anybody_who_pays_all_is_spent_from_the_top(ballots: tuple[Any, ...]):
    entries, _none = pool({"a": 10, "b": 10})
    given_away = [(tuple(marks.items()), many) for many, marks in ballots]
    assert {reason for _key, reason in count(entries, given_away, 15)} == {"funded_from_the_rest", "over_budget"}


def test_input_without_sense_is_refused():
    entries, ballots = pool({"a": 10}, (1, {"a": 1}))
    with pytest.raises(ValueError, match="budget is negative"):
        count(entries, ballots, -1)
    with pytest.raises(ValueError, match="same id"):
        count([*entries, *entries], ballots, 10)


# Laws

@st.composite
def pools(draw: st.DrawFn) -> tuple[list[Entry], Ballots, int, dict[str, Any]]:
    costs = draw(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 60), max_size=8))
    ids = sorted(costs) or ["x"]
    ballots = draw(st.lists(st.tuples(st.integers(1, 4), st.dictionaries(st.sampled_from(ids), st.integers(1, 3), max_size=3)),
                            max_size=8))
    entries, given_away = pool(costs, *ballots)
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from([*ids, "elsewhere"])).filter(lambda pair: pair[0] != pair[1])
    return entries, given_away, draw(st.integers(0, 150)), {
        **GIVEN, "minimum": Decimal(draw(st.integers(0, 4))), "exclusions": draw(st.lists(pairs, max_size=3)),
        "seed": draw(st.text("xyz", min_size=1, max_size=3))}


@given(pools())
def test_what_is_funded_never_costs_more_than_the_budget_and_each_reason_is_true(case):
    entries, ballots, budget, options = case
    outcomes = count_equal_shares(entries, ballots, budget=budget, **options)
    assert sorted(outcome.entry.id for outcome in outcomes) == sorted(entry.id for entry in entries)
    pairs, left, winners = {frozenset(pair) for pair in options["exclusions"]}, budget, []
    for outcome in outcomes:
        excluders = [winner for winner in winners if frozenset((winner, outcome.entry.id)) in pairs]
        if outcome.funded:
            assert not excluders and outcome.entry.points >= options["minimum"]
            left -= outcome.entry.cost
            winners.append(outcome.entry.id)
        elif outcome.reason is Reason.EXCLUDED:
            assert outcome.excluded_by == excluders[0]
        elif outcome.reason is Reason.OVER_BUDGET:
            assert outcome.missing == outcome.entry.cost - left > 0
        else:
            assert outcome.entry.points < options["minimum"]
    assert left >= 0


def price(cost: int, purses: list[int], marks: list[int]) -> int | None:
    """Return the lowest whole price per point at which all can pay together, by trying."""
    if sum(purses) < cost or not marks:
        return None
    low, high = 0, max(purses) + 1
    while low < high:
        middle = (low + high) // 2
        enough = sum(min(purse, middle * mark) for purse, mark in zip(purses, marks, strict=True)) >= cost
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


@given(st.integers(0, 90), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), min_size=1, max_size=5))
def test_price_is_the_lowest_whole_one_that_pays(cost, payers):
    assert _price(cost, Counter(payers)) == price(cost, *map(list, zip(*payers, strict=True)))


@given(pools())
def test_result_has_a_price(case):
    """Every bought project is paid by its supporters from equal shares, at the lowest price of its moment, and at the end no
    others have enough left for theirs."""
    entries, ballots, budget, options = case
    share, bought = share_out(entries, ballots, budget=budget, **options)
    voters = [dict(marks) for marks, many in ballots for _one in range(many)]
    purses, pairs = [share] * len(voters), {frozenset(pair) for pair in options["exclusions"]}
    open_to = {entry.id: entry for entry in rank(entries, tie_order=TIE_ORDER, seed=options["seed"])
               if entry.points >= options["minimum"]}

    def prices() -> list[tuple[int, str]]:
        supported = {key: [number for number, marks in enumerate(voters) if key in marks] for key in open_to}
        found = [(price(open_to[key].cost * PARTS, [purses[one] for one in who], [voters[one][key] for one in who]), key)
                 for key, who in supported.items()]
        return [(paid, key) for paid, key in found if paid is not None]

    unit = gcd(*(mark for marks in voters for mark in marks.values())) or 1
    for key, paid in bought:
        lowest = min(prices(), key=lambda found: found[0])
        assert -(-paid // unit) == lowest[0] and key == lowest[1]
        bill = [min(purse, paid * marks.get(key, 0) // unit) for purse, marks in zip(purses, voters, strict=True)]
        assert open_to[key].cost * PARTS <= sum(bill) < open_to[key].cost * PARTS + open_to[key].points + 1
        purses = [purse - paid_by for purse, paid_by in zip(purses, bill, strict=True)]
        open_to = {other: entry for other, entry in open_to.items() if other != key and frozenset((other, key)) not in pairs}
    assert min(purses, default=0) >= 0 and prices() == []
    assert share >= (budget * PARTS // len(voters) if voters else 0)


@given(pools(), st.randoms(use_true_random=False))
def test_the_order_in_which_projects_and_ballots_come_changes_nothing(case, random):
    entries, ballots, budget, options = case
    apart = [(tuple(random.sample(marks, len(marks))), 1) for marks, many in ballots for _one in range(many)]
    counted = count_equal_shares(entries, ballots, budget=budget, **options)
    shuffled = random.sample(entries, len(entries)), random.sample(apart, len(apart))
    assert count_equal_shares(*shuffled, budget=budget, **options) == counted


@given(pools())
def test_everybody_who_alone_could_pay_for_a_choice_has_one(case):
    """Extended justified representation for one: whose share pays for an open project has chosen one that is funded."""
    entries, ballots, budget, options = case
    options |= {"minimum": Decimal(0), "exclusions": ()}
    share = Fraction(budget, max(1, sum(many for _marks, many in ballots)))
    outcomes = {outcome.entry.id: outcome for outcome in count_equal_shares(entries, ballots, budget=budget, **options)}
    for marks, _many in ballots:
        chosen = [outcomes[key] for key, _points in marks if key in outcomes]
        if any(outcome.entry.cost < share for outcome in chosen):
            assert any(outcome.funded for outcome in chosen)


@given(pools())
def test_with_money_for_all_everyone_eligible_wins(case):
    entries, ballots, _budget, options = case
    options |= {"exclusions": ()}
    outcomes: list[Outcome] = count_equal_shares(entries, ballots, budget=sum(entry.cost for entry in entries), **options)
    assert all(outcome.funded == (outcome.entry.points >= options["minimum"]) for outcome in outcomes)
