"""Proposals in their authors' hands: begun, saved section by section, submitted, corrected, and begun anew as a copy.

A draft can be changed as long as it is one, a submitted proposal while its edition takes any and it stays complete, and one that
was returned in the fields marked for it, until the day set.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal import clock
from portal.database import lock, transaction
from portal.errors import N_, MoveForbidden, PhaseClosed, ProposalIncomplete, TooMany, require
from portal.models import Account, Authorship, Card, Category, CostItem, District, Edition, Move, Pool, Proposal, ProposalState
from portal.services import pabulib_import, proposals_catalogue
from portal.services.proposals import TEXTS, advance, keep_revision, revisions, texts_of

LENGTHS = {"title": (1, 150), "summary": (60, 250), "place": (1, 2000), "description": (1, 10_000), "justification": (1, 4000),
           "beneficiaries": (1, 2000), "availability": (1, 2000), "universal_why": (0, 2000)}
MOST_CATEGORIES, MOST_COSTS, MOST_DRAFTS, SLUG_LENGTH = 3, 20, 5, 100
ATTACHED = {"costs", "attachments"}  # What can be marked for correction beside texts.
SECTIONS: dict[str, tuple[str, ...]] = {
    "podstawy": ("title", "summary", "categories"), "miejsce": ("place", "latitude", "longitude"),
    "opis": ("description", "justification", "beneficiaries"), "dostepnosc": ("availability", "universal", "universal_why"),
    "koszty": ("costs",), "zalaczniki": ("attachments",)}
TOGETHER = ({"place", "latitude", "longitude"}, {"universal", "universal_why"})  # Who may correct one of them may all.
NOT_TAKEN = N_("This edition does not take projects now.")
MANY_DRAFTS = N_("You have five drafts. Submit or delete one of them before you begin another.")
CORRECTED_LATE = N_("The time for corrections is over. The officers go on with the project as it is.")


def open_edition(now: datetime) -> Edition | None:
    """Return the edition that takes proposals at a moment."""
    taking = ~Edition.archived, Edition.proposals_from <= now, Edition.proposals_to >= now
    return Edition.select().where(*taking).order_by(Edition.voting_from).first()


def takes_proposals(edition: Edition, *, now: datetime) -> bool:
    """Tell whether residents can submit to an edition at a moment; the last second counts."""
    begin, end = edition.proposals_from, edition.proposals_to
    return bool(not edition.archived and begin and end and begin <= now <= end)


def start(account: Account, pool: Pool, title: str, *, now: datetime) -> Proposal:
    """Begin a draft in a pool of an edition that takes proposals; raise PhaseClosed, TooMany after five drafts."""
    require(takes_proposals(pool.edition, now=now), PhaseClosed(NOT_TAKEN))
    with transaction():
        lock(f"drafts of {account.uid}")
        drafts = Authorship.account == account, Authorship.is_lead, Proposal.state == ProposalState.DRAFT
        require(Proposal.select().join(Authorship).where(*drafts).count() < MOST_DRAFTS, TooMany(MANY_DRAFTS))
        proposal = Proposal(pool=pool, title=title, cost=0)
        proposal.number = proposal.slug = proposal.uid
        proposal.save(force_insert=True)
        Authorship.create(proposal=proposal, account=account, is_lead=True, accepted_at=now)
    return proposal


def copy(proposal: Proposal, account: Account, *, now: datetime) -> Proposal:
    """Begin a draft with the texts and costs of an own proposal in the edition that takes proposals now.

    It is in the pool of the same district, else in the first one; files stay behind. Raises PhaseClosed, TooMany.
    """
    edition = open_edition(now)
    pools = list(edition.pools.order_by(Pool.district.is_null(False), Pool.id)) if edition else []
    require(pools, PhaseClosed(NOT_TAKEN))
    pool = next((pool for pool in pools if pool.district_id == proposal.pool.district_id), pools[0])
    with transaction():
        draft = start(account, pool, str(proposal.title), now=now)
        save(draft, texts_of(proposal), now=now)
    return draft


def editable(proposal: Proposal, *, now: datetime) -> set[str]:
    """Return the names of what the author can change now: TEXTS, costs, attachments, of a draft the pool too."""
    if proposal.state == ProposalState.DRAFT:
        return {*TEXTS, *ATTACHED, "pool"}
    if proposal.state == ProposalState.SUBMITTED and takes_proposals(proposal.pool.edition, now=now):
        return {*TEXTS, *ATTACHED}
    if proposal.state == ProposalState.RETURNED and proposal.correct_until and now <= proposal.correct_until:
        marked = set((proposal.to_correct or "").split(","))
        return marked.union(*(names for names in TOGETHER if names & marked))
    return set()


def save(proposal: Proposal, values: Mapping[str, Any], *, now: datetime) -> None:
    """Save what the author has changed: texts by their names, ``costs`` as pairs of what and grosze.

    Raises MoveForbidden when something of it cannot be changed now, ProposalIncomplete when it would leave a submitted proposal
    incomplete; nothing is saved then.
    """
    values = dict(values)
    if not values:
        return
    with transaction():
        require(set(values) <= editable(proposal, now=now), MoveForbidden)
        costs = values.pop("costs", None)
        if costs is not None:
            values["cost"] = sum(amount for _what, amount in costs)
        same = Proposal.id == proposal.id, Proposal.version == proposal.version  # Nobody has decided meanwhile.
        later = 0 if proposal.state == ProposalState.DRAFT else 1  # Nor decides on what is written now without having seen it.
        require(Proposal.update(**values, version=Proposal.version + later).where(*same).execute(), MoveForbidden)
        Card.update(filled_at=None, is_positive=None, officer=None).where(Card.proposal == proposal).execute()
        if costs is not None:
            CostItem.delete().where(CostItem.proposal == proposal).execute()
            for what, amount in costs:
                CostItem.create(proposal=proposal, what=what, amount=amount)
        if proposal.state == ProposalState.SUBMITTED:
            keep_revision(_complete(proposal), now=now)
    for name, value in {**values, "version": proposal.version + later}.items():
        setattr(proposal, name, value)


def unfinished(proposal: Proposal) -> list[str]:
    """Return the sections in which something is missing or breaks a limit; nothing else knows when a proposal is complete."""
    texts, categories = texts_of(proposal), set(str(proposal.categories).split(","))
    right = {
        **{name: least <= len(texts[name] or "") <= most for name, (least, most) in LENGTHS.items()},
        "universal": texts["universal"] or texts["universal"] is not None and texts["universal_why"],
        "latitude": (texts["latitude"] is None) == (texts["longitude"] is None),
        "categories": categories <= set(Category) and 1 <= len(categories) <= MOST_CATEGORIES,
        "costs": 1 <= len(texts["costs"]) <= MOST_COSTS and costs_fit(proposal.pool, int(proposal.cost))}
    return [section for section, names in SECTIONS.items() if not all(right.get(name, True) for name in names)]


def costs_fit(pool: Pool, cost: int) -> bool:
    """Tell whether a pool takes proposals of this cost, in grosze."""
    return (pool.min_cost or 1) <= cost <= (pool.max_cost or pool.budget)


def _complete(proposal: Proposal) -> Proposal:
    """Return a proposal as it is held now; raise ProposalIncomplete."""
    current = proposal.held()
    missing = unfinished(current)
    require(not missing, ProposalIncomplete(sections=missing))
    return current


def submit(proposal: Proposal, *, now: datetime) -> None:
    """Submit a complete draft, which gets its number and its public page.

    Raises PhaseClosed, ProposalIncomplete, and MoveForbidden when it is submitted already.
    """
    with transaction():
        lock("proposal numbers")
        require(takes_proposals(proposal.pool.edition, now=now), PhaseClosed(NOT_TAKEN))
        current = _complete(proposal)
        number = _next_number(current.pool)
        slug = pabulib_import.slugify(number, str(current.title))[:SLUG_LENGTH].strip("-")
        if Proposal.select().where(Proposal.slug == slug).exists():  # Of another edition in the same year.
            slug = f"{slug}-{current.id}"
        advance(proposal, Move.SUBMITTED, now=now, number=number, slug=slug, submitted_at=now)
        keep_revision(proposal, now=now)


def _next_number(pool: Pool) -> str:
    """Return the number after the last one of a pool, like BO.OM.12/26 or BO.D4.7/26; numbers that were given are never free."""
    district: District | None = pool.district
    begin = f"BO.D{district.number or f'x{district.id}'}." if district else "BO.OM."
    rows: Any = Proposal.select(Proposal.number).where(Proposal.pool == pool, Proposal.number.startswith(begin)).tuples()
    given = [int(found[1]) for (number,) in rows if (found := re.fullmatch(re.escape(begin) + r"(\d+)/\d\d", number))]
    return f"{begin}{max(given, default=0) + 1}/{clock.local(pool.edition.voting_from).year % 100:02}"


def uncorrected(proposal: Proposal) -> set[str]:
    """Return what is marked for correction in a returned proposal and says the same as then; attachments keep no versions."""
    then = next((texts for _at, texts in revisions(proposal)), {}) if proposal.to_correct else {}
    return {name for name, text in texts_of(proposal).items() if name in then and then[name] == text}


def correct(proposal: Proposal, *, now: datetime) -> None:
    """Give a returned proposal back to the officers; raise PhaseClosed when it is too late, ProposalIncomplete, MoveForbidden."""
    with transaction():
        require(not proposal.correct_until or now <= proposal.correct_until, PhaseClosed(CORRECTED_LATE))
        _complete(proposal)
        advance(proposal, Move.CORRECTED, now=now, to_correct=None, correct_until=None)
        keep_revision(proposal, now=now)


def similar(draft: Proposal) -> list[proposals_catalogue.Entry]:
    """Return public proposals of the same edition that say much the same or are near, up to five."""
    point = (draft.latitude, draft.longitude) if draft.latitude and draft.longitude else None
    return proposals_catalogue.similar(proposals_catalogue.load(draft.pool.edition), draft.title, draft.summary, point)


def own_proposals(account: Account) -> list[tuple[Proposal, Authorship]]:
    """Return what a resident is an author of, the newest first, with pools and editions at hand."""
    rows = (Authorship.select(Authorship, Proposal, Pool, Edition).join(Proposal).join(Pool).join(Edition)
            .where(Authorship.account == account).order_by(Proposal.id.desc()))
    return [(row.proposal, row) for row in rows]
