"""portal demo load: a fictional edition with people who can log in, in development only."""

import json
import re
from datetime import datetime, timedelta

import pytest
import time_machine

from portal import clock
from portal.cli.demo import CONTENT, PASSWORD
from portal.models import Account, AuditEntry, CostItem, District, Edition, Officer, Pool, Proposal
from portal.models.edition import Phase
from portal.models.staff import Role
from portal.services import audit, login, results_publication, voting
from tests.cli.conftest import Portal

pytestmark = pytest.mark.usefixtures("quick_hashes")
DAY = timedelta(days=1)


def sizes() -> list[int]:
    return [model.select().count() for model in (District, Edition, Pool, Proposal, CostItem, Account, Officer, AuditEntry)]


def test_demo_is_a_whole_edition_in_its_voting_phase(portal: Portal, now: datetime):
    answer = portal("demo", "load")
    assert (answer.status, answer.err) == (0, "")
    edition = Edition.get(Edition.code == "2026")
    assert edition.phase(now) is Phase.VOTING
    assert District.of_city().count() == 18
    for pool in edition.pools:
        proposals = list(Proposal.on_ballot(pool))
        assert len(proposals) >= (5 if pool.district_id else 8)
        assert all(proposal.cost <= pool.max_cost and proposal.cost == sum(item.amount for item in proposal.cost_items)
                   for proposal in proposals)
        assert all(60 <= len(proposal.summary) <= 250 and proposal.description for proposal in proposals)
    assert {officer.role for officer in Officer.select()} == set(Role)
    assert audit.verify() == []


def test_resident_of_the_demo_logs_in_as_printed_and_can_vote(portal: Portal, now: datetime):
    said = portal("demo", "load").out
    assert PASSWORD in said
    email = re.search(r"Resident, at /logowanie:\s+(\S+)", said)[1]
    account = login.find_session(login.log_in(email, PASSWORD, now=now), now=now).account
    edition = Edition.get(Edition.code == "2026")
    voting.check_may_vote(account, edition, now=now)
    assert [len(contest.slots) for contest in voting.ballot_paper(edition, account.district)] == [3, 3]
    for officer in json.loads((CONTENT / "edition.json").read_text())["officers"]:
        assert re.search(rf"{re.escape(officer['email'])}\s+{officer['role']}\n", said)


def test_loading_twice_adds_nothing_and_changes_nothing(portal: Portal):
    first = portal("demo", "load")
    before, edition = sizes(), Edition.get(Edition.code == "2026")
    second = portal("demo", "load")
    assert (sizes(), second) == (before, first)
    assert Edition.get(Edition.code == "2026").voting_to == edition.voting_to


def test_loading_after_the_end_brings_the_voting_back_to_today(portal: Portal, now: datetime):
    portal("demo", "load")
    ended = Edition.get(Edition.code == "2026").voting_to
    with time_machine.travel(ended + DAY, tick=False):
        answer = portal("demo", "load")
        edition = Edition.get(Edition.code == "2026")
        assert edition.phase() is Phase.VOTING
        assert f"{clock.local(edition.voting_to):%d.%m.%Y}" in answer.out
        assert Edition.get(Edition.code == "2027").phase() is Phase.PROPOSALS
    assert Edition.select().count() == 3


def test_demo_has_an_edition_whose_results_can_be_read(portal: Portal, now: datetime):
    portal("demo", "load")
    past = Edition.get(Edition.code == "2025")
    assert past.phase(now) is Phase.RESULTS and past.pools.count() == 4 and Edition.current() != past
    told = results_publication.published(past, now=now)
    assert told.turnout.total == 250 and {district.number for district, _voters in told.turnout.by_district} == {7, 13, 18}
    assert told.turnout.by_day == [], "the files do not say who came when"
    assert any(result.outcomes != other.outcomes for result, other in zip(told.results, told.comparison, strict=True))


def test_demo_has_an_edition_to_propose_in_with_proposals_to_support(portal: Portal, now: datetime):
    portal("demo", "load")
    coming = Edition.get(Edition.code == "2027")
    assert coming.phase(now) is Phase.PROPOSALS and coming.pools.count() == 19
    for proposal in Proposal.public(coming):
        assert proposal.state == "submitted" and proposal.submitted_at == now and proposal.ballot_order is None
        assert 0 < proposal.cost <= proposal.pool.max_cost and 60 <= len(proposal.summary) <= 250 and proposal.availability
    assert Proposal.public(coming).count() == 4


def test_production_refuses_the_demo(portal: Portal):
    answer = portal("demo", "load", ENV="production", MAIL_URL="smtp://127.0.0.1", SMS_URL="smsapi://t@127.0.0.1",
                    TRUSTED_HOSTS="bo.example.org", BASE_URL="https://bo.example.org")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "portal: the demo edition is for PORTAL_ENV=development only\n"
    assert sum(sizes()) == 0
