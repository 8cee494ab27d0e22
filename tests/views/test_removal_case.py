"""The page on which a claimant follows the case of a wrongly registered account, and writes to it."""

import json
import logging
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.config import settings
from portal.models import Account, Message, Officer, RemovalCase, RemovalStep
from portal.models.removal import CaseState, Deed, Proof
from portal.models.staff import Role
from portal.services import removal_case, removal_claim, removal_evidence
from portal.services.removal_claim import Claim
from tests.architecture.people import writes
from tests.factories import PESEL, make_account, make_district, make_edition, make_officer
from tests.page import Page, Visitor
from tests.services import cases
from tests.views.steps import in_english
from tests.views.test_enumeration import token_of
from tests.views.test_removal_claim import CLAIM, FORM, claim

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ADD, WRITE = "Send the scan", "Send the message"
WAYS = ["In person at the office", "With a scan or photo", "Write to us about the case"]
LATE = "We wanted to be ready by 22 June 2026 and are late"


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


@pytest.fixture
def officer(app: Flask) -> Officer:
    return make_officer(Role.REMOVALS)


def open_case(now: datetime, by: Officer | None = None, **given: Any) -> tuple[RemovalCase, str]:
    """Return a new case and the address of its page."""
    told = {"name": "Ewa Żuk", "pesel": PESEL, "email": "ewa@example.org", "story": "To nie ja.", "proof": Proof.IN_PERSON,
            "language": "en", **given}
    case = removal_claim.open_case(Claim(**told), address="127.0.0.1", now=now, officer=by)
    return case, f"{FORM}/{case.secret}"


def buttons(page: Page) -> set[str]:
    return {button.get_text(strip=True) for button in page.soup.select("main button")}


def test_claimant_reports_proves_answers_and_is_led_to_the_registration(reader: Visitor, officer: Officer, now: datetime):
    account = make_account(make_district(), pesel=PESEL)
    page = reader.get(reader.get("/").soup.select_one("footer a[href^='/zgloszenie']")["href"])
    page = reader.submit(page, **CLAIM)
    assert (page.heading, page.path.startswith(f"{FORM}/")) == ("Your case K/1/2026", True)
    assert "We have received your report Number of the case: K/1/2026" in page.text and "Keep the link to this page" in page.text
    letter = Message.get()
    assert (letter.template, letter.recipient) == ("claim_received", "ewa@example.org")
    assert json.loads(letter.payload)["path"] == page.path
    assert page.soup.select_one(f"main a[href='http://localhost{page.path}']")
    assert "We have received your report" not in reader.get(page.path).text, "it is said once"
    case = RemovalCase.get()
    assert (case.name, case.pesel, case.story, case.proof, case.language) == (
        "Ewa Żuk", PESEL, "Ktoś założył konto.\nTo nie ja.", "in_person", "en")
    removal_case.ask_for_more(case, officer, "Jakie ma Pani drugie imię?", version=case.version, now=now)
    page = reader.get(page.path)
    assert "We need something more from you Jakie ma Pani drugie imię?" in page.text
    page = reader.submit(page, action=f"{page.path}/odpowiedz", words="Maria")
    assert "We have received your message." in page.text and "We are checking who you are" in page.text
    removal_case.confirm_identity(case, officer, "dowód", version=RemovalCase.get().version, now=now)
    assert "We know that it is you" in reader.get(page.path).text
    cases.request(case, officer, now)
    cases.approve(case, now)
    page = reader.get(page.path)
    assert page.soup.select_one("main a.govuk-button")["href"] == "/rejestracja"
    assert not Account.select().where(Account.id == account.id).exists()


def test_claim_without_the_token_of_its_page_is_refused(reader: Visitor, now: datetime):
    _case, path = open_case(now)
    for address in (FORM, f"{path}/skan", f"{path}/odpowiedz"):
        response = reader.post(address, CLAIM)
        assert response.status_code == 400 and "This page has expired" in response.text
    assert (RemovalCase.select().count(), RemovalStep.select().count()) == (1, 1)


STATES = {
    CaseState.OPEN: "We are waiting for you at the office",
    CaseState.MORE_NEEDED: "We need something more from you",
    CaseState.CONFIRMED: "We know that it is you",
    CaseState.REQUESTED: "The removal waits for a second officer",
    CaseState.REMOVED: "The account has been removed",
    CaseState.REFUSED: "We have not removed an account",
}


