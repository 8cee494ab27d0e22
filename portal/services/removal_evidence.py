"""Scans of identity documents: taken in as pictures of their pages, sealed on disk, shown to officers, destroyed.

The database says which pages there are; their pictures lie beside it, see portal/store.py.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from portal import store
from portal.errors import N_, FileUnusable, require
from portal.models import Evidence, RemovalCase
from portal.services import audit, code

MOST_PAGES = 12
MOST_PER_CASE_AND_NETWORK = 12, 20  # In an hour.
SCANS_KEPT = timedelta(days=30)
TRIED_TOO_OFTEN = N_("We have already read many files for this case or from your network. Send the next ones in an hour, or come "
                     "to us with your document.")
NO_DISC = N_("We cannot keep scans at the moment. Please try again later, or come to us with your document.")
TOO_MUCH = N_("We can keep 12 pages for one case, and with this file it would be more. Come to us with your document, please.")
STORE = store.Store(
    "evidence", Evidence, NO_DISC, kept=lambda now: Evidence.select().where(Evidence.uploaded_at > now - SCANS_KEPT),
    note=lambda row, now: audit.record("scan lost", actor="system", subject=row.case, now=now))


def count_try(case: RemovalCase, *, address: str, now: datetime) -> None:
    """Count a file before it is read, whatever becomes of it; raise TooMany. The address is the caller's network address."""
    code.count_file("scan", f"case:{case.number}", address, most=MOST_PER_CASE_AND_NETWORK, now=now, refusal=TRIED_TOO_OFTEN)


def keep(case: RemovalCase, pages: list[bytes], *, now: datetime) -> None:
    """Keep the pages of a scan, in a transaction that has changed the case already, so that no other counts its pages meanwhile.

    Raises FileUnusable when there are too many, or no place for them.
    """
    require(Evidence.select().where(Evidence.case == case).count() + len(pages) <= MOST_PAGES, FileUnusable(TOO_MUCH))
    STORE.keep([(Evidence(case=case, size=len(page), uploaded_at=now), page) for page in pages])


def destroy(case: RemovalCase) -> None:
    """Destroy the scans of a case: their rows in the caller's transaction, the pictures once it is committed."""
    STORE.destroy(Evidence.case == case)


def show(case: RemovalCase) -> list[bytes]:
    """Return the pages of a case's scans, in the order in which they came; raise SealBroken."""
    pages = []
    for row in Evidence.select().where(Evidence.case == case).order_by(Evidence.id):
        with suppress(FileNotFoundError):  # Somebody has just decided, or the picture is lost, which the sweep finds.
            pages.append(STORE.read(row))
    return pages
