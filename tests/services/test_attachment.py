"""Files of proposals: kept sealed within their limits, given to who may have them, swept up."""

import io
import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from portal import store
from portal.config import settings
from portal.database import transaction
from portal.errors import FileUnusable, NotFound
from portal.models import Account, Attachment, AuditEntry, Authorship, Edition, Proposal
from portal.models.attachment import FileKind
from portal.models.implementation import Stage
from portal.models.proposal import PUBLIC, ProposalState
from portal.services import attachment, audit, proposals, retention
from portal.services.attachment import MOST_TOGETHER, TOO_MANY, TOO_MUCH, TRIED_TOO_OFTEN, add_files, find_for, keep, read, remove
from portal.store import MARK
from tests import uploads
from tests.factories import make_account
from tests.services import raw
from tests.services.drafts import make_author, make_draft, pool_of
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
HOUR, ADDRESS = timedelta(hours=1), "192.0.2.1"
PIECE = (b"\xff\xd8\xff picture", "image/jpeg")


@pytest.fixture
def author(now: datetime) -> Account:
    return make_author(now)[0]


@pytest.fixture
def draft(author: Account, now: datetime) -> Proposal:
    return make_draft(author, pool_of(Edition.get()), now)


def folder() -> Path:
    return Path(settings.instance) / "attachments"


def names() -> set[str]:
    return {path.name for path in folder().iterdir()} - {MARK} if folder().exists() else set()


def uids() -> set[str]:
    return {row.uid for row in Attachment.select()}


def send(draft: Proposal, now: datetime, *files: tuple[str, bytes], kind: FileKind = FileKind.ATTACHMENT,
         address: str = ADDRESS) -> tuple[list[str], list[tuple[str, str]]]:
    kept, refused = add_files(draft, [(name, io.BytesIO(data)) for name, data in files], kind=kind, address=address, now=now)
    return kept, [(name, error.message) for name, error in refused]


def put(draft: Proposal, now: datetime, times: int = 1, kind: FileKind = FileKind.ATTACHMENT, **given: Any) -> None:
    with transaction():
        keep(draft, [PIECE] * times, kind=kind, name="plan.jpg", now=now, **given)


# Taken in.

def test_picture_and_document_are_kept_without_what_hides_in_them(draft: Proposal, now: datetime):
    assert send(draft, now, ("Plan.PNG", uploads.picture("PNG")), ("zdjęcie.jpg", uploads.photo()),
                ("opis.pdf", uploads.document(12))) == (["Plan.PNG", "zdjęcie.jpg", "opis.pdf"], [])
    rows = attachment.of_proposal(draft, FileKind.ATTACHMENT)
    assert [(row.name, row.media) for row in rows] == [
        ("Plan.jpg", "image/jpeg"), ("zdjęcie.jpg", "image/jpeg"), ("opis.pdf", "application/pdf")]
    for row, beginning in zip(rows, (b"\xff\xd8\xff", b"\xff\xd8\xff", b"%PDF-")):
        assert read(row).startswith(beginning) and len(read(row)) == row.size and b"Ewa" not in read(row)
    assert names() == uids()


def test_pages_of_a_list_become_pictures(draft: Proposal, now: datetime):
    assert send(draft, now, ("lista.pdf", uploads.document(2)), kind=FileKind.PAPER_LIST) == (["lista.pdf"], [])
    rows = attachment.of_proposal(draft, FileKind.PAPER_LIST)
    assert [(row.name, row.media) for row in rows] == [("lista.jpg", "image/jpeg")] * 2
    assert attachment.of_proposal(draft, FileKind.ATTACHMENT) == []


def test_good_files_are_kept_beside_wrong_ones(draft: Proposal, now: datetime):
    kept, refused = send(draft, now, ("a.jpg", uploads.photo()), ("b.exe", b"MZ"), ("c.pdf", uploads.document(101)))
    assert (kept, [name for name, _ in refused]) == (["a.jpg"], ["b.exe", "c.pdf"])
    assert [words[:33] for _, words in refused] == ["This is not a JPEG, PNG or PDF fi", "This PDF has too many pages. Send"]
    assert len(uids()) == 1


def test_photo_must_be_a_picture() -> None:
    with pytest.raises(FileUnusable, match="not a photo"):
        attachment.read_upload(uploads.document(), "a.PDF", FileKind.PHOTO)
    assert attachment.read_upload(uploads.photo(), "a.jpg", FileKind.PHOTO)[0][1] == "image/jpeg"


def test_nothing_is_readable_on_the_disc(draft: Proposal, now: datetime):
    put(draft, now)
    written = b"".join(path.read_bytes() for path in folder().iterdir())
    assert b"picture" not in written and "picture" not in raw.everything()
    (row,) = attachment.of_proposal(draft, FileKind.ATTACHMENT)
    assert read(row) == PIECE[0]


@pytest.mark.parametrize("kind", [FileKind.ATTACHMENT, FileKind.PAPER_LIST])
def test_ten_of_a_kind_are_the_most(draft: Proposal, now: datetime, kind: FileKind):
    other = FileKind.PAPER_LIST if kind == FileKind.ATTACHMENT else FileKind.ATTACHMENT
    put(draft, now, 9, kind)
    put(draft, now, 10, other)
    with pytest.raises(FileUnusable) as refused:
        put(draft, now, 2, kind)
    assert refused.value.message == TOO_MANY and len(uids()) == 19
    put(draft, now, 1, kind)