@pytest.mark.parametrize("state", CaseState)
def test_page_says_how_it_stands_and_what_can_be_sent(reader: Visitor, officer: Officer, now: datetime, state: str):
    case, path = open_case(now)
    ended = {"closed_at": now} if state in ("removed", "refused") else {}
    RemovalCase.update(state=state, requested_by=officer, approved_by=make_officer(Role.COORDINATOR), **ended).execute()
    page = reader.get(path)
    assert STATES[state] in page.text and case.number in page.text
    assert f"{settings.office_address} working days {settings.office_hours}" in page.text
    assert buttons(page) == ({ADD, WRITE} if state in ("open", "more_needed") else set())
    assert ("We want to be ready by 22 June 2026." in page.text) == (state in ("confirmed", "requested"))
    assert ("We begin as soon as you have shown who you are" in page.text) == (state in ("open", "more_needed"))
    assert page.response.headers["Cache-Control"] == "no-store"


def test_page_that_waits_for_a_scan_says_so(reader: Visitor, now: datetime):
    assert "We are waiting for your scan" in reader.get(open_case(now, proof=Proof.SCAN)[1]).text


def test_page_of_who_only_wrote_still_asks_who_it_is(reader: Visitor, now: datetime):
    case, path = open_case(now, proof=Proof.SCAN)
    page = reader.submit(reader.get(path), action=f"{path}/odpowiedz", words="Halo?")
    asks = "We have your message We read it and write back. To go on, we also need to know who you are"
    assert asks in page.text and "We want to be ready by 22 June 2026." in page.text
    assert headings(page)[:-1] == ["We have your message", WAYS[1], WAYS[0], WAYS[2]]
    removal_claim.add_evidence(case, [b"page"], now=now)
    assert asks not in (text := reader.get(path).text) and "We are checking who you are" in text
    removal_evidence.destroy(case)
    assert asks in (text := reader.get(path).text) and "We have destroyed your scan." in text


@pytest.mark.parametrize("what", ["scan", "words", "at the office"])
def test_page_asks_for_patience_when_officers_are_late(reader: Visitor, officer: Officer, now: datetime, what: str):
    case, path = open_case(now, by=officer if what == "at the office" else None)
    if what == "scan":
        removal_claim.add_evidence(case, [b"page"], now=now)
    elif what == "words":
        removal_claim.answer(case, "Halo?", now=now)
    assert "We want to be ready by 22 June 2026." in reader.get(path).text
    with time_machine.travel(now + timedelta(days=8), tick=False):
        page = reader.get(path)
    assert LATE in page.text
    assert page.soup.select_one(f"main a[href='mailto:{settings.contact_email}']")


def test_page_blames_nobody_while_it_waits_for_the_claimant(reader: Visitor, officer: Officer, now: datetime):
    case, path = open_case(now)
    with time_machine.travel(now + timedelta(days=8), tick=False):
        assert LATE not in reader.get(path).text
        removal_case.ask_for_more(case, officer, "Czekamy.", version=case.version, now=now)
        assert LATE not in reader.get(path).text


def test_page_of_who_was_at_the_office_asks_for_nothing(reader: Visitor, officer: Officer, now: datetime):
    page = reader.get(open_case(now, by=officer)[1])
    assert "We are checking your document You need not do anything now." in page.text and officer.name not in page.text
    assert headings(page)[-5:-1] == ["Do you want to add something?", *WAYS]


def headings(page: Page) -> list[str]:
    return [heading.get_text() for heading in page.soup.select("main h2, main h3")]


def test_chosen_way_comes_first_and_none_is_asked_for_once_a_scan_is_there(reader: Visitor, now: datetime):
    assert headings(reader.get(open_case(now)[1]))[1:-1] == WAYS
    case, path = open_case(now, proof=Proof.SCAN)
    assert headings(reader.get(path))[1:-1] == [WAYS[1], WAYS[0], WAYS[2]]
    removal_claim.add_evidence(case, [b"page"], now=now)
    page = reader.get(path)
    assert headings(page)[:2] == ["We are checking who you are", "Do you want to add something?"]
    assert [heading.get_text() for heading in page.soup.select("main h3")] == [WAYS[1], WAYS[0], WAYS[2]]


