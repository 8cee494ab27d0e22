"""The own access of every officer, and the password once more before what matters."""

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal import clock, crypto
from portal.database import transaction
from portal.models import AuditEntry, Edition, Message, Officer, Publication, RecoveryCode, Session
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import closing, login, staff_codes
from tests.admin.conftest import Enter, PanelVisitor
from tests.admin.test_access import panel
from tests.admin.test_staff import NEW_PASSWORD, errors
from tests.browser.words import pl
from tests.factories import PASSWORD, make_edition, make_officer, make_page, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.services.ballots import publish

MINUTE = timedelta(minutes=1)
OWN, PROOF = "/admin/moj-dostep/", "/admin/potwierdz/"
# What asks for the password anew, with its role; an address of it ends with a row's id.
DANGEROUS = {
    ("panel_officers", "create_view"): (Role.ADMINISTRATOR, "/admin/urzednicy/new/"),
    ("panel_officers", "edit_view"): (Role.ADMINISTRATOR, "/admin/urzednicy/edit/?id={officer}"),
    ("panel_officers", "renew_view"): (Role.ADMINISTRATOR, "/admin/urzednicy/renew/?id={officer}"),
    ("panel_editions", "edit_view"): (Role.COORDINATOR, "/admin/edycje/edit/?id={edition}"),
    ("panel_editions", "draw_view"): (Role.COORDINATOR, "/admin/edycje/losowanie/?id={coming}"),
    ("panel_editions", "settle_view"): (Role.COORDINATOR, "/admin/edycje/rozstrzygniecie/?id={ended}"),
    ("panel_pages", "mail_view"): (Role.EDITOR, "/admin/strony/wyslij/?id={news}"),
    ("panel_jobs", "create_view"): (Role.COORDINATOR, "/admin/zadania/new/"),
    ("panel_own_access", "renew_codes"): (Role.CLERK, "/admin/moj-dostep/kody"),
    ("panel_results", "key_view"): (Role.COORDINATOR, "/admin/wyniki/klucz/?id={ended}"),
    ("panel_results", "publish_view"): (Role.COORDINATOR, "/admin/wyniki/publikacja/?id={unpublished}"),
    ("panel_results", "correct_view"): (Role.COORDINATOR, "/admin/wyniki/korekta/?id={results}"),
}


def address(path: str) -> str:
    counted = make_edition(open_now=False)
    publish(counted, clock.now())
    Publication.update(removed=1).execute()
    soon = clock.now() + timedelta(days=9)
    coming = make_edition(voting_from=soon, voting_to=soon + timedelta(days=1), results_on=soon + timedelta(days=1))
    ago = [clock.now() - timedelta(days=days) for days in (60, 50, 45, 40)]
    ended = make_edition(code="dawna", voting_from=ago[0], voting_to=ago[1], results_on=ago[2])
    make_pool(ended, proposals=1)
    publish(ended, ago[3])
    closing.close(ended, actor="test", now=clock.now())
    make_proposal(make_pool(coming), state=ProposalState.ADMITTED)
    return path.format(
        unpublished=make_edition(open_now=False).id, coming=coming.id, ended=ended.id,
        officer=make_officer(Role.EDITOR).id, news=make_page(is_news=True).page.id, results=counted.id,
        edition=make_edition(open_now="zadania" not in path).id)  # SQLite takes no import while people vote.


def proved(browser: PanelVisitor, minutes: int) -> None:
    """Let the officer have typed the password so many minutes ago, and a second."""
    ago = clock.now() - minutes * MINUTE - timedelta(seconds=1)
    Session.update(proved_at=ago).where(Session.officer == browser.officer).execute()


def contents() -> list[Any]:
    return [list(model.select().order_by(model.id).dicts()) for model in (Officer, Edition, RecoveryCode, AuditEntry, Message)]


def test_what_matters_asks_for_the_password_and_reading_never_does(app: Flask) -> None:
    asking = {(name, action) for name, view in panel(app).items() for action in view.fresh_login}
    assert asking == set(DANGEROUS)
    assert all(hasattr(panel(app)[name], action) for name, action in asking)


@pytest.mark.parametrize(("role", "path"), DANGEROUS.values())
def test_it_opens_for_ten_minutes_after_the_password(enter: Enter, role: Role, path: str) -> None:
    officer, path = enter(role), address(path)
    proved(officer, 9)
    assert officer.get(path).path == path.partition("?")[0]
    proved(officer, 10)
    asked = officer.get(path)
    assert asked.path == PROOF
    assert errors(officer.submit(asked, password="inne hasło", status=400)) and officer.get(path).path == PROOF
    led_back = officer.submit(asked, password=PASSWORD)
    assert led_back.response.request.url.endswith(path), "where the officer wanted to go"


@pytest.mark.parametrize(("role", "path"), DANGEROUS.values())
def test_it_is_taken_for_thirty_minutes_after_the_password(enter: Enter, role: Role, path: str) -> None:
    officer, path = enter(role), address(path)
    form = officer.get(path)
    typed = {"name": "Nowa nazwa", "email": "nowa@example.org", "seed": "12 5 33 41 7 48", "code": "2018",
             **({"seen": "dawna"} if "klucz" in path else {}), **({"count": "1"} if "publikacja" in path else {})}

    def send() -> Page:
        files = {"files": (io.BytesIO(b"META"), "a.pb")} if "zadania" in path else {}
        return officer.submit(form, **typed, **files)
    proved(officer, 30)
    before = contents()
    late = send()
    assert late.path == PROOF and late.soup.select_one(".alert-warning") and contents() == before
    proved(officer, 29)
    send()
    assert contents() != before


