"""What an author does on the pages: begins a draft and fills in its sections."""

from typing import Any

from portal.models import Proposal
from tests.page import Page, Visitor

SUMMARY = "Nowe ławki i drzewa przy szkole, aby było gdzie usiąść w cieniu po lekcjach."
TYPED: dict[str, dict[str, Any]] = {
    "podstawy": {"title": "Ławki przy szkole", "summary": SUMMARY, "categories": ["greenery", "education"]},
    "miejsce": {"place": "ul. Długa 5", "latitude": "50,0614", "longitude": "19.9366"},
    "opis": {"description": "Dziesięć ławek.", "justification": "Nie ma gdzie usiąść.", "beneficiaries": "Dzieci i rodzice."},
    "dostepnosc": {"availability": "Codziennie, całą dobę.", "universal": "yes"},
    "koszty": {"what_0": "Ławki", "amount_0": "10 000", "what_1": "Drzewa", "amount_1": "2 500,50"},
}


def begin(visitor: Visitor, title: str = "Ławki przy szkole", pool: int = 0) -> Page:
    """Begin a draft in the pool that is the first, or the next, of the list."""
    page = visitor.get("/projekty/zglos")
    choices = [option["value"] for option in page.form().select("option[value]") if option["value"]]
    return visitor.submit(page, pool=choices[pool], title=title)


def fill_in(visitor: Visitor, page: Page, section: str, *, status: int = 200, **typed: Any) -> Page:
    """Open a section from the page of a draft and send it."""
    return visitor.submit(visitor.get(f"{page.path}/{section}"), status=status, **{**TYPED[section], **typed})


def write_draft(visitor: Visitor, **begun: Any) -> Page:
    """Begin a draft and fill in all its sections."""
    page = begin(visitor, **begun)
    for section in TYPED:
        page = fill_in(visitor, page, section)
    return page


def submit_draft(visitor: Visitor, **begun: Any) -> Proposal:
    page = write_draft(visitor, **begun)
    visitor.submit(visitor.get(f"{page.path}/podglad"), action=f"{page.path}/wyslij")
    found: Proposal = Proposal.get(Proposal.uid == page.path.rpartition("/")[2])
    return found
