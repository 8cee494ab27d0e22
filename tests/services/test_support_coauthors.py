"""Co-authors: invited by a letter, in by its link, once, and never more than two."""

import json
from datetime import datetime, timedelta
from functools import partial

import pytest

from portal import crypto
from portal.errors import InvitationRefused, LinkUnknown, MoveForbidden, NotFound, TooMany
from portal.models import Authorship, Invitation, Message, Proposal, SendCount, Support
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from portal.services import proposals, removal, support
from tests.factories import make_account, make_district
from tests.services import raw
from tests.services.parallel import at_once, count_of
from tests.services.test_support import lead, make_open

pytestmark = pytest.mark.usefixtures("app")
MAIL, OTHER = "ola@example.org", "iza@example.org"
DAY = timedelta(days=1)
JOINABLE = (ProposalState.DRAFT, ProposalState.SUBMITTED, ProposalState.RETURNED)


def letter(proposal: Proposal, now: datetime, email: str = MAIL) -> str:
    """Invite somebody and return the token of the link."""
    support.invite(proposal, email, now=now)
    message = Message.select().where(Message.recipient == email).order_by(Message.id.desc()).get()
    return str(json.loads(message.payload)["path"].rpartition("/")[2])


def names(proposal: Proposal) -> list[bool]:
    """Return of each author whether the public reads the name."""
    return [author.shows_name for author in proposals.authors(proposal)]


@pytest.mark.parametrize("state", JOINABLE)
def test_invited_person_becomes_a_co_author_whose_support_counts_no_more(now: datetime, state: str):
    proposal, account = make_open(now, state=state), make_account(make_district())
    Support.create(proposal=proposal, account=account, created_at=now)
    other = Support.create(proposal=make_open(now), account=account, created_at=now)
    token = letter(proposal, now)
    assert [author.account for author in proposals.authors(proposal)] == [lead(proposal)], "nobody is one before saying yes"
    support.join(token, account, shows_name=True, now=now)
    first, second = proposals.authors(proposal)
    assert (first.is_lead, second.account, second.accepted_at, second.shows_name) == (True, account, now, True)
    assert [row.id for row in Support.select()] == [other.id]


def test_letter_tells_who_invites_in_the_language_of_the_lead_and_nothing_that_a_stranger_could_have_written(now: datetime):
    proposal = make_open(now, title="Ławki")
    type(lead(proposal)).update(language="uk").execute()
    letter(proposal, now)
    message = Message.get()
    assert (message.template, message.language, message.recipient) == ("coauthor_invited", "uk", MAIL)
    assert {**json.loads(message.payload), "path": ""} == {"inviter": "Anna Żuraw", "path": ""}


def test_token_and_address_are_not_in_the_table(now: datetime):
    token = letter(make_open(now), now)
    assert not {token, MAIL} & set(str(raw.table("invitation")).split("'"))
    assert Invitation.get().token_hash == crypto.hash_token(token)


@pytest.mark.parametrize("age", [30 * DAY, 31 * DAY])
def test_link_works_for_thirty_days(now: datetime, age: timedelta):
    proposal, account = make_open(now), make_account(make_district())
    token = letter(proposal, now)
    assert support.find_invitation(token, now=now + 30 * DAY - timedelta(microseconds=1)).proposal == proposal
    for use in (support.find_invitation, support.decline, partial(support.join, account=account, shows_name=False)):
        with pytest.raises(LinkUnknown):
            use(token, now=now + age)
    assert len(proposals.authors(proposal)) == 1 and support.invitations(proposal, now=now + age) == []


def test_link_works_once_and_a_wrong_one_never(now: datetime):
    proposal = make_open(now)
    token = letter(proposal, now)
    for wrong in ("", "x", crypto.hash_token(token)):
        with pytest.raises(LinkUnknown):
            support.find_invitation(wrong, now=now)
    support.join(token, make_account(make_district()), shows_name=False, now=now)
    with pytest.raises(LinkUnknown):
        support.join(token, make_account(make_district()), shows_name=False, now=now)
    assert len(proposals.authors(proposal)) == 2


def test_invitation_that_is_declined_or_taken_back_is_gone_and_another_can_go_out(now: datetime):
    proposal, foreign = make_open(now), make_open(now)
    declined, withdrawn = letter(proposal, now), letter(proposal, now, OTHER)
    support.decline(declined, now=now)
    waiting, = support.invitations(proposal, now=now)
    support.withdraw_invitation(foreign, waiting.token_hash)
    assert support.invitations(proposal, now=now) == [waiting], "it is of another proposal"
    support.withdraw_invitation(proposal, waiting.token_hash)
    for token in (declined, withdrawn):
        with pytest.raises(LinkUnknown):
            support.find_invitation(token, now=now)
    assert letter(proposal, now) and letter(proposal, now, OTHER)


@pytest.mark.parametrize("state", sorted(set(ProposalState) - set(JOINABLE)))
def test_nobody_joins_once_a_proposal_is_assessed(now: datetime, state: str):
    proposal = make_open(now)
    token = letter(proposal, now)
    Proposal.update(state=state).where(Proposal.id == proposal.id).execute()
    with pytest.raises(MoveForbidden):
        support.invite(proposal, OTHER, now=now)
    for use in (support.find_invitation, partial(support.join, account=make_account(make_district()), shows_name=False)):
        with pytest.raises(LinkUnknown):
            use(token, now=now)
    assert len(proposals.authors(proposal)) == Message.select().count() == 1


