"""The audit log: appending to its chain, its daily digests, and verifying both.

The chain shows what was changed inside the log. Who can write to the database could still cut off its end, or make all of it
anew; a digest of each day, which everybody can read and keep, tells that too.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from portal import clock
from portal.database import lock, transaction
from portal.models import Account, AuditDigest, AuditEntry, Edition, Officer, Page, Proposal, RemovalCase
from portal.models.audit import FIRST
from portal.models.base import BaseModel

# What the log calls rows: by ids that tell nobody who it is, and by what is public.
NAMES: dict[type[BaseModel], str] = {Account: "account:{.uid}", Officer: "officer:{.uid}", Proposal: "proposal:{.uid}",
                                     Edition: "edition:{.code}", RemovalCase: "removal:{.number}", Page: "page:{.slug}"}


def record(action: str, *, actor: str | BaseModel, subject: str | BaseModel, now: datetime, **detail: Any) -> AuditEntry:
    """Append an entry in the caller's transaction.

    Actor and subject are rows of NAMES, or else ids such as ``sheet:7/12`` or ``system``; the detail holds no personal data, no
    PESEL and no choices.
    """
    with transaction():
        lock("audit")
        last = AuditEntry.select().order_by(AuditEntry.sequence.desc()).first()
        entry = AuditEntry(sequence=last.sequence + 1 if last else 1, at=now, actor=_name(actor), action=action,
                           subject=_name(subject), detail=json.dumps(detail, ensure_ascii=False, sort_keys=True),
                           previous=last.hash if last else FIRST)
        entry.hash = entry.compute_hash()
        entry.save(force_insert=True)
    return entry


def _name(row: str | BaseModel) -> str:
    return row if isinstance(row, str) else NAMES[type(row)].format(row)


def make_digest(day: date, *, now: datetime) -> AuditDigest:
    """Keep how far the log had come when a day ended in the city, and return that; raise ValueError before the day has ended.

    What was kept once stays as it is.
    """
    if now <= clock.end_of(day):
        raise ValueError(f"{day} has not ended")
    end = (AuditEntry.select(AuditEntry.sequence, AuditEntry.hash).where(AuditEntry.at <= clock.end_of(day))
           .order_by(AuditEntry.sequence.desc()).first())
    with transaction():
        AuditDigest.add({"day": day, "entries": end.sequence if end else 0, "hash": end.hash if end else FIRST}, new_only=True)
    return AuditDigest.get(AuditDigest.day == day)


def make_digests(*, now: datetime) -> list[AuditDigest]:
    """Make the digest of yesterday and of each day before it that has none, back to the first entry; return the new ones.

    A day is over an hour later here, so that no entry of a change that began before midnight comes after the digest.
    """
    newest = AuditDigest.select().order_by(AuditDigest.day.desc()).first()
    first = AuditEntry.select(AuditEntry.at).order_by(AuditEntry.at).first()
    if newest is None and first is None:
        return []
    day = newest.day + timedelta(days=1) if newest else clock.local(first.at).date()
    missing = range((clock.local(now - timedelta(hours=1)).date() - day).days)
    return [make_digest(day + timedelta(days=number), now=now) for number in missing]


def list_digests(most: int | None = None) -> list[AuditDigest]:
    """Return the digests, the newest first."""
    return list(AuditDigest.select().order_by(AuditDigest.day.desc()).limit(most))


def verify(noted: Iterable[AuditDigest] = ()) -> list[str]:
    """Return one line per entry that was altered, removed or put in between, and per digest that is missing or not true.

    An empty list means that the chain holds and leads through every digest, and through those that somebody has ``noted``.
    """
    faults, previous, expected = [], FIRST, 1
    ends: dict[date, tuple[int, str]] = {}  # The last entry of each day.
    for entry in AuditEntry.select().order_by(AuditEntry.sequence).iterator():
        if entry.sequence != expected:
            faults.append(f"entries {expected} to {entry.sequence - 1} are missing")
        elif entry.previous != previous:
            faults.append(f"entry {entry.sequence} does not follow the one before it")
        if entry.hash != entry.compute_hash():
            faults.append(f"entry {entry.sequence} was altered")
        previous, expected = entry.hash, entry.sequence + 1
        ends[clock.local(entry.at).date()] = (entry.sequence, entry.hash)
    kept = list(AuditDigest.select().order_by(AuditDigest.day))
    return [*faults, *_find_gaps(kept, ends), *_find_untrue("digest", kept, ends),
            *_find_untrue("noted digest", sorted(noted, key=lambda digest: digest.day), ends)]


def _find_gaps(digests: list[AuditDigest], ends: dict[date, tuple[int, str]]) -> Iterator[str]:
    """Name the days without a digest from the first entry to the last digest."""
    one = timedelta(days=1)
    before = min(ends, default=date.max) - one
    for digest in digests:
        if digest.day - before > one:
            yield f"the digests of {before + one} to {digest.day - one} are missing"
        before = digest.day


def _find_untrue(kind: str, digests: list[AuditDigest], ends: dict[date, tuple[int, str]]) -> Iterator[str]:
    """Name the digests, given by day, that say anything else than make_digest would."""
    days, last = sorted(ends, reverse=True), (0, FIRST)
    for digest in digests:
        while days and days[-1] <= digest.day:
            last = max(last, ends[days.pop()])
        if (digest.entries, digest.hash) != last:
            yield (f"the {kind} of {digest.day} says {digest.entries} entries, hash {digest.hash}; "
                   f"the log says {last[0]} entries, hash {last[1]}")
