"""The count: examples a person can check by hand, and properties that hold for every pool."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, strategies as st

from portal.services.counting import Entry, Outcome, Reason, count_greedy, lot, rank

SEED = "kosc"


def entry(id: str, points: int | str = 0, cost: int = 100, voters: int = 9, top_marks: int = 0) -> Entry:
    return Entry(id, cost, Decimal(points), voters, top_marks)


def told(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.entry.id, outcome.reason.value) for outcome in outcomes]


# Examples


def test_a_misfit_is_skipped_and_the_count_goes_on():
    outcomes = count_greedy(
        [entry("bench", 10, 60), entry("park", 30, 100), entry("bridge", 20, 90)], budget=160, seed=SEED
    )
    assert told(outcomes) == [("park", "funded"), ("bridge", "over_budget"), ("bench", "funded")]
    assert [outcome.missing for outcome in outcomes] == [0, 30, 0]


def test_a_proposal_that_costs_exactly_the_money_left_is_funded():
    assert count_greedy([entry("park", 1, 160)], budget=160, seed=SEED)[0].funded
    assert count_greedy([entry("park", 1, 161)], budget=160, seed=SEED)[0].missing == 1


def test_an_empty_pool_counts_to_nothing():
    assert count_greedy([], budget=100, seed=SEED) == []


def test_fewer_points_than_the_minimum_do_not_win_even_with_money_left():
    entries = [entry("park", "50"), entry("bench", "49.99")]
    outcomes = count_greedy(entries, budget=1000, minimum=Decimal(50), seed=SEED)
    assert told(outcomes) == [("park", "funded"), ("bench", "below_minimum")]


@pytest.mark.parametrize(
    ("points", "minimum", "reason"),
    [
        ("0", "0", "funded"),
        ("0", "0.0001", "below_minimum"),
        ("-1", "0", "below_minimum"),
        ("-1", "-1", "funded"),
    ],
)
def test_zero_points_win_only_where_nothing_is_asked_for(points: str, minimum: str, reason: str):
    outcomes = count_greedy([entry("park", points)], budget=100, minimum=Decimal(minimum), seed=SEED)
    assert told(outcomes) == [("park", reason)]


def test_the_funded_one_of_a_pair_excludes_the_other_whichever_way_the_pair_is_written():
    entries = [entry("pool", 2), entry("rink", 3), entry("hall", 1)]
    for pair in (("pool", "rink"), ("rink", "pool")):
        outcomes = count_greedy(entries, budget=1000, exclusions=[pair], seed=SEED)
        assert told(outcomes) == [("rink", "funded"), ("pool", "excluded"), ("hall", "funded")]
        assert [outcome.excluded_by for outcome in outcomes] == [None, "rink", None]


def test_a_proposal_that_lost_excludes_nobody():
    entries = [entry("rink", 3, 500), entry("pool", 2), entry("hall", 1)]
    exclusions = [("rink", "pool"), ("pool", "hall"), ("elsewhere", "pool")]
    outcomes = count_greedy(entries, budget=200, exclusions=exclusions, seed=SEED)
    assert told(outcomes) == [("rink", "over_budget"), ("pool", "funded"), ("hall", "excluded")]


def test_the_first_winner_is_named_when_several_exclude():
    entries = [entry("a", 3), entry("b", 2), entry("c", 1)]
    outcomes = count_greedy(entries, budget=1000, exclusions=[("b", "c"), ("a", "c")], seed=SEED)
    assert outcomes[-1].excluded_by == "a"


def test_the_minimum_is_named_before_the_pair_and_the_pair_before_the_money():
    entries = [entry("a", 9, 100), entry("b", 5, 900), entry("c", 1, 900)]
    outcomes = count_greedy(
        entries, budget=100, minimum=Decimal(5), exclusions=[("a", "b"), ("a", "c")], seed=SEED
    )
    assert told(outcomes) == [("a", "funded"), ("b", "excluded"), ("c", "below_minimum")]


def test_more_money_can_cost_a_proposal_its_win():
    """Greedy with skipping is not monotone in the budget; the results page must not claim that it is."""
    entries = [entry("a", 3, 100), entry("b", 2, 60), entry("c", 1, 60)]
    small = {o.entry.id for o in count_greedy(entries, budget=99, seed=SEED) if o.funded}
    large = {o.entry.id for o in count_greedy(entries, budget=100, seed=SEED) if o.funded}
    assert (small, large) == ({"b"}, {"a"})


# Ties


def test_equal_points_are_decided_by_top_marks_then_voters_then_the_lot():
    entries = [
        entry("few-voters", 6, voters=2, top_marks=1),
        entry("many-voters", 6, voters=4, top_marks=1),
        entry("top", 6, voters=2, top_marks=2),
        entry("more-points", 7, voters=3, top_marks=0),
    ]
    assert [e.id for e in rank(entries, seed=SEED)] == ["more-points", "top", "many-voters", "few-voters"]
    by_voters = rank(entries, tie_order=("voters", "top_marks"), seed=SEED)
    assert [e.id for e in by_voters] == ["more-points", "many-voters", "top", "few-voters"]


def test_anyone_can_repeat_the_lot_with_openssl():
    # printf '%s' 12 | openssl dgst -sha256 -hmac kosc
    assert lot("kosc", "12") == "df15b687891b32c31829e188c98df5aab671c121a71e771dfb089ea670107bab"
    assert lot("kosc", "7") == "7573f1eca07d9e11dc17560f1a867b3bcaa72318bd31a93b90f81eca65088c23"
    assert [e.id for e in rank([entry("12"), entry("7")], seed="kosc")] == ["7", "12"]


def test_another_seed_draws_another_order():
    entries = [entry(str(number)) for number in range(20)]
    assert rank(entries, seed="one") != rank(entries, seed="two")


def test_a_lot_named_first_decides_before_the_marks():
    entries = [entry("12", top_marks=5), entry("7", top_marks=1)]
    assert [e.id for e in rank(entries, tie_order=("lot", "top_marks"), seed="kosc")] == ["7", "12"]


def test_long_decimals_do_not_tie_by_rounding():
    more, less = "1" * 30 + ".2", "1" * 30 + ".1"
    assert [e.id for e in rank([entry("7", less), entry("12", more)], seed="kosc")] == ["12", "7"]


# Nonsense


@pytest.mark.parametrize(
    ("entries", "options", "complaint"),
    [
        ([entry("a"), entry("a", 5)], {}, "same id"),
        ([entry("a")], {"budget": -1}, "budget is negative"),
        ([entry("a")], {"minimum": Decimal("NaN")}, "minimum is not a number"),
        ([entry("a")], {"exclusions": [("a", "a")]}, "cannot exclude itself"),
        ([entry("a")], {"tie_order": ("beauty",)}, "unknown in the tie order: beauty"),
        ([entry("a")], {"seed": ""}, "needs a seed"),
    ],
)
def test_input_without_sense_is_refused(entries: list[Entry], options: dict, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        count_greedy(entries, **{"budget": 100, "seed": SEED, **options})


@pytest.mark.parametrize(
    "numbers",
    [{"cost": -1}, {"points": Decimal("NaN")}, {"points": Decimal("Infinity")}, {"voters": -1}, {"top_marks": 10}],
)
def test_an_entry_without_sense_is_refused(numbers: dict):
    with pytest.raises(ValueError):
        replace(entry("a"), **numbers)


# Properties


@st.composite
def entries_of_a_pool(draw: st.DrawFn) -> list[Entry]:
    ids = draw(st.lists(st.text("abcdef0123", min_size=1, max_size=3), unique=True, max_size=12))
    return [
        Entry(
            id,
            cost=draw(st.integers(0, 60)),
            points=draw(st.decimals(-2, 12, places=draw(st.sampled_from([0, 0, 0, 1])))),
            voters=(voters := draw(st.integers(0, 4))),
            top_marks=draw(st.integers(0, voters)),
        )
        for id in ids
    ]


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[Entry], dict]:
    entries = draw(entries_of_a_pool())
    ids = [entry.id for entry in entries] + ["elsewhere"]
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids)).filter(lambda pair: pair[0] != pair[1])
    return entries, {
        "budget": draw(st.integers(0, 200)),
        "minimum": draw(st.decimals(-2, 5, places=0)),
        "exclusions": draw(st.lists(pairs, max_size=5)) if len(ids) > 1 else [],
        "tie_order": draw(st.sampled_from([("top_marks", "voters", "lot"), ("voters",), ("lot",), ()])),
        "seed": draw(st.text("xyz", min_size=1, max_size=5)),
    }


@given(pools())
def test_the_winners_never_cost_more_than_the_budget(pool):
    entries, options = pool
    outcomes = count_greedy(entries, **options)
    assert sum(o.entry.cost for o in outcomes if o.funded) <= options["budget"]
    assert sorted(o.entry.id for o in outcomes) == sorted(e.id for e in entries)


@given(pools())
def test_every_reason_is_true_at_its_turn(pool):
    entries, options = pool
    left, winners = options["budget"], []
    pairs = {frozenset(pair) for pair in options["exclusions"]}
    for outcome in count_greedy(entries, **options):
        mine = outcome.entry
        excluders = [winner for winner in winners if frozenset((winner, mine.id)) in pairs]
        assert (outcome.reason is Reason.BELOW_MINIMUM) == (mine.points < options["minimum"])
        if outcome.reason is not Reason.BELOW_MINIMUM:
            assert outcome.excluded_by == (excluders[0] if excluders else None)
            assert (outcome.reason is Reason.EXCLUDED) == bool(excluders)
        if outcome.reason is Reason.OVER_BUDGET:
            assert outcome.missing == mine.cost - left > 0
        else:
            assert outcome.missing == 0
        if outcome.funded:
            winners.append(mine.id)
            left -= mine.cost


@given(pools(), st.randoms(use_true_random=False))
def test_the_order_in_which_entries_come_changes_nothing(pool, random):
    entries, options = pool
    shuffled = random.sample(entries, len(entries))
    assert count_greedy(shuffled, **options) == count_greedy(entries, **options)


@given(entries_of_a_pool(), st.permutations(["top_marks", "voters", "lot"]), st.text("xyz", min_size=1))
def test_neighbours_in_the_ranking_are_in_the_exact_order_of_the_rules(entries, tie_order, seed):
    ranked = rank(entries, tie_order=tie_order, seed=seed)
    for above, below in zip(ranked, ranked[1:], strict=False):
        if above.points != below.points:
            assert above.points > below.points
            continue
        for criterion in tie_order:
            if criterion == "lot":
                assert lot(seed, above.id) < lot(seed, below.id)
                break
            if (mine := getattr(above, criterion)) != (other := getattr(below, criterion)):
                assert mine > other
                break


@given(pools())
def test_with_money_for_all_everyone_eligible_wins(pool):
    entries, options = pool
    options |= {"budget": sum(entry.cost for entry in entries), "exclusions": []}
    for outcome in count_greedy(entries, **options):
        assert outcome.funded == (outcome.entry.points >= options["minimum"])


@given(pools(), st.data())
def test_a_winner_with_more_points_or_a_lower_cost_still_wins(pool, data):
    entries, options = pool
    winners = [outcome.entry for outcome in count_greedy(entries, **options) if outcome.funded]
    assume(winners)
    winner = data.draw(st.sampled_from(winners))
    better = replace(
        winner,
        points=winner.points + data.draw(st.integers(0, 9)),
        cost=winner.cost - data.draw(st.integers(0, winner.cost)),
    )
    outcomes = count_greedy([better if entry is winner else entry for entry in entries], **options)
    assert next(outcome for outcome in outcomes if outcome.entry is better).funded


@given(pools(), st.data())
def test_without_one_of_the_losers_nothing_changes_for_the_others(pool, data):
    entries, options = pool
    outcomes = count_greedy(entries, **options)
    losers = [outcome for outcome in outcomes if not outcome.funded]
    assume(losers)
    loser = data.draw(st.sampled_from(losers))
    without = count_greedy([entry for entry in entries if entry is not loser.entry], **options)
    assert without == [outcome for outcome in outcomes if outcome is not loser]