def test_two_co_authors_are_the_most_with_those_who_have_not_answered(now: datetime):
    proposal = make_open(now)
    support.join(letter(proposal, now), make_account(make_district()), shows_name=False, now=now)
    letter(proposal, now, OTHER)
    with pytest.raises(InvitationRefused) as error:
        support.invite(proposal, "ala@example.org", now=now)
    assert error.value.message == support.FULL
    assert letter(proposal, now + 30 * DAY, "ala@example.org"), "the one that was not answered in time has run out"


def test_windows_at_once_invite_no_more_than_two(now: datetime):
    proposal = make_open(now)
    results = at_once(*[partial(support.invite, proposal, f"a{number}@example.org", now=now) for number in range(6)])
    assert count_of(InvitationRefused, results) == 4, results
    assert Invitation.select().count() == Message.select().count() == 2


def test_two_people_with_one_link_are_one_co_author(now: datetime):
    proposal = make_open(now)
    token, people = letter(proposal, now), [make_account(make_district()) for _ in range(4)]
    results = at_once(*[partial(support.join, token, account, shows_name=False, now=now) for account in people])
    assert count_of(LinkUnknown, results) == 3, results
    assert len(proposals.authors(proposal)) == 2


def test_authors_are_not_invited_again_and_do_not_use_the_link(now: datetime):
    proposal, member = make_open(now), make_account(make_district(), email=OTHER)
    Authorship.create(proposal=proposal, account=member, accepted_at=now)
    for email, why in ((lead(proposal).email, support.KNOWN), (OTHER, support.KNOWN), (MAIL, None), (MAIL, support.INVITED)):
        if why is None:
            token = letter(proposal, now, email)
            continue
        with pytest.raises(InvitationRefused) as error:
            support.invite(proposal, email, now=now)
        assert error.value.message == why
    for author in (lead(proposal), member):
        with pytest.raises(InvitationRefused):
            support.join(token, author, shows_name=True, now=now)
    assert names(proposal) == [False, False], "and nothing of them has changed"
    assert support.find_invitation(token, now=now), "whom it was sent to can still use it"


def test_author_sends_ten_letters_a_day_over_all_projects(now: datetime):
    proposal = make_open(now)
    second = make_open(now)
    Authorship.update(account=lead(proposal)).where(Authorship.proposal == second).execute()
    for number in range(10):
        one = (proposal, second)[number % 2]
        support.decline(letter(one, now, f"a{number}@example.org"), now=now)
    before = Message.select().count()
    with pytest.raises(TooMany):
        support.invite(second, MAIL, now=now)
    sent = SendCount.get(SendCount.scope.startswith("coauthors")).sent
    assert (Message.select().count(), sent) == (before, 10)
    assert letter(second, now + DAY)


def test_nobody_is_invited_more_than_three_times_a_day(now: datetime):
    for _ in range(3):
        support.decline(letter(make_open(now), now), now=now)
    with pytest.raises(TooMany):
        support.invite(make_open(now), MAIL, now=now)


def test_co_author_leaves_and_the_lead_does_not(now: datetime):
    proposal, account = make_open(now), make_account(make_district())
    other = make_open(now)
    for one in (proposal, other):
        Authorship.create(proposal=one, account=account, accepted_at=now)
    for stranger in (lead(proposal), lead(other), make_account(make_district())):
        with pytest.raises(NotFound):
            support.leave(stranger, proposal)
    support.leave(account, proposal)
    assert (len(proposals.authors(proposal)), len(proposals.authors(other))) == (1, 2)


def test_each_author_decides_on_the_own_name(now: datetime):
    proposal, account = make_open(now), make_account(make_district())
    Authorship.create(proposal=proposal, account=account, accepted_at=now)
    support.set_consent(account, proposal, shows_name=True)
    assert names(proposal) == [False, True]
    support.set_consent(lead(proposal), proposal, shows_name=True)
    support.set_consent(account, proposal, shows_name=False)
    assert names(proposal) == [True, False]
    with pytest.raises(NotFound):
        support.set_consent(make_account(make_district()), proposal, shows_name=True)


def test_co_author_inherits_and_the_letters_go_on(now: datetime):
    proposal, account = make_open(now), make_account(make_district())
    support.join(letter(proposal, now), account, shows_name=False, now=now)
    removal.delete_own_account(lead(proposal), with_ballots=False, now=now)
    assert lead(proposal) == account and Proposal.get().state == ProposalState.SUBMITTED
    proposals.advance(proposal, Move.RETURNED, now=now, words="Popraw.")
    assert Message.select().order_by(Message.id.desc()).get().recipient == account.email


def test_follower_hears_that_a_project_goes_with_its_author(now: datetime):
    proposal, account = make_open(now), make_account(make_district())
    author = lead(proposal)
    support.follow(account, proposal)
    removal.delete_own_account(author, with_ballots=False, now=now)
    letters = {(row.recipient, row.template) for row in Message.select()}
    assert letters == {(account.email, "proposal_moved"), (author.email, "account_deleted")}
