"""The audit log: appending to its chain, its daily digests, and verifying both.

The chain shows what was changed inside the log. Who can write to the database could still cut off its end, or make all of it
anew; a digest of each day, which everybody can read and keep, tells that too.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN

from portal import clock
from portal.database import lock, transaction
from portal.models.audit import FIRST, AuditDigest, AuditEntry


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


def make_digest(day: date, *, now: datetime) -> AuditDigest:
    """Keep how far the log had come when a day ended in the city, and return that; raise ValueError before the day has ended.

    What was kept once stays as it is.
    """
    if now <= clock.end_of(day):
        raise ValueError(f"{day} has not ended")
    last = (AuditEntry.select(AuditEntry.sequence, AuditEntry.hash).where(AuditEntry.at <= clock.end_of(day))
            .order_by(AuditEntry.sequence.desc()).first())
    with transaction():
        AuditDigest.add({"day": day, "entries": last.sequence if last else 0, "hash": last.hash if last else FIRST},
                        new_only=True)
    digest: AuditDigest = AuditDigest.get(AuditDigest.day == day)
    return digest


def make_digests(*, now: datetime) -> list[AuditDigest]:
    """Make the digest of yesterday and of each day before it that has none, back to the first entry; return the new ones."""
    newest = AuditDigest.select().order_by(AuditDigest.day.desc()).first()
    first = AuditEntry.select(AuditEntry.at).order_by(AuditEntry.sequence).first()
    if newest is None and first is None:
        return []
    day = newest.day + timedelta(days=1) if newest else clock.local(first.at).date()
    missing = range((clock.local(now).date() - day).days)
    return [make_digest(day + timedelta(days=number), now=now) for number in missing]


def list_digests(most: int | None = None) -> list[AuditDigest]:
    """Return the digests, the newest first."""
    return list(AuditDigest.select().order_by(AuditDigest.day.desc()).limit(most))


def verify() -> list[str]:
    """Return one line per entry that was altered, removed or put in between, and per digest that the log does not bear out.

    An empty list means that the chain holds and leads through every digest.
    """
    faults, previous, expected = [], FIRST, 1
    for entry in AuditEntry.select().order_by(AuditEntry.sequence).iterator():
        if entry.sequence != expected:
            faults.append(f"entries {expected} to {entry.sequence - 1} are missing")
        elif entry.previous != previous:
            faults.append(f"entry {entry.sequence} does not follow the one before it")
        if entry.hash != entry.compute_hash():
            faults.append(f"entry {entry.sequence} was altered")
        previous, expected = entry.hash, entry.sequence + 1
    return faults + [f"the log had {digest.entries} entries on {digest.day}, hash {digest.hash}, and has not any more"
                     for digest in _digests_not_borne_out()]


def _digests_not_borne_out() -> list[AuditDigest]:
    same = (AuditEntry.sequence == AuditDigest.entries) & (AuditEntry.hash == AuditDigest.hash)
    of_nothing = (AuditDigest.entries == 0) & (AuditDigest.hash == FIRST)
    return list(AuditDigest.select().join(AuditEntry, JOIN.LEFT_OUTER, on=same).where(AuditEntry.id.is_null(), ~of_nothing)
                .order_by(AuditDigest.day))
