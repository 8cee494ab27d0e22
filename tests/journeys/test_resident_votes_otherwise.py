"""The same journey with less: without a mouse, without scripts, with little room, in other colours."""

from typing import Any

import pytest

from portal.cli import demo
from portal.models import Ballot
from tests.browser.words import pl
from tests.journeys.resident import Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
WAYS = {
    "without scripts, in forced colours, on a narrow screen": {"java_script_enabled": False, "forced_colors": "active", **NARROW},
    "by keyboard alone, in the dark, on a narrow screen": {"keyboard": True, "color_scheme": "dark", **NARROW},
}


@pytest.mark.parametrize("way", WAYS)
def test_resident_registers_and_votes(open_window: Any, way: str) -> None:
    # Given a resident without an account, who uses the portal in her way
    number = list(WAYS).index(way)
    ballots = Ballot.select().count()
    resident = Resident(open_window(**WAYS[way]), email=f"osoba{number}@example.org", phone=f"600 700 90{number}")

    # When she goes from the registration to the ballot box
    confirmation = resident.votes()

    # Then her ballot is in it, and every page on the way was in order
    assert len(confirmation) == 19
    assert Ballot.select().count() == ballots + 1
    assert resident.window.passed == [
        "/rejestracja", "/rejestracja/kod", "/rejestracja/gotowe", "/logowanie", "/moje-konto", "/glosowanie",
        "/glosowanie/podsumowanie", "/glosowanie/potwierdzenie"]


def test_arrow_keys_pass_over_a_project_without_taking_its_points(open_window: Any) -> None:
    # Given a voter whose second project has 3 points
    window = open_window(keyboard=True)
    resident = Resident(window, email="mieszkanka@example.org", phone="600 000 001")
    window.visit("/glosowanie")
    resident.logs_in(demo.PASSWORD)
    titles = window.page.locator(".app-pool").first.get_by_role("link").all_inner_texts()
    resident.marks(titles[1], 3)

    # When the arrow keys carry 2 points from the first project over the second to the third
    resident.marks(titles[0], 2)
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("ArrowDown")

    # Then both marks stand
    marked = window.page.locator(".app-row:has(:checked)").get_by_role("link").all_inner_texts()
    assert marked == [titles[1], titles[2]]


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 568}, {"width": 1280, "height": 720}], ids=["narrow", "wide"])
def test_tab_stops_at_each_button_of_the_ballot_and_space_marks_it(open_window: Any, viewport: dict[str, int]) -> None:
    # Given a voter with a keyboard
    window = open_window(keyboard=True, viewport=viewport)
    resident = Resident(window, email="mieszkanka@example.org", phone="600 000 001")
    window.visit("/glosowanie")
    resident.logs_in(demo.PASSWORD)
    rows, checked = window.page.locator(".app-row"), window.page.locator(".app-row :checked")

    # When she goes by Tab to the ninth project, then nothing is marked until she presses Space
    wanted = rows.nth(8).get_by_role("radio").nth(1)
    window.reach(wanted)
    assert not checked.count()
    window.page.keyboard.press("Space")
    assert wanted.is_checked() and checked.count() == 1

    # And another number of points for a project of the next list takes nothing away
    last = rows.last.get_by_role("radio").last
    window.reach(last)
    window.page.keyboard.press("Space")
    assert last.is_checked() and wanted.is_checked() and checked.count() == 2

    # And there is a way out after the last project, and before the first one, past those that are not shown
    window.reach(window.button(pl("Review your choice")))
    window.reach(last, "Shift+Tab")
    window.reach(window.field(pl("Words or number of a project")), "Shift+Tab")
    window.page.keyboard.type(rows.nth(2).get_by_role("link").inner_text())
    window.reach(rows.nth(2).get_by_role("radio").last)
    window.page.keyboard.press("Tab")
    assert rows.nth(8).get_by_role("link").evaluate("(link) => link === document.activeElement")
    assert checked.count() == 2


def test_menu_of_a_narrow_screen_opens_without_scripts(open_window: Any) -> None:
    # Given a stranger with a small phone, to whom the header leaves the screen
    window = open_window(java_script_enabled=False, viewport={"width": 320, "height": 568})
    window.visit("/logowanie")
    header, menu = window.page.get_by_role("banner"), window.page.locator(".app-header__menu")
    assert header.bounding_box()["height"] < 568 / 3 and not menu.is_visible()

    # When she opens the menu, then all of it is there, and its links lead on
    window.page.locator("summary", has_text=pl("Menu")).click()
    assert header.get_by_role("link", name=pl("Log in"), exact=True).is_visible()
    window.press(header.get_by_role("link", name=pl("Projects"), exact=True))
    assert window.path == "/projekty" and not menu.is_visible()


@pytest.mark.parametrize("way", [{"java_script_enabled": False}, NARROW], ids=["without scripts", "on a narrow screen"])
def test_voter_looks_for_a_project_and_takes_a_mark_back(open_window: Any, way: dict[str, Any]) -> None:
    # Given a voter who has marked the first project
    window = open_window(**way)
    resident = Resident(window, email="mieszkanka@example.org", phone="600 000 001")
    window.visit("/glosowanie")
    resident.logs_in(demo.PASSWORD)
    rows, taken = window.page.locator(".app-row:visible"), window.page.locator("[name=remove]:visible")
    titles = window.page.locator(".app-pool").first.get_by_role("link").all_inner_texts()
    resident.marks(titles[0], 3)

    # When she looks for another one by a word of its title
    window.fill(pl("Words or number of a project"), titles[1].upper())
    if window.scripts:
        assert rows.count() == 2, "the lists narrow down while she types"
    else:
        window.press(window.button(pl("Show")))

    # Then both can be seen, and the mark can be taken back beside what is chosen, on a narrow screen once she opens the list
    if way is NARROW:
        assert not taken.count()
        window.page.locator(".app-basket summary").click()
    assert set(rows.get_by_role("link").all_inner_texts()) == {titles[0], titles[1]}
    assert taken.count() == 1
    taken.click()
    assert taken.count() == 0 and not rows.locator(":checked").count()
