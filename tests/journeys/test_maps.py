"""Maps: from a pin to its project, a point that an author puts there; and what pages with and without one weigh."""

from typing import Any

import pytest

from portal import crypto
from portal.models import District, Edition, Pool, Proposal
from portal.models.support import Authorship
from tests.browser.window import AXE, CHECK, RULES, Window
from tests.factories import make_account, make_proposal
from tests.journeys.resident import Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
MOST_BYTES = 150_000


def bring_map(window: Window) -> None:
    window.page.locator("[data-map] button").click()
    window.page.locator(".leaflet-marker-icon").first.wait_for()


@pytest.mark.parametrize("options", [{}, NARROW])
def test_reader_comes_from_the_map_to_a_project(open_window: Any, options: dict[str, Any]) -> None:
    # Given the map of what was found, which brings nothing before it is asked for
    window = open_window(**options)
    window.visit("/projekty?szukaj=schodki&edycja=2027&widok=mapa")
    assert window.page.evaluate("typeof L") == "undefined"

    # When it is shown, its one pin has a name, and leads to the project
    bring_map(window)
    pin = window.page.get_by_role("button", name="Schodki do Rudawy")
    window.page.evaluate(AXE.read_text("utf-8"))
    assert window.page.evaluate(CHECK, RULES) == []
    pin.focus()
    window.page.keyboard.press("Enter")
    window.moves(window.page.locator(".leaflet-popup a.govuk-link").click)
    assert window.heading == "Schodki do Rudawy"

    # Then its own page shows the place, too
    bring_map(window)
    assert window.page.locator(".app-pin").count() == 1 and not window.complaints


def test_many_projects_are_gathered_on_the_map(open_window: Any) -> None:
    window = open_window()
    window.visit("/projekty?widok=mapa")
    bring_map(window)
    gathered = window.page.locator(".app-cluster").all_inner_texts()
    alone = window.page.locator(".app-pin").count()
    placed = Proposal.select().where(Proposal.latitude.is_null(False), Proposal.ballot_order.is_null(False)).count()
    assert gathered and sum(map(int, gathered)) + alone <= placed == 100
    assert window.page.locator(".leaflet-tile").count() == 0 and not window.complaints


def test_map_of_a_reader_without_scripts_is_a_link(open_window: Any) -> None:
    window = open_window(java_script_enabled=False)
    window.visit("/projekty/bo-d7-1-27")
    place = window.page.locator("[data-map]")
    link = place.get_by_role("link").get_attribute("href")
    assert link.startswith("https://www.openstreetmap.org/?mlat=50.06010&mlon=19.90520")
    assert not place.get_by_role("button").is_visible()


@pytest.mark.parametrize("path", ["/projekty", "/projekty?szukaj=a", "/projekty/bo-om-1-26"])
def test_page_of_the_catalogue_weighs_little_with_everything(open_window: Any, path: str) -> None:
    window, sizes = open_window(), []
    devtools = window.context.new_cdp_session(window.page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    window.page.goto(window.base + path, wait_until="networkidle")
    assert len(sizes) > 5 and sum(sizes) <= MOST_BYTES


@pytest.mark.parametrize("options", [{}, {"keyboard": True, **NARROW}])
def test_author_puts_the_place_on_the_map(open_window: Any, options: dict[str, Any]) -> None:
    # Given an author with a draft at the form of its place
    account = make_account(District.get(District.number == 7))
    pool = Pool.select().join(Edition).where(Edition.code == "2027").first()
    uid = crypto.new_token(16)
    draft = make_proposal(pool, uid=uid, number=uid, slug=uid, state="draft", ballot_order=None, place="Nad Rudawą")
    Authorship.create(proposal=draft, account=account, is_lead=True)
    window = open_window(**options)
    window.visit(f"/projekty/zglos/{uid}/miejsce")
    Resident(window, email=account.email, phone=account.phone).logs_in()

    # When she moves the map and takes its middle
    picker = window.page.locator("[data-map-pick]")
    picker.get_by_role("button").click()
    window.page.locator(".leaflet-control-zoom").wait_for()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        window.page.keyboard.press(key)
        window.page.wait_for_timeout(400)
    window.page.locator("[data-map-middle]").click()
    typed = [float(window.page.locator(f"#{name}").input_value().replace(",", ".")) for name in ("latitude", "longitude")]
    assert typed[0] > 50.0614 and typed[1] > 19.9372

    # Or clicks the map, which puts the one pin elsewhere
    window.page.locator(".app-map").click(position={"x": 60, "y": 200})
    assert window.page.locator(".app-pin").count() == 1
    moved = [float(window.page.locator(f"#{name}").input_value().replace(",", ".")) for name in ("latitude", "longitude")]
    assert moved != typed

    # Then the draft has that point, and the form shows it there the next time
    window.moves(window.page.locator("main form button[type=submit], main form input[type=submit]").last.click)
    saved = Proposal.get_by_id(draft.id)
    assert [saved.latitude, saved.longitude] == moved
    window.visit(f"/projekty/zglos/{uid}/miejsce")
    window.page.locator("[data-map-pick]").get_by_role("button").click()
    window.page.locator(".app-pin").wait_for()
    assert not window.complaints