def test_page_says_when_scans_are_destroyed(reader: Visitor, officer: Officer, now: datetime):
    case, path = open_case(now, proof=Proof.SCAN)
    removal_claim.add_evidence(case, [b"page"], now=now)
    assert "destroyed your scan" not in reader.get(path).text
    removal_evidence.destroy(case)
    page = reader.get(path)
    assert "We have destroyed your scan We keep a scan for 30 days at most. Please send it again" in page.text
    assert "We begin as soon as you have shown who you are" in page.text and ADD in buttons(page)
    removal_case.confirm_identity(case, officer, "dowód", version=case.version, now=now)
    assert "We have destroyed your scan." in reader.get(path).text


@pytest.mark.parametrize("open_now", [True, False])
def test_page_of_a_removal_reminds_of_the_open_vote(reader: Visitor, officer: Officer, now: datetime, open_now: bool):
    make_edition(open_now=open_now)
    _case, path = open_case(now)
    RemovalCase.update(state="removed", requested_by=officer, approved_by=make_officer(Role.COORDINATOR), closed_at=now).execute()
    page = reader.get(path)
    assert "You can register now." in page.text
    assert ("do not forget to vote" in page.text) == open_now


def test_words_of_officers_are_shown_only_where_they_are_for_the_claimant(reader: Visitor, officer: Officer, now: datetime):
    make_account(make_district(), pesel=PESEL)
    case, path = open_case(now)
    removal_case.ask_for_more(case, officer, "Prosimy o drugą stronę.", version=case.version, now=now)
    removal_claim.answer(case, "Moja odpowiedź", now=now)
    assert "Prosimy o drugą stronę." in reader.get(path).text, "what was asked stays in the history"
    removal_case.confirm_identity(case, officer, "Notatka o dowodzie", version=case.version, now=now)
    cases.request(case, officer, now)
    removal_case.advance(case, Deed.RETURNED, officer=officer, words="Notatka drugiego", now=now, requested_by=None, extent="")
    text = reader.get(path).text
    assert "Notatka" not in text and officer.name not in text and "Moja odpowiedź" not in text
    removal_case.refuse(case, officer, "Inny numer PESEL", version=case.version, now=now)
    text = reader.get(path).text
    assert text.count("Inny numer PESEL") == 1
    assert [step in text for step in ("You reported the account.", "We asked you for something more.", "You wrote to us.",
                                      "An officer confirmed that it is you.", "It waits for the approval of a second officer.",
                                      "is being checked once more", "We decided not to remove an account.")] == [True] * 7


def test_page_tells_nothing_of_the_account_and_of_other_claims(reader: Visitor, officer: Officer, now: datetime):
    make_account(make_district(), pesel=PESEL)
    case, path = open_case(now)
    before = reader.get(path).text
    removal_case.freeze(case, officer, "Wątpliwość", version=case.version, now=now)
    open_case(now, email="druga@example.org")
    removal_case.unfreeze(case, officer, "Już dobrze", version=case.version, now=now)
    page = reader.get(path)
    assert page.text == before
    assert not [word for word in (PESEL, "Żuk", "ewa@example.org", "To nie ja.") if word in page.response.text]


def test_script_in_any_field_is_inert(reader: Visitor, officer: Officer, now: datetime):
    page = claim(reader, status=400, **dict.fromkeys(("given_name", "family_name", "pesel", "email", "story", "proof"), SCRIPT))
    assert SCRIPT[:30] not in page.response.text and not page.soup.select("main img")
    path = claim(reader, story=SCRIPT).path
    case = RemovalCase.get()
    removal_case.ask_for_more(case, officer, SCRIPT, version=case.version, now=now)
    page = reader.get(path)
    assert SCRIPT in page.soup.select_one(".app-words").get_text()
    page = reader.submit(page, action=f"{path}/odpowiedz", words=SCRIPT * 60, status=400)
    assert page.soup.textarea.get_text().lstrip("\n") == SCRIPT * 60 and not page.soup.select("main img")


@pytest.mark.parametrize(("words", "error"), [
    ("", "Write your message."), ("x" * 2001, "This can have at most 2000 characters.")])
