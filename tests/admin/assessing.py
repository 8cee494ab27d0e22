"""The desk for proposals: where its pages are, what it offers, and what is on a page."""

from typing import Any

from portal.models import Officer, Proposal
from portal.models.staff import Role
from tests.admin.conftest import Enter, PanelVisitor
from tests.factories import make_officer
from tests.page import Page
from tests.services.assessing import make_unit

DESK = "/admin/projekty/"


def at(page: str, proposal: Proposal, **query: Any) -> str:
    """Return the address of a page about a proposal."""
    return "&".join([f"{DESK}{page}/?id={proposal.id}", *[f"{name}={value}" for name, value in query.items()]])


def verifier(name: str | None = None) -> Officer:
    return make_officer(Role.VERIFIER, unit=make_unit(name) if name else None)


def of_unit(enter: Enter, name: str | None = None) -> PanelVisitor:
    """Return the browser of a verifier of a unit, or of none."""
    return enter(officer=verifier(name))


def steps(page: Page) -> set[str]:
    """Return the steps that the page of a proposal leads to."""
    return {link["href"].removeprefix(DESK).partition("/")[0] for link in page.soup.select(".panel-tools.panel-sheet a")}


def listed(browser: PanelVisitor, query: str = "") -> list[str]:
    """Return the numbers of the proposals in the list."""
    return [cell.get_text(strip=True) for cell in browser.get(f"{DESK}?{query}").soup.select("tbody .col-number")]


def facts(page: Page, section: str) -> dict[str, str]:
    """Return the facts of a section of the page of a proposal."""
    return {row.dt.get_text(strip=True): row.dd.get_text().strip()
            for row in page.soup.select(f"section[aria-labelledby={section}] dl > div")}
