"""The audit log: appending to its chain and verifying it."""

import json
from datetime import datetime
from typing import Any

from portal.database import lock, transaction
from portal.models.audit import FIRST, AuditEntry


def record(action: str, *, actor: str, subject: str, now: datetime, **detail: Any) -> AuditEntry:
    """Append an entry in the caller's transaction.

    Actor and subject are ids such as ``officer:<uid>`` or ``edition:2026``; the detail holds no personal data, no PESEL and
    no choices.
    """
    with transaction():
        lock("audit")
        last = AuditEntry.select().order_by(AuditEntry.sequence.desc()).first()
        entry = AuditEntry(sequence=last.sequence + 1 if last else 1, at=now, actor=actor, action=action, subject=subject,
                           detail=json.dumps(detail, ensure_ascii=False, sort_keys=True), previous=last.hash if last else FIRST)
        entry.hash = entry.compute_hash()
        entry.save(force_insert=True)
    return entry


def verify() -> list[str]:
    """Return one line per entry that was altered, removed or put in between; an empty list means that the chain holds."""
    faults, previous, expected = [], FIRST, 1
    for entry in AuditEntry.select().order_by(AuditEntry.sequence).iterator():
        if entry.sequence != expected:
            faults.append(f"entries {expected} to {entry.sequence - 1} are missing")
        elif entry.previous != previous:
            faults.append(f"entry {entry.sequence} does not follow the one before it")
        if entry.hash != entry.compute_hash():
            faults.append(f"entry {entry.sequence} was altered")
        previous, expected = entry.hash, entry.sequence + 1
    return faults