def test_wrong_message_is_kept_in_its_field(reader: Visitor, now: datetime, words: str, error: str):
    case, path = open_case(now)
    page = reader.submit(reader.get(path), action=f"{path}/odpowiedz", words=words, status=400)
    assert page.errors == [error] and page.soup.textarea.get_text().lstrip("\n") == words
    assert page.soup.select_one(".govuk-error-summary a")["href"] == "#words"
    assert case.steps.count() == 1 and buttons(page) == {ADD, WRITE}
    assert reader.get(page.soup.select_one("header [hreflang=pl]")["href"]).path == path, "not the home page"


def test_message_beyond_the_twentieth_is_refused_beside_its_field_and_stays(reader: Visitor, now: datetime):
    case, path = open_case(now)
    for at in range(20):
        removal_claim.answer(case, f"Wiadomość {at}", now=now)
    page = reader.submit(reader.get(path), action=f"{path}/odpowiedz", words="Jeszcze\r\njedno", status=400)
    assert page.errors == [removal_claim.TOO_MANY_ANSWERS] and page.title.startswith("Error: ")
    assert page.soup.select_one(".govuk-error-summary a")["href"] == "#words"
    assert removal_claim.TOO_MANY_ANSWERS in page.soup.select_one("#words-error").get_text()
    assert page.soup.textarea.get_text().lstrip("\n") == "Jeszcze\njedno"
    assert case.steps.count() == 21 and buttons(page) == {ADD, WRITE}


def test_files_that_are_too_large_together_lead_back_to_the_case(app: Flask, reader: Visitor, now: datetime,
                                                                 monkeypatch: pytest.MonkeyPatch):
    path = open_case(now)[1]
    monkeypatch.setattr(app.view_functions["removal.add_scan"], "most_bytes", 100)
    page = Page(reader.post(f"{path}/skan", {"csrf_token": token_of(reader, path), "words": "x" * 100}))
    assert page.status == 413 and "Together the files are too large." in page.text
    assert page.soup.select_one("main a.govuk-button")["href"] == path
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 100)
    page = Page(reader.post(f"{path}/odpowiedz", {"csrf_token": "", "words": "x" * 100}))
    assert page.status == 413 and "Together the files" not in page.text


def test_message_after_the_decision_is_not_kept_and_the_page_says_so(reader: Visitor, officer: Officer, now: datetime):
    case, path = open_case(now)
    page = reader.get(path)
    removal_case.refuse(case, officer, "Nie", version=case.version, now=now)
    page = reader.submit(page, action=f"{path}/odpowiedz", words="Jeszcze jedno")
    assert page.path == path and "nothing more can be added" in page.text
    assert case.steps.count() == 2


@pytest.mark.parametrize("secret", ["x", "0" * 64, "ż", "K/1/2026", "%2e%2e", "a" * 3000])
def test_wrong_link_is_the_same_neutral_page(reader: Visitor, now: datetime, secret: str):
    _case, path = open_case(now)
    page = reader.get(f"{FORM}/{secret}", status=404)
    if "/" not in secret:
        assert page.text == reader.get(path[:-1], status=404).text
        form = {"csrf_token": token_of(reader, path), "words": "Halo?"}
        for last in ("skan", "odpowiedz"):
            assert reader.post(f"{FORM}/{secret}/{last}", form).status_code == 404


def test_secret_of_the_page_is_not_passed_on(reader: Visitor, now: datetime, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    page = reader.get(open_case(now)[1])
    assert page.response.headers["Referrer-Policy"] == "same-origin"
    leading_away = [link["href"] for link in page.soup.select("a[href]") if re.match("https?:", link["href"])]
    assert not leading_away and PESEL not in caplog.text


def test_forms_of_the_page_work_over_tls(reader: Visitor, now: datetime):
    """There a form needs its page as the referrer, so the page must not forbid it."""
    case, path = open_case(now)
    token = reader.client.get(path, base_url="https://localhost").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    response = reader.post(f"{path}/odpowiedz", {"csrf_token": token, "words": "Halo?"}, base_url="https://localhost",
                           headers={"Referer": f"https://localhost{path}"})
    assert (response.status_code, case.steps.count()) == (302, 2)


def test_looking_changes_nothing_and_buttons_need_a_post(reader: Visitor, now: datetime, statements: list[str]):
    _case, path = open_case(now)
    reader.get(path)
    statements.clear()
    reader.get(path)
    for last in ("skan", "odpowiedz"):
        assert reader.get(f"{path}/{last}").path == path, "where a page with mistakes stands is loaded anew"
    assert not writes(statements)
