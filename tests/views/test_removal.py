"""The way out: the own data to take away, and the end of the account."""

import json
from datetime import datetime

import pytest
from flask import Flask

from portal.models import Account, Ballot, Message, Session
from portal.models.ballot import BallotState
from portal.services import voting
from tests.factories import PASSWORD, PESEL, make_account, make_district, make_voting
from tests.page import Page, Visitor
from tests.services.ballots import cast, choose, first_picks
from tests.views.steps import in_english, log_in

PAGE = "/moje-konto/usun"


@pytest.fixture
def account(app: Flask) -> Account:
    return make_account(make_district(), pesel=PESEL)


@pytest.fixture
def resident(visitor: Visitor, account: Account) -> Visitor:
    log_in(in_english(visitor), account)
    return visitor


@pytest.fixture
def voter(visitor: Visitor, now: datetime) -> Visitor:
    """Somebody who has voted in an edition that is still open."""
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    cast(edition, district, account, now)
    log_in(in_english(visitor), account)
    return visitor


def delete(resident: Visitor, *, status: int = 200, **typed: str | None) -> Page:
    return resident.submit(resident.get(PAGE), status=status, **{"sure": "y", "password": PASSWORD, **typed})


def test_data_are_downloaded_as_a_file_that_is_kept_nowhere(resident: Visitor, account: Account):
    page = resident.get("/moje-konto/moje-dane")
    assert "never what you chose" in page.text
    response = resident.client.get(page.soup.select_one("main a[download]")["href"])
    assert response.mimetype == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="moje-dane.json"'
    assert response.headers["Cache-Control"] == "no-store"
    text = response.get_data().decode("utf-8")
    assert '\n  "account": {\n' in text and "Żuraw" in text and PESEL not in text
    assert json.loads(text)["account"]["email"] == account.email


def test_download_never_tells_a_choice(voter: Visitor):
    text = voter.client.get("/moje-konto/moje-dane.json").text
    edition = Ballot.get().edition
    assert json.loads(text)["ballots"] == [{"edition": edition.name, "channel": "online", "state": "recorded"}]
    assert not any(uid in text for uid in first_picks(edition, Account.get().district).values())


def test_account_is_deleted_and_the_browser_forgets_it(app: Flask, resident: Visitor, account: Account):
    elsewhere = Visitor(app)
    log_in(elsewhere, account)
    cookie = resident.client.get_cookie("session").value
    page = delete(resident)
    assert (page.path, "Your account has been deleted." in page.text) == ("/", True)
    assert Account.select().count() == Session.select().count() == 0
    assert [message.template for message in Message.select()] == ["account_deleted"]
    resident.client.set_cookie("session", cookie)
    for browser in (resident, elsewhere):
        assert browser.get("/moje-konto").path == "/logowanie"
    page = in_english(Visitor(app))
    assert log_in(page, account, status=400).errors == ["The e-mail address or the password is not right."]


@pytest.mark.parametrize(("left_out", "field"), [("sure", "sure"), ("password", "password")])
def test_deletion_needs_the_tick_and_the_password(resident: Visitor, left_out: str, field: str):
    page = delete(resident, status=400, **{left_out: None})
    assert page.soup.select_one(f"#{field}-error") and Account.select().count() == 1


def test_deletion_needs_the_right_password(resident: Visitor):
    page = delete(resident, status=400, password="zgadywane hasło")
    assert page.errors == ["This is not your current password."] and Account.select().count() == 1


def test_page_without_a_ballot_speaks_of_none(resident: Visitor):
    page = resident.get(PAGE)
    assert "still open" not in page.text and not page.soup.select_one("[name=with_ballots]")


def test_ballot_in_an_open_voting_needs_a_tick_of_its_own(voter: Visitor):
    page = voter.get(PAGE)
    assert "Your ballot in it will be removed and will not count." in page.text
    page = delete(voter, status=400)
    assert page.errors == ["Tick that your ballot is to be removed, or keep the account."]
    assert (Account.select().count(), Ballot.select().count()) == (1, 1)
    delete(voter, with_ballots="y")
    assert (Account.select().count(), Ballot.select().count()) == (0, 0)


def test_ballot_cast_in_another_window_meanwhile_is_asked_about(visitor: Visitor, now: datetime, monkeypatch: pytest.MonkeyPatch):
    edition, district, account = make_voting()
    log_in(in_english(visitor), account)
    choose(edition, district, account, now)
    page = visitor.get(PAGE)
    cast(edition, district, account, now)
    page = visitor.submit(page, sure="y", password=PASSWORD, status=400)
    assert page.soup.select_one("[name=with_ballots]")
    own, asked = voting.own_ballot, []
    monkeypatch.setattr(voting, "own_ballot", lambda *who: own(*who) if asked else asked.append(1))
    page = visitor.submit(page, sure="y", password=PASSWORD)  # Cast between the look at the ballots and the deletion.
    assert page.path == PAGE and "would be removed together with the account" in page.text
    assert (Account.select().count(), Ballot.select().count()) == (1, 1)


def test_ballot_under_check_keeps_the_account(voter: Visitor):
    Ballot.update(state=BallotState.UNDER_CHECK).execute()
    page = delete(voter, status=400, with_ballots="y")
    assert page.errors == ["Officers are checking this account or its ballot. Until they are done it cannot be deleted, and its "
                           "PESEL number cannot be changed. Questions? Write to us."]
    assert Account.select().count() == 1
