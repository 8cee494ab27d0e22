"""Login and logout as a visitor meets them: sessions of this server only, and no way out of the portal."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask

from portal.config import for_flask, settings
from portal.models import Account, Session
from portal.models.account import AccountState
from portal.models.staff import Role
from portal.services import login
from tests.factories import PASSWORD, make_account, make_district, make_officer
from tests.page import Page, Visitor
from tests.services import raw
from tests.views.steps import in_english, log_in

EVIL = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example",
    "javascript:alert(1)", "data:text/html,x", "evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
    " //evil.example", "/\x00/evil.example", "/\x7f/evil", "/\u2028/evil", "//[", "//ex\u2100mple.com", "/a\\b", "", "?x", "#x")
INSIDE = ("/glosowanie", "/projekty?pula=miasto", "/projekty/bo-1", "/wyniki/2026#x", "/moje-konto?a=/b//c")


@pytest.fixture
def account(app: Flask) -> Account:
    return make_account(make_district(), email="ola@example.org", given_name="Ola")


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def cookie(visitor: Visitor) -> str:
    return str(visitor.client.get_cookie("session").value)


def log_out(visitor: Visitor) -> Page:
    """Press the button in the header."""
    form = visitor.get("/moje-konto").soup.select_one("header form[action='/wyloguj']")
    return Page(visitor.post(form["action"], {"csrf_token": form.input["value"]}, follow_redirects=True))


def token_of_login(visitor: Visitor, path: str = "/logowanie") -> str:
    return str(visitor.get(path).soup.select_one("main input[name=csrf_token]")["value"])


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/moje-konto").path == "/moje-konto"


def test_resident_logs_in_and_out(reader: Visitor, account: Account):
    assert log_in(reader, account).heading == "Hello, Ola"
    assert "You are logged out." in log_out(reader).text
    assert Session.select().count() == 0
    assert not is_in(reader)


@pytest.mark.parametrize(("email", "password"), [("ola@example.org", "wrong"), ("nikt@example.org", PASSWORD)])
def test_wrong_login_says_neither_which_nor_more(reader: Visitor, account: Account, email: str, password: str):
    page = reader.submit(reader.get("/logowanie"), email=email, password=password, status=400)
    assert page.errors == ["The e-mail address or the password is not right."]
    assert page.title.startswith("Error: ")
    assert page.soup.select_one("#email")["value"] == email
    assert not page.soup.select_one("#password").get("value")
    assert Session.select().count() == 0


def test_frozen_account_gets_the_same_words(reader: Visitor, account: Account):
    Account.update(state=AccountState.FROZEN).execute()
    assert log_in(reader, account, status=400).errors == ["The e-mail address or the password is not right."]


def test_login_begins_a_new_session_and_forgets_what_a_stranger_put_there(reader: Visitor, account: Account):
    with reader.client.session_transaction() as session:
        session["registration"], session["receipt"] = "planted", "planted"
    planted = cookie(reader)
    log_in(reader, account)
    assert cookie(reader) != planted
    with reader.client.session_transaction() as session:
        assert "registration" not in session and "receipt" not in session
    thief = Visitor(reader.app)
    thief.client.set_cookie("session", planted)
    assert not is_in(thief)


def test_logout_kills_the_session_for_every_copy_of_its_cookie(reader: Visitor, account: Account):
    log_in(reader, account)
    thief = Visitor(reader.app)
    thief.client.set_cookie("session", cookie(reader))
    assert is_in(thief)
    log_out(reader)
    assert not is_in(thief) and not is_in(reader)


def test_logout_needs_a_button_of_this_session(reader: Visitor, account: Account):
    log_in(reader, account)
    assert reader.client.get("/wyloguj").status_code == 405
    assert reader.post("/wyloguj").status_code == 400
    assert is_in(reader)


def test_logout_of_nobody_is_harmless(reader: Visitor):
    assert reader.post("/wyloguj", {"csrf_token": token_of_login(reader)}).status_code == 302


def test_session_of_a_busy_resident_ends_after_twelve_hours(reader: Visitor, account: Account, now: datetime):
    log_in(reader, account)
    for minutes in range(25, 12 * 60, 25):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            assert is_in(reader)
    with time_machine.travel(now + timedelta(hours=12), tick=False):
        assert not is_in(reader)


def test_session_of_an_idle_resident_ends_after_half_an_hour(reader: Visitor, account: Account, now: datetime):
    log_in(reader, account)
    with time_machine.travel(now + timedelta(minutes=30), tick=False):
        assert not is_in(reader)


def test_token_in_the_cookie_is_not_in_the_database(reader: Visitor, account: Account):
    log_in(reader, account)
    with reader.client.session_transaction() as session:
        assert session["_user_id"] not in raw.everything()


def test_cookie_is_closed_to_scripts_and_other_sites(reader: Visitor, account: Account):
    form = {"email": account.email, "password": PASSWORD, "csrf_token": token_of_login(reader)}
    sent = reader.post("/logowanie", form).headers["Set-Cookie"]
    assert "HttpOnly" in sent and "SameSite=Lax" in sent and "Path=/" in sent and "Domain" not in sent


@pytest.mark.parametrize("target", EVIL)
def test_login_never_leads_out_of_the_portal(reader: Visitor, account: Account, target: str):
    path = f"/logowanie?next={quote(target)}"
    if "\x00" in target:
        reader.get(path, status=404)
        return
    form = {"email": account.email, "password": PASSWORD, "csrf_token": token_of_login(reader, path)}
    response = reader.post(path, form)
    assert (response.status_code, response.headers["Location"]) == (302, "/moje-konto")
    assert reader.client.get(path).headers["Location"] == "/moje-konto", "nor does it for who is logged in already"


@pytest.mark.parametrize("target", INSIDE)
def test_login_leads_back_to_where_the_visitor_wanted_to_go(reader: Visitor, account: Account, target: str):
    path = f"/logowanie?next={quote(target)}"
    form = {"email": account.email, "password": PASSWORD, "csrf_token": token_of_login(reader, path)}
    assert reader.post(path, form).headers["Location"] == target


def test_page_for_residents_sends_to_the_login_and_back(reader: Visitor, account: Account):
    page = reader.get("/moje-konto?x=1")
    assert (page.path, page.heading) == ("/logowanie", "Log in")
    page = reader.submit(page, email=account.email, password=PASSWORD)
    assert page.response.request.full_path == "/moje-konto?x=1"


@pytest.mark.parametrize("path", ["/logowanie", "/rejestracja", "/"])
def test_logged_in_resident_is_offered_the_account_instead_of_the_login(reader: Visitor, account: Account, path: str):
    log_in(reader, account)
    assert reader.get(path).soup.select_one("header a[href='/moje-konto']")


def test_sixth_try_in_a_row_is_told_when_to_come_back_and_how_to_get_in_at_once(reader: Visitor, account: Account):
    for _ in range(5):
        log_in(reader, account, password="wrong", status=400)
    page = log_in(reader, account, status=429)
    assert page.errors == ["There were too many failed attempts. Try again in 5 s."]
    assert page.response.headers["Retry-After"] == "5"
    assert page.soup.select_one("#email")["value"] == account.email
    assert not page.soup.select_one("#password").get("value")
    assert page.soup.select_one(".govuk-inset-text a[href='/haslo/przypomnij']")
    assert log_in(reader, make_account(make_district())).path == "/moje-konto", "others are not kept out"


def test_minutes_to_wait_are_told_in_minutes(reader: Visitor, account: Account, now: datetime):
    for _ in range(9):
        with time_machine.travel(now, tick=False):
            log_in(reader, account, password="wrong", status=400)
        now += timedelta(minutes=2)
    with time_machine.travel(now - timedelta(minutes=2), tick=False):
        page = log_in(reader, account, status=429)
    assert page.errors == ["There were too many failed attempts. Try again in 2 min."]
    assert page.response.headers["Retry-After"] == "80"


def test_letter_case_and_blanks_do_not_give_new_tries(reader: Visitor, account: Account):
    for at in range(5):
        email = "OLA@example.org" if at % 2 else " ola@EXAMPLE.org "
        reader.submit(reader.get("/logowanie"), email=email, password="wrong", status=400)
    assert log_in(reader, account, status=429).errors == ["There were too many failed attempts. Try again in 5 s."]
    assert not Session.select().exists()


def test_one_address_of_the_network_has_thirty_tries(reader: Visitor):
    token = token_of_login(reader)
    tries = [reader.post("/logowanie", {"email": f"{at}@example.org", "password": "x", "csrf_token": token}).status_code
             for at in range(31)]
    assert tries == [400] * 30 + [429]


def device_cookie(visitor: Visitor) -> str:
    found = visitor.client.get_cookie("device")
    return str(found.value) if found else ""


def test_owner_gets_in_on_the_own_browser_while_others_guess(reader: Visitor, account: Account):
    log_in(reader, account)
    log_out(reader)
    stranger = in_english(Visitor(reader.app))
    for _ in range(5):
        log_in(stranger, account, password="wrong", status=400)
    log_in(stranger, account, status=429)
    assert log_in(reader, account).heading == "Hello, Ola"


def test_cookie_of_the_device_tells_nothing_and_lasts(reader: Visitor, account: Account):
    token_of_login(reader)
    log_in(reader, account, password="wrong", status=400)
    assert not device_cookie(reader), "only a login makes a device known"
    form = {"email": account.email, "password": PASSWORD, "csrf_token": token_of_login(reader)}
    [sent] = [cookie for cookie in reader.post("/logowanie", form).headers.getlist("Set-Cookie") if cookie.startswith("device=")]
    assert "HttpOnly" in sent and "SameSite=Lax" in sent and "Path=/" in sent and "Domain" not in sent
    assert "Max-Age=34560000" in sent
    assert account.uid not in sent and "ola" not in sent
    known = device_cookie(reader)
    log_out(reader)
    assert device_cookie(reader) == known
    thief = Visitor(reader.app)
    thief.client.set_cookie("device", known)
    assert not is_in(thief), "it opens nothing"


def test_cookie_of_the_device_stays_on_its_host_in_production(reader: Visitor, account: Account, setting: Any,
                                                              monkeypatch: pytest.MonkeyPatch):
    setting(env="production")
    monkeypatch.setitem(reader.app.config, "DEVICE_COOKIE_NAME", for_flask(settings, b"")["DEVICE_COOKIE_NAME"])
    form = {"email": account.email, "password": PASSWORD, "csrf_token": token_of_login(reader)}
    sent = [cookie for cookie in reader.post("/logowanie", form).headers.getlist("Set-Cookie") if "device" in cookie]
    assert len(sent) == 1 and sent[0].startswith("__Host-device=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in sent[0].split(";")}
    assert "Domain" not in sent[0]


@pytest.mark.parametrize("planted", ["x", "~~..", "\\377\\377", "a" * 4000, "ż", '"\\"'])
def test_any_cookie_of_a_device_is_harmless(reader: Visitor, account: Account, planted: str):
    reader.client.set_cookie("device", planted)
    assert log_in(reader, account).heading == "Hello, Ola"
    assert len(device_cookie(reader)) < 100


def test_session_of_a_resident_does_not_open_the_panel(reader: Visitor, account: Account):
    log_in(reader, account)
    assert reader.client.get("/admin/").status_code in {302, 404}


def test_session_of_an_officer_does_not_open_a_residents_pages(reader: Visitor, now: datetime):
    officer = make_officer(Role.COORDINATOR)
    token = login._open_session(officer, "", now)
    with reader.client.session_transaction() as session:
        session.update({"_user_id": token, "_fresh": True})
    for path in ("/moje-konto", "/glosowanie/podsumowanie", "/glosowanie/potwierdzenie"):
        assert reader.get(path).path == "/logowanie"
