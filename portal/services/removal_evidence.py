"""Scans of identity documents: taken in as pictures of their pages, sealed on disk, shown to officers, destroyed.

The database says which pages there are; their pictures lie beside it. A picture is written before its row is committed, and
removed after the row's deletion is: a crash leaves at most a picture without a row, which nobody sees and the sweep takes.
"""

import fcntl
import logging
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from portal import clock, crypto, files
from portal.config import settings
from portal.database import after_commit, transaction
from portal.errors import N_, EvidenceRefused, EvidenceTooSlow
from portal.files import Fault, FileRefused
from portal.models.removal import Evidence, RemovalCase
from portal.network import network_of
from portal.services import audit
from portal.services.code import count_sending

MOST_PAGES = 12
MOST_PER_CASE_AND_HOUR, MOST_PER_NETWORK_AND_HOUR = 12, 20
MARK = "mounted"  # A file among the pictures: where it is missing, so is the disc.
SCANS_KEPT = timedelta(days=30)
UPLOAD_LASTS = timedelta(hours=1)  # At the very most; whatever has no row by then gets none.
WORDS = {
    Fault.EMPTY: N_("This file is empty. Please choose another one."),
    Fault.TOO_LARGE: N_("This file is larger than 10 MB. Take the photo at a lower resolution, or send each page separately."),
    Fault.WRONG_TYPE: N_("This is not a JPEG, PNG or PDF file. Send a photo or scan whose name ends in .jpg, .png or .pdf."),
    Fault.BROKEN: N_("This file cannot be opened. It may be damaged. Take the photo again, or save the scan as a PDF again."),
    Fault.PROTECTED: N_("This PDF is protected. Save it without a password, or send a photo of your document."),
    Fault.ACTIVE: N_("This PDF holds more than pages: a script, a form or another file. Send a photo of your document instead."),
    Fault.TOO_MANY_PAGES: N_("This PDF has more than 10 pages. Send only the pages that show your document."),
    Fault.TOO_MANY_PIXELS: N_("This picture has more than 40 million pixels. Take the photo at a lower resolution."),
    Fault.TOO_SLOW: N_("It takes too long to read this file. Send a photo of your document instead."),
}
BUSY = N_("We are just reading somebody else's file. Please send yours again in a moment.")
NOT_LOOKED_AT = N_("We have not looked at this, because reading the file before took too long. Please send it again.")
TRIED_TOO_OFTEN = N_("We have already read many files for this case or from your network. Send the next ones in an hour, or come "
                     "to us with your document.")
NO_DISC = N_("We cannot keep scans at the moment. Please try again later, or come to us with your document.")
TOO_MUCH = N_("We can keep 12 pages for one case, and with this file it would be more. Come to us with your document, please.")
log = logging.getLogger(__name__)


