"""The panel's own login, and the wall between residents and officers."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pyotp
import pytest
import time_machine

from portal import clock
from portal.database import transaction
from portal.models import AuditEntry, Officer, Session
from portal.models.staff import Role
from portal.services import staff_codes
from tests.admin.conftest import Enter
from tests.factories import PASSWORD, TOTP_SECRET, make_account, make_district, make_officer, make_page
from tests.page import Page, Visitor
from tests.views.steps import in_english

REFUSED = "Adres e-mail, hasło lub kod są nieprawidłowe."


def errors(page: Page) -> list[str]:
    return [item.get_text() for item in page.soup.select(".panel-errors li")]


def code(at: Any = None) -> str:
    return pyotp.TOTP(TOTP_SECRET).at(at or clock.now())


def log_in(visitor: Visitor, officer: Officer, *, status: int = 200, **typed: str) -> Page:
    return visitor.submit(visitor.get("/admin/logowanie"), status=status,
                          **{"email": officer.email, "password": PASSWORD, "code": code(), **typed})


def test_an_officer_logs_in_with_password_and_code(visitor: Visitor) -> None:
    officer = make_officer(Role.CLERK)
    digits = code()
    page = log_in(visitor, officer, email=f" {officer.email.upper()} ", code=f"{digits[:3]} {digits[3:]}")
    assert page.path == "/admin/" and officer.name in page.text
    assert AuditEntry.select().where(AuditEntry.action == "officer logged in").count() == 1


def test_login_leads_to_the_page_that_was_wanted(visitor: Visitor) -> None:
    officer = make_officer(Role.CLERK)
    wanted = visitor.get("/admin/konta/?search=anna")
    assert wanted.path == "/admin/logowanie"
    page = visitor.submit(wanted, email=officer.email, password=PASSWORD, code=code())
    assert page.path == "/admin/konta/" and "search=anna" in page.response.request.url


def test_login_never_leads_elsewhere(visitor: Visitor) -> None:
    officer = make_officer(Role.CLERK)
    page = visitor.get("/admin/logowanie?next=//example.com/")
    assert visitor.submit(page, email=officer.email, password=PASSWORD, code=code()).path == "/admin/"


@pytest.mark.parametrize("wrong", [{"email": "nikt@example.org"}, {"email": "to nie adres"}, {"password": "inne hasło"},
                                   {"code": "000000"}, {"code": "abc"}, {"code": "\u0661\u0662\u0663\u0664\u0665\u0666"}])
def test_whatever_is_wrong_the_answer_is_the_same(visitor: Visitor, wrong: dict[str, str]) -> None:
    page = log_in(visitor, make_officer(Role.CLERK), status=400, **wrong)
    assert errors(page) == [REFUSED]
    assert page.title.startswith("Błąd")
    assert page.soup.select_one("#password").get("value", "") == ""


def test_a_code_works_once(visitor: Visitor, app: Any) -> None:
    officer = make_officer(Role.CLERK)
    log_in(visitor, officer)
    assert errors(log_in(Visitor(app), officer, status=400)) == [REFUSED] and Session.select().count() == 1
    with time_machine.travel(clock.now() + timedelta(seconds=31), tick=False):
        assert log_in(Visitor(app), officer).path == "/admin/"


def test_a_recovery_code_stands_in_for_the_authenticator_once(visitor: Visitor, app: Any) -> None:
    officer = make_officer(Role.CLERK)
    with transaction():
        written = staff_codes.replace_recovery_codes(officer)[0]
    page = log_in(visitor, officer, code=f" {written.lower()} ")
    assert page.path == "/admin/" and "9" in visitor.get("/admin/moj-dostep/").text
    assert errors(log_in(Visitor(app), officer, status=400, code=written)) == [REFUSED]


def test_an_inactive_officer_cannot_log_in(visitor: Visitor) -> None:
    assert errors(log_in(visitor, make_officer(Role.CLERK, active=False), status=400)) == [REFUSED]
    assert not Session.select().exists() and visitor.get("/admin/").path == "/admin/logowanie"


def test_a_deactivated_officer_is_out_at_once(enter: Enter) -> None:
    clerk, administrator = enter(Role.CLERK), enter(Role.ADMINISTRATOR)
    clerk.get("/admin/konta/")
    form = administrator.get(f"/admin/urzednicy/edit/?id={clerk.officer.id}")
    administrator.submit(form, active=None)
    assert clerk.get("/admin/konta/").path == "/admin/logowanie"
    assert not Session.select().where(Session.officer == clerk.officer).exists()


def test_an_officer_cannot_change_the_own_access(enter: Enter) -> None:
    administrator = enter(Role.ADMINISTRATOR)
    own = f"/admin/urzednicy/edit/?id={administrator.officer.id}"
    assert administrator.get(own).path == "/admin/urzednicy/details/"
    administrator.send(own, name="Ja", role="coordinator")
    stored = Officer.get_by_id(administrator.officer.id)
    assert (stored.role, stored.active) == (Role.ADMINISTRATOR, True)


def test_logging_out_ends_the_session_everywhere(enter: Enter) -> None:
    clerk = enter(Role.CLERK)
    page = clerk.get("/admin/")
    token = page.soup.select_one("header input[name=csrf_token]")["value"]
    answer = clerk.post("/admin/wyloguj", {"csrf_token": token})
    assert answer.location == "/admin/logowanie"
    assert Session.select().count() == 0
    assert clerk.client.get("/admin/wyloguj").status_code == 405


def test_an_officers_session_opens_nothing_of_residents(enter: Enter) -> None:
    clerk = enter(Role.CLERK)
    for path in ("/moje-konto", "/glosowanie/podsumowanie"):
        assert clerk.client.get(path).location.startswith("/logowanie"), path


def test_a_resident_who_logs_in_at_the_panel_becomes_the_officer_alone(app: Any, enter: Enter) -> None:
    resident = enter(account=make_account(make_district()))
    log_in(resident, make_officer(Role.CLERK))
    assert Session.get().officer is not None and Session.select().count() == 1


def test_guessing_is_slowed_down(visitor: Visitor) -> None:
    officer = make_officer(Role.CLERK)
    for _ in range(5):
        log_in(visitor, officer, status=400, password="zgaduję")
    log_in(visitor, officer, status=429)


def test_officer_whose_session_has_ended_is_told_and_led_back_to_the_form(enter: Enter, now: datetime) -> None:
    page, editor = make_page("faq").page, in_english(enter(Role.EDITOR))
    path = f"/admin/strony/pisz/?id={page.id}&language=pl"
    typed = {"csrf_token": editor.get(path).soup.select_one("main [name=csrf_token]")["value"], "title": "Napisane"}
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        answer = editor.post(path, typed, headers={"Referer": f"http://localhost{path}"})
        assert unquote(answer.location) == f"/admin/logowanie?next={path}"
        assert "Your session has ended because nothing happened for a while." in editor.get(answer.location).text
