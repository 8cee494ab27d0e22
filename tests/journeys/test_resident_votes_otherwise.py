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

    # Then both can be seen, and the mark can be taken back beside what is chosen
    assert set(rows.get_by_role("link").all_inner_texts()) == {titles[0], titles[1]}
    assert taken.count() == 1
    taken.click()
    assert taken.count() == 0 and not rows.locator(":checked").count()
