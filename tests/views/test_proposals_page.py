"""The page of a project: all that everybody may know of it, and no more; and the page of the lot."""

import hashlib
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal import cache
from portal.models import Account, Card, CostItem, Edition, Officer, Proposal, Stage, Transition, Unit
from portal.models.assessment import LEADS, Move
from portal.models.attachment import Attachment, FileKind
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.models.support import Authorship
from tests.factories import make_account, make_district, make_edition, make_officer, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.views.steps import in_english, log_in

READABLE = set(ProposalState) - {"draft"}
DECIDED = READABLE - {"submitted", "returned", "in_assessment", "withdrawn"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7777*7777 }}"


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


@pytest.fixture
def officer(app: Flask) -> Officer:
    return make_officer(Role.COORDINATOR, name="Ludmiła Tajna")


def look(reader: Visitor, proposal: Proposal) -> Page:
    return reader.get(f"/projekty/{proposal.slug}")


def facts(page: Page) -> dict[str, str]:
    rows = page.soup.select(".govuk-summary-list__row")
    return {row.dt.get_text(strip=True): " ".join(row.dd.get_text().split()) for row in rows}


def add_author(proposal: Proposal, *, lead: bool = False, joined: datetime | None = None, **given: object) -> Account:
    account = make_account(make_district())
    Authorship.create(proposal=proposal, account=account, is_lead=lead, accepted_at=joined, **given)
    return account


def add_file(proposal: Proposal, **given: object) -> Attachment:
    return Attachment.create(**{
        "proposal": proposal, "kind": FileKind.ATTACHMENT, "media": "application/pdf", "name": "mapka.pdf", "size": 2049,
        "uploaded_at": proposal.pool.edition.voting_from, **given})


@pytest.mark.parametrize("state", list(ProposalState))
def test_only_what_the_city_has_published_can_be_read(reader: Visitor, state: str):
    proposal = make_proposal(make_pool(make_edition()), state=state)
    page = reader.get(f"/projekty/{proposal.slug}", status=200 if state in READABLE else 404)
    assert ("has withdrawn this project" in page.text) == (state == "withdrawn")


def test_page_tells_all_of_it(reader: Visitor):
    pool = make_pool(make_edition(name="Budżet 2026"), make_district(name="Dębniki"))
    proposal = make_proposal(
        pool, title="Ławki przy szkole", number="BO.D8.1/26", cost=12_345_67, description="Raz.\nDwa.", universal=True,
        justification="Bo trzeba.", place="ul. Praska", beneficiaries="Wszyscy", availability="Całą dobę",
        categories="sport,greenery")
    CostItem.create(proposal=proposal, what="Ławka", amount=12_345_67)
    page = look(reader, proposal)
    assert page.heading == "Ławki przy szkole"
    assert page.soup.table.caption.get_text() == "Estimated costs"
    assert facts(page) == {"Number": "BO.D8.1/26", "Edition": "Budżet 2026", "Where": "Dębniki", "Cost": "12,345.67 zł",
                           "Categories": "Sport, Greenery"}
    for said in ("On the ballot", "Raz.", "Dwa.", "Bo trzeba.", "ul. Praska", "Wszyscy", "Całą dobę", "principles of universal",
                 f"http://localhost/projekty/{proposal.slug}"):
        assert said in page.text
    Proposal.update(universal=False, universal_why="Stromy brzeg.").execute()
    assert "Stromy brzeg." in look(reader, proposal).text and "principles of universal" not in look(reader, proposal).text


def test_authors_are_named_as_they_agreed(reader: Visitor, now: datetime):
    proposal = make_proposal(make_pool(make_edition()))
    assert "Author" not in facts(look(reader, proposal))
    add_author(proposal, lead=True)
    assert facts(look(reader, proposal))["Author"] == "A resident"
    add_author(proposal, joined=now, shows_name=True)
    add_author(proposal, shows_name=True)  # Has not accepted.
    assert facts(look(reader, proposal))["Authors"] == "A resident, Anna Żuraw"


def test_place_is_on_a_map_and_linked_for_those_without_scripts(reader: Visitor):
    proposal = make_proposal(make_pool(make_edition()), latitude=50.0487, longitude=19.9447, title='Most "Wanda"')
    page = look(reader, proposal)
    assert page.soup.select_one("[data-map]")["data-points"] == '[[50.0487, 19.9447, "Most \\"Wanda\\""]]'
    assert page.soup.select_one("[data-map] a")["href"] == (
        "https://www.openstreetmap.org/?mlat=50.04870&mlon=19.94470#map=17/50.04870/19.94470")
    assert not look(reader, make_proposal(proposal.pool, latitude=50)).soup.select("[data-map]")


