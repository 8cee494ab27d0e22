"""From an idea to a project with supporters: its author, who slips now and then, a co-author and the neighbours."""

import re
from pathlib import Path
from typing import Any

import pytest

from portal import clock
from portal.models import Account, District, Edition, Pool, Proposal, Support
from portal.models.proposal import ProposalState
from portal.services import proposals_draft
from tests.browser.window import Window
from tests.browser.words import pl
from tests.factories import make_account
from tests.journeys.author import COMING, PLACE, SUMMARY, Author, let_support, text
from tests.journeys.resident import Resident
from tests.services.drafts import make_submitted
from tests.uploads import photo

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
WAYS = {"wide": {}, "narrow, without scripts": {"java_script_enabled": False, **NARROW}}


def neighbour(**given: Any) -> Account:
    return make_account(District.get(District.number == 7), **given)


def logs_in_at(window: Window, path: str, account: Account) -> None:
    """Come to a page that asks who is there."""
    window.visit(path)
    Resident(window, account.email, account.phone).logs_in()


@pytest.mark.parametrize("way", WAYS)
def test_idea_becomes_a_project_that_neighbours_support(open_window: Any, tmp_path: Path, way: str) -> None:
    # Given a resident with an idea, and one who would help
    lead, helper = neighbour(given_name="Kazimiera", family_name="Żółć"), neighbour(given_name="Bożena", family_name="Łąka")
    author = Author(open_window(**WAYS[way]), lead.email, lead.phone, title=f"Ławki nad Rudawą, {way}")
    window = author.window
    logs_in_at(window, "/moje-konto/projekty", lead)

    # When she writes it down, not without slips
    author.begins()
    author.opens("The idea in a few words")
    author.types({"Short description": "Za krótko"})
    author.chooses_category("greenery")
    author.saves(status=400)

    # Then nothing of it is lost: what is right is saved, the rest is still there
    assert window.page.title().startswith("Błąd: ")
    assert window.field(pl("Short description")).input_value() == "Za krótko"
    assert author.proposal.categories == "greenery" and author.proposal.summary == ""
    author.types({"Short description": SUMMARY})
    author.saves()
    author.writes_place()
    author.writes_reasons()
    author.opens("Estimated costs")
    author.writes_row(1, "Dwanaście ławek", "48 000")
    author.writes_row(2, "Montaż", "sporo")
    author.saves(status=400)
    assert window.field(pl("Row %(number)d: amount in zł", number=2)).input_value() == "sporo"
    author.writes_row(2, "Montaż", "6 250,50")
    author.saves()
    author.opens("Attachments")
    author.adds(tmp_path, {"widok z mostu.jpg": photo(), "kosztorys.jpg": b"To nie jest obraz."}, status=400)
    assert window.link("widok z mostu.jpg").is_visible() and "kosztorys.jpg" in text(window)
    window.press(window.link(pl("Back to the project")))

    # And when she shows her name, and asks somebody to join her, who finds the letter
    author.opens("Authors")
    window.tick(window.field(pl("Show my name beside the project")))
    window.fill(pl("E-mail address of a co-author"), helper.email)
    author.saves()
    assert pl("%(email)s has not answered yet", email=helper.email) in text(window)
    asked = pl("%(name)s invites you to write a project together", name="Kazimiera Żółć")
    joining = open_window(**WAYS[way])
    logs_in_at(joining, author.finds_link(asked, helper.email, "/projekty/wspolautor/"), helper)
    assert author.title in text(joining)
    joining.press(joining.button(pl("Become a co-author")))
    assert pl("you are a co-author") in text(joining)

    # Then the preview shows everything, and once submitted it has a number, a page and a letter about both
    window.visit(f"/projekty/zglos/{author.proposal.uid}")
    window.press(window.link(pl("Preview and submit")))
    for said in (SUMMARY, PLACE, "54 250,50 zł", "widok z mostu.jpg",
                 f"Kazimiera Żółć, {pl('A resident')}"):
        assert said in text(window).replace("\xa0", " "), said
    window.press(window.button(pl("Submit the project")))
    proposal = author.proposal
    assert proposal.state == ProposalState.SUBMITTED and proposal.number.startswith("BO.D7.")
    assert pl("Your project is submitted. Its number is %(number)s.", number=proposal.number) in text(window)
    subject = pl("Project %(number)s is submitted", number=proposal.number)
    assert author.finds_link(subject, lead.email, "/projekty/") == f"/projekty/{proposal.slug}"
    assert author.finds_link(subject, helper.email, "/projekty/") == f"/projekty/{proposal.slug}"

    # And when neighbours read it, the fifteenth makes the number full
    let_support(proposal, 14)
    reader, last = open_window(**WAYS[way]), neighbour()
    reader.visit(f"/projekty/{proposal.slug}")
    assert pl("Support: %(count)d of %(required)d people", count=14, required=15) in text(reader)
    reader.press(reader.link(pl("Log in to support the project")))
    Resident(reader, last.email, last.phone).logs_in()
    assert reader.path == f"/projekty/{proposal.slug}"
    reader.press(reader.button(pl("Support this project")))
    assert pl("Support: %(count)d of %(required)d people", count=15, required=15) in text(reader)
    reader.press(reader.button(pl("Take back my support")))
    reader.press(reader.button(pl("Support this project")))
    assert Support.select().where(Support.proposal == proposal).count() == 15

    # And the authors cannot support what is their own
    window.visit(f"/projekty/{proposal.slug}")
    assert not window.button(pl("Support this project")).count()


