"""Statistics: turnout, and what is doubtful; nothing of choices before the end, and never which."""

from datetime import datetime, timedelta

import pytest

from portal import clock
from portal.models import Ballot, Choice, District, Edition, Proposal
from portal.models.ballot import BallotState
from portal.services import statistics
from portal.services.statistics import ALIKE, BURST, LEAST_IN_A_BURST, MANY_IN_ALL, MANY_IN_AN_HOUR
from tests.factories import make_district, make_edition, make_pool

pytestmark = pytest.mark.usefixtures("app")
HOUR = timedelta(hours=1)


@pytest.fixture
def edition(now: datetime) -> Edition:
    edition = make_edition()
    make_pool(edition, proposals=3)
    return edition


def store(edition: Edition, ballots: int, at: datetime, *, picks: tuple[Proposal, ...] = (), **given: object) -> None:
    """Store so many ballots of an hour, which all give these picks 3, 2 and 1 points."""
    for _ in range(ballots):
        ballot = Ballot.create(**{"edition": edition, "voter_key": str(Ballot.select().count()), "channel": "online",
                                  "cast_at": clock.hour_of(at), **given})
        for rank, proposal in enumerate(picks):
            Choice.create(ballot=ballot, proposal=proposal, pool=proposal.pool_id, points=3 - rank, rank=rank + 1)


def networks(edition: Edition, now: datetime) -> list[tuple[int, int, datetime | None, int]]:
    return statistics.collect(edition, now=now)["networks"]


def test_today_is_told_by_the_hours_of_the_city_over_all_channels(edition: Edition, now: datetime):
    midnight = clock.start_of(clock.local(now).date())
    for at, ballots, channel in ((midnight - HOUR, 4, "online"), (midnight, 2, "online"), (now, 1, "online"), (now, 3, "paper")):
        store(edition, ballots, at, channel=channel)
    store(edition, 5, now, state=BallotState.VOID, void_reason="test")
    store(make_edition(), 1, now)
    found = statistics.collect(edition, now=now)
    assert found["today"] == [(midnight, 2), (clock.hour_of(now), 4)]
    assert found["turnout"].total == 10


def test_many_ballots_of_one_network_within_an_hour_are_told_with_the_busiest_hour(edition: Edition, now: datetime):
    hour = clock.hour_of(now)
    store(edition, MANY_IN_AN_HOUR, now - HOUR, network="b")
    store(edition, MANY_IN_AN_HOUR + 1, now, network="b")
    store(edition, MANY_IN_AN_HOUR - 1, now, network="a")
    store(edition, MANY_IN_AN_HOUR - 1, now - HOUR, network="a")
    store(edition, 200, now)
    assert networks(edition, now) == [(2 * MANY_IN_AN_HOUR + 1, MANY_IN_AN_HOUR + 1, hour, 0)]


def test_many_ballots_of_one_network_in_all_are_told_the_most_first(edition: Edition, now: datetime):
    for at in range(10):
        store(edition, MANY_IN_ALL // 10, now - at * HOUR, network="a")
        store(edition, MANY_IN_ALL // 10 - (at == 0), now - at * HOUR, network="b")
        store(edition, MANY_IN_ALL // 10 + 1, now - at * HOUR, network="c")
    assert networks(edition, now) == [(MANY_IN_ALL + 10, 0, None, 0), (MANY_IN_ALL, 0, None, 0)]


def test_burst_is_an_hour_far_above_the_median_of_its_district_online(edition: Edition, now: datetime):
    calm, busy, paper = (make_district() for _ in range(3))
    for at in range(1, 6):
        store(edition, 6, now - at * HOUR, district=calm)
        store(edition, 40, now - at * HOUR, district=busy)
        store(edition, 1, now - at * HOUR, district=paper)
    store(edition, 6 * BURST, now, district=calm)
    store(edition, 60, now, district=busy)
    store(edition, 90, now, district=paper, channel="paper")
    assert statistics.collect(edition, now=now)["bursts"] == [(6 * BURST, calm, clock.hour_of(now), 6)]


def test_few_ballots_are_no_burst_however_quiet_the_district(edition: Edition, now: datetime):
    district = make_district()
    for at in range(1, 6):
        store(edition, 1, now - at * HOUR, district=district)
    store(edition, LEAST_IN_A_BURST - 1, now, district=district)
    assert statistics.collect(edition, now=now)["bursts"] == []
    store(edition, 1, now, district=district)
    assert [burst[0] for burst in statistics.collect(edition, now=now)["bursts"]] == [LEAST_IN_A_BURST]


def test_same_choices_of_one_network_are_counted_after_the_end_only(edition: Edition, now: datetime, statements: list[str]):
    a, b, c = Proposal.select()
    store(edition, ALIKE, now, picks=(a, b, c), network="many")
    store(edition, ALIKE + 2, now, picks=(b, a, c), network="many")
    store(edition, ALIKE - 1, now, picks=(a, b, c), network="few")
    store(edition, 1, now, picks=(a, c, b), network="few")
    statements.clear()
    assert networks(edition, edition.voting_to) == [(2 * ALIKE + 2, 2 * ALIKE + 2, clock.hour_of(now), 0)]
    assert not [statement for statement in statements if '"choice"' in statement]
    after = networks(edition, edition.voting_to + timedelta(microseconds=1))
    assert after == [(2 * ALIKE + 2, 2 * ALIKE + 2, clock.hour_of(now), ALIKE + 2)]


def test_same_projects_with_other_points_are_not_the_same_choices(edition: Edition, now: datetime):
    a, b, c = Proposal.select()
    for picks in ((a, b, c), (b, a, c)):
        store(edition, ALIKE - 1, now, picks=picks, network="n")
    assert networks(edition, edition.voting_to + HOUR) == []


@pytest.mark.parametrize("districts", [1, 12])
def test_number_of_queries_does_not_depend_on_how_much_there_is(edition: Edition, now: datetime, districts: int,
                                                                statements: list[str]):
    picks = tuple(Proposal.select())
    for at, district in enumerate(make_district() for _ in range(districts)):
        store(edition, ALIKE + at, now - at * HOUR, district=district, network=f"n{at}", age_from=at * 5 % 25, picks=picks)
    statements.clear()
    found = statistics.collect(edition, now=edition.voting_to + HOUR)
    assert (len(found["networks"]), len(found["turnout"].by_district), len(statements)) == (districts, districts, 9)


def test_patterns_change_no_ballot(edition: Edition, now: datetime):
    store(edition, MANY_IN_ALL, now, network="n", district=District.select().first() or make_district(),
          picks=tuple(Proposal.select()))
    before = [list(model.select().order_by(*model._meta.get_primary_keys()).tuples()) for model in (Ballot, Choice)]
    assert networks(edition, edition.voting_to + HOUR)
    assert before == [list(model.select().order_by(*model._meta.get_primary_keys()).tuples()) for model in (Ballot, Choice)]
