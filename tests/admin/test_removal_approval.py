"""An account is deleted with its votes: shown first, asked for with the password, approved by a second officer, or returned."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal import crypto, i18n
from portal.models import Account, Authorship, Ballot, BallotDraft, Choice, Edition, Message, Pool, RemovalCase, Session, Support
from portal.models.account import AccountState
from portal.models.ballot import BallotState, Channel
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import removal, removal_case, voting
from tests.admin.conftest import Enter
from tests.admin.desk import DESK, at, audited, errors, stand
from tests.browser.words import pl
from tests.factories import PASSWORD, PESEL, make_account, make_district, make_edition, make_officer, make_proposal
from tests.page import Page
from tests.services.cases import confirmed_case, make_wrong_voter, open_case, request, requested_case

CHANGED = "This case was changed after you opened it. Nothing was done. Look at how it stands now and decide anew."
OWN = "You asked for this removal yourself: a second officer has to approve it."


def parts(page: Page, section: str) -> dict[str, str]:
    """Return what a page says goes or stays."""
    rows = page.soup.select(f"section[aria-labelledby={section}] dl > div")
    return {row.dt.get_text(strip=True): " ".join(row.dd.get_text(" ").split()) for row in rows}


def add_everything(edition: Edition, account: Account, now: datetime) -> None:
    """Give an account something of each kind that goes with it, and what stays."""
    pool = Pool.get(Pool.edition == edition)
    for number, state in (("A1", ProposalState.DRAFT), ("A2", ProposalState.SUBMITTED), ("A3", ProposalState.ON_BALLOT)):
        Authorship.create(proposal=make_proposal(pool, number=number, state=state), account=account, is_lead=True)
    shared = make_proposal(pool, number="A4", state=ProposalState.SUBMITTED)
    Authorship.create(proposal=shared, account=account, is_lead=True)
    Authorship.create(proposal=shared, account=make_account(account.district), accepted_at=now)
    Support.create(proposal=pool.proposals.first(), account=account, created_at=now)
    Session.create(token_hash="s", account=account, created_at=now, seen_at=now, proved_at=now)
    paper = make_edition(name="Budżet na papierze")
    Ballot.create(edition=paper, voter_key=voting.voter_key(account, paper), channel=Channel.PAPER, cast_at=now)
    BallotDraft.create(account=account, edition=paper, picks="{}", updated_at=now)
    older = make_edition(name="Budżet wcześniejszy")
    Ballot.create(edition=older, voter_key=voting.voter_key(account, older), channel=Channel.ONLINE,
                  cast_at=account.created_at - timedelta(days=1))
    lost = make_edition(name="Budżet dawny", open_now=False)
    crypto.keyring._keys.clear()
    crypto.keyring.path(lost.ballot_key).unlink()


def test_the_preview_shows_what_goes_and_what_stays_and_no_choices(enter: Enter, now: datetime) -> None:
    edition, _district, account = make_wrong_voter(now)
    picked = {choice.proposal.title for choice in Choice.select()}
    add_everything(edition, account, now)
    case, officer = confirmed_case(now), enter(Role.REMOVALS)
    page = officer.get(officer.get(at("details", case)).soup.select_one("a[href*='/usuniecie/']")["href"])
    goes, stays = parts(page, "goes"), parts(page, "stays")
    assert goes == {
        pl("Account"): f"{account.name}, {account.email}", pl("Ballots"): edition.name,
        pl("Projects"): f"A1: {pl('deleted, it is a draft')} A2: {pl('withdrawn')} A3: {pl('stays as it is')} "
                        f"A4: {pl('a co-author takes it over')}",
        pl("Supports for projects"): "1", pl("Choices that were not cast"): "1", pl("Logins in browsers"): "1"}
    assert stays == {pl("Ballots cast on paper"): "Budżet na papierze",
                     pl("Ballots older than the account"): "Budżet wcześniejszy",
                     pl("Ballots that nobody can find any more"): "Budżet dawny"}
    assert picked and not [title for title in picked if title in page.response.text]
    assert PESEL not in page.response.text


def test_the_request_needs_the_password_and_freezes_the_account(enter: Enter, now: datetime) -> None:
    _edition, _district, account = make_wrong_voter(now)
    case, officer = confirmed_case(now), enter(Role.REMOVALS)
    page = officer.get(at("usuniecie", case))
    for password in ("", "zgaduję jakieś hasło"):
        refused = officer.submit(page, status=400, password=password)
        assert len(errors(refused)) == 1 and refused.soup.select("#password-error") and stand(case)[0] == "confirmed"
        assert password == "" or password not in refused.response.text
    done = officer.submit(refused, password=PASSWORD)
    assert done.path == f"{DESK}details/" and stand(case)[0] == "requested"
    assert Account.get_by_id(account.id).state == AccountState.FROZEN and Account.select().count() == 2
    assert RemovalCase.get().requested_by == officer.officer


def test_a_request_on_what_has_changed_is_refused_and_shows_it_anew(enter: Enter, now: datetime) -> None:
    edition, _district, account = make_wrong_voter(now)
    case, officer = confirmed_case(now), enter(Role.REMOVALS)
    page = officer.get(at("usuniecie", case))
    proposal = make_proposal(Pool.get(Pool.edition == edition), number="NOWY", state=ProposalState.SUBMITTED)
    Authorship.create(proposal=proposal, account=account, is_lead=True)
    wrong = officer.submit(page, status=400, password="nie to")
    assert "NOWY" in wrong.text
    refused = officer.submit(wrong, status=409, password=PASSWORD)
    assert errors(refused) == [pl(CHANGED)] and stand(case)[0] == "confirmed"
    officer.submit(refused, password=PASSWORD)
    assert stand(case)[0] == "requested"


def test_a_request_that_another_officer_was_faster_with_leads_back_to_the_case(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    case, officer, other = confirmed_case(now), enter(Role.REMOVALS), enter(Role.REMOVALS)
    page = officer.get(at("usuniecie", case))
    other.submit(other.get(at("usuniecie", case)), password=PASSWORD)
    before = stand(case)
    late = officer.submit(page, password=PASSWORD)
    assert late.path == f"{DESK}details/" and late.soup.select_one(".alert-danger") and stand(case) == before


@pytest.mark.parametrize("lead", [open_case, requested_case])
def test_there_is_no_preview_before_the_identity_is_confirmed_or_after_the_request(enter: Enter, now: datetime, lead) -> None:
    make_account(make_district(), pesel=PESEL)
    case, officer = lead(now), enter(Role.REMOVALS)
    page = officer.get(at("usuniecie", case))
    assert page.path == f"{DESK}details/" and page.soup.select_one(".alert-danger")
    before = stand(case)
    officer.send(at("usuniecie", case), password=PASSWORD, version=str(before[1]), seen="x")
    assert stand(case) == before


def test_the_action_of_the_list_takes_one_case_of_a_confirmed_identity(enter: Enter, now: datetime) -> None:
    make_account(make_district(), pesel=PESEL)
    case, other, officer = confirmed_case(now), open_case(now), enter(Role.REMOVALS)
    label = officer.get(DESK).soup.select_one("#action_form button[value=remove]")
    assert label.get_text() == pl("Delete account with votes") and "btn-outline-primary" in label["class"]

    def choose(*ids: object) -> Page:
        answer = officer.client.post(f"{DESK}action/", follow_redirects=True, data={
            "csrf_token": officer.token(), "action": "remove", "rowid": list(ids), "url": DESK})
        return Page(answer)

    assert choose(case.id).path == f"{DESK}usuniecie/"
    assert choose(other.id).path == f"{DESK}details/"
    for ids in ((), (case.id, other.id), ("abc",), ("1 OR 1=1",)):
        page = choose(*ids)
        assert page.path == DESK and page.soup.select_one(".alert-danger"), ids
    assert stand(case)[0] == "confirmed"


@pytest.mark.parametrize("role", [Role.REMOVALS, Role.COORDINATOR])
def test_a_second_officer_approves_and_all_of_it_goes(enter: Enter, now: datetime, role: Role) -> None:
    edition, _district, account = make_wrong_voter(now)
    case, officer = requested_case(now, make_officer(Role.REMOVALS, name="Jerzy Proszący")), enter(role)
    page = officer.get(officer.get(at("details", case)).soup.select_one("a[href*='/zatwierdzenie/']")["href"])
    assert "Jerzy Proszący" in page.text and parts(page, "goes")[pl("Ballots")] == edition.name
    assert not page.soup.select("#differences") and PESEL not in page.response.text
    wrong = officer.submit(page, action=at("zatwierdzenie", case), status=400, password="nie to")
    assert stand(case)[0] == "requested" and Ballot.select().exists()
    done = officer.submit(wrong, action=at("zatwierdzenie", case), password=PASSWORD)
    assert done.path == f"{DESK}details/" and stand(case)[0] == "removed"
    assert not Account.select().where(Account.id == account.id).exists() and not Ballot.select().exists()
    assert RemovalCase.get().approved_by == officer.officer and len(audited("account removed with its votes")) == 1
    assert {"account_removed", "claim_removed"} <= {letter.template for letter in Message.select()}


def test_the_second_officer_sees_first_how_the_identity_was_confirmed(app: Flask, enter: Enter, now: datetime) -> None:
    _edition, _district, account = make_wrong_voter(now)
    first, second = [make_officer(Role.REMOVALS, name=name) for name in ("Anna Pierwsza", "Olga Druga")]
    case = open_case(now - timedelta(days=2))
    yesterday = now - timedelta(days=1)
    removal_case.confirm_identity(case, first, "Dowód osobisty,\nzdjęcie zgodne.", version=case.version, now=yesterday)
    request(case, second, now)
    page = enter(Role.COORDINATOR).get(at("zatwierdzenie", case))
    with app.test_request_context():
        confirmed = " ".join(f"Anna Pierwsza, {i18n.moment(yesterday)}".split())
    assert parts(page, "identity") == {
        pl("Claimant"): "Ewa Żuk", pl("Holder of the account"): account.name, pl("PESEL"): case.masked_pesel,
        pl("Confirmed"): confirmed, pl("What was compared"): "Dowód osobisty, zdjęcie zgodne."}
    assert page.soup.select_one("main section")["aria-labelledby"] == "identity"


def test_who_asked_withdraws_and_does_not_return(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    officer = enter(Role.REMOVALS)
    case = requested_case(now, officer.officer)
    page = officer.get(at("zatwierdzenie", case))

    def told(page: Page) -> list[str]:
        return [" ".join(page.soup.select_one(part).get_text().split())
                for part in ("#return", "label[for=words]", "section[aria-labelledby=return] button")]

    assert told(page) == [pl("Withdrawal of the request"), pl("Why you withdraw it"), pl("Withdraw the request")]
    assert told(officer.submit(page, action=at("zwrot", case), status=400, words="")) == told(page)
    assert told(enter(Role.REMOVALS).get(at("zatwierdzenie", case))) == [
        pl("Return"), pl("Why you return it"), pl("Return the request")]
    done = officer.submit(page, action=at("zwrot", case), words="Pomyłka")
    assert pl("The request is withdrawn, and nothing was deleted. The account stays frozen.") in done.text
    assert stand(case)[0] == "confirmed"


def test_who_asked_cannot_approve_however_it_is_sent(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    officer = enter(Role.REMOVALS)
    case = requested_case(now, officer.officer)
    page = officer.get(at("zatwierdzenie", case))
    assert pl(OWN) in page.text and not page.soup.select("form[action*='/zatwierdzenie/'], #password")
    before = stand(case)
    refused = Page(officer.send(at("zatwierdzenie", case), password=PASSWORD, version=str(before[1])))
    assert refused.status == 403 and errors(refused) == [pl(OWN)] and stand(case) == before
    assert Ballot.select().exists()


def test_a_change_since_the_request_is_shown_side_by_side_and_stops_the_approval(enter: Enter, now: datetime) -> None:
    edition, _district, account = make_wrong_voter(now)
    case, officer = requested_case(now), enter(Role.COORDINATOR)
    page = officer.get(at("zatwierdzenie", case))
    Ballot.update(state=BallotState.VOID, void_reason="x").execute()
    Account.update(street="ul. Inna 1").where(Account.id == account.id).execute()
    before = stand(case)
    refused = officer.submit(page, action=at("zatwierdzenie", case), status=409, password=PASSWORD)
    assert errors(refused) == [pl(CHANGED)] and stand(case) == before
    for shown in (refused, officer.get(at("zatwierdzenie", case))):
        table = [[part.get_text(), *[cell.get_text(strip=True) for cell in part.find_next("dl").select("dd")]]
                 for part in shown.soup.select("#differences ~ h3")]
        assert table == [
            [pl("Data of the account (name, e-mail, phone, address, PESEL, state)"), pl("as at the request"),
             pl("different now")],
            [pl("Ballots"), edition.name, f"{edition.name}: {pl('void')}"]]
        assert not shown.soup.select("form[action*='/zatwierdzenie/']") and shown.form(at("zwrot", case))


def test_a_stale_approval_changes_nothing(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    case, officer, other = requested_case(now), enter(Role.COORDINATOR), enter(Role.REMOVALS)
    page = officer.get(at("zatwierdzenie", case))
    other.submit(other.get(at("zatwierdzenie", case)), action=at("zwrot", case), words="Jeszcze raz")
    other.submit(other.get(at("usuniecie", case)), password=PASSWORD)
    wrong = officer.submit(page, action=at("zatwierdzenie", case), status=400, password="nie to")
    refused = officer.submit(wrong, action=at("zatwierdzenie", case), status=409, password=PASSWORD)
    assert errors(refused) == [pl(CHANGED)] and stand(case)[0] == "requested" and Ballot.select().exists()


def test_a_request_is_returned_with_the_reasons(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    case, officer = requested_case(now), enter(Role.COORDINATOR)
    page = officer.get(at("zatwierdzenie", case))
    for words in ("", f"PESEL {PESEL}", "x" * 2_001, "a\0"):
        refused = officer.submit(page, action=at("zwrot", case), status=400, words=words)
        assert len(errors(refused)) == 1 and refused.soup.select_one("#words").get_text().strip() == words
    assert stand(case)[0] == "requested"
    assert officer.submit(page, action=at("zwrot", case), words="Proszę porównać\njeszcze raz.").path == DESK
    assert stand(case)[0] == "confirmed" and Ballot.select().exists()
    assert "jeszcze raz." in enter(Role.REMOVALS).get(at("details", case)).soup.select_one(".panel-history").get_text()
    late = officer.submit(page, action=at("zatwierdzenie", case), password=PASSWORD)
    assert late.path == DESK and late.soup.select_one(".alert-danger") and Ballot.select().exists()


def test_the_account_may_be_gone_before_the_approval(enter: Enter, now: datetime) -> None:
    _edition, _district, account = make_wrong_voter(now)
    case, officer = requested_case(now), enter(Role.COORDINATOR)
    page = officer.get(at("zatwierdzenie", case))
    removal.take_account(account, now=now)
    refused = officer.submit(page, action=at("zatwierdzenie", case), status=409, password=PASSWORD)
    assert errors(refused) == [pl("There is no account with this PESEL number.")] and stand(case)[0] == "requested"
    assert not refused.soup.select("#password")
    officer.submit(refused, action=at("zwrot", case), words="Konta nie ma")
    assert stand(case)[0] == "confirmed"


def test_after_the_removal_the_case_can_be_read_and_nothing_decided(enter: Enter, now: datetime) -> None:
    make_wrong_voter(now)
    case, coordinator = requested_case(now), enter(Role.COORDINATOR)
    coordinator.submit(coordinator.get(at("zatwierdzenie", case)), action=at("zatwierdzenie", case), password=PASSWORD)
    again = coordinator.get(at("zatwierdzenie", case))
    assert again.path == f"{DESK}details/"
    assert [form["action"] for form in again.soup.select("main form")] == [at("protokol", case)]
    assert coordinator.send(at("protokol", case)).data.startswith(b"%PDF") and len(audited("protocol printed")) == 1
    assert enter(Role.COORDINATOR).send(at("protokol", case)).location == DESK and len(audited("protocol printed")) == 1
    page = enter(Role.REMOVALS).get(at("details", case))
    assert not page.soup.select("#deed") and page.form(at("protokol", case))
    rightful = make_account(make_district(), pesel=PESEL, given_name="Ewa", family_name="Prawdziwa")
    assert rightful.name in enter(Role.REMOVALS).get(at("details", case)).text
