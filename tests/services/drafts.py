"""Proposals in their authors' hands, brought to the step that a test begins with."""

from datetime import datetime, timedelta
from typing import Any

from portal.models import Account, CostItem, Edition, Pool, Proposal
from portal.services import proposals, proposals_draft
from tests.factories import make_account, make_district, make_edition, make_pool

DAY = timedelta(days=1)
COMPLETE: dict[str, Any] = {
    "title": "Ławki przy szkole", "summary": "Nowe ławki i drzewa przy szkole, aby było gdzie usiąść w cieniu po lekcjach.",
    "categories": "greenery,education", "place": "ul. Długa 5", "latitude": 50.0614, "longitude": 19.9366,
    "description": "Dziesięć ławek.", "justification": "Nie ma gdzie usiąść.", "beneficiaries": "Dzieci i rodzice.",
    "availability": "Codziennie, całą dobę.", "universal": True, "universal_why": "",
    "costs": [("Ławki", 10_000_00), ("Drzewa", 2_500_50)]}


def make_open_edition(now: datetime, **given: Any) -> Edition:
    """An edition that takes proposals since yesterday, for a week."""
    return make_edition(**{"proposals_from": now - DAY, "proposals_to": now + 7 * DAY, "voting_from": now + 60 * DAY,
                           "voting_to": now + 70 * DAY, "results_on": now + 80 * DAY, **given})


def make_author(now: datetime, **given: Any) -> tuple[Account, Edition]:
    """A resident, and an edition with a citywide pool and one of the resident's district, which is the fourth."""
    edition, district = make_open_edition(now, **given), make_district(number=4)
    make_pool(edition)
    make_pool(edition, district, budget=50_000_00, min_cost=1_000_00, max_cost=20_000_00)
    return make_account(district), edition


def make_draft(author: Account, pool: Pool, now: datetime, **changed: Any) -> Proposal:
    """A draft that is complete, but for what the test changes in it."""
    draft = proposals_draft.start(author, pool, COMPLETE["title"], now=now)
    proposals_draft.save(draft, {**COMPLETE, **changed}, now=now)
    return reload(draft)


def make_submitted(author: Account, pool: Pool, now: datetime, **changed: Any) -> Proposal:
    draft = make_draft(author, pool, now, **changed)
    proposals_draft.submit(draft, now=now)
    return reload(draft)


def pool_of(edition: Edition, *, district: bool = False) -> Pool:
    found: Pool = edition.pools.where(Pool.district.is_null(not district)).get()
    return found


def reload(proposal: Proposal) -> Proposal:
    found: Proposal = Proposal.get_by_id(proposal.id)
    return found


def kept(proposal: Proposal) -> dict[str, Any]:
    """Return everything that the database says of a proposal, its costs too."""
    rows = CostItem.select().where(CostItem.proposal == proposal).order_by(CostItem.id)
    return {**reload(proposal).__data__, "texts": proposals.texts_of(proposal), "items": [(row.what, row.amount) for row in rows]}
