"""Proposals: the one door through which their states change, their texts, and what their authors decide.

What officers decide is in services/assessment.py, drafts in services/proposals_draft.py.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from portal import clock
from portal.database import transaction
from portal.errors import N_, MoveForbidden, NotFound, PhaseClosed, ProposalChanged, require
from portal.models import Account, Authorship, Edition, Follow, Move, Officer, Pool, Proposal, ProposalState, Revision, Transition
from portal.models.assessment import LEADS
from portal.models.base import Prepared
from portal.services import audit
from portal.services.account import write

TEXTS = ("title", "summary", "description", "justification", "place", "latitude", "longitude", "beneficiaries", "categories",
         "availability", "universal", "universal_why")
TOLD_TO_FOLLOWERS = set(Move) - {Move.SUBMITTED, Move.CORRECTED}


def advance(proposal: Proposal, move: Move, *, now: datetime, officer: Officer | None = None, words: str = "",
            version: int | None = None, **values: Any) -> None:
    """Change the state of a proposal, in the caller's transaction: note who, when and why, and write to whom it concerns.

    This is the only place where states change. Guards are the caller's, who has to name what else changes as ``values``. The
    version is that of the proposal which an officer or author has seen. Raises ProposalChanged when there is another by now,
    MoveForbidden in a state from which the move is not possible.
    """
    sources, target = LEADS[move]
    known = [Proposal.version == version] if version is not None else []
    done = (Proposal.update(version=Proposal.version + 1, state=target, **values)
            .where(Proposal.id == proposal.id, Proposal.state.in_(sources), *known).execute())
    current = Proposal.get_by_id(proposal.id)
    require(done, ProposalChanged if version is not None and current.version != version else MoveForbidden)
    proposal.__data__.update(current.__data__)
    Transition.create(proposal=proposal, at=now, move=move, officer=officer, words=words)
    if officer:
        audit.record(f"proposal {move.replace('_', ' ')}", actor=officer, subject=proposal, now=now)
    until = proposal.correct_until and clock.local(proposal.correct_until).date().isoformat()
    tell(proposal, "proposal_moved", f"{proposal.version}", now, followers=move in TOLD_TO_FOLLOWERS, move=str(move), words=words,
         until=until, required=proposal.pool.edition.supporters_required, days=proposal.pool.edition.support_days)


def tell(proposal: Proposal, template: str, key: str, now: datetime, *, followers: bool = True, **payload: Any) -> None:
    """Write to the authors, and of what the public reads to the followers too, in the caller's transaction."""
    listeners = Account.select().join(Follow).where(Follow.proposal == proposal) if followers else ()
    told = {account.id: (account, False) for account in listeners}
    told |= {author.account.id: (author.account, True) for author in authors(proposal)}
    for account, is_author in told.values():
        write(account, template, key=f"{proposal.uid}:{key}:{account.uid}", now=now, title=proposal.title, number=proposal.number,
              is_author=is_author, path=f"/projekty/{proposal.slug}", **payload)


# The authors of a proposal who count, with their accounts, the lead first.
authors: Callable[[Proposal], list[Authorship]] = Prepared(lambda proposal: Authorship.select(
    Authorship, Account.id, Account.uid, Account.email, Account.language, Account.given_name, Account.family_name)
    .join(Account).where(Authorship.proposal == proposal, Authorship.is_lead | Authorship.accepted_at.is_null(False))
    .order_by(Authorship.is_lead.desc(), Authorship.id)).all


def own_proposal(account: Account, uid: str) -> Proposal:
    """Return a proposal by its uid, with pool and edition at hand, for its lead author; raise NotFound for anybody else."""
    return require(Proposal.select(Proposal, Pool, Edition).join(Authorship).switch(Proposal).join(Pool).join(Edition).where(
        Proposal.uid == uid, Authorship.account == account, Authorship.is_lead).first(), NotFound)


def texts_of(proposal: Proposal) -> dict[str, Any]:
    """Return what a proposal says as plain data: TEXTS, and ``costs`` as pairs of what and grosze."""
    return {**{name: getattr(proposal, name) for name in TEXTS}, "costs": [[item.what, item.amount] for item in proposal.costs]}


def revisions(proposal: Proposal) -> list[tuple[datetime, dict[str, Any]]]:
    """Return the texts of a proposal as they were kept, the last first."""
    return [(kept.at, json.loads(kept.texts)) for kept in proposal.revisions.order_by(Revision.id.desc())]


def keep_revision(proposal: Proposal, *, now: datetime) -> None:
    """Keep the texts as they stand now, in the caller's transaction; do nothing when the last revision says the same."""
    texts = texts_of(proposal)
    if texts != next((kept for _at, kept in revisions(proposal)), None):
        Revision.create(proposal=proposal, at=now, texts=json.dumps(texts, ensure_ascii=False))


def withdraw(proposal: Proposal, words: str, *, now: datetime) -> None:
    """Take a proposal back at its author's wish; a draft is deleted. Raises MoveForbidden once it is on a ballot."""
    with transaction():
        if not Proposal.delete().where(Proposal.id == proposal.id, Proposal.state == ProposalState.DRAFT).execute():
            advance(proposal, Move.WITHDRAWN, words=words, now=now)


def protest_ends(proposal: Proposal) -> datetime | None:
    """Return until when the author may protest; None without a refusal, or when the council has decided on a protest."""
    if proposal.state != ProposalState.REFUSED:
        return None
    moves = [step for step in Transition.of_proposal(proposal.id) if step.move in (Move.REFUSED, Move.PROTESTED)]
    if not moves or moves[-1].move == Move.PROTESTED:
        return None
    return clock.end_of(clock.local(moves[-1].at).date() + timedelta(days=proposal.pool.edition.protest_days))


def protest(proposal: Proposal, words: str, *, now: datetime) -> None:
    """Protest against a refusal, with the author's reasons; raise PhaseClosed when it is too late, MoveForbidden."""
    with transaction():
        until = require(protest_ends(proposal), MoveForbidden)
        require(now <= until, PhaseClosed(N_("The time for a protest against this decision is over.")))
        advance(proposal, Move.PROTESTED, words=words, now=now)
