"""Officers' access from the first invitation to its end, as administrators and the invited meet it."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from bs4 import Tag

from portal import clock
from portal.errors import EnrolmentUnknown, NoAdministratorLeft
from portal.models import AuditEntry, Message, Officer, RecoveryCode, Session
from portal.models.staff import Role
from portal.services import staff
from tests.admin.conftest import Enter
from tests.browser.words import pl
from tests.factories import PASSWORD, TOTP_SECRET, make_officer
from tests.page import Page, Visitor

NEW_PASSWORD = "wieczorny spacer nad rzeką"


def errors(page: Page) -> list[str]:
    return [item.get_text() for item in page.soup.select(".panel-errors li")]


def invite() -> str:
    """Return the path of a new officer's invitation."""
    return staff.create_officer("nowa@example.org", name="Nowa Osoba", role=Role.VERIFIER, actor="test", now=clock.now()).path


def digits() -> str:
    return pyotp.TOTP(Officer.get(Officer.email == "nowa@example.org").totp_secret).at(clock.now())


def row_of(page: Page, officer: Officer) -> Tag:
    return next(row for row in page.soup.select("tbody tr") if officer.email in row.get_text())


def test_an_administrator_invites_and_never_sees_what_opens_the_access(enter: Enter) -> None:
    administrator = enter(Role.ADMINISTRATOR)
    form = administrator.get("/admin/urzednicy/new/")
    page = administrator.submit(form, name="Nowa Osoba", email="Nowa@Example.org", role="verifier")
    officer, letter = Officer.get(Officer.email == "nowa@example.org"), Message.get()
    assert page.path == "/admin/urzednicy/" and "nowa@example.org" in page.soup.select_one(".alert-success").get_text()
    assert (officer.role, officer.password_hash, letter.recipient) == (Role.VERIFIER, "", officer.email)
    for path in ("/admin/urzednicy/", f"/admin/urzednicy/details/?id={officer.id}", f"/admin/urzednicy/edit/?id={officer.id}"):
        shown = administrator.get(path).response.text
        assert officer.totp_secret not in shown and "/admin/dostep/" not in shown and officer.enrolment_hash not in shown
    assert AuditEntry.get().actor == f"officer:{administrator.officer.uid}"
    assert errors(administrator.submit(form, name="Inna", email="nowa@example.org", role="clerk"))
    assert errors(administrator.submit(form, name="Inna", email="inna@example.org", role="king"))


def test_the_invited_set_up_their_access_and_see_their_recovery_codes_once(visitor: Visitor) -> None:
    path = invite()
    page = visitor.get(path)
    key = page.soup.select_one(".panel-key").get_text()
    assert key.replace(" ", "") == Officer.get().totp_secret and len(key.split()[0]) == 4
    assert page.soup.select_one("img[src^='data:image/svg+xml']")["alt"]
    assert visitor.get(path).soup.select_one("img[src^=data]")["src"] == page.soup.select_one("img[src^=data]")["src"]
    done = visitor.submit(page, password=NEW_PASSWORD, code=f"{digits()[:3]} {digits()[3:]}")
    codes = [code.get_text() for code in done.soup.select("li code")]
    assert len(codes) == 10 and done.response.headers["Cache-Control"] == "no-store"
    visitor.get(path, status=404)
    with time_machine.travel(clock.now() + timedelta(seconds=31), tick=False):
        opened = visitor.submit(visitor.get("/admin/logowanie"), email="nowa@example.org", password=NEW_PASSWORD, code=digits())
        assert opened.path == "/admin/" and "10" in visitor.get("/admin/moj-dostep/").text


def test_looking_at_the_invitation_changes_nothing(visitor: Visitor) -> None:
    path = invite()
    before = Officer.get().__data__
    for _ in range(3):
        visitor.get(path)
    assert Officer.get().__data__ == before and RecoveryCode.select().count() == 0


@pytest.mark.parametrize("typed", [
    {"password": ""}, {"password": "za krótkie"[:9]}, {"password": "qwertyuiop"}, {"password": "nowa osoba nad rzeką"},
    {"password": "x" * 129}, {"code": ""}, {"code": "000000"}, {"code": "12345"}, {"code": "\u0661" * 6}])
def test_a_slip_sets_up_nothing_and_shows_the_same_key(visitor: Visitor, typed: dict[str, str]) -> None:
    page = visitor.get(invite())
    refused = visitor.submit(page, status=400, **{"password": NEW_PASSWORD, "code": digits(), **typed})
    assert len(errors(refused)) == 1 and Officer.get().password_hash == ""
    assert refused.soup.select_one(".panel-key").get_text() == page.soup.select_one(".panel-key").get_text()
    assert not refused.soup.select_one("#password").get("value")


