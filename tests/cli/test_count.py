"""portal count: the result of an edition for people and for machines."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from portal.models import Ballot, Choice, Edition, Exclusion
from portal.models.ballot import Channel
from tests.cli.conftest import Portal
from tests.factories import make_district, make_edition, make_pool, make_proposal


@pytest.fixture
def edition(portal: Portal, now: datetime) -> Edition:
    """A counted edition: the city votes Most before Park, a district nothing."""
    edition = make_edition(code="2026", open_now=False)
    pool = make_pool(edition, budget=100_00)
    names = {"Most": 60_00, "Park": 50_50, "Las": 40_00, "Staw": 1_00}
    most, park, las, staw = (make_proposal(pool, number=name, title=f"{name} nad Wisłą", cost=cost)
                             for name, cost in names.items())
    district = make_pool(edition, make_district(name="Dębniki"), budget=7, minimum_points=1)
    make_proposal(district, number="D1", title="Ławka", cost=1)
    Exclusion.create(first=most, second=staw)
    ballot = Ballot.create(edition=edition, voter_key="k" * 64, channel=Channel.ONLINE, cast_at=now)
    for points, proposal in ((3, most), (Decimal("2.5"), park), (1, las)):
        Choice.create(ballot=ballot, proposal=proposal, pool=pool, points=points, rank=4 - int(points))
    return edition


def project(number: str, cost: float, points: float, voters: int, reason: str) -> dict[str, Any]:
    return {"id": number, "cost": cost, "points": points, "voters": voters, "funded": reason == "funded", "reason": reason}


def test_machines_get_the_pools_in_order_with_projects_in_the_order_of_the_count(portal: Portal, edition: Edition):
    answer = portal("count", "2026", "--json")
    assert (answer.status, answer.err) == (0, "")
    assert json.loads(answer.out) == {"edition": "2026", "pools": [
        {"pool": None, "budget": 100, "projects": [
            project("Most", 60, 3, 1, "funded"), project("Park", 50.5, 2.5, 1, "over the money left by 10.50 zł"),
            project("Las", 40, 1, 1, "funded"), project("Staw", 1, 0, 0, "excluded by Most")]},
        {"pool": "Dębniki", "budget": 0.07, "projects": [project("D1", 0.01, 0, 0, "below minimum")]}]}
    assert "Dębniki" in answer.out and '"budget": 100,' in answer.out, "whole numbers have no decimals, letters no escapes"


def test_people_get_a_list(portal: Portal, edition: Edition):
    answer = portal("count", "2026")
    assert answer.status == 0
    assert answer.out == """
Citywide: 100.00 of 100.00 zł
 ✓ 3 points, 1 voters, 60.00 zł: Most Most nad Wisłą (funded)
   2.5 points, 1 voters, 50.50 zł: Park Park nad Wisłą (over the money left by 10.50 zł)
 ✓ 1 points, 1 voters, 40.00 zł: Las Las nad Wisłą (funded)
   0 points, 0 voters, 1.00 zł: Staw Staw nad Wisłą (excluded by Most)

Dębniki: 0.00 of 0.07 zł
   0 points, 0 voters, 0.01 zł: D1 Ławka (below minimum)
"""


def test_count_is_refused_until_the_last_second_of_voting_is_over(portal: Portal, edition: Edition):
    with time_machine.travel(edition.voting_to, tick=False):
        for arguments in (("count", "2026"), ("count", "2026", "--json")):
            answer = portal(*arguments)
            assert (answer.status, answer.out) == (1, "")
            assert answer.err == "portal: Voting has not ended yet; nothing can be counted before.\n"
    with time_machine.travel(edition.voting_to + timedelta(microseconds=1), tick=False):
        assert portal("count", "2026").status == 0


def test_unknown_edition_is_exit_status_1_with_a_hint(portal: Portal):
    answer = portal("count", "1999")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "portal: there is no edition 1999; see: portal edition list\n"


def test_counting_twice_says_the_same(portal: Portal, edition: Edition):
    assert portal("count", "2026", "--json").out == portal("count", "2026", "--json").out


def test_any_rule_can_be_asked_for_and_the_editions_own_is_the_default(portal: Portal, edition: Edition):
    """By equal shares the one ballot pays for its best project, and Las is bought with what is left of its share."""
    by_points, by_shares = portal("count", "2026").out, portal("count", "2026", "--rule", "equal_shares").out
    assert portal("count", "2026", "--rule", "greedy").out == by_points != by_shares
    Edition.update(count_rule="equal_shares").execute()
    assert portal("count", "2026").out == by_shares and portal("count", "2026", "--rule", "greedy").out == by_points
    projects = json.loads(portal("count", "2026", "--json").out)["pools"][0]["projects"]
    assert [(each["id"], each["funded"], each["reason"]) for each in projects][:2] == [
        ("Most", True, "funded"), ("Las", True, "funded")]
    assert portal("count", "2026", "--rule", "lottery").status == 2