def test_attachments_are_linked_but_no_list_of_supporters(reader: Visitor):
    proposal = make_proposal(make_pool(make_edition()))
    assert "Attachments" not in look(reader, proposal).text
    file = add_file(proposal)
    add_file(proposal, kind=FileKind.PAPER_LIST, name="podpisy.jpg", media="image/jpeg")
    page = look(reader, proposal)
    assert "mapka.pdf (PDF, 3 kB)" in page.text.replace("\xa0", " ") and "podpisy" not in page.text
    assert page.soup.find("a", string="mapka.pdf")["href"].startswith(f"/projekty/zalacznik/{file.uid}/")


@pytest.mark.parametrize("move", list(Move))
def test_history_gives_the_reasons_of_the_city_only(reader: Visitor, officer: Officer, now: datetime, move: Move):
    proposal = make_proposal(make_pool(make_edition()), state=LEADS[move][1])
    Transition.create(proposal=proposal, at=now, move=move, officer=officer, words="Bo tak.\nI już.")
    text = look(reader, proposal).text
    assert ("History of the project" in text) == (move not in {Move.RETURNED, Move.CORRECTED})
    silent = {Move.RETURNED, Move.CORRECTED, Move.SUBMITTED, Move.PROTESTED, Move.WITHDRAWN}
    assert ("Bo tak. I już." in text) == (move not in silent)
    assert ("Council's decision on the protest" in text) == move.startswith("protest_")
    assert officer.name not in text


@pytest.mark.parametrize("state", sorted(READABLE))
def test_opinions_of_units_are_public_once_it_is_decided(reader: Visitor, officer: Officer, now: datetime, state: str):
    proposal = make_proposal(make_pool(make_edition()), state=state)
    for unit, positive in (("Zarząd Zieleni", True), ("Zarząd Dróg", False), (None, True)):
        Card.create(proposal=proposal, unit=unit and Unit.create(name=unit), due_at=now, filled_at=now, officer=officer,
                    is_positive=positive, words=f"Nasze {unit}", cost=5_000_00 if positive else None, running_cost=7_00)
    Card.create(proposal=proposal, unit=Unit.create(name="Zarząd Szkół"), due_at=now, words="Szkic")
    text = look(reader, proposal).text
    assert ("Zarząd Zieleni: positive Nasze Zarząd Zieleni Cost by this opinion: 5,000 zł." in text) == (state in DECIDED)
    assert ("Zarząd Dróg: negative" in text) == ("Formal assessment: positive" in text) == (state in DECIDED)
    assert "Szkół" not in text and "Szkic" not in text and officer.name not in text


def test_back_link_leads_to_the_edition_of_the_project(reader: Visitor):
    old = make_proposal(make_pool(make_edition(open_now=False, code="2018")), title="Dawny")
    new = make_proposal(make_pool(make_edition()))
    assert look(reader, old).heading == "Dawny"
    back = [look(reader, proposal).soup.select_one(".govuk-back-link")["href"] for proposal in (old, new)]
    assert back == ["/projekty?edycja=2018", "/projekty"]


def test_stranger_is_led_to_the_login_and_back_a_resident_can_support(reader: Visitor, now: datetime):
    district = make_district()
    proposal = make_proposal(make_pool(make_edition(), district), state="submitted", submitted_at=now)
    page = look(reader, proposal)
    assert "Support: 0 of 15 people" in page.text and not page.soup.select("main form")
    assert {link["href"] for link in page.soup.select("main a[href^='/logowanie']")} == {
        f"/logowanie?next=/projekty/{proposal.slug}"}
    log_in(reader, make_account(district))
    page = look(reader, proposal)
    assert {form["action"].rpartition("/")[2] for form in page.soup.select("main form")} == {"popieram", "obserwuje"}


def test_every_text_is_shown_as_text(reader: Visitor, officer: Officer, now: datetime):
    texts = dict.fromkeys(("title", "summary", "description", "justification", "place", "beneficiaries", "availability", "number",
                           "universal_why", "categories"), EVIL[:60])
    pool = make_pool(make_edition(name=EVIL), make_district(name=EVIL))
    proposal = make_proposal(pool, universal=False, latitude=50, longitude=20, state="refused", **texts)
    CostItem.create(proposal=proposal, what=EVIL, amount=1)
    add_file(proposal, name=EVIL)
    Transition.create(proposal=proposal, at=now, move=Move.REFUSED, words=EVIL)
    Card.create(proposal=proposal, unit=Unit.create(name=EVIL), due_at=now, is_positive=False, words=EVIL, officer=officer,
                filled_at=now)
    account = make_account(make_district(), given_name=EVIL, family_name=EVIL)
    Authorship.create(proposal=proposal, account=account, is_lead=True, shows_name=True)
    page = look(reader, proposal)
    assert not page.soup.select("main script, main img") and page.text.count("<script>") >= 18
    assert "60481729" not in page.text


