"""Files of proposals: made harmless, kept sealed beside the database (see portal/store.py), and given to who may see them."""

from collections.abc import Callable
from datetime import datetime

from peewee import fn

from portal import files, store
from portal.database import lock, transaction
from portal.errors import N_, FileUnusable, NotFound, ProposalChanged, require
from portal.models import Account, Attachment, Authorship, FileKind, Proposal, Stage
from portal.models.base import Prepared
from portal.models.proposal import PUBLIC
from portal.services import audit, code

MOST, MOST_TOGETHER = 10, 60 * 2**20  # Attachments, and pages of lists; bytes of both.
MOST_PER_PROPOSAL_AND_NETWORK = 30, 60  # In an hour.
WAIT = 2  # Seconds for which an upload keeps a thread of the server until its turn comes.
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg"}
NO_PHOTO = N_("This is not a photo. Choose a JPEG or PNG file.")
TRIED_TOO_OFTEN = N_("We have already read many files for this project or from your network. Send the next ones in an hour.")
NO_DISC = N_("We cannot keep files at the moment. Please try again later.")
COUNTED = N_("Officers have counted this list already. It stays.")
TOO_MANY = N_("A project can have ten attachments and ten pages of lists, and with this file it would be more.")
TOO_MUCH = N_("The files of a project can have 60 MB together, and with this file it would be more.")
STORE = store.Store("attachments", Attachment, NO_DISC, kept=lambda _now: Attachment.select(), note=lambda row, now: audit.record(
    "attachment lost", actor="system", subject=row.proposal, now=now))
Pieces = list[tuple[bytes, str]]


def read_upload(data: bytes, name: str, kind: FileKind) -> Pieces:
    """Return what is kept of an uploaded file, in the caller's turn and outside of a transaction: contents and media types.

    That is each page of a paper list as a picture, one file of anything else. Raises FileUnusable.
    """
    if kind == FileKind.PAPER_LIST:
        return [(page, "image/jpeg") for page in store.read(files.read_pages, data, name)]
    require(kind != FileKind.PHOTO or not name.lower().endswith(".pdf"), FileUnusable(NO_PHOTO))
    return [store.read(files.read_document, data, name)]


def keep(proposal: Proposal, pieces: Pieces, *, kind: FileKind, name: str, now: datetime, stage: Stage | None = None) -> None:
    """Keep what read_upload has returned, in the caller's transaction; of a photo the name is what it shows.

    Raises FileUnusable when it is too much, or when there is no place for it.
    """
    lock(f"files of {proposal.uid}")
    if kind != FileKind.PHOTO:
        kept = Attachment.select().where(Attachment.proposal == proposal, Attachment.kind != FileKind.PHOTO)
        size = (kept.select(fn.SUM(Attachment.size)).scalar() or 0) + sum(len(data) for data, _media in pieces)
        require(kept.where(Attachment.kind == kind).count() + len(pieces) <= MOST, FileUnusable(TOO_MANY))
        require(size <= MOST_TOGETHER, FileUnusable(TOO_MUCH))
    STORE.keep([(Attachment(proposal=proposal, stage=stage, kind=kind, media=media, name=name, size=len(data), uploaded_at=now),
                 data) for data, media in pieces])


def add_files(proposal: Proposal, chosen: store.Chosen, *, kind: FileKind, address: str, now: datetime) -> store.Taken:
    """Keep those files of an upload that can be used; return their names, and of the others why not.

    The address is the caller's network address; the caller has seen to it that the author may add such files now.
    """
    def take(name: str, data: bytes) -> None:
        pieces = read_upload(data, name, kind)
        with transaction():
            _still(proposal)
            keep(proposal, pieces, kind=kind, name=name.rpartition(".")[0] + ENDINGS[pieces[0][1]], now=now)
    return store.take_in(chosen, take=take, seconds=WAIT, count=lambda: code.count_file(
        "file", f"proposal:{proposal.uid}", address, most=MOST_PER_PROPOSAL_AND_NETWORK, now=now, refusal=TRIED_TOO_OFTEN))


def _still(proposal: Proposal) -> Proposal:
    """Hold a proposal, which may have gone on while a file was read; raise FileUnusable then."""
    held = proposal.held()
    require(held.state == proposal.state, FileUnusable(ProposalChanged.message))
    return held


# The files of a proposal that are of a kind, in the order in which they came.
of_proposal: Callable[[Proposal, FileKind], list[Attachment]] = Prepared(lambda proposal, kind: Attachment.select().where(
    Attachment.proposal == proposal, Attachment.kind == kind).order_by(Attachment.id)).all


def remove(proposal: Proposal, kind: FileKind, uid: str) -> None:
    """Destroy a file of a proposal; do nothing when it is gone already.

    Raises FileUnusable when its time is over, as it is for a paper list that officers have counted.
    """
    with transaction():
        require(_still(proposal).on_paper is None or kind != FileKind.PAPER_LIST, FileUnusable(COUNTED))
        STORE.destroy((Attachment.proposal == proposal) & (Attachment.kind == kind) & (Attachment.uid == uid))


def read(row: Attachment) -> bytes:
    """Return what is in a file; raise NotFound when it is lost, SealBroken."""
    try:
        return STORE.read(row)
    except FileNotFoundError:
        raise NotFound from None


def find_for(uid: str, account: Account | None) -> Attachment:
    """Return a file that a visitor may have: of submitted proposals anybody, of drafts their authors; raise NotFound.

    Paper lists are not given out so.
    """
    own = Authorship.select(Authorship.proposal).where(Authorship.account == account)
    may = Proposal.state.in_(PUBLIC) | (Proposal.id.in_(own) if account else False)
    shown = Attachment.uid == uid, Attachment.kind != FileKind.PAPER_LIST, may
    return require(Attachment.select(Attachment, Proposal).join(Proposal).where(*shown).first(), NotFound)