@contextmanager
def turn() -> Iterator[None]:
    """Read the files of one request while no other process or thread of the machine reads any; raise EvidenceRefused at once.

    Nobody waits: so hostile files cost one thread of one server and one processor, however many come.
    """
    settings.instance.mkdir(parents=True, exist_ok=True)
    with open(settings.instance / "evidence.turn", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # Closing the file, or dying, lets the next one in.
        except BlockingIOError:
            raise EvidenceRefused(BUSY) from None
        yield


def count_try(case: RemovalCase, *, address: str, now: datetime) -> None:
    """Count a file before it is read, whatever becomes of it; raise TooMany. The address is the caller's network address."""
    with transaction():
        for scope, most in (("case:" + case.number, MOST_PER_CASE_AND_HOUR),
                            ("network:" + network_of(address), MOST_PER_NETWORK_AND_HOUR)):
            count_sending("scan:" + crypto.keyed_hash("index", "scan", scope), clock.hour_of(now), most, refusal=TRIED_TOO_OFTEN)


def read(data: bytes, name: str) -> list[bytes]:
    """Return the pages of an uploaded file as JPEG pictures, in the caller's turn; raise EvidenceRefused."""
    try:
        return files.read_pages(data, name)
    except FileRefused as refusal:
        kind = EvidenceTooSlow if refusal.fault is Fault.TOO_SLOW else EvidenceRefused
        raise kind(WORDS[refusal.fault]) from None


def keep(case: RemovalCase, pages: list[bytes], *, now: datetime) -> None:
    """Keep the pages of a scan, in a transaction that has changed the case already, so that no other counts its pages meanwhile.

    Raises EvidenceRefused when there are too many, or no place for them.
    """
    if len(_rows(case)) + len(pages) > MOST_PAGES:
        raise EvidenceRefused(TOO_MUCH)
    _open_folder()
    rows = [Evidence(case=case, size=len(page), uploaded_at=now) for page in pages]
    for row, page in zip(rows, pages):
        with open(os.open(_path(row), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(crypto.seal_bytes(page, _purpose(row)))
            file.flush()
            os.fsync(file.fileno())
    _sync_folder()
    for row in rows:
        row.save(force_insert=True)


def destroy(case: RemovalCase) -> None:
    """Destroy the scans of a case: their rows in the caller's transaction, the pictures once it is committed."""
    paths = [_path(row) for row in _rows(case)]
    Evidence.delete().where(Evidence.case == case).execute()
    after_commit(lambda: _unlink(paths))


def show(case: RemovalCase) -> list[bytes]:
    """Return the pages of a case's scans, in the order in which they came; raise SealBroken."""
    pages = []
    for row in _rows(case):
        with suppress(FileNotFoundError):  # Somebody has just decided, or the picture is lost, which the sweep finds.
            pages.append(crypto.unseal_bytes(_path(row).read_bytes(), _purpose(row)))
    return pages


def find_strays(*, now: datetime) -> tuple[list[Path], list[Evidence]]:
    """Return the files that belong to no scan, or to one that is too old, and the scans whose picture is lost."""
    if not _has_disc():  # Of what cannot be seen nothing can be concluded.
        return [], []
    written_before = (now - UPLOAD_LASTS).timestamp()
    found = [path for path in sorted(_folder().iterdir()) if _written_at(path) <= written_before]
    rows = list(Evidence.select().where(Evidence.uploaded_at > now - SCANS_KEPT))
    known = {MARK, *(row.uid for row in rows)}
    return [path for path in found if path.name not in known], [row for row in rows if not _path(row).exists()]


def sweep(*, now: datetime) -> tuple[int, int]:
    """Remove files that belong to no scan, and note which scans are lost; return how many there were of both."""
    strays, rows = find_strays(now=now)
    _unlink(strays)
    lost = 0
    for row in rows:
        with transaction():
            if Evidence.delete().where(Evidence.uid == row.uid).execute():  # SQLite gives ids anew.
                audit.record("scan lost", actor="system", subject=f"removal:{row.case.number}", now=now)
                lost += 1
    return len(strays), lost


def _rows(case: RemovalCase) -> list[Evidence]:
    return list(Evidence.select().where(Evidence.case == case).order_by(Evidence.id))


def _folder() -> Path:
    return settings.instance / "evidence"


def _open_folder() -> None:
    """Make and mark the folder at its first use; raise EvidenceRefused when only its disc can be missing."""
    if not _has_disc():
        if Evidence.select().exists():
            raise EvidenceRefused(NO_DISC)
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        (_folder() / MARK).touch(mode=0o600)


def _has_disc() -> bool:
    """Tell whether the folder is the one where scans were kept, not the empty place where its disc should be mounted."""
    marked = (_folder() / MARK).exists()
    if not marked and Evidence.select().exists():
        log.error("%s is not mounted; if its scans are lost for good, make this file: %s", _folder(), _folder() / MARK)
    return marked


def _path(row: Evidence) -> Path:
    return _folder() / row.uid


def _purpose(row: Evidence) -> str:
    return f"evidence:{row.uid}"


def _sync_folder() -> None:
    folder = os.open(_folder(), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # It was destroyed just now.
        return math.inf


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):  # What cannot go now, the next sweep takes.
            path.unlink()
