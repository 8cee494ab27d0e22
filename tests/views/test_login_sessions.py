"""Sessions as a resident sees them: listed, ended, extended in a tab of its own, and no typed text lost over their end."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.models import Account, Session
from portal.models.staff import Role
from portal.services import login
from tests.factories import make_account, make_district, make_officer
from tests.page import Page, Visitor
from tests.views.steps import in_english, log_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
PATH, EXTEND = "/moje-konto/sesje", "/moje-konto/sesje/przedluz"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def account(app: Flask) -> Account:
    return make_account(make_district(), email="ola@example.org")


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def enter(app: Flask, account: Account, user_agent: str = "") -> Visitor:
    """Open another browser of a resident."""
    browser = in_english(Visitor(app))
    browser.client.environ_base["HTTP_USER_AGENT"] = user_agent
    log_in(browser, account)
    return browser


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/moje-konto").path == "/moje-konto"


def rows(page: Page) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in page.soup.select(".app-sessions li")]


def press(visitor: Visitor, page: Page, action: str, *, status: int = 200) -> Page:
    """Press the button of the form with this action, in the page or in the warning below it."""
    form = page.soup.select_one(f"form[action='{action}']")
    answer = visitor.post(action, {"csrf_token": form.input["value"]}, follow_redirects=True)
    assert answer.status_code == status
    return Page(answer)


def test_list_says_which_browser_since_when_and_which_is_this_one(reader: Visitor, account: Account, now: datetime):
    enter(reader.app, account, FIREFOX)
    with time_machine.travel(now + 5 * MINUTE, tick=False):
        log_in(reader, account)
        page = reader.get(PATH)
    assert rows(page)[0].startswith("Unknown device this one Since 15 June 2026, 12:35 Last used 15 June 2026, 12:35")
    assert rows(page)[1].startswith("Firefox, Windows Since 15 June 2026, 12:30 Last used 15 June 2026, 12:30 End this session")
    assert len(page.soup.select("main form")) == 2, "this session ends by logging out"


def test_sessions_that_have_ended_and_those_of_others_are_not_listed(reader: Visitor, account: Account, now: datetime):
    enter(reader.app, make_account(account.district))
    for created, seen in ((13 * HOUR, MINUTE), (HOUR, 30 * MINUTE)):
        Session.create(token_hash=str(created), account=account, created_at=now - created, seen_at=now - seen, proved_at=now)
    log_in(reader, account)
    page = reader.get(PATH)
    assert len(rows(page)) == 1
    assert not page.soup.select("main form")


def test_one_session_is_ended_at_once(reader: Visitor, account: Account):
    one, other = (enter(reader.app, account, FIREFOX) for _ in range(2))
    log_in(reader, account)
    uid = Session.select().order_by(Session.id).first().uid
    page = press(reader, reader.get(PATH), f"{PATH}/{uid}/zakoncz")
    assert "The session has ended." in page.text and len(rows(page)) == 2
    assert not is_in(one) and is_in(other) and is_in(reader)


def test_all_other_sessions_are_ended_at_once(reader: Visitor, account: Account):
    others = [enter(reader.app, account) for _ in range(3)]
    stranger = enter(reader.app, make_account(account.district))
    log_in(reader, account)
    page = press(reader, reader.get(PATH), f"{PATH}/zakoncz-inne")
    assert "All your other sessions have ended." in page.text and len(rows(page)) == 1
    assert is_in(reader) and is_in(stranger) and not any(map(is_in, others))


def test_nobody_ends_a_session_of_somebody_else(reader: Visitor, account: Account):
    victim = enter(reader.app, make_account(account.district))
    uid = Session.get().uid
    officer = Session.create(token_hash="o", officer=make_officer(Role.CLERK), created_at=Session.get().created_at,
                             seen_at=Session.get().seen_at, proved_at=Session.get().proved_at)
    log_in(reader, account)
    token = reader.get(PATH).soup.select_one("input[name=csrf_token]")["value"]
    for wanted in (uid, officer.uid, "x", ""):
        assert reader.post(f"{PATH}/{wanted}/zakoncz", {"csrf_token": token}).status_code == 404
    assert is_in(victim) and Session.select().count() == 3


def warning(page: Page) -> tuple[int, str]:
    """Return after how many minutes the page warns, and what it says first."""
    strip = page.soup.select_one("[data-session][role=alert]")
    [delay] = [int(name.removeprefix("app-session--in-")) for name in strip["class"] if "--in-" in name]
    return delay, " ".join(strip.select_one(".app-session__soon").get_text(" ").split())


@pytest.mark.parametrize(("age", "idle", "minutes"), [
    (0, 0, 28), (60, 0, 28), (11 * 60 + 30, 0, 28), (11 * 60 + 31, 0, 27), (11 * 60 + 45, 0, 13), (11 * 60 + 59, 0, 0)])
def test_every_page_warns_two_minutes_before_the_end(reader: Visitor, account: Account, now: datetime, age: int, idle: int,
                                                     minutes: int):
    log_in(reader, account)
    Session.update(created_at=now - age * MINUTE).execute()
    for path in ("/", "/moje-konto", "/aktualnosci"):
        delay, text = warning(reader.get(path))
        assert delay == minutes
        assert ("cannot be extended" in text) == (age > 11 * 60 + 30)
        assert ("Stay logged in" in text) == (age <= 11 * 60 + 30)


def test_warning_comes_in_time_although_use_is_noted_once_a_minute(reader: Visitor, account: Account, now: datetime):
    log_in(reader, account)
    with time_machine.travel(now + timedelta(seconds=59), tick=False):
        assert warning(reader.get("/moje-konto"))[0] == 27


def test_strangers_are_not_warned(reader: Visitor):
    assert not reader.get("/").soup.select("[data-session]")


def test_session_is_extended_in_a_tab_of_its_own(reader: Visitor, account: Account, now: datetime):
    log_in(reader, account)
    page = reader.get("/moje-konto")
    form = page.soup.select_one(f"form[action='{EXTEND}']")
    assert (form["method"], form["target"]) == ("post", "_blank")
    with time_machine.travel(now + 29 * MINUTE, tick=False):
        told = press(reader, page, EXTEND)
        assert told.heading == "You stay logged in"
        assert "your session ends on 15 June 2026, 13:29." in told.text
        assert warning(told)[0] == 28, "the script puts this warning into the page that was left"
    with time_machine.travel(now + 58 * MINUTE, tick=False):
        assert is_in(reader)


def test_officers_extend_theirs_in_the_same_way(reader: Visitor, now: datetime):
    token = login._open_session(make_officer(Role.CLERK), "", now)
    with reader.client.session_transaction() as session:
        session.update({"_user_id": token, "_fresh": True})
    page = Page(reader.client.get("/admin/"))
    assert page.soup.select_one("[data-session] .app-session__over a")["href"] == "/admin/logowanie"
    with time_machine.travel(now + 29 * MINUTE, tick=False):
        assert press(reader, page, EXTEND).heading == "You stay logged in"
    with time_machine.travel(now + 59 * MINUTE, tick=False):
        csrf = page.soup.select_one(f"form[action='{EXTEND}'] input")["value"]
        late = Page(reader.post(EXTEND, {"csrf_token": csrf}, headers={"Referer": "http://localhost/admin/"}))
        assert late.soup.select_one("main a.govuk-button")["href"] == "/admin/logowanie"


def test_twelve_hours_are_never_extended(reader: Visitor, account: Account, now: datetime):
    log_in(reader, account)
    page = reader.get("/moje-konto")
    Session.update(created_at=now - 12 * HOUR + MINUTE).execute()
    told = press(reader, page, EXTEND)
    assert "your session ends on 15 June 2026, 12:31." in told.text
    with time_machine.travel(now + MINUTE, tick=False):
        assert press(reader, page, EXTEND, status=409).heading == "Your session has ended"


def late_and_back(reader: Visitor, account: Account, now: datetime, person: Account) -> Page:
    """Leave a half-typed form, extend too late, log in as somebody in the new tab, and send the form after all."""
    log_in(reader, account)
    typed = reader.get("/moje-konto/haslo")
    with time_machine.travel(now + 31 * MINUTE, tick=False):
        late = press(reader, typed, EXTEND, status=409)
        assert late.heading == "Your session has ended"
        assert "What you typed in the other tab is still there." in late.text
        assert late.soup.select_one("main a.govuk-button")["href"] == "/logowanie"
        log_in(reader, person)
        data = {"csrf_token": typed.form().input["value"], "current_password": "x", "new_password": "zupa z kasztanów"}
        return Page(reader.post("/moje-konto/haslo", data))


def test_text_typed_before_the_end_can_be_sent_after_logging_in_again(reader: Visitor, account: Account, now: datetime):
    page = late_and_back(reader, account, now, account)
    assert page.errors == ["This is not your current password."], "the form was heard"


def test_form_of_one_person_is_not_taken_from_another(reader: Visitor, account: Account, now: datetime):
    """The browser is shared: what somebody else typed must not become this person's."""
    page = late_and_back(reader, account, now, make_account(account.district))
    assert (page.status, page.heading) == (400, "This page has expired")


def test_form_token_dies_with_logging_out_and_with_sessions_that_were_ended(reader: Visitor, account: Account, now: datetime):
    for how in ("out", "ended"):
        log_in(reader, account)
        page = reader.get("/moje-konto/haslo")
        token = page.form().input["value"]
        if how == "out":
            reader.post("/wyloguj", {"csrf_token": token})
        else:
            login.end_sessions(account)
        log_in(reader, account)
        answer = reader.post("/moje-konto/haslo", {"csrf_token": token})
        assert Page(answer).heading == "This page has expired", how
        login.end_sessions(account)
        reader.client.delete_cookie("session")


def test_page_asked_for_after_the_end_explains_and_keeps_the_form_token(reader: Visitor, account: Account, now: datetime):
    log_in(reader, account)
    token = reader.get("/moje-konto/haslo").form().input["value"]
    with time_machine.travel(now + 31 * MINUTE, tick=False):
        page = reader.get("/moje-konto")
        assert "Your session has ended because nothing happened for a while." in page.text
        log_in(reader, account)
        assert reader.post("/moje-konto/haslo", {"csrf_token": token}).status_code == 400
        assert Page(reader.post("/moje-konto/haslo", {"csrf_token": token})).heading == "Change your password"
