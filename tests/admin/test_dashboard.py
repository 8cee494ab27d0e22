"""The panel's first page and the preview of the portal as on another date."""

from datetime import timedelta

import pytest

from portal import clock
from portal.models import Ballot, Edition, Publication, SendCount
from portal.models.staff import Role
from tests.admin.conftest import Enter, PanelVisitor
from tests.admin.test_lists import make_message
from tests.browser.words import pl
from tests.factories import make_edition, make_officer, make_pool

LATER = "2026-06-25T12:00:00"


def begin_preview(browser: PanelVisitor) -> None:
    browser.submit(browser.get("/admin/"), action="/admin/podglad", moment=LATER)


def portal_says(browser: PanelVisitor) -> str:
    return browser.get("/").soup.select_one(".app-strip").get_text(" ", strip=True)


def test_it_says_who_is_logged_in_and_what_the_role_may_see(enter: Enter) -> None:
    page = enter(Role.CLERK).get("/admin/")
    assert "Jan Urzędnik" in page.text
    tables = "section[aria-labelledby=tables] a"
    assert [link.get_text() for link in page.soup.select(tables)] == [pl("Voting on paper"), "Konta"]
    assert [link.get_text() for link in enter(Role.EDITOR).get("/admin/").soup.select(tables)] == ["Strony", "Zadania"]


def test_the_menu_stands_in_groups_and_marks_the_page(enter: Enter) -> None:
    menu = enter(Role.ADMINISTRATOR).get("/admin/konta/").soup.select_one(".panel-menu")
    groups = [(menu.select_one(f"#{ul['aria-labelledby']}").get_text(), [link["href"].split("/")[2] for link in ul.select("a")])
              for ul in menu.select("ul[aria-labelledby]")]
    assert groups == [(pl("Voting"), ["statystyki", "wyniki"]), (pl("Residents"), ["konta"]),
                      (pl("Portal"), ["zadania", "wiadomosci", "urzednicy", "dziennik", "skroty-dziennika"])]
    assert [link.get_text() for link in menu.select("[aria-current=page]")] == ["Konta"]


def test_pages_lead_to_their_help_and_to_themselves_in_another_language(enter: Enter) -> None:
    officer, edition = enter(Role.COORDINATOR), make_edition()
    page = officer.get(f"/admin/edycje/details/?id={edition.id}")
    assert page.soup.select_one(".panel-help")["href"].endswith("#edycje")
    english = officer.get(page.soup.select_one(".panel-footer a[lang=en]")["href"])
    assert english.soup.html["lang"] == "en" and english.heading == f"Editions: {edition}"
    assert officer.get("/admin/").soup.select_one(".panel-help")["href"].endswith("/przewodnik-urzednika")


def test_turnout_is_told_and_nothing_else_about_ballots(enter: Enter) -> None:
    edition = make_edition()
    for number in range(3):
        Ballot.create(edition=edition, voter_key=str(number), channel="online", cast_at=clock.now())
    assert "3" in enter(Role.VERIFIER).get("/admin/").soup.select_one("#edition").parent.get_text()


def test_failed_messages_are_shown_to_those_who_may_see_messages(enter: Enter) -> None:
    make_message()
    link = enter(Role.COORDINATOR).get("/admin/").soup.select_one(".alert a")
    assert link["href"] == "/admin/wiadomosci/?flt_state=failed"
    assert not enter(Role.CLERK).get("/admin/").soup.select(".alert")


def test_corrections_that_wait_are_counted_for_coordinators(enter: Enter) -> None:
    for removed, approved in ((0, True), (2, True), (2, False)):
        Publication.create(edition=make_edition(open_now=False), results="{}", kept_at=clock.now(), removed=removed,
                           asked_by=make_officer(Role.COORDINATOR), approved_by=make_officer(Role.EDITOR) if approved else None)
    lines = enter(Role.COORDINATOR).get("/admin/").soup.select("#results ~ ul a[href='/admin/wyniki/']")
    assert [line.parent.get_text() for line in lines] == [
        pl("Corrections of results that wait") + ": 1", pl("Publications of results that wait for approval") + ": 1"]
    lines = enter(Role.ADMINISTRATOR).get("/admin/").soup.select("#results ~ ul a")
    assert [line.parent.get_text() for line in lines] == [pl("Publications of results that wait for approval") + ": 1"]
    assert not enter(Role.REMOVALS).get("/admin/").soup.select("a[href='/admin/wyniki/']")


def test_the_end_of_todays_text_messages_is_shown_to_every_role(enter: Enter, setting: object) -> None:
    setting(sms_daily_cap=5)
    SendCount.create(scope="portal", window=clock.start_of(clock.local(clock.now()).date()), sent=5)
    for role in Role:
        assert "PORTAL_SMS_DAILY_CAP" in enter(role).get("/admin/").text


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_the_portal_is_shown_as_on_another_date(enter: Enter, role: Role) -> None:
    make_edition()
    officer = enter(role)
    before = portal_says(officer)
    begin_preview(officer)
    assert portal_says(officer) != before
    assert officer.get("/admin/").soup.select_one(".panel-preview")
    assert portal_says(enter(Role.CLERK)) == portal_says(enter()) == before
    officer.send("/admin/podglad/koniec")
    assert portal_says(officer) == before and not officer.get("/admin/").soup.select(".panel-preview")


def test_no_preview_opens_the_results_before_voting_has_really_ended(enter: Enter) -> None:
    """A coordinator who could look into the future would know who leads while people still vote."""
    edition = make_edition()
    make_pool(edition, proposals=2)
    officer = enter(Role.COORDINATOR)
    begin_preview(officer)
    shown = officer.get(f"/wyniki/{edition.code}")
    assert "Projekt" not in shown.text and pl("Turnout: %(edition)s", edition=edition.name) == shown.heading
    officer.get(f"/wyniki/{edition.code}/miasto", status=404)


def test_the_clock_is_right_again_after_a_preview(enter: Enter) -> None:
    make_edition()
    officer = enter(Role.COORDINATOR)
    begin_preview(officer)
    officer.get("/")
    assert not clock.is_previewing()


def test_what_is_sent_during_a_preview_has_the_real_time(enter: Enter) -> None:
    edition = make_edition(voting_from=clock.now() + timedelta(days=3), voting_to=clock.now() + timedelta(days=5),
                           results_on=clock.now() + timedelta(days=6))
    officer = enter(Role.COORDINATOR)
    begin_preview(officer)
    page = officer.submit(officer.get(f"/admin/edycje/edit/?id={edition.id}"), name="W czasie podglądu")
    assert page.status == 200 and Edition.get().name == "W czasie podglądu"


def test_a_preview_needs_a_moment_and_the_role(enter: Enter) -> None:
    officer = enter(Role.COORDINATOR)
    for moment in ("", "kiedyś", "9999-12-31T00:00"):
        page = officer.submit(officer.get("/admin/"), action="/admin/podglad", moment=moment)
        assert page.soup.select(".panel-errors a[href='#moment']")
    assert enter(Role.CLERK).send("/admin/podglad", moment=LATER).status_code == 404


def test_a_preview_ends_with_the_role(enter: Enter) -> None:
    make_edition()
    officer = enter(Role.COORDINATOR)
    before = portal_says(officer)
    begin_preview(officer)
    officer.officer.role = Role.CLERK
    officer.officer.save(only=["role"])
    assert portal_says(officer) == before
