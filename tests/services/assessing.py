"""Proposals in an edition that assesses them, brought to the state that a test begins with by the services themselves."""

from datetime import datetime, timedelta
from typing import Any

from portal import clock
from portal.models import Account, Authorship, Card, Edition, Officer, Proposal, Unit
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment, proposals, proposals_lot
from portal.services.proposals import advance
from tests.factories import make_account, make_district, make_edition, make_officer, make_pool, make_proposal

SEED = "12 5 33 41 7 48"
S, M = ProposalState, Move
# By which moves a proposal comes to each state.
WAYS: dict[ProposalState, list[Move]] = {
    S.DRAFT: [], S.SUBMITTED: [M.SUBMITTED], S.RETURNED: [M.SUBMITTED, M.RETURNED],
    S.IN_ASSESSMENT: [M.SUBMITTED, M.TAKEN_UP], S.ADMITTED: [M.SUBMITTED, M.TAKEN_UP, M.ADMITTED],
    S.REFUSED: [M.SUBMITTED, M.TAKEN_UP, M.REFUSED], S.PROTESTED: [M.SUBMITTED, M.TAKEN_UP, M.REFUSED, M.PROTESTED],
    S.ON_BALLOT: [M.SUBMITTED, M.TAKEN_UP, M.ADMITTED, M.DRAWN],
    S.WITHDRAWN: [M.SUBMITTED, M.WITHDRAWN],
}
WAYS |= {state: [*WAYS[S.ON_BALLOT], *moves] for state, moves in {
    S.FUNDED: [M.FUNDED], S.NOT_FUNDED: [M.NOT_FUNDED], S.IN_PROGRESS: [M.FUNDED, M.STARTED],
    S.DONE: [M.FUNDED, M.STARTED, M.DONE], S.ABANDONED: [M.FUNDED, M.ABANDONED]}.items()}
NOT_OURS = {M.SUBMITTED, M.CORRECTED, M.FUNDED, M.NOT_FUNDED, M.STARTED, M.DONE, M.ABANDONED}  # Other topics have their guards.


def make_assessing(**given: Any) -> Edition:
    """An edition whose voting begins in two months, which asks for no supporters."""
    start = clock.now() + timedelta(days=60)
    return make_edition(**{"voting_from": start, "voting_to": start + timedelta(days=7), "results_on": start + timedelta(days=9),
                           "supporters_required": 0, **given})


def make_draft(edition: Edition | None = None, author: Account | None = None, **given: Any) -> Proposal:
    if "pool" not in given:
        edition = edition or make_assessing()
        given["pool"] = edition.pools.first() or make_pool(edition)
    proposal = make_proposal(**{"state": S.DRAFT, "ballot_order": None, "submitted_at": clock.now(), **given})
    Authorship.create(proposal=proposal, account=author or make_account(make_district()), is_lead=True)
    return proposal


def make_unit(name: str = "Zarząd Zieleni") -> Unit:
    return Unit.get_or_none(Unit.name == name) or Unit.create(name=name)


def fill(proposal: Proposal, officer: Officer, now: datetime, **given: Any) -> Card:
    """Fill in the card of an officer's unit, or the formal one, as positive unless the test says otherwise."""
    unit = assessment.unit_of(officer)
    told = {"answers": dict.fromkeys(assessment.questions_of(proposal, unit), "yes"), "is_positive": True, "words": "",
            "cost": None, "running_cost": None, **given}
    assessment.fill_card(proposal, officer, **told, now=now)
    return Card.get(Card.proposal == proposal, Card.unit == unit)


def move(proposal: Proposal, wanted: Move, officer: Officer, now: datetime, version: int | None = None) -> None:
    """Make a move by the service that makes it in the portal; where that is another topic's, through the door of all."""
    version = Proposal.get_by_id(proposal.id).version if version is None else version
    if wanted in NOT_OURS:
        advance(proposal, wanted, now=now, version=version)
    elif wanted == M.RETURNED:
        assessment.return_for_correction(proposal, officer, words="słowa", parts=["title"], until=now + timedelta(days=3),
                                         version=version, now=now)
    elif wanted == M.PROTESTED:
        proposals.protest(proposal, "słowa", now=now)
    elif wanted == M.WITHDRAWN:
        proposals.withdraw(proposal, "słowa", now=now)
    elif wanted == M.DRAWN:
        proposals_lot.draw_order(proposal.pool.edition, officer, seed=SEED, now=now)
    else:
        if (proposal.state, wanted) == (S.RETURNED, M.TAKEN_UP):
            now = proposal.correct_until + timedelta(seconds=1)  # Not before.
        assessment.decide(proposal, officer, move=wanted, words="słowa", version=version, now=now)


def in_state(state: ProposalState, now: datetime, edition: Edition | None = None, **given: Any) -> Proposal:
    """Return a proposal that came to a state by the services that lead there, its formal card filled in on the way."""
    proposal, officer = make_draft(edition, **given), make_officer(Role.COORDINATOR)
    for step in WAYS[state]:
        move(proposal, step, officer, now)
        proposal = Proposal.get_by_id(proposal.id)
        if step == M.TAKEN_UP:
            fill(proposal, officer, now)
    assert proposal.state == state
    return Proposal.get_by_id(proposal.id)
