"""What becomes of proposals after the vote: which are funded, and how these are carried out."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import IO

from portal import crypto, files, store
from portal.database import transaction
from portal.errors import N_, FileUnusable, MoveForbidden, PhaseClosed, require
from portal.models import Attachment, Edition, FileKind, Move, Officer, Proposal, ProposalState, Stage
from portal.services import assessment, attachment, audit, proposals, results_publication

CARRIED_OUT = (ProposalState.IN_PROGRESS, ProposalState.DONE, ProposalState.ABANDONED)
UNDESCRIBED = N_("Write what each photo shows, for those who do not see it.")


def settle(edition: Edition, officer: Officer, *, now: datetime) -> int:
    """Let the proposals on a ballot be funded or not, as the published results say; return for how many that is new.

    Raises PhaseClosed before results are published, and while they wait for a correction.
    """
    require(results_publication.is_public(edition, now=now) and not results_publication.find_correction(edition, now=now),
            PhaseClosed(N_("The results are not published yet, or they still wait for a correction.")))
    with transaction():
        told = [(result.proposals[outcome.entry.id], outcome.funded)
                for result in results_publication.published(edition, now=now).results for outcome in result.outcomes]
        waiting = [(proposal, funded) for proposal, funded in told if proposal.state == ProposalState.ON_BALLOT]
        for proposal, funded in waiting:
            proposals.advance(proposal, Move.FUNDED if funded else Move.NOT_FUNDED, officer=officer, now=now)
    return len(waiting)


def post_stage(proposal: Proposal, officer: Officer, *, title: str, words: str, cost: int | None,
               photos: Sequence[tuple[str, IO[bytes], str]], now: datetime) -> None:
    """Tell what is done of a funded proposal; the first stage begins the work. The cost so far is in grosze.

    Photos are a file's name, the file, and what it shows in words. Raises MoveForbidden in another state, FileUnusable.
    """
    require(all(shows for _name, _file, shows in photos), FileUnusable(UNDESCRIBED))
    with store.turn(seconds=attachment.WAIT) if photos else nullcontext():
        read = [(shows, attachment.read_upload(file.read(files.MOST_BYTES + 1), name, FileKind.PHOTO))
                for name, file, shows in photos]
    with transaction():
        state = proposal.held().state
        require(state in (ProposalState.FUNDED, ProposalState.IN_PROGRESS), MoveForbidden)
        stage = Stage.create(proposal=proposal, at=now, title=title, words=words, cost=cost)
        for shows, pieces in read:
            attachment.keep(proposal, pieces, kind=FileKind.PHOTO, name=shows, now=now, stage=stage)
        if state == ProposalState.FUNDED:
            proposals.advance(proposal, Move.STARTED, officer=officer, words=f"{title}\n{words}".strip(), now=now)
        else:
            proposals.tell(proposal, "stage_posted", crypto.new_token(9), now, stage=title, words=words)
        audit.record("stage posted", actor=officer, subject=proposal, now=now)


def remove_stage(stage: Stage, officer: Officer, *, now: datetime) -> None:
    """Take back what was told by mistake, with its photos."""
    with transaction():
        attachment.STORE.destroy(Attachment.stage == stage)
        if Stage.delete().where(Stage.id == stage.id).execute():
            audit.record("stage removed", actor=officer, subject=stage.proposal, now=now)


def end(proposal: Proposal, officer: Officer, move: Move, words: str, *, version: int, now: datetime) -> None:
    """Note that a proposal is carried out, or given up with reasons; raise ProposalChanged, MoveForbidden."""
    require(move == Move.DONE or move == Move.ABANDONED and words, MoveForbidden(assessment.WORDS_NEEDED))
    with transaction():
        proposals.advance(proposal, move, officer=officer, words=words, version=version, now=now)


def stages(proposal: Proposal) -> list[tuple[Stage, list[Attachment]]]:
    """Return what was told of a proposal, the newest first, each with its photos."""
    if proposal.state not in CARRIED_OUT:
        return []
    photos = attachment.of_proposal(proposal, FileKind.PHOTO)
    return [(stage, [photo for photo in photos if photo.stage_id == stage.id])
            for stage in Stage.select().where(Stage.proposal == proposal).order_by(Stage.id.desc())]