def test_the_password_once_more_leads_nowhere_else(enter: Enter) -> None:
    officer = enter(Role.CLERK)
    for target in ("//example.com/", "https://example.com/", "/\\example.com", "/admin/potwierdz\n"):
        page = officer.get(PROOF, query_string={"next": target})
        assert officer.submit(page, password=PASSWORD).path == "/admin/"


def test_the_password_once_more_cannot_be_guessed(enter: Enter) -> None:
    officer = enter(Role.CLERK)
    page = officer.get(PROOF)
    for _ in range(5):
        assert len(errors(officer.submit(page, password="zgaduję", status=400))) == 1
    proved(officer, 10)
    officer.submit(page, password=PASSWORD, status=400)
    assert officer.get("/admin/moj-dostep/kody").path == PROOF


def test_the_own_password_is_changed_with_the_current_one(enter: Enter) -> None:
    mine = enter(Role.VERIFIER)
    other = enter(officer=mine.officer)
    form = mine.get(f"{OWN}haslo")
    page = mine.submit(form, current_password=PASSWORD, password=NEW_PASSWORD)
    assert page.path == OWN and other.get("/admin/").path == "/admin/logowanie"
    assert crypto.verify_password(Officer.get().password_hash, NEW_PASSWORD, officer=True)
    last = AuditEntry.select().order_by(AuditEntry.sequence.desc()).get()
    assert (Message.get().template, last.action) == ("officer_password_changed", "officer's password changed")


@pytest.mark.parametrize("typed", [
    {"current_password": ""}, {"current_password": "inne hasło"}, {"password": ""}, {"password": "krótkie"},
    {"password": "jan urzędnik nad rzeką"}, {"password": "budzet obywatelski!"}])
def test_the_own_password_stays_after_a_slip(enter: Enter, typed: dict[str, str]) -> None:
    officer = enter(Role.VERIFIER)
    values = {"current_password": PASSWORD, "password": NEW_PASSWORD, **typed}
    assert len(errors(officer.submit(officer.get(f"{OWN}haslo"), status=400, **values))) == 1
    assert crypto.verify_password(Officer.get().password_hash, PASSWORD, officer=True) and Message.select().count() == 0


def test_new_recovery_codes_are_shown_once_and_replace_the_old_ones(enter: Enter, app: Flask) -> None:
    officer = enter(Role.EDITOR)
    with transaction():
        old = staff_codes.replace_recovery_codes(officer.officer)
    asked = officer.get(f"{OWN}kody")
    assert "10" in asked.text and RecoveryCode.select().count() == 10
    codes = [code.get_text() for code in officer.submit(asked).soup.select("li code")]
    assert len(codes) == 10 and not set(codes) & set(old)
    for path in (OWN, f"{OWN}kody", "/admin/"):
        assert not set(codes) & set(officer.get(path).text.split())
    page = Visitor(app).get("/admin/logowanie")
    assert Visitor(app).submit(page, email=officer.officer.email, password=PASSWORD, code=old[0], status=400)
    assert (Message.get().template, AuditEntry.get().action) == ("recovery_codes_replaced", "recovery codes replaced")


def test_few_recovery_codes_are_told_on_the_first_page(enter: Enter) -> None:
    officer = enter(Role.EDITOR)
    assert len(officer.get("/admin/").soup.select("section[aria-labelledby=who] p")) == 3
    with transaction():
        staff_codes.replace_recovery_codes(officer.officer)
    assert len(officer.get("/admin/").soup.select("section[aria-labelledby=who] p")) == 2


def test_the_own_sessions_are_listed_and_the_others_ended(enter: Enter) -> None:
    mine, stranger = enter(Role.CLERK), enter(Role.CLERK)
    assert not mine.get(OWN).soup.select(f"form[action='{OWN}sesje']")
    with time_machine.travel(clock.now() + MINUTE, tick=False):
        other = enter(officer=mine.officer)
        page = mine.get(OWN)
        listed = [item.get_text(" ", strip=True) for item in page.soup.select(".panel-sessions li")]
        assert len(listed) == 2 and "12:31" in listed[0]
        assert [pl("this session") in item for item in listed] == [False, True]
        mine.submit(page, action=f"{OWN}sesje")
        assert mine.get(OWN).path == OWN and other.get(OWN).path == "/admin/logowanie" and stranger.get(OWN).path == OWN


def test_the_header_leads_every_officer_to_the_own_access(enter: Enter) -> None:
    for role in Role:
        officer = enter(role)
        assert officer.get(officer.get("/admin/").soup.select_one(".panel-officer a")["href"]).path == OWN
        assert pl("Your access") not in officer.get("/admin/").soup.nav.get_text()


def test_a_session_proves_itself_at_login(enter: Enter, now: Any) -> None:
    officer = make_officer(Role.CLERK)
    with transaction():
        code = staff_codes.replace_recovery_codes(officer)[0]
    session = login.find_session(login.log_in_officer(officer.email, PASSWORD, code, now=now), now=now)
    assert session and session.proved_at == now
