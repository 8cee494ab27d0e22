"""The catalogue of projects: found by words, narrowed down, on a map, on paper and as a file."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator

from portal.models import Proposal
from portal.services.proposals_catalogue import CATEGORIES
from tests.browser.window import Window
from tests.browser.words import pl
from tests.journeys.author import text

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
WAYS = {"wide": {}, "narrow": NARROW, "narrow, without scripts": {"java_script_enabled": False, **NARROW}}
SOUGHT = "Ławka co dwieście metrów"


def goes(window: Window, link: Locator) -> None:
    """Go on, and let axe look again: the forms of the catalogue share their address and title."""
    window.audited.clear()
    window.press(link)


def shows_the_map(window: Window) -> int:
    """Show the map of the page, let axe look at it, and return how many points and clusters are on it."""
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    points = window.page.locator(".app-map .leaflet-marker-icon")
    assert not points.count() and not any("leaflet" in url for url in asked)
    window.button(pl("Show the map")).click()
    points.first.wait_for()
    assert any("leaflet.js" in url for url in asked)
    window.audited.clear()
    window.arrive()
    return points.count()


@pytest.mark.parametrize("way", WAYS)
def test_projects_are_found_by_words_and_conditions(open_window: Any, way: str) -> None:
    # Given a reader of the catalogue, whose keyboard has no Polish letters
    window = open_window(**WAYS[way])
    window.visit("/projekty")
    titles = window.page.locator(".app-card h3")
    all_of_them = text(window)

    # When she looks for a bench
    window.fill(pl("Words or number of a project"), "lawka")
    goes(window, window.button(pl("Show")))

    # Then she finds it, and what she typed is still there
    assert SOUGHT in titles.all_inner_texts()
    assert window.field(pl("Words or number of a project")).input_value() == "lawka"

    # And with conditions beside that there is nothing, as she is told, and all of it is one link away
    window.page.locator("main summary").click()
    window.fill(pl("Cost from (zł)"), "9 000 000")
    goes(window, window.button(pl("Show")))
    assert pl("There are no projects here") in text(window)
    goes(window, window.link(pl("Show all projects")))
    assert text(window) == all_of_them

    # And a district and a category leave just the projects of both
    window.page.locator("main summary").click()
    window.select(pl("Where"), "Zwierzyniec")
    window.select(pl("Category"), pl(str(CATEGORIES["greenery"])))
    goes(window, window.button(pl("Show")))
    places = window.page.locator(".app-card__meta").all_inner_texts()
    assert places and all("Zwierzyniec" in place for place in places)
    assert all("greenery" in Proposal.get(Proposal.title == title).categories for title in titles.all_inner_texts())

    # And the pages of the whole list have different projects
    if way != "wide":
        window.page.locator(".app-switch summary").click()
    goes(window, window.page.get_by_role("navigation").get_by_role("link", name=pl("Projects"), exact=True).first)
    first = titles.all_inner_texts()
    goes(window, window.page.locator("a[rel=next]"))
    assert not set(first) & set(titles.all_inner_texts())


@pytest.mark.parametrize("way", WAYS)
def test_projects_are_read_on_a_map_on_paper_and_as_a_file(open_window: Any, way: str) -> None:
    # Given a reader who has narrowed the catalogue down to a district
    window = open_window(**WAYS[way])
    window.visit("/projekty")
    window.select(pl("Where"), "Zwierzyniec")
    window.press(window.button(pl("Show")))
    titles = set(window.page.locator(".app-card h3").all_inner_texts())

    # When she opens the map, then it shows them, or says why it cannot
    goes(window, window.link(pl("Map")))
    if window.scripts:
        assert 0 < shows_the_map(window) <= len(titles)
    else:
        assert pl("The map needs JavaScript. The list says the same in words.") in text(window)
        assert not window.button(pl("Show the map")).count()

    # And the page for paper has a table with the same projects, and nothing to click when it is printed
    goes(window, window.link(pl("To print")))
    assert {row.inner_text() for row in window.page.locator("tbody td:nth-child(2)").all()} == titles
    window.page.emulate_media(media="print")
    assert not window.page.locator(".app-filter, .app-nav, .app-footer, .app-found ul").locator("visible=true").count()
    window.page.emulate_media(media="screen")

    # And the file has them too
    with window.page.expect_download() as download:
        window.link(pl("Download (CSV)")).click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")), delimiter=";"))
    assert {row[1] for row in rows[1:]} == titles

    # And a project's own page has its point
    window.press(window.page.locator("tbody a").first)
    assert window.heading in titles and re.search("[0-9] zł", text(window).replace("\xa0", " "))
    if window.scripts:
        assert shows_the_map(window) == 1
