"""The whole path: a resident registers, votes, and her points are counted; an officer opens the panel."""

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Ballot, Edition
from portal.models.staff import Role
from tests.browser.window import Window
from tests.browser.words import pl
from tests.factories import PESEL
from tests.journeys.officer import enters_the_panel
from tests.journeys.resident import Resident
from tests.services.ballots import publish

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]


def end_voting() -> None:
    """Move the calendar of the edition so that voting is over and results are public."""
    now = clock.now()
    Edition.update(voting_from=now - timedelta(days=9), voting_to=now - timedelta(days=2),
                   results_on=now - timedelta(days=1)).execute()
    publish(Edition.get(Edition.code == "2026"), now)


def read_results(window: Window) -> dict[str, tuple[str, str]]:
    """Return each project's points and voters, as the pages of results show them pool by pool."""
    window.visit("/wyniki/2026")
    pools = window.page.locator("main th a").evaluate_all("(links) => links.map((link) => new URL(link.href).pathname)")
    found = {}
    for pool in pools:
        window.visit(pool)
        rows = window.page.locator("main tr:has(td a)")
        cells = rows.evaluate_all("(rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))")
        found.update({title: (points, voters) for title, _result, points, voters, *_ in cells})
    return found


def test_resident_registers_votes_and_is_counted(open_window: Any) -> None:
    # Given a resident without an account, in front of the home page
    window = open_window()
    resident = Resident(window, email="kazimiera@example.org", phone="600 700 801", pesel=PESEL)
    window.visit("/")
    window.visit("/projekty")
    window.moves(window.page.locator(".app-card a").first.click)

    # When she registers, confirms her phone and logs in
    resident.registers()
    resident.enters_the_code()
    window.press(window.link(pl("Log in")))
    resident.logs_in()
    window.press(window.link(pl("Go to the voting")))

    # And chooses projects, looks at her choice and casts it
    resident.chooses()
    review = window.page.get_by_role("main").inner_text()
    assert all(title in review for title in resident.picks)
    number = resident.casts()

    # Then she sees the confirmation once, and from then on the state of her ballot
    assert len(number) == 19
    window.visit("/glosowanie/potwierdzenie")
    assert window.path == "/glosowanie"
    assert number not in window.page.content()
    assert pl("Your ballot is recorded. It can be cast only once.") in window.page.get_by_role("main").inner_text()
    assert not any(title in window.page.content() for title in resident.picks)

    # And an e-mail tells her that she voted, but not how
    letter = resident.reads(pl("Your ballot has been recorded"), resident.email)
    assert number not in letter
    assert not any(title in letter for title in resident.picks)

    # And after voting the count is exactly what she gave
    assert Ballot.select().where(Ballot.edition == Edition.get(Edition.code == "2026")).count() == 1
    end_voting()
    window.page.wait_for_timeout(1000)  # Pages may be a second old.
    counted = read_results(window)
    given = {title: (str(points), "1") for title, points in resident.picks.items()}
    assert counted == {title: given.get(title, ("0", "0")) for title in counted}
    assert len(given.keys() & counted.keys()) == 6


def test_officer_opens_the_panel(open_window: Any) -> None:
    # Given the coordinator of the edition, who asks for the panel
    window = open_window()
    window.visit("/admin/")
    assert window.path == "/admin/logowanie"

    # When the officer logs in with password and authenticator
    enters_the_panel(window, Role.COORDINATOR)

    # Then the panel is open until the officer logs out
    assert window.path == "/admin/"
    window.visit("/admin/edycje/")
    window.press(window.button(pl("Log out")))
    window.visit("/admin/")
    assert window.path == "/admin/logowanie"
