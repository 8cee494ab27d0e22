"""The statistics desk: turnout and doubtful patterns, for coordinators and administrators; networks are letters."""

from datetime import datetime, timedelta

import pytest
import time_machine

from portal.models import Choice, Edition, Officer, Proposal, Session
from portal.models.staff import Role
from portal.services.statistics import ALIKE, LEAST_IN_A_BURST, MANY_IN_ALL
from tests.admin.conftest import Enter, PanelVisitor
from tests.factories import make_district, make_edition, make_pool
from tests.page import Page
from tests.services.test_statistics import HOUR, store
from tests.views.steps import in_english

LIST = "/admin/statystyki/"


@pytest.fixture
def edition(now: datetime, app: object) -> Edition:
    edition = make_edition(name="Budżet 2026")
    make_pool(edition, proposals=3)
    return edition


@pytest.fixture
def coordinator(enter: Enter) -> PanelVisitor:
    return in_english(enter(Role.COORDINATOR))


def desk(browser: PanelVisitor) -> Page:
    return browser.get(str(browser.get(LIST).soup.select_one("td.panel-actions a")["href"]))


def rows(page: Page, table: str) -> list[list[str]]:
    found = page.soup.select(f"[role=region][aria-labelledby={table}] tbody tr")
    return [[cell.get_text() for cell in row.select("th, td")] for row in found]


def test_turnout_is_told_as_it_comes_in(coordinator: PanelVisitor, edition: Edition, now: datetime):
    page = desk(coordinator)
    assert "Ballots so far: 0 (15 June 2026, 12:30)" in page.text and "No doubtful patterns." in page.text
    district = make_district(number=7, name="Zwierzyniec")
    store(edition, 5, now, district=district, age_from=16)
    store(edition, 6, now - 24 * HOUR, district=district, age_from=25)
    store(edition, 1, now, channel="paper")
    page = desk(coordinator)
    assert page.heading == "Statistics: Budżet 2026"
    assert rows(page, "today") == [["15\xa0June\xa02026, 12:00", "6"]]
    assert rows(page, "days") == [["14\xa0June\xa02026", "6"], ["15\xa0June\xa02026", "6"]]
    assert rows(page, "districts") == [["VII Zwierzyniec", "11"]]
    assert rows(page, "channels") == [["Online", "11"], ["On paper", "1"]]
    assert rows(page, "ages") == [["16–24", "5"], ["25+", "6"]]


def test_doubtful_patterns_stand_with_their_evidence(coordinator: PanelVisitor, edition: Edition, now: datetime):
    district, picks = make_district(number=7, name="Zwierzyniec"), tuple(Proposal.select())
    store(edition, MANY_IN_ALL, now, network="0123abcd", picks=picks)
    store(edition, ALIKE, now, network="4567abcd", picks=picks)
    for at in range(3):
        store(edition, 2, now - at * HOUR, district=district)
    store(edition, LEAST_IN_A_BURST, now - 3 * HOUR, district=district)
    page = desk(coordinator)
    assert rows(page, "networks") == [
        ["Network A", "100", "100", "15\xa0June\xa02026, 12:00", "known after the end of voting"]]
    assert rows(page, "bursts") == [["VII Zwierzyniec", "15\xa0June\xa02026, 09:00", "30", "2"]]
    with time_machine.travel(edition.voting_to + timedelta(seconds=1), tick=False):
        Session.update(seen_at=edition.voting_to, created_at=edition.voting_to).execute()
        page = desk(coordinator)
    assert rows(page, "networks") == [
        ["Network A", "100", "100", "15\xa0June\xa02026, 12:00", "100"], ["Network B", "10", "not many", "–", "10"]]
    for secret in ("0123", "4567", *(part for row in picks for part in (row.title, row.number, row.uid))):
        assert secret not in page.soup.get_text()


def test_nothing_can_be_downloaded_or_changed(coordinator: PanelVisitor, edition: Edition):
    for path in ("export/csv/", f"edit/?id={edition.id}", "new/"):
        assert coordinator.client.get(LIST + path).status_code == 404
    page = desk(coordinator)
    assert not page.soup.select("main form, main a[download], main a[href*=export]")


def test_archived_editions_have_no_desk(coordinator: PanelVisitor, edition: Edition):
    Edition.update(archived=True).execute()
    assert "This entry does not exist" in coordinator.get(f"{LIST}details/?id={edition.id}").text


@pytest.mark.parametrize("role", list(Role))
def test_desk_is_for_coordinators_and_administrators(enter: Enter, edition: Edition, role: Role):
    browser, wanted = enter(role), role in {Role.COORDINATOR, Role.ADMINISTRATOR}
    assert browser.client.get(LIST).status_code == (200 if wanted else 404)
    assert browser.client.get(f"{LIST}details/?id={edition.id}").status_code == (200 if wanted else 404)


def test_reading_the_desk_touches_no_choice_before_the_end(coordinator: PanelVisitor, edition: Edition, now: datetime,
                                                           statements: list[str]):
    store(edition, ALIKE, now, network="n", picks=tuple(Proposal.select()))
    statements.clear()
    desk(coordinator)
    assert Choice.select().count() and Officer.select().count()
    assert len([statement for statement in statements if '"choice"' in statement]) == 1  # The test's own.
