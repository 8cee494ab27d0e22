"""Removal of an account with its votes: two officers, one transaction, exactly what was cast from it, and nothing in silence."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from portal import crypto
from portal.database import transaction
from portal.errors import CaseChanged, NoSuchAccount, PeselTaken, RegistrationUnknown, SecondOfficerNeeded
from portal.messaging import worker
from portal.models import (Account, AuditEntry, Authorship, Ballot, Choice, Message, Proposal, Publication, RemovalCase, Session,
                           Support)
from portal.models.ballot import BallotState, Channel
from portal.models.message import MessageChannel
from portal.models.proposal import ProposalState
from portal.models.removal import CaseState
from portal.models.staff import Role
from portal.services import (audit, login, registration, removal, removal_approval, removal_case, results, results_publication,
                             voting)
from tests.factories import (OTHER_PESEL, PASSWORD, PESEL, make_account, make_district, make_edition, make_officer, make_pool,
                             make_proposal, make_registration, make_voting)
from tests.services import raw
from tests.services.ballots import cast, choose, first_picks, publish
from tests.services.cases import approve, confirmed_case, make_wrong_voter, open_case, reload, request, requested_case
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")


def refused(case: RemovalCase, now: datetime, kind: type[Exception]) -> None:
    """See that an approval is refused and changes nothing."""
    def kept() -> tuple[int, ...]:
        return tuple(model.select().count() for model in (Account, Ballot, Choice, Session, AuditEntry, Message))
    before = kept()
    with pytest.raises(kind):
        approve(case, now)
    assert kept() == before and RemovalCase.get_by_id(case.id).state != CaseState.REMOVED


def changes(case: RemovalCase, now: datetime) -> list[str]:
    """Return what is another now than at the request."""
    return removal.find_extent(removal_case.account_of(case), now=now).changes(removal_approval.requested_extent(case))


def test_everything_of_the_account_goes_and_others_stay(app: Any, now: datetime):
    edition, district, account = make_wrong_voter(now)
    other = make_account(district, pesel=OTHER_PESEL)
    choose(edition, district, other, now)
    cast(edition, district, other, now)
    for one in (account, other):
        login.log_in(one.email, PASSWORD, now=now)
        Support.create(proposal=Proposal.select().first(), account=one, created_at=now)
    approve(requested_case(now), now)
    assert account not in list(Account.select()) and reload(other)
    assert Ballot.get().voter_key == voting.voter_key(other, edition) and Choice.select().count() == 6
    assert [row.account for row in Support.select()] == [row.account for row in Session.select()] == [other]
    left = raw.everything()
    assert account.pesel_index not in {row["pesel_index"] for row in raw.table("account")} and "obca@example.org" not in str(
        raw.table("audit_entry")) and left
    with app.app_context():
        worker.drain(MessageChannel.MAIL, now=now)
    sent = {(message.template, message.recipient) for message in Message.select().where(Message.state == "sent")}
    assert {("account_removed", "obca@example.org"), ("claim_removed", "ewa@example.org")} <= sent
    entry = AuditEntry.get(AuditEntry.action == "account removed with its votes")
    assert (entry.subject, json.loads(entry.detail)["ballots"]) == (f"account:{account.uid}", 1)
    assert audit.verify() == []


def test_twice_is_once(now: datetime):
    make_wrong_voter(now)
    case = requested_case(now)
    approve(case, now)
    before = raw.everything()
    approve(case, now)
    assert raw.everything().count("\n") == before.count("\n") + 1, "nothing but the officer who tried again"


def test_two_officers_who_approve_at_once_remove_it_once(now: datetime):
    make_wrong_voter(now)
    case, officers = requested_case(now), [make_officer(Role.COORDINATOR) for _ in range(2)]
    results_of_both = at_once(*[lambda officer=officer: removal_approval.approve_removal(
        RemovalCase.get_by_id(case.id), officer, version=case.version, now=now) for officer in officers])
    assert count_of(type(None), results_of_both) >= 1
    assert AuditEntry.select().where(AuditEntry.action == "account removed with its votes").count() == 1
    assert Message.select().where(Message.template == "claim_removed").count() == 1


def test_officer_cannot_approve_the_own_request(now: datetime):
    make_wrong_voter(now)
    officer = make_officer(Role.REMOVALS)
    case = requested_case(now, officer)
    with pytest.raises(SecondOfficerNeeded):
        approve(case, now, officer)
    assert Ballot.select().exists() and RemovalCase.get().state == CaseState.REQUESTED


def test_request_freezes_the_account_and_keeps_what_it_showed(now: datetime):
    edition, _, account = make_wrong_voter(now)
    login.log_in(account.email, PASSWORD, now=now)
    case = requested_case(now)
    asked = removal_approval.requested_extent(case)
    assert (asked.sessions, asked.ballots) == (1, [[edition.code, BallotState.UNDER_CHECK]])
    assert reload(account).state == "frozen" and not Session.select().where(Session.account == account).exists()


def test_request_for_what_has_changed_since_it_was_shown_is_refused(now: datetime):
    edition, district, account = make_wrong_voter(now)
    officer = make_officer(Role.REMOVALS)
    case, seen = confirmed_case(now, officer), removal.find_extent(account, now=now).digest()
    Account.update(email="inna@example.org").where(Account.id == account.id).execute()
    with pytest.raises(CaseChanged):
        removal_approval.request_removal(case, officer, seen=seen, version=case.version, now=now)
    assert reload(account).state == "active"


def test_approval_after_a_change_is_refused_and_it_is_known_what_changed(now: datetime):
    edition, _, account = make_wrong_voter(now)
    case = requested_case(now)
    assert changes(case, now) == []
    Account.update(email="inna@example.org").where(Account.id == account.id).execute()
    assert changes(case, now) == ["data"]
    refused(case, now, CaseChanged)
    Account.update(email=account.email).where(Account.id == account.id).execute()
    Ballot.delete().where(Ballot.edition == edition).execute()
    asked, present = removal_approval.requested_extent(case), removal.find_extent(account, now=now)
    assert changes(case, now) == ["ballots"] and (asked.ballots, present.ballots) == ([[edition.code, "under_check"]], [])
    refused(case, now, CaseChanged)


def test_approval_when_the_account_is_gone_is_refused(now: datetime):
    _, _, account = make_wrong_voter(now)
    case = requested_case(now)
    with transaction():
        removal.take_account(account, now=now)
    refused(case, now, NoSuchAccount)
    removal_approval.return_request(case, make_officer(Role.COORDINATOR), "nie ma go już", version=case.version, now=now)
    assert case.state == CaseState.CONFIRMED and case.requested_by is None


def test_second_case_of_the_person_finds_nothing_to_remove(now: datetime):
    make_wrong_voter(now)
    first = requested_case(now)
    second = requested_case(now, email="inna@example.org")
    approve(first, now)
    refused(second, now, NoSuchAccount)


@pytest.mark.parametrize("editions", [1, 3])
def test_ballots_of_every_edition_go(now: datetime, editions: int):
    district = make_district()
    account = make_account(district, pesel=PESEL)
    for _edition in range(editions):
        edition = make_edition()
        make_pool(edition, proposals=4)
        choose(edition, district, account, now)
        cast(edition, district, account, now)
    approve(requested_case(now), now)
    assert not Ballot.select().exists() and not Choice.select().exists()


def test_ballot_on_paper_and_one_from_before_the_account_stay_and_are_named(now: datetime):
    """Neither was cast from this account: a clerk saw the voter of the one, and the other is older than the account."""
    edition, district, account = make_voting()
    account = make_account(district, pesel=PESEL, created_at=now - timedelta(hours=2))
    before = make_edition(voting_from=now - timedelta(days=9))
    paper = make_edition()
    for one, channel, at in ((before, Channel.ONLINE, now - timedelta(days=3)), (paper, Channel.PAPER, now)):
        Ballot.create(edition=one, voter_key=voting.voter_key(account, one), channel=channel, cast_at=at)
    case = requested_case(now)
    asked = removal_approval.requested_extent(case)
    assert (asked.ballots, asked.on_paper, asked.earlier) == ([], [paper.code], [before.code])
    approve(case, now)
    assert {ballot.edition.code for ballot in Ballot.select()} == {before.code, paper.code}
    assert json.loads(RemovalCase.get().protocol)["extent"]["on_paper"] == [paper.code]


def test_edition_whose_key_is_destroyed_is_named_in_the_protocol(now: datetime):
    _, _, account = make_wrong_voter(now)
    old = make_edition(open_now=False)
    crypto.keyring._keys.clear()
    crypto.keyring.path(old.ballot_key).unlink()
    approve(requested_case(now), now)
    assert json.loads(RemovalCase.get().protocol)["extent"]["out_of_reach"] == [old.code]


def test_key_that_is_missing_while_voting_goes_on_stops_the_removal(now: datetime):
    edition, _, _ = make_wrong_voter(now)
    case = requested_case(now)
    crypto.keyring._keys.clear()
    crypto.keyring.path(edition.ballot_key).unlink()
    refused(case, now, crypto.KeyMissing)


@pytest.mark.parametrize(("state", "heir", "fate", "then"), [
    (ProposalState.DRAFT, False, "deleted", None),
    (ProposalState.SUBMITTED, False, "withdrawn", ProposalState.WITHDRAWN),
    (ProposalState.PROTESTED, False, "withdrawn", ProposalState.WITHDRAWN),
    (ProposalState.SUBMITTED, True, "handed over", ProposalState.SUBMITTED),
    (ProposalState.ON_BALLOT, False, "stays", ProposalState.ON_BALLOT),
    (ProposalState.DONE, True, "handed over", ProposalState.DONE),
])
def test_proposals_are_settled(now: datetime, state: ProposalState, heir: bool, fate: str, then: ProposalState | None):
    district = make_district()
    account, neighbour, asked = (make_account(district, pesel=pesel) for pesel in (PESEL, OTHER_PESEL, None))
    proposal = make_proposal(make_pool(make_edition()), state=state)
    Authorship.create(proposal=proposal, account=account, is_lead=True, accepted_at=now)
    Authorship.create(proposal=proposal, account=asked)
    if heir:
        Authorship.create(proposal=proposal, account=neighbour, accepted_at=now)
    case = requested_case(now)
    assert removal_approval.requested_extent(case).proposals == [[proposal.number, fate]]
    approve(case, now)
    found = Proposal.get_or_none(Proposal.id == proposal.id)
    assert (found and found.state) == then
    assert [row.account for row in Authorship.select().where(Authorship.is_lead)] == ([neighbour] if heir else [])


def test_claimant_registers_and_votes_at_once(now: datetime):
    edition, district, _ = make_wrong_voter(now)
    make_registration("before", district, data=_applicant(district.id))
    with pytest.raises(PeselTaken):
        registration.confirm_registration("before", "012345", now=now)
    approve(requested_case(now), now)
    make_registration("after", district, data=_applicant(district.id), created_at=now + timedelta(seconds=1))
    registration.confirm_registration("after", "012345", now=now)
    account = Account.get(Account.email == "obca@example.org")
    choose(edition, district, account, now)
    cast(edition, district, account, now)
    assert Ballot.get().voter_key == voting.voter_key(account, edition)
    assert {choice.proposal.uid for choice in Choice.select()} == set(first_picks(edition, district).values())
    [message] = Message.select().where(Message.template == "claim_removed")
    assert json.loads(message.payload)["may_vote"] is True


def _applicant(district: int) -> str:
    return json.dumps({"email": "obca@example.org", "phone": "+48600123457", "given_name": "Ewa", "family_name": "Żuk",
                       "pesel": PESEL, "birth_date": "1944-05-14", "district": district, "street": "ul. Długa 5",
                       "postcode": "30-001", "password_hash": "x", "wants_news": False, "language": "pl"})


def test_registration_that_lay_in_wait_for_the_number_is_void(now: datetime):
    edition, district, _ = make_wrong_voter(now)
    make_registration("before", district, data=_applicant(district.id))
    approve(requested_case(now), now)
    with pytest.raises(RegistrationUnknown):
        registration.confirm_registration("before", "012345", now=now)
    assert not Account.select().where(Account.email == "obca@example.org").exists()


def test_second_case_of_the_person_leaves_the_new_account_alone(now: datetime):
    _, district, _ = make_wrong_voter(now)
    first, second, officer = requested_case(now), confirmed_case(now, email="inna@example.org"), make_officer(Role.REMOVALS)
    approve(first, now)
    account = make_account(district, pesel=PESEL, created_at=now + timedelta(minutes=1))
    with pytest.raises(NoSuchAccount):
        request(second, officer, now)
    assert reload(account).state == "active"


def test_authors_who_leave_at_once_leave_no_orphan(now: datetime):
    district = make_district()
    accounts = [make_account(district) for _ in range(2)]
    proposal = make_proposal(make_pool(make_edition()), state=ProposalState.SUBMITTED)
    for account in accounts:
        Authorship.create(proposal=proposal, account=account, is_lead=account == accounts[0], accepted_at=now)
    at_once(*[partial(removal.delete_own_account, account, with_ballots=False, now=now) for account in accounts])
    assert not Account.select().exists() and Proposal.get_by_id(proposal.id).state == ProposalState.WITHDRAWN


def test_edition_that_is_still_to_come_needs_no_key(now: datetime):
    make_wrong_voter(now)
    coming = {"voting_to": now + timedelta(days=19), "results_on": now + timedelta(days=19)}
    soon = make_edition(voting_from=now + timedelta(days=9), **coming)
    crypto.keyring._keys.clear()
    crypto.keyring.path(soon.ballot_key).unlink()
    approve(requested_case(now), now)
    assert json.loads(RemovalCase.get().protocol)["extent"]["out_of_reach"] == []


def test_count_loses_the_ballot_and_published_results_stay_until_corrected(now: datetime):
    edition, district, _ = make_wrong_voter(now)
    later = edition.results_on + timedelta(days=1)
    with time_machine.travel(later, tick=False):
        publish(edition, later)
        approve(requested_case(later), later)
        [citywide, local] = results.count_edition(edition, now=later)
        assert {outcome.entry.points for outcome in (*citywide.outcomes, *local.outcomes)} == {0}
        assert Publication.get().removed == 1 and results_publication.published(edition, now=later).turnout.total == 1
        [message] = Message.select().where(Message.template == "claim_removed")
        assert json.loads(message.payload)["may_vote"] is False


def test_protocol_names_everybody_and_everything_but_no_choice_and_no_pesel(now: datetime):
    edition, _, account = make_wrong_voter(now)
    first, second = make_officer(Role.REMOVALS, name="Anna Pierwsza"), make_officer(Role.COORDINATOR, name="Jan Drugi")
    case = requested_case(now, first)
    approve(case, now, second)
    text = RemovalCase.get().protocol
    told = json.loads(text)
    assert (told["number"], told["claimant"], told["requested_by"], told["approved_by"]) == (
        case.number, "Ewa Żuk", "Anna Pierwsza", "Jan Drugi")
    assert [(step["deed"], step["officer"]) for step in told["steps"]] == [
        ("confirmed", "Anna Pierwsza"), ("requested", "Anna Pierwsza"), ("removed", "Jan Drugi")]
    assert told["extent"]["ballots"] == [[edition.code, "under_check"]] and told["editions"][edition.code] == edition.name
    assert PESEL not in text and not any(proposal.number in text for proposal in Proposal.select())


def test_claim_received_during_the_removal_changes_nothing(now: datetime):
    make_wrong_voter(now)
    case = requested_case(now)
    open_case(now, email="trzecia@example.org")
    approve(case, now)
    assert RemovalCase.get_by_id(case.id).state == CaseState.REMOVED


def test_request_is_returned_with_reasons_and_can_be_made_again(now: datetime):
    make_wrong_voter(now)
    officer = make_officer(Role.REMOVALS)
    case = requested_case(now, officer)
    removal_approval.return_request(case, make_officer(Role.COORDINATOR), "brak notatki", version=case.version, now=now)
    assert (case.state, case.extent) == (CaseState.CONFIRMED, "")
    request(case, officer, now)
    approve(case, now)
    assert RemovalCase.get().state == CaseState.REMOVED
