"""Scans of identity documents: taken in as pictures of their pages, sealed on disk, shown to officers, destroyed.

The database says which pages there are; their pictures lie beside it. A picture is written before its row is committed, and
removed after the row's deletion is: a crash leaves at most a picture without a row, which nobody sees and the sweep takes.
"""

import math
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from portal import crypto, files
from portal.config import settings
from portal.database import after_commit, transaction
from portal.errors import N_, EvidenceRefused
from portal.files import Fault, FileRefused
from portal.models.removal import Evidence, RemovalCase
from portal.services import audit

MOST_PAGES = 12
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
    Fault.BUSY: N_("We are just reading somebody else's file. Please send yours again in a moment."),
}
TOO_MUCH = N_("We can keep 12 pages for one case, and with this file it would be more. Come to us with your document, please.")


def read(data: bytes, name: str) -> list[bytes]:
    """Return the pages of an uploaded file as JPEG pictures; raise EvidenceRefused."""
    try:
        return files.read_pages(data, name)
    except FileRefused as refusal:
        raise EvidenceRefused(WORDS[refusal.fault]) from None


def keep(case: RemovalCase, pages: list[bytes], *, now: datetime) -> None:
    """Keep the pages of a scan, in a transaction that has changed the case already, so that no other counts its pages meanwhile.

    Raises EvidenceRefused when there are too many.
    """
    if len(_rows(case)) + len(pages) > MOST_PAGES:
        raise EvidenceRefused(TOO_MUCH)
    rows = [Evidence(case=case, size=len(page), uploaded_at=now) for page in pages]
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
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
    if not _folder().is_dir():  # No scan came in yet, or the disc is missing: of that nothing can be concluded.
        return [], []
    written_before = (now - UPLOAD_LASTS).timestamp()
    found = [path for path in sorted(_folder().iterdir()) if _written_at(path) <= written_before]
    rows = list(Evidence.select().where(Evidence.uploaded_at > now - SCANS_KEPT))
    known = {row.uid for row in rows}
    return [path for path in found if path.name not in known], [row for row in rows if not _path(row).exists()]


def sweep(*, now: datetime) -> tuple[int, int]:
    """Remove files that belong to no scan, and note which scans are lost; return how many there were of both."""
    strays, rows = find_strays(now=now)
    _unlink(strays)
    lost = 0
    for row in rows:
        with transaction():
            if Evidence.delete().where(Evidence.id == row.id).execute():
                audit.record("scan lost", actor="system", subject=f"removal:{row.case.number}", now=now)
                lost += 1
    return len(strays), lost


def _rows(case: RemovalCase) -> list[Evidence]:
    return list(Evidence.select().where(Evidence.case == case).order_by(Evidence.id))


def _folder() -> Path:
    return Path(settings.instance) / "evidence"


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