def test_the_link_is_gone_after_three_days(visitor: Visitor) -> None:
    path = invite()
    page = visitor.get(path)
    with time_machine.travel(clock.now() + timedelta(hours=72), tick=False):
        assert pl(EnrolmentUnknown.message) in visitor.get(path, status=404).text
        visitor.submit(page, status=404, password=NEW_PASSWORD, code=digits())
    assert Officer.get().password_hash == ""


def test_the_list_says_how_far_each_access_is(enter: Enter) -> None:
    administrator, ended = enter(Role.ADMINISTRATOR), make_officer(Role.CLERK, active=False)
    invite()
    invited = Officer.get(Officer.email == "nowa@example.org")
    AuditEntry.create(sequence=99, at=clock.now() - timedelta(days=2), actor=f"officer:{ended.uid}", action="officer logged in",
                      subject=f"officer:{ended.uid}", previous="p", hash="h")
    page = administrator.get("/admin/urzednicy/")
    said = [row_of(page, officer).select_one(".col-state").get_text() for officer in (administrator.officer, ended)]
    assert said == [pl("Has access"), pl("Access ended")]
    assert "18\xa0czerwca\xa02026" in row_of(page, invited).select_one(".col-state").get_text()
    assert [row_of(page, officer).select_one(".col-logged_in_at").get_text() for officer in (ended, invited)] == [
        "13\xa0czerwca\xa02026\xa0r., godz.\xa012:30", "–"]
    assert "13 czerwca 2026" in administrator.get(f"/admin/urzednicy/details/?id={ended.id}").text
    with time_machine.travel(clock.now() + timedelta(hours=72), tick=False):
        page = enter(Role.ADMINISTRATOR).get("/admin/urzednicy/?search=nowa")
        assert row_of(page, invited).select_one(".col-state").get_text() == pl("Invitation expired")


def test_a_lost_phone_is_answered_with_a_new_invitation(enter: Enter) -> None:
    clerk, administrator = enter(Role.CLERK), enter(Role.ADMINISTRATOR)
    link = row_of(administrator.get("/admin/urzednicy/"), clerk.officer).select_one("a[href*='/renew/']")["href"]
    asked = administrator.get(link)
    assert Officer.get_by_id(clerk.officer.id).totp_secret == TOTP_SECRET, "nothing changes before the button"
    page = administrator.submit(asked)
    renewed = Officer.get_by_id(clerk.officer.id)
    assert page.path == "/admin/urzednicy/" and renewed.password_hash == "" and renewed.totp_secret != TOTP_SECRET
    assert not Session.select().where(Session.officer == clerk.officer).exists()
    assert clerk.get("/admin/").path == "/admin/logowanie"
    assert (Message.get().template, Message.get().recipient) == ("officer_invited", clerk.officer.email)


def test_nobody_renews_the_own_access_or_one_that_is_ended_or_is_not_there(enter: Enter) -> None:
    administrator, ended = enter(Role.ADMINISTRATOR), make_officer(Role.CLERK, active=False)
    page = administrator.get("/admin/urzednicy/")
    assert not row_of(page, administrator.officer).select("a[href*='/renew/']")
    assert not row_of(page, ended).select("a[href*='/renew/']")
    for wanted in (administrator.officer.id, ended.id, 10**9, "x", ""):
        administrator.get(f"/admin/urzednicy/renew/?id={wanted}", status=404)
        assert administrator.send(f"/admin/urzednicy/renew/?id={wanted}").status_code == 404
    assert Message.select().count() == 0


@pytest.mark.parametrize("change", [{"active": None}, {"role": "coordinator"}])
def test_the_last_administrator_stays(enter: Enter, change: dict[str, Any]) -> None:
    """Two administrators who shut each other out: the second one's form comes when nobody else is left."""
    first, second = enter(Role.ADMINISTRATOR), enter(Role.ADMINISTRATOR)
    form = first.get(f"/admin/urzednicy/edit/?id={second.officer.id}")
    Officer.update(password_hash="").where(Officer.id == first.officer.id).execute()
    page = first.submit(form, **change)
    stored = Officer.get_by_id(second.officer.id)
    assert errors(page) == [pl(NoAdministratorLeft.message)]
    assert (stored.active, stored.role) == (True, Role.ADMINISTRATOR) and AuditEntry.select().count() == 0


def test_ended_access_is_in_the_audit_log(enter: Enter) -> None:
    clerk, administrator = enter(Role.CLERK), enter(Role.ADMINISTRATOR)
    administrator.submit(administrator.get(f"/admin/urzednicy/edit/?id={clerk.officer.id}"), active=None)
    assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.sequence)] == [
        "officer's access ended", "officer changed"]
    assert PASSWORD not in str([entry.__data__ for entry in AuditEntry.select()])
