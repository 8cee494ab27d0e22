"""The lot that orders the proposals of an edition on the ballot, with a seed that anybody can repeat it with."""

import hashlib
from datetime import datetime
from itertools import groupby

from portal.database import on_sqlite, transaction
from portal.errors import N_, MoveForbidden, PhaseClosed, require
from portal.models import Edition, Move, Officer, Pool, Proposal, ProposalState
from portal.services import audit, proposals

SHORTEST_SEED = 8
UNDECIDED = (ProposalState.SUBMITTED, ProposalState.RETURNED, ProposalState.IN_ASSESSMENT, ProposalState.PROTESTED)
VOTING_BEGUN = N_("The order is drawn before voting begins.")
TOO_SHORT = N_("A seed has at least eight characters, so that nobody can choose one that suits them.")
DRAWN_ALREADY = N_("The order of this edition is drawn already: a lot is drawn once.")
NOT_ALL_DECIDED = N_("Some projects of this edition are not decided on yet, or a protest against a refusal is still possible.")


def draw_order(edition: Edition, officer: Officer, *, seed: str, now: datetime) -> None:
    """Put what is admitted on the ballot, in each pool in the order of the digests of the seed with each number; once.

    Raises MoveForbidden for a short seed, a second lot, or while anything of the edition is undecided; PhaseClosed.
    """
    require(len(seed) >= SHORTEST_SEED, MoveForbidden(TOO_SHORT))
    with transaction():
        undrawn = Edition.id == edition.id, Edition.order_seed.is_null()
        require(Edition.update(order_seed=seed, drawn_at=now).where(*undrawn).execute(), MoveForbidden(DRAWN_ALREADY))
        current = Edition.get_by_id(edition.id)
        require(now < current.voting_from, PhaseClosed(VOTING_BEGUN))
        rows = Proposal.select().where(Proposal.pool.in_(Pool.select().where(Pool.edition == edition))).order_by(Proposal.id)
        found = list(rows if on_sqlite() else rows.for_update())
        waiting = any(row.state in UNDECIDED or (ends := proposals.protest_ends(row)) and ends >= now for row in found)
        admitted = [row for row in found if row.state == ProposalState.ADMITTED]
        taken = current.proposals_to is None or now > current.proposals_to
        require(taken and admitted and not waiting, MoveForbidden(NOT_ALL_DECIDED))  # A lot is drawn once, so not for nothing.
        admitted.sort(key=lambda row: (row.pool_id, hashlib.sha256(f"{seed}:{row.number}".encode()).hexdigest()))
        for _pool, drawn in groupby(admitted, key=lambda row: row.pool_id):
            for place, proposal in enumerate(drawn, 1):
                proposals.advance(proposal, Move.DRAWN, officer=officer, now=now, ballot_order=place)
        audit.record("order on the ballot drawn", actor=officer, subject=edition, now=now, seed=seed)


def order_of(edition: Edition) -> list[tuple[Pool, list[Proposal]]]:
    """Return the pools of an edition, citywide first, each with its proposals in the order drawn."""
    drawn = Proposal.public(edition).where(Proposal.ballot_order.is_null(False))
    return [(pool, list(rows)) for pool, rows in groupby(drawn, key=lambda row: row.pool)]