def test_files_at_once_do_not_pass_the_limit_together(draft: Proposal, now: datetime):
    results = at_once(*[partial(put, draft, now, 3) for _time in range(5)])
    assert (count_of(FileUnusable, results), count_of(type(None), results)) == (2, 3), results
    assert len(uids()) == len(names()) == 9


def test_sixty_megabytes_are_the_most_but_photos_of_the_city_do_not_count(draft: Proposal, now: datetime):
    put(draft, now, 2)
    Attachment.update(size=MOST_TOGETHER // 2 - len(PIECE[0])).execute()
    put(draft, now, 2)
    with pytest.raises(FileUnusable) as refused:
        put(draft, now)
    assert refused.value.message == TOO_MUCH
    stage = Stage.create(proposal=draft, at=now, title="Początek")
    put(draft, now, 12, FileKind.PHOTO, stage=stage)


@pytest.mark.parametrize("most", [30, 60])
def test_files_of_an_hour_are_counted_per_proposal_and_per_network(draft: Proposal, author: Account, now: datetime, most: int):
    for at in range(most):
        owner = draft if most == 30 else Proposal(uid=f"p{at}")
        send(owner, now, ("a.gif", b""), address=ADDRESS if most == 60 else f"192.0.2.{at}")
    kept, refused = send(draft, now, ("a.jpg", uploads.photo()), ("b.jpg", uploads.photo()))
    assert (kept, refused) == ([], [("a.jpg, b.jpg", TRIED_TOO_OFTEN)])
    assert send(draft, now + HOUR, ("a.jpg", uploads.photo())) == (["a.jpg"], [])


def test_upload_waits_two_seconds_for_its_turn(draft: Proposal, now: datetime, monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []
    moments = iter([0, 1, 1.99, 2])
    monkeypatch.setattr(store.time, "sleep", waited.append)
    monkeypatch.setattr(store.time, "monotonic", lambda: next(moments))
    with open(settings.instance / "files.turn", "ab") as file:
        store.fcntl.flock(file, store.fcntl.LOCK_EX)
        assert send(draft, now, ("a.jpg", uploads.photo())) == ([], [("a.jpg", store.BUSY)])
    assert len(waited) == 2


# Given out.

@pytest.mark.parametrize("state", ProposalState)
def test_file_is_given_to_who_may_have_it(draft: Proposal, author: Account, now: datetime, state: ProposalState):
    put(draft, now)
    Proposal.update(state=state).execute()
    coauthor, stranger = make_account(author.district), make_account(author.district)
    Authorship.create(proposal=draft, account=coauthor, accepted_at=now)
    row, public = Attachment.get(), state in PUBLIC
    for account, may in [(author, True), (coauthor, True), (stranger, public), (None, public)]:
        if may:
            assert find_for(row.uid, account) == row
        else:
            with pytest.raises(NotFound):
                find_for(row.uid, account)
    with pytest.raises(NotFound):
        find_for("other", author)


def test_paper_list_is_given_to_nobody_so(draft: Proposal, author: Account, now: datetime):
    put(draft, now, kind=FileKind.PAPER_LIST)
    Proposal.update(state=ProposalState.SUBMITTED).execute()
    for account in (author, None):
        with pytest.raises(NotFound):
            find_for(Attachment.get().uid, account)


# Destroyed and swept up.

def test_file_is_removed_with_what_is_in_it_and_only_where_it_belongs(draft: Proposal, author: Account, now: datetime):
    other = make_draft(author, draft.pool, now)
    for owner in (draft, other):
        put(owner, now)
    (row,) = attachment.of_proposal(draft, FileKind.ATTACHMENT)
    remove(other, FileKind.ATTACHMENT, row.uid)
    remove(draft, FileKind.PAPER_LIST, row.uid)
    assert len(names()) == 2
    remove(draft, FileKind.ATTACHMENT, row.uid)
    remove(draft, FileKind.ATTACHMENT, row.uid)
    assert names() == uids() == {attachment.of_proposal(other, FileKind.ATTACHMENT)[0].uid}


def test_files_of_a_deleted_draft_are_swept_up(draft: Proposal, now: datetime):
    put(draft, now, 2)
    proposals.withdraw(draft, "", now=now)
    assert uids() == set() and len(names()) == 2
    for path in folder().iterdir():
        os.utime(path, (0, 0))
    assert retention.remove_due(actor="system", now=now) == (2, 0)
    assert [path.name for path in folder().iterdir()] == [MARK]


def test_lost_file_is_noted_and_forgotten(draft: Proposal, now: datetime):
    put(draft, now, 2)
    first = Attachment.select().order_by(Attachment.id).get()
    (folder() / first.uid).unlink()
    with pytest.raises(NotFound):
        read(first)
    assert attachment.STORE.sweep(now=now) == (0, 1)
    entry = AuditEntry.select().order_by(AuditEntry.sequence.desc()).get()
    assert (entry.action, entry.subject, entry.actor) == ("attachment lost", f"proposal:{draft.uid}", "system")
    assert names() == uids() and first.uid not in uids() and audit.verify() == []


def test_missing_disc_keeps_files_from_being_taken_in(draft: Proposal, now: datetime):
    put(draft, now)
    folder().rename(folder().with_name("unmounted"))
    kept, refused = send(draft, now, ("a.jpg", uploads.photo()))
    assert (kept, refused) == ([], [("a.jpg", attachment.NO_DISC)]) and attachment.STORE.sweep(now=now) == (0, 0)
    folder().with_name("unmounted").rename(folder())
