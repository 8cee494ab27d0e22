"""The forms of a resident's own proposal, as tests/forms/targets.py lists them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from portal import clock
from portal.models import Authorship, CostItem, Edition, Invitation, Message, Proposal, SendCount, Transition
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from tests.architecture.people import DRAFT, RESIDENT, World

SUMMARY = "Nowe ławki i drzewa przy szkole, aby było gdzie usiąść w cieniu po lekcjach."
TEXTS = {
    "podstawy": {"title": "Ławki", "summary": SUMMARY, "categories": "greenery"},
    "miejsce": {"place": "ul. Długa 5", "latitude": "50,0614", "longitude": "19.9366"},
    "opis": {"description": "Dziesięć ławek.", "justification": "Nie ma gdzie usiąść.", "beneficiaries": "Dzieci."},
    "dostepnosc": {"availability": "Całą dobę.", "universal": "no", "universal_why": "Schody."},
}


def _edition_takes_proposals(_world: World) -> None:
    day = timedelta(days=1)
    Edition.update(proposals_from=clock.now() - day, proposals_to=clock.now() + day).where(Edition.code == "2099").execute()
    Proposal.delete().where(Proposal.state == ProposalState.DRAFT, Proposal.uid != DRAFT).execute()


def _own_that_is(state: ProposalState) -> Callable[[World], None]:
    """Bring the resident's own proposal back to how a form finds it."""
    def prepare(_world: World) -> None:
        own = Proposal.uid == DRAFT
        empty = dict.fromkeys(("title", "summary", "categories", "place", "description", "justification", "beneficiaries"), "")
        absent = dict.fromkeys(("latitude", "longitude", "availability", "universal"))
        Proposal.update(state=state, version=0, cost=0, **empty, **absent).where(own).execute()
        proposal = Proposal.get(own)
        for model in (CostItem, Invitation, Transition):
            model.delete().where(model.proposal == proposal).execute()
        Authorship.update(shows_name=False).where(Authorship.proposal == proposal).execute()
        SendCount.delete().execute()
        Transition.create(proposal=proposal, at=clock.now(), move=Move.REFUSED)
    return prepare


def targets(target: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
    """Return the targets of these forms, each made by ``target``; of a draft what is right is saved even beside mistakes."""
    def own(page: str, changes: set[Any], notes: Any = (), state: ProposalState = ProposalState.DRAFT,
            **right: str) -> Callable[[], Any]:
        path = f"/projekty/zglos/{DRAFT}/{page}"
        return lambda: target(path, RESIDENT, lambda *_of: right, changes, _own_that_is(state), set(notes))

    def pool(_world: World, _person: Any) -> dict[str, str]:
        return {"pool": str(Edition.get(Edition.code == "2099").pools.get().id), "title": "Ławki"}
    written = {Proposal}, {Proposal}
    decided = {Proposal, Transition, Message}
    return {
        "StartForm": lambda: target("/projekty/zglos", RESIDENT, pool, {Proposal, Authorship}, _edition_takes_proposals),
        "PodstawyForm": lambda: own("podstawy", *written, pool=str(Proposal.get(Proposal.uid == DRAFT).pool_id),
                                    **TEXTS["podstawy"])(),
        **{f"{section.capitalize()}Form": own(section, *written, **TEXTS[section])
           for section in ("miejsce", "opis", "dostepnosc")},
        "CostsForm": own("koszty", {Proposal, CostItem}, {Proposal, CostItem}, what_0="Ławki", amount_0="1 000,50"),
        "AuthorsForm": own("autorzy", {Authorship, Invitation, SendCount, Message}, {Authorship}, shows_name="y",
                           email="ola@example.org"),
        "WithdrawForm": own("wycofaj", decided, state=ProposalState.SUBMITTED, words="Zmiana planów.", sure="y"),
        "ProtestForm": own("protest", decided, state=ProposalState.REFUSED, words="To nie tak."),
    }
