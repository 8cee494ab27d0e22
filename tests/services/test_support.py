"""Support and following: who may, until when, and once."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Event

import pytest

from portal.database import transaction
from portal.errors import NotFound, SupportRefused
from portal.models import Account, Authorship, District, Follow, Message, Proposal, Support
from portal.models.account import AccountState
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from portal.services import proposals, support
from tests.factories import make_account, make_district, make_edition, make_pool, make_proposal
from tests.services.parallel import at_once

pytestmark = pytest.mark.usefixtures("app")
OPEN = (ProposalState.SUBMITTED, ProposalState.RETURNED)


def make_open(now: datetime, district: District | None = None, **given: object) -> Proposal:
    """A proposal that collects support, with its lead author."""
    edition = make_edition(supporters_required=15, support_days=7)
    proposal = make_proposal(make_pool(edition, district), **{"state": ProposalState.SUBMITTED, "submitted_at": now, **given})
    Authorship.create(proposal=proposal, account=make_account(district or make_district()), is_lead=True)
    return proposal


def lead(proposal: Proposal) -> Account:
    return proposals.authors(proposal)[0].account


def supporters(proposal: Proposal) -> list[Account]:
    return [row.account for row in Support.select().where(Support.proposal == proposal).order_by(Support.id)]


# Support.

@pytest.mark.parametrize("state", OPEN)
def test_resident_supports_a_proposal_once_and_can_take_it_back(now: datetime, state: str):
    proposal, account = make_open(now, state=state), make_account(make_district())
    for _time in range(2):
        support.support(account, proposal, now=now)
    assert supporters(proposal) == [account] and support.count_supporters(proposal) == 1
    support.take_back(account, proposal, now=now)
    support.take_back(account, proposal, now=now)
    assert supporters(proposal) == []


@pytest.mark.parametrize("state", sorted(set(ProposalState) - set(OPEN)))
def test_no_other_state_collects_support(now: datetime, state: str):
    proposal, account = make_open(now, state=state), make_account(make_district())
    Support.create(proposal=proposal, account=make_account(make_district()), created_at=now)
    for do in (support.support, support.take_back):
        with pytest.raises(SupportRefused):
            do(account, proposal, now=now)
    assert len(supporters(proposal)) == 1 and support.standing(proposal, account, now=now).until is None


def test_support_ends_with_the_seventh_day_in_the_city(now: datetime):
    proposal, accounts = make_open(now), [make_account(make_district()) for _ in range(2)]
    last = datetime.fromisoformat("2026-06-22T23:59:59.999999+02:00")
    assert support.supported_until(proposal) == last
    support.support(accounts[0], proposal, now=last)
    for do, account in ((support.support, accounts[1]), (support.take_back, accounts[0])):
        with pytest.raises(SupportRefused) as error:
            do(account, proposal, now=last + timedelta(microseconds=1))
        assert error.value.message == support.TOO_LATE
    assert supporters(proposal) == [accounts[0]]


def test_days_of_support_follow_the_clocks_over_their_change(now: datetime):
    proposal = make_open(datetime.fromisoformat("2026-10-22T12:00:00+02:00"))
    assert support.supported_until(proposal).isoformat() == "2026-10-29T22:59:59.999999+00:00"


def test_project_of_a_district_is_supported_by_those_who_live_there_and_a_citywide_one_by_all(now: datetime):
    here, there = make_district(), make_district()
    local, citywide = make_open(now, here), make_open(now)
    stranger, neighbour = make_account(there), make_account(here)
    with pytest.raises(SupportRefused) as error:
        support.support(stranger, local, now=now)
    assert (error.value.message, error.value.params) == (support.ELSEWHERE, {"district": here.name})
    for account, proposal in ((neighbour, local), (neighbour, citywide), (stranger, citywide)):
        support.support(account, proposal, now=now)
    assert (supporters(local), supporters(citywide)) == ([neighbour], [neighbour, stranger])


def test_who_moves_is_a_resident_of_where_the_account_says_now(now: datetime):
    here = make_district()
    proposal, account = make_open(now, here), make_account(make_district())
    Account.update(district=here).where(Account.id == account.id).execute()
    support.support(account, proposal, now=now)
    assert supporters(proposal) == [account]


def test_authors_do_not_support_their_own_project(now: datetime):
    proposal, other = make_open(now), make_account(make_district())
    Authorship.create(proposal=proposal, account=other, accepted_at=now)
    for author in (lead(proposal), other):
        with pytest.raises(SupportRefused) as error:
            support.support(author, proposal, now=now)
        assert error.value.message == support.OWN
    assert supporters(proposal) == []


def test_frozen_account_does_not_support_and_one_that_is_gone_neither(now: datetime):
    proposal, frozen, gone = make_open(now), make_account(make_district()), make_account(make_district())
    Account.update(state=AccountState.FROZEN).where(Account.id == frozen.id).execute()
    gone.delete_instance()
    for account, refusal in ((frozen, SupportRefused), (gone, NotFound)):
        with pytest.raises(refusal):
            support.support(account, proposal, now=now)
    assert supporters(proposal) == []


def test_two_windows_give_one_support(now: datetime):
    proposal, account = make_open(now), make_account(make_district())
    assert at_once(*[partial(support.support, account, proposal, now=now)] * 8) == [None] * 8
    assert supporters(proposal) == [account]


@pytest.mark.parametrize("do", [support.support, support.take_back])
def test_who_comes_while_the_assessment_begins_waits_and_is_refused(now: datetime, do: Callable[..., None]):
    """The page in the browser, and the row that was read for it, say that support is still collected."""
    proposal, account, begun, done = make_open(now), make_account(make_district()), Event(), Event()
    Support.create(proposal=proposal, account=make_account(make_district()), created_at=now)

    def begin() -> None:
        with transaction():
            proposals.advance(Proposal.get_by_id(proposal.id), Move.TAKEN_UP, now=now, supporters=len(supporters(proposal)))
            begun.set()
            done.wait(0.5)

    def come() -> None:
        begun.wait(20)
        try:
            do(account, proposal, now=now)
        finally:
            done.set()
    assert isinstance(at_once(begin, come)[1], SupportRefused)
    assert len(supporters(proposal)) == Proposal.get().supporters == 1


def test_paper_adds_to_what_came_online_and_the_number_is_fixed_by_the_assessment(now: datetime):
    proposal = make_open(now, on_paper=9)
    for _ in range(2):
        support.support(make_account(make_district()), proposal, now=now)
    assert support.count_supporters(proposal) == support.standing(proposal, None, now=now).count == 11
    proposals.advance(proposal, Move.TAKEN_UP, now=now, supporters=11)
    Support.delete().execute()
    assert support.count_supporters(proposal) == support.standing(proposal, None, now=now).count == 11


def test_standing_says_what_a_person_has_to_do_with_a_proposal_in_few_queries(now: datetime, statements: list[str]):
    here = make_district()
    proposal, account = make_open(now, here), make_account(here)
    support.support(account, proposal, now=now)
    support.follow(account, proposal)
    assert proposal.pool.edition and proposal.pool.district, "the page has them at hand"
    statements.clear()
    mine = support.standing(proposal, account, now=now)
    assert len(statements) == 4
    assert (mine.supports, mine.follows, mine.refusal, mine.authorship) == (True, True, None, None)
    assert mine.until == support.supported_until(proposal)
    statements.clear()
    strangers = support.standing(proposal, None, now=now)
    assert len(statements) == 1 and (strangers.supports, strangers.follows, strangers.refusal) == (False, False, None)
    author = support.standing(proposal, lead(proposal), now=now)
    assert author.authorship.is_lead and author.refusal.message == support.OWN and author.until and not author.follows


# Following.

def test_follower_gets_letters_about_every_move_until_it_stops(now: datetime):
    proposal, account = make_open(now), make_account(make_district())
    for _time in range(2):
        support.follow(account, proposal)
    proposals.advance(proposal, Move.RETURNED, now=now, words="Popraw koszty.")
    support.unfollow(account, proposal)
    proposals.advance(proposal, Move.CORRECTED, now=now)
    proposals.advance(proposal, Move.TAKEN_UP, now=now)
    told = [json.loads(row.payload) for row in Message.select().where(Message.recipient == account.email).order_by(Message.id)]
    assert [(one["move"], one["is_author"]) for one in told] == [("returned", False)]
    assert Follow.select().count() == 0


def test_draft_is_found_by_its_authors_alone(now: datetime):
    proposal, other = make_open(now, state=ProposalState.DRAFT), make_account(make_district())
    assert support.find_proposal(lead(proposal), proposal.slug) == proposal
    with pytest.raises(NotFound):
        support.find_proposal(other, proposal.slug)
    public = make_open(now)
    assert support.find_proposal(other, public.slug) == public