@pytest.mark.parametrize(("state", "most"), [("submitted", 10), ("refused", 10), ("done", 11)])
def test_page_costs_a_stranger_few_queries(reader: Visitor, officer: Officer, now: datetime, statements: list[str],
                                           monkeypatch: pytest.MonkeyPatch, state: str, most: int):
    proposal = make_proposal(make_pool(make_edition(), make_district()), state=state, submitted_at=now)
    for at in range(3):
        add_author(proposal, joined=now)
        add_file(proposal)
        CostItem.create(proposal=proposal, what="x", amount=1)
        Transition.create(proposal=proposal, at=now, move=Move.ADMITTED)
        Card.create(proposal=proposal, unit=Unit.create(name=f"Zarząd {at}"), due_at=now, is_positive=True, officer=officer,
                    filled_at=now)
        add_file(proposal, kind=FileKind.PHOTO, stage=Stage.create(proposal=proposal, at=now, title="Etap"), media="image/jpeg")
    monkeypatch.setattr(cache, "SECONDS", 60)
    statements.clear()
    reader.client.get(f"/projekty/{proposal.slug}")
    asked = [sql for sql in statements if sql.startswith("SELECT") and 'FROM "edition" AS' not in sql]
    assert len(asked) <= most, "\n".join(asked)


def drawn(seed: str | None, now: datetime) -> Edition:
    """An edition of five citywide projects in the order of the lot with this seed."""
    edition = make_edition(code="2026", name="Budżet 2026", order_seed=seed, drawn_at=now)
    pool, numbers = make_pool(edition), [f"BO.OM.{at}/26" for at in range(1, 6)]
    numbers.sort(key=lambda number: hashlib.sha256(f"{seed}:{number}".encode()).hexdigest())
    for order, number in enumerate(numbers, 1):
        make_proposal(pool, number=number, title="Most", ballot_order=order)
    return edition


@pytest.mark.parametrize("seed", ["4 8 15 16 23 42", 'cud"zys\'łów \\ <b>&amp;'])
def test_order_of_the_lot_comes_out_of_the_program_that_the_page_shows(reader: Visitor, now: datetime, seed: str):
    edition = drawn(seed, now)
    make_proposal(make_pool(edition, make_district(name="Dębniki")), number="BO.D8.1/26", title="Ławka", ballot_order=1)
    page = reader.get("/losowanie/2026")
    headings = [heading.get_text() for heading in page.soup.select("main h2")]
    assert headings == ["Citywide projects", "Dębniki", "Ties in the count"]
    shown = [item.get_text(strip=True).partition(" ")[0] for item in page.soup.select("main ol")[0].select("li")]
    assert seed in page.soup.get_text() and len(shown) == 5
    done = subprocess.run([sys.executable, "-c", page.soup.pre.get_text()], input="\n".join(sorted(shown)), capture_output=True,
                          check=True, encoding="utf-8")
    assert done.stdout.split() == shown


def test_page_of_the_lot_is_linked_once_it_was_drawn(reader: Visitor, now: datetime):
    proposal = drawn("4 8 15 16 23 42", now).pools.first().proposals.first()
    Transition.create(proposal=proposal, at=now, move=Move.DRAWN)
    for page in (reader.get("/projekty"), look(reader, proposal)):
        assert page.soup.find("a", string="How the order was drawn")["href"] == "/losowanie/2026"


def test_page_of_the_lot_says_that_there_was_none_yet(reader: Visitor, now: datetime):
    edition = drawn(None, now)
    assert not reader.get("/projekty").soup.find("a", string="How the order was drawn")
    page = reader.get("/losowanie/2026")
    assert "was not drawn in this portal" in page.text
    Edition.update(voting_from=now + timedelta(days=1)).where(Edition.id == edition.id).execute()
    page = reader.get("/losowanie/2026")
    assert "has not been drawn yet" in page.text and not page.soup.select("main ol, pre:has(~ #remisy)")
    reader.get("/losowanie/1999", status=404)
