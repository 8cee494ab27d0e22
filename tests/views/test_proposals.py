"""The public catalogue: what anyone may read, and nothing else."""

import pytest
from flask import Flask

from portal.models import CostItem
from portal.models.proposal import ProposalState
from tests.factories import make_district, make_edition, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.views.steps import in_english

SHOWN = {"admitted", "refused", "protested", "on_ballot", "funded", "not_funded", "in_progress", "done", "abandoned"}


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def titles(page: Page) -> list[str]:
    return [card.get_text(strip=True) for card in page.soup.select(".app-card h3")]


def test_catalogue_lists_citywide_projects_first_in_the_order_of_the_lot(reader: Visitor):
    edition, district = make_edition(), make_district()
    own, city = make_pool(edition, district), make_pool(edition)
    make_proposal(own, title="Ławka", ballot_order=1)
    make_proposal(city, title="Park", ballot_order=2)
    make_proposal(city, title="Most", ballot_order=1)
    page = reader.get("/projekty")
    assert titles(page) == ["Most", "Park", "Ławka"]
    assert "3 projects" in page.text


def test_catalogue_can_be_narrowed_to_the_city_or_a_district(reader: Visitor):
    edition, near, far = make_edition(), make_district(number=901), make_district(number=902)
    for district, title in ((None, "Most"), (near, "Ławka"), (far, "Drzewo")):
        make_proposal(make_pool(edition, district), title=title)
    assert titles(reader.get("/projekty?pula=miasto")) == ["Most"]
    page = reader.get("/projekty?pula=901")
    assert titles(page) == ["Ławka"]
    assert page.soup.select_one("option[selected]")["value"] == "901"
    assert "1 project" in page.text


@pytest.mark.parametrize("place", ["903", "abc", "-1", "1e3", "999999999999999999999", "１", "' OR 1=1", "miasto%20"])
def test_place_that_there_is_not_shows_nothing_or_everything_but_no_error(reader: Visitor, place: str):
    make_pool(make_edition(), proposals=1)
    page = reader.get(f"/projekty?pula={place}")
    assert len(titles(page)) in {0, 1}
    assert ("There are no projects here" in page.text) == (titles(page) == [])


@pytest.mark.parametrize("state", list(ProposalState))
def test_only_what_the_city_has_published_can_be_read(reader: Visitor, state: str):
    proposal = make_proposal(make_pool(make_edition()), state=state)
    listed = titles(reader.get("/projekty"))
    assert listed == ([proposal.title] if state in SHOWN else [])
    reader.get(f"/projekty/{proposal.slug}", status=200 if state in SHOWN else 404)


def test_project_page_tells_all_of_it(reader: Visitor):
    pool = make_pool(make_edition(name="Budżet 2026"), make_district(name="Dębniki"))
    proposal = make_proposal(pool, title="Ławki przy szkole", number="BO.D8.1/26", cost=12_345_67, description="Raz.\nDwa.",
                             justification="Bo trzeba.", place="ul. Praska", beneficiaries="Wszyscy")
    CostItem.create(proposal=proposal, what="Ławka", amount=12_345_67)
    page = reader.get(f"/projekty/{proposal.slug}")
    assert page.heading == "Ławki przy szkole"
    for said in ("BO.D8.1/26", "Dębniki", "Budżet 2026", "Raz.", "Dwa.", "Bo trzeba.", "ul. Praska", "Wszyscy", "12,345.67"):
        assert said in page.text
    assert page.soup.table.caption.get_text() == "Estimate of costs"


def test_project_of_a_past_edition_stays_readable_at_its_address(reader: Visitor):
    old = make_proposal(make_pool(make_edition(open_now=False)), title="Dawny")
    make_pool(make_edition(), proposals=1)
    assert "Dawny" not in titles(reader.get("/projekty"))
    assert reader.get(f"/projekty/{old.slug}").heading == "Dawny"


def test_text_of_a_project_is_shown_as_text(reader: Visitor):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7777*7777 }}"
    texts = dict.fromkeys(("title", "summary", "description", "justification", "place", "beneficiaries"), evil)
    proposal = make_proposal(make_pool(make_edition()), **texts)
    for page in (reader.get("/"), reader.get("/projekty"), reader.get(f"/projekty/{proposal.slug}")):
        assert not page.soup.select("main script, main img")
        assert "{{ 7777*7777 }}" in page.text and "60481729" not in page.text


def test_catalogue_without_an_edition_is_empty(app: Flask, reader: Visitor):
    assert "There are no projects here" in reader.get("/projekty").text
