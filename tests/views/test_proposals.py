"""The catalogue: what anyone may read, found by words and conditions, as a list, a map, on paper and as a file."""

import csv
import io
import re
from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal import cache
from portal.models import District, Edition
from portal.models.proposal import ProposalState
from tests.factories import make_district, make_edition, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.views.steps import in_english

SHOWN = set(ProposalState) - {"draft", "withdrawn"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7777*7777 }}"


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Three projects: Most citywide, Ławka in district 901, Drzewo in 902."""
    edition = make_edition(code="2026")
    for district, title, given in (
            (None, "Most", {"cost": 90_000_00, "state": "admitted", "number": "BO.OM.1/26", "latitude": 50, "longitude": 19.9}),
            (901, "Ławka", {"cost": 5_000_00, "categories": "greenery, public space", "number": "BO.D7.1/26"}),
            (902, "Drzewo", {"cost": 20_000_00, "categories": "greenery", "number": "BO.D7.11/26"})):
        pool = make_pool(edition, district and make_district(number=district, name=f"Dzielnica {district}"))
        make_proposal(pool, title=title, summary="Dla każdego.", **given)
    return edition


def titles(page: Page) -> list[str]:
    return [card.get_text(strip=True) for card in page.soup.select(".app-card h3")]


def test_catalogue_lists_citywide_projects_first_in_the_order_of_the_lot(reader: Visitor):
    edition, district = make_edition(), make_district()
    own, city = make_pool(edition, district), make_pool(edition)
    make_proposal(own, title="Ławka", ballot_order=1)
    make_proposal(city, title="Park", ballot_order=2)
    make_proposal(city, title="Most", ballot_order=1)
    make_proposal(city, title="Bez miejsca", ballot_order=None, state="refused")
    page = reader.get("/projekty")
    assert titles(page) == ["Most", "Park", "Bez miejsca", "Ławka"]
    assert "4 projects" in page.text


@pytest.mark.parametrize(("query", "found"), [
    ("pula=miasto", "Most"), ("pula=901", "Ławka"), ("pula=902&kategoria=greenery", "Drzewo"),
    ("kategoria=greenery", "Ławka Drzewo"), ("kategoria=public+space", "Ławka"), ("stan=admitted", "Most"),
    ("od=20000", "Most Drzewo"), ("do=20 000 zł", "Ławka Drzewo"), ("od=5001&do=20000", "Drzewo"),
    ("szukaj=LAW", "Ławka"), ("szukaj=bo.d7.1", "Ławka"), ("sortuj=najdrozsze", "Most Drzewo Ławka"),
    ("sortuj=tytul&kategoria=greenery", "Drzewo Ławka"), ("szukaj=kazdego&sortuj=najtansze", "Ławka Drzewo Most"),
])
def test_catalogue_is_narrowed_searched_and_sorted_by_its_address(reader: Visitor, edition: Edition, query: str, found: str):
    page = reader.get(f"/projekty?{query}")
    assert titles(page) == found.split()
    number = len(found.split())
    assert (f"{number} projects" if number > 1 else "1 project") in page.text


def test_form_says_what_was_asked_and_asks_the_same_again(reader: Visitor, edition: Edition):
    asked = "szukaj=dla&pula=901&kategoria=greenery&stan=on_ballot&od=1000&do=9000&sortuj=tytul"
    page = reader.get(f"/projekty?{asked}")
    chosen = {field["name"]: field.get("value") or field.select_one("option[selected]")["value"]
              for field in page.soup.select("form.app-filter [name]") if field["name"] != "edycja"}
    assert "&".join(f"{name}={value}" for name, value in chosen.items()) == asked
    conditions = [shown.soup.select_one("main details") for shown in (page, reader.get("/projekty?szukaj=dla"))]
    assert [each.has_attr("open") for each in conditions] == [True, False]
    to_print = page.soup.select_one("a[href*='widok=druk']")["href"]
    assert sorted(to_print.removeprefix("/projekty?").split("&")) == sorted(f"{asked}&widok=druk".split("&"))


@pytest.mark.parametrize("query", [
    "pula=903", "pula=abc", "pula=%EF%BC%91", "pula=' OR 1=1", "kategoria=drogi", "stan=draft", "stan=x", "od=-1", "od=abc",
    "do=1e3", "szukaj=%25",
    "od=9999999999999999", "sortuj=losowo", "widok=kula", "edycja=1999", "strona=0", "strona=-7", "strona=abc", "strona=99999999",
    "strona=" + "9" * 5000, "szukaj=", "szukaj=%20%20", "szukaj=!!!", "szukaj=..", "cokolwiek=1", "pula=&pula=901"])
def test_what_makes_no_sense_in_an_address_is_as_if_it_were_not_there(reader: Visitor, edition: Edition, query: str):
    page = reader.get(f"/projekty?{query}")
    assert titles(page) == ["Most", "Ławka", "Drzewo"]
    assert not page.soup.select("form.app-filter option[selected]:not([value=''])")
    assert page.soup.select_one("#od")["value"] == page.soup.select_one("#do")["value"] == ""


@pytest.mark.parametrize("words", ["mostownica", "xyz", "BO.D7.2", "_", "ławka most", "x" * 5000,
                                   "\N{GRINNING FACE}\N{COMBINING ACUTE ACCENT}a"])
def test_nothing_found_says_so_and_leads_back_to_all(reader: Visitor, edition: Edition, words: str):
    page = reader.get("/projekty", query_string={"szukaj": words})
    assert titles(page) == [] and "There are no projects here" in page.text
    assert page.soup.select_one(".app-empty a")["href"] == "/projekty"
    assert page.soup.select_one("#szukaj")["value"] == words[:100]


def test_list_has_pages_that_keep_what_was_asked(reader: Visitor, edition: Edition):
    make_pool(edition, make_district(number=903), proposals=60)
    pages = [reader.get(f"/projekty?pula=903&strona={number}") for number in (1, 2, 3, 4)]
    assert [len(titles(page)) for page in pages] == [24, 24, 12, 12]
    assert len({title for page in pages for title in titles(page)}) == 60
    links = [(link.get_text(strip=True), link["href"]) for link in pages[1].soup.select(".govuk-pagination a")]
    here = "/projekty?pula=903&strona="
    assert links == [("Previous", f"{here}1"), ("1", f"{here}1"), ("2", f"{here}2"), ("3", f"{here}3"), ("Next", f"{here}3")]
    assert pages[1].soup.select_one("main [aria-current=page]").get_text(strip=True) == "2"
    assert not reader.get("/projekty?pula=901").soup.select(".govuk-pagination")


@pytest.mark.parametrize(("number", "shown"), [
    (1, "1 2 ⋯ 9"), (2, "1 2 3 ⋯ 9"), (4, "1 ⋯ 3 4 5 ⋯ 9"), (8, "1 ⋯ 7 8 9"), (9, "1 ⋯ 8 9")])
def test_many_pages_are_not_all_linked(reader: Visitor, edition: Edition, number: int, shown: str):
    make_pool(edition, make_district(number=903), proposals=24 * 9)
    page = reader.get(f"/projekty?pula=903&strona={number}")
    assert " ".join(item.get_text(strip=True) for item in page.soup.select(".govuk-pagination__item")) == shown


def test_cards_name_the_state_where_it_tells_something(reader: Visitor, edition: Edition):
    assert [tag.get_text() for tag in reader.get("/projekty").soup.select(".app-card .govuk-tag")] == [
        "Admitted", "On the ballot", "On the ballot"]
    make_proposal(make_pool(make_edition(code="2018", open_now=False)))
    assert not reader.get("/projekty?edycja=2018").soup.select(".app-card .govuk-tag")


def test_past_edition_can_be_chosen_and_searched(reader: Visitor, edition: Edition, now: datetime):
    old = make_edition(code="2018", name="Budżet 2018", open_now=False, archived=True)
    make_proposal(make_pool(old, District.create(name="Stare Podgórze")), title="Dawna ławka", categories="welfare")
    assert "Dawna ławka" not in titles(reader.get("/projekty"))
    assert titles(reader.get("/projekty?edycja=2018&pula=stare-podgorze&kategoria=welfare&szukaj=dawna")) == ["Dawna ławka"]
    page = reader.get("/projekty?edycja=2018")
    assert [option.get_text() for option in page.soup.select("#edycja option")] == [edition.name, "Budżet 2018"]
    assert page.soup.select_one("#edycja option[selected]")["value"] == "2018"


def test_edition_that_takes_proposals_next_can_be_chosen(reader: Visitor, edition: Edition, now: datetime):
    coming = make_edition(code="2027", voting_from=now + timedelta(days=200), voting_to=now + timedelta(days=210),
                          results_on=now + timedelta(days=220))
    make_proposal(make_pool(coming), title="Nowy", state="submitted", ballot_order=None)
    assert titles(reader.get("/projekty?edycja=2027")) == ["Nowy"]


@pytest.mark.parametrize("state", list(ProposalState))
def test_only_what_the_city_has_published_is_listed(reader: Visitor, state: str):
    make_proposal(make_pool(make_edition()), state=state, title="Most", latitude=50, longitude=20)
    shown = [titles(reader.get("/projekty")), [row[2] for row in reader.client.get("/projekty/mapa.json").json],
             [row[1] for row in table(reader, "/projekty.csv")],
             [row.get_text() for row in reader.get("/projekty?widok=druk").soup.select("tbody a")]]
    assert shown == [["Most"] if state in SHOWN else []] * 4


def test_map_shows_what_has_a_place_and_fits_what_was_asked(reader: Visitor, edition: Edition):
    make_proposal(edition.pools.first(), title="Rzeka", latitude=50.05, longitude=None)
    holder = reader.get("/projekty?widok=mapa&szukaj=most").soup.select_one("[data-map]")
    assert holder["data-url"] == "/projekty/mapa.json?szukaj=most"
    [point] = reader.client.get(holder["data-url"]).json
    assert point[:3] == [50, 19.9, "Most"] and point[3].startswith("/projekty/projekt-")
    assert reader.client.get("/projekty/mapa.json?szukaj=rzeka").json == []


def test_only_a_page_with_a_map_lets_the_background_in(reader: Visitor, edition: Edition, setting: object):
    def sources(path: str) -> str:
        return re.search("img-src ([^;]*);", reader.client.get(path).headers["Content-Security-Policy"])[1]
    assert sources("/projekty") == sources("/") == "'self' data:"
    assert sources("/projekty?widok=mapa") == "'self' data: https://tile.openstreetmap.org"
    setting(map_tiles="https://{s}.tiles.example.org:8443/{z}/{x}/{y}.png")
    assert sources("/projekty?widok=mapa") == "'self' data: https://*.tiles.example.org:8443"
    assert "The map comes from tiles.example.org:8443" in reader.get("/projekty?widok=mapa").text
    for own in ("", "/kafle/{z}/{x}/{y}.png"):
        setting(map_tiles=own)
        assert sources("/projekty?widok=mapa") == "'self' data:"
        assert "The map comes from" not in reader.get("/projekty?widok=mapa").text


def test_print_view_has_all_of_it_on_one_page(reader: Visitor, edition: Edition):
    make_pool(edition, make_district(number=903), proposals=30)
    page = reader.get("/projekty?widok=druk&pula=903")
    assert len(page.soup.select("tbody tr")) == 30 and not page.soup.select(".govuk-pagination, .app-card")


def table(reader: Visitor, path: str) -> list[list[str]]:
    """Return the rows of a file below its header."""
    text = reader.client.get(path).get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1:]


def test_list_can_be_downloaded_with_what_was_asked(reader: Visitor, edition: Edition):
    link = reader.get("/projekty?szukaj=law").soup.find("a", string="Download (CSV)")["href"]
    answer = reader.client.get(link)
    assert answer.data.startswith(b"\xef\xbb\xbf") and answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="projekty-2026.csv"'
    [row] = table(reader, link)
    assert row[:5] == ["BO.D7.1/26", "Ławka", "Dla każdego.", "Dzielnica 901", "Greenery, public space"]
    assert row[5:9] == ["On the ballot", "5000,00", "", ""]
    assert row[9].startswith("http://localhost/projekty/projekt-")


@pytest.mark.parametrize("formula", ["=1+1", "+48600", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://zly.pl";"x")'])
def test_cell_of_the_file_is_no_formula(reader: Visitor, formula: str):
    make_proposal(make_pool(make_edition()), title=formula, summary=formula, number=formula)
    [row] = table(reader, "/projekty.csv")
    assert row[:3] == [f"'{formula}"] * 3


def test_text_of_a_project_is_shown_as_text(reader: Visitor):
    pool = make_pool(make_edition(name=EVIL), make_district(name=EVIL))
    proposal = make_proposal(pool, title=EVIL, summary=EVIL, number=EVIL[:60], categories=EVIL)
    for path in ("/", "/projekty", "/projekty?widok=druk", f"/projekty?szukaj={EVIL}&widok=mapa", f"/projekty/{proposal.slug}"):
        page = reader.get(path)
        assert not page.soup.select("main script:not([src]), main img")
        assert "60481729" not in page.text
    assert "{{ 7777*7777 }}" in reader.get("/projekty").text


def test_catalogue_without_an_edition_is_empty(app: Flask, reader: Visitor):
    assert "There are no projects here" in reader.get("/projekty").text
    assert reader.client.get("/projekty/mapa.json").json == [] and table(reader, "/projekty.csv") == []


@pytest.mark.parametrize("path", ["/projekty", "/projekty?szukaj=most&pula=miasto", "/projekty?widok=druk", "/projekty/mapa.json",
                                  "/projekty.csv", "/projekty?edycja=2018"])
def test_catalogue_costs_few_queries_however_long_it_is(reader: Visitor, edition: Edition, statements: list[str], path: str,
                                                        monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "SECONDS", 60)  # Each part is made once for the page, not once for each of its readers.
    make_pool(make_edition(code="2018", open_now=False), proposals=40)
    make_pool(edition, make_district(number=903), proposals=40)
    statements.clear()
    reader.client.get(path)
    assert len([sql for sql in statements if sql.startswith("SELECT")]) <= 7