def test_author_fills_in_a_draft_by_keyboard_alone(open_window: Any) -> None:
    # Given an author without a mouse, who has begun a draft
    lead, window = neighbour(), open_window(keyboard=True, color_scheme="dark")
    pool = Pool.get(Pool.edition == Edition.get(Edition.code == COMING), Pool.district == lead.district)
    draft = proposals_draft.start(lead, pool, "Ławki bez myszy", now=clock.now())
    author = Author(window, lead.email, lead.phone, title=str(draft.title))
    logs_in_at(window, f"/projekty/zglos/{draft.uid}", lead)

    # When the keys lead through all sections
    author.opens("The idea in a few words")
    author.types({"Short description": SUMMARY})
    author.chooses_category("greenery")
    author.saves()
    author.opens("The place")
    author.types({"Where it is to be": "Błonia, przy alejce"})
    for name in ("Choose on the map", "Take the middle of the map"):
        window.reach(window.button(pl(name)))
        window.page.keyboard.press("Enter")
        window.page.locator(".app-map.leaflet-container").wait_for()
    assert window.field(pl("Latitude")).input_value().startswith("50,0")
    author.saves()
    author.writes_reasons()
    author.opens("Estimated costs")
    author.writes_row(1, "Dwanaście ławek", "48 000")
    author.writes_row(2, "Montaż", "6 250,50")
    window.page.get_by_text(re.compile(r"54\s250,50")).wait_for()
    author.saves()

    # Then nothing is missing, and it can be submitted
    window.press(window.link(pl("Preview and submit")))
    window.press(window.button(pl("Submit the project")))
    assert author.proposal.state == ProposalState.SUBMITTED


def test_author_takes_a_project_back_and_its_page_says_so(open_window: Any) -> None:
    # Given an author with a draft that is good for nothing, and a project that people can read
    lead, window = neighbour(), open_window(**NARROW)
    pool = Pool.get(Pool.edition == Edition.get(Edition.code == COMING), Pool.district == lead.district)
    draft = proposals_draft.start(lead, pool, "Szkic do kosza", now=clock.now())
    proposal = make_submitted(lead, pool, clock.now(), title="Huśtawka dla dorosłych")
    logs_in_at(window, f"/projekty/zglos/{draft.uid}", lead)

    # When she deletes the one
    window.press(window.link(pl("Delete the draft")))
    window.tick(window.field(pl("Yes, I want that")))
    window.press(window.button(pl("Delete the draft")))
    assert "Szkic do kosza" not in text(window)

    # And takes the other back, once she has said that she is sure
    Author(window, lead.email, lead.phone, title=proposal.title).returns_to_it()
    window.press(window.link(pl("Withdraw the project")))
    window.fill(pl("Why?"), "Wyprowadzam się.")
    window.press(window.button(pl("Withdraw the project")), status=400)
    assert window.field(pl("Why?")).input_value() == "Wyprowadzam się."
    window.tick(window.field(pl("Yes, I want that")))
    window.press(window.button(pl("Withdraw the project")))

    # Then its page says so and no more, and the catalogue has it no longer
    reader = open_window(**NARROW)
    reader.visit(f"/projekty/{proposal.slug}")
    assert pl("Its author has withdrawn this project. It takes no part in the edition any more.") in text(reader)
    assert "Wyprowadzam się" not in text(reader)
    reader.visit(f"/projekty?edycja={COMING}&szukaj=hustawka")
    assert pl("There are no projects here") in text(reader)
    assert [row.state for row in Proposal.select().where(Proposal.id.in_((draft.id, proposal.id)))] == [ProposalState.WITHDRAWN]
