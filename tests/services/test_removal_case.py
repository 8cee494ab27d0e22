"""The case of a wrongly registered account: who may do what when, and what each step leaves behind."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from portal.errors import CaseChanged, LoginRefused, MayNotVote, NoSuchAccount, StepForbidden, UnderCheck
from portal.models import Account, AuditEntry, Ballot, BallotDraft, Evidence, Message, Officer, RemovalCase, RemovalStep, Session
from portal.models.account import AccountState
from portal.models.ballot import BallotState
from portal.models.removal import LEADS, CaseState, Deed, Proof
from portal.models.staff import Role
from portal.services import audit, login, profile, removal, removal_approval, removal_case, removal_claim, voting
from tests.factories import OTHER_PESEL, PASSWORD, PESEL, make_account, make_district, make_edition, make_officer
from tests.services import raw
from tests.services.ballots import cast, choose
from tests.services.cases import approve, confirmed_case, make_wrong_voter, open_case, reload, request
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")


def letters() -> list[tuple[str, str]]:
    return [(message.template, message.recipient) for message in Message.select().order_by(Message.id)
            if message.template != "ballot_recorded"]


def test_second_claim_for_a_pesel_is_joined_for_officers(now: datetime):
    first, second, other = open_case(now), open_case(now, name="Ktoś Inny"), open_case(now, pesel=OTHER_PESEL)
    assert removal_case.other_cases(first) == [second] and removal_case.other_cases(second) == [first]
    assert removal_case.other_cases(other) == []


Step = Callable[[RemovalCase, Officer, datetime], None]


def decide(service: Callable[..., None]) -> Step:
    return lambda case, officer, now: service(case, officer, "słowa", version=case.version, now=now)


STEPS: dict[Deed, Step] = {
    Deed.SCAN_ADDED: lambda case, _officer, now: removal_claim.add_evidence(case, [b"page"], now=now),
    Deed.ANSWERED: lambda case, _officer, now: removal_claim.answer(case, "słowa", now=now),
    Deed.MORE_ASKED: decide(removal_case.ask_for_more),
    Deed.CONFIRMED: decide(removal_case.confirm_identity),
    Deed.FROZEN: decide(removal_case.freeze),
    Deed.UNFROZEN: decide(removal_case.unfreeze),
    Deed.REQUESTED: request,
    Deed.RETURNED: decide(removal_approval.return_request),
    Deed.REMOVED: lambda case, _officer, now: approve(case, now),
    Deed.REFUSED: decide(removal_case.refuse),
}


def in_state(state: CaseState, now: datetime) -> RemovalCase:
    """Return a case that came to a state by the steps that lead there."""
    officer = make_officer(Role.REMOVALS)
    case = open_case(now)
    way = {CaseState.OPEN: [], CaseState.MORE_NEEDED: [Deed.MORE_ASKED], CaseState.CONFIRMED: [Deed.CONFIRMED],
           CaseState.REQUESTED: [Deed.CONFIRMED, Deed.REQUESTED], CaseState.REFUSED: [Deed.REFUSED],
           CaseState.REMOVED: [Deed.CONFIRMED, Deed.REQUESTED, Deed.REMOVED]}[state]
    for deed in way:
        STEPS[deed](case, officer, now)
    assert case.state == state
    return case


@pytest.mark.parametrize("deed", STEPS)
@pytest.mark.parametrize("state", CaseState)
def test_each_step_is_possible_just_where_the_table_says(now: datetime, state: CaseState, deed: Deed):
    make_account(make_district(), pesel=PESEL)
    case = in_state(state, now)
    account = removal_case.found_account(case)
    if account and deed is Deed.UNFROZEN and state is not CaseState.REQUESTED:
        Account.update(state=AccountState.FROZEN).execute()
    before, sources, target = RemovalStep.select().count(), *LEADS[deed]
    if state in sources:
        STEPS[deed](case, make_officer(Role.REMOVALS), now)
        assert RemovalCase.get().state == case.state == (target or state)
        last = RemovalStep.select().order_by(RemovalStep.id.desc()).get()
        assert (last.deed, RemovalStep.select().count()) == (deed, before + 1)
        assert AuditEntry.select().where(AuditEntry.action == f"removal case {deed.replace('_', ' ')}").exists()
    elif (state, deed) == (CaseState.REMOVED, Deed.REMOVED):
        STEPS[deed](case, make_officer(Role.REMOVALS), now)
        assert RemovalStep.select().count() == before, "run twice, nothing more happens"
    else:
        kept = raw.everything()
        with pytest.raises((StepForbidden, NoSuchAccount)):
            STEPS[deed](case, make_officer(Role.REMOVALS), now)
        assert raw.everything().count("removal_step:") == kept.count("removal_step:") and RemovalCase.get().state == state
    assert audit.verify() == []


@pytest.mark.parametrize("deed", [deed for deed in STEPS if deed not in (Deed.SCAN_ADDED, Deed.ANSWERED, Deed.REMOVED)])
def test_decision_on_a_case_that_has_changed_is_refused(now: datetime, deed: Deed):
    make_account(make_district(), pesel=PESEL)
    source = LEADS[deed][0][-1]
    case, officer = in_state(source, now), make_officer(Role.REMOVALS)
    if deed is Deed.UNFROZEN:
        Account.update(state=AccountState.FROZEN).execute()
    RemovalCase.update(version=RemovalCase.version + 1).execute()
    with pytest.raises(CaseChanged):
        STEPS[deed](case, officer, now)
    assert RemovalCase.get().state == source


def test_of_two_decisions_at_once_one_is_taken(now: datetime):
    case, officers = open_case(now), [make_officer(Role.REMOVALS) for _ in range(2)]
    results = at_once(*[lambda officer=officer, act=act: act(RemovalCase.get_by_id(case.id), officer, "x", version=0, now=now)
                        for officer, act in zip(officers, (removal_case.confirm_identity, removal_case.refuse), strict=True)])
    assert (count_of(type(None), results), count_of(CaseChanged, results)) == (1, 1)


@pytest.mark.parametrize(("act", "letter", "quotes"), [
    (removal_case.ask_for_more, "claim_more_needed", True),
    (removal_case.confirm_identity, "claim_confirmed", False),
    (removal_case.refuse, "claim_refused", True),
])
def test_claimant_is_told_of_each_decision(now: datetime, act: Any, letter: str, quotes: bool):
    case = open_case(now)
    act(case, make_officer(Role.REMOVALS), "Prosimy o wyraźniejszy skan.", version=case.version, now=now)
    message = Message.get(Message.template == letter)
    assert message.recipient == "ewa@example.org" and ("words" in json.loads(message.payload)) is quotes


@pytest.mark.parametrize("act", [removal_case.confirm_identity, removal_case.refuse])
def test_scans_are_destroyed_by_the_decision(now: datetime, act: Any):
    case = open_case(now, proof=Proof.SCAN)
    removal_claim.add_evidence(case, [b"page one", b"page two"], now=now)
    assert Evidence.select().count() == 2
    act(case, make_officer(Role.REMOVALS), "x", version=case.version, now=now)
    assert Evidence.select().count() == 0


def test_frozen_account_cannot_log_in_or_vote_and_its_ballot_is_under_check(now: datetime):
    edition, district, account = make_wrong_voter(now)
    other = make_edition()
    BallotDraft.create(account=account, edition=other, picks="{}", updated_at=now)
    token = login.log_in(account.email, PASSWORD, now=now)
    case = open_case(now)
    removal_case.freeze(case, make_officer(Role.REMOVALS), "wątpliwości", version=case.version, now=now)
    assert login.find_session(token, now=now) is None and not Session.select().where(Session.account == account).exists()
    with pytest.raises(LoginRefused):
        login.log_in(account.email, PASSWORD, now=now)
    with pytest.raises(MayNotVote):
        voting.check_entitled(reload(account), edition, now=now)
    assert Ballot.get().state == BallotState.UNDER_CHECK and not BallotDraft.select().exists()
    assert ("account_frozen", "obca@example.org") in letters()
    removal_case.unfreeze(case, make_officer(Role.REMOVALS), "wyjaśnione", version=case.version, now=now)
    assert Ballot.get().state == BallotState.RECORDED and login.log_in(account.email, PASSWORD, now=now)
    assert ("account_unfrozen", "obca@example.org") in letters()


def test_freezing_waits_for_a_cast_under_way(now: datetime):
    """Whichever is first: no ballot of a frozen account is left that is not under check."""
    edition, district, _ = make_wrong_voter(now, pesel=OTHER_PESEL)
    account = make_account(district, pesel=PESEL)
    choose(edition, district, account, now)
    case, officer = open_case(now), make_officer(Role.REMOVALS)
    at_once(lambda: cast(edition, district, account, now),
            lambda: removal_case.freeze(RemovalCase.get_by_id(case.id), officer, "x", version=0, now=now))
    own = voting.own_ballot(account, edition)
    assert reload(account).state == AccountState.FROZEN and not BallotDraft.select().exists()
    assert own is None or own.state == BallotState.UNDER_CHECK


def test_refusal_gives_a_frozen_account_back_unless_another_case_goes_on(now: datetime):
    account, officer = make_account(make_district(), pesel=PESEL), make_officer(Role.REMOVALS)
    first, second = open_case(now), open_case(now, name="Ktoś Inny")
    removal_case.freeze(first, officer, "x", version=first.version, now=now)
    removal_case.refuse(first, officer, "x", version=first.version, now=now)
    assert reload(account).state == AccountState.FROZEN
    removal_case.refuse(second, officer, "x", version=second.version, now=now)
    assert reload(account).state == AccountState.ACTIVE


def test_case_without_an_account_can_be_confirmed_and_refused_but_not_removed(now: datetime):
    officer = make_officer(Role.REMOVALS)
    case = confirmed_case(now, officer)
    with pytest.raises(NoSuchAccount):
        request(case, officer, now)
    removal_case.refuse(case, officer, "Nie ma takiego konta.", version=case.version, now=now)
    assert case.state == CaseState.REFUSED and case.closed_at == now


def test_account_that_a_case_is_about_keeps_its_pesel_and_stays(now: datetime):
    """Ballots of ended votings would stay for good, or go on under another number."""
    account = make_account(make_district(), pesel=PESEL)
    case = open_case(now)
    with pytest.raises(UnderCheck):
        profile.change_identity(account, pesel=OTHER_PESEL, birth_date=account.birth_date, now=now)
    with pytest.raises(UnderCheck):
        removal.delete_own_account(account, with_ballots=True, now=now)
    assert reload(account).pesel == PESEL
    removal_case.refuse(case, make_officer(Role.REMOVALS), "x", version=case.version, now=now)
    removal.delete_own_account(account, with_ballots=True, now=now)
    assert not Account.select().exists()


def test_who_registers_after_the_claim_is_not_the_account_that_it_is_about(now: datetime):
    case = open_case(now)
    account = make_account(make_district(), pesel=PESEL, created_at=now + timedelta(seconds=1))
    assert removal_case.found_account(case) is None
    with pytest.raises(NoSuchAccount):
        removal_case.freeze(case, make_officer(Role.REMOVALS), "x", version=case.version, now=now)
    assert reload(account).state == AccountState.ACTIVE


def test_two_refusals_at_once_give_the_account_back(now: datetime):
    account, officer = make_account(make_district(), pesel=PESEL), make_officer(Role.REMOVALS)
    cases = [open_case(now), open_case(now, name="Ktoś Inny")]
    removal_case.freeze(cases[0], officer, "x", version=0, now=now)
    done = at_once(*[partial(removal_case.refuse, RemovalCase.get_by_id(case.id), officer, "x",
                             version=RemovalCase.get_by_id(case.id).version, now=now) for case in cases])
    assert count_of(type(None), done) == 2 and reload(account).state == AccountState.ACTIVE


def test_looks_at_what_is_sealed_are_noted(now: datetime):
    case, officer = open_case(now), make_officer(Role.REMOVALS)
    removal_case.note_view(case, officer, "scan viewed", now=now, pages=2)
    entry = AuditEntry.select().order_by(AuditEntry.sequence.desc()).get()
    assert (entry.action, entry.actor, entry.subject) == ("scan viewed", f"officer:{officer.uid}", f"removal:{case.number}")
