"""portal audit verify: check the chain of the audit log and its digests; portal audit digest: make and print these."""

import re
import sys
from datetime import date
from pathlib import Path

from portal import clock
from portal.cli.command import argument, command
from portal.models import AuditDigest, AuditEntry
from portal.services import audit

LINE = re.compile(r"^\W*(\d{4}-\d\d-\d\d)\W+(\d{1,18})\W+([0-9a-f]{64})\W*$", re.MULTILINE | re.ASCII)


@command("audit verify", "name every entry that was altered or removed, and every digest that is not true", argument(
    "--against", type=Path, metavar="FILE",
    help="compare with digests noted outside too: the panel's CSV file, or lines of day, entries and hash"))
def verify(against: Path | None) -> int:
    noted = _read(against) if against else []
    faults = audit.verify(noted)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{AuditEntry.select().count()} entries, the chain holds"
              + (f" and bears out {len(noted)} noted digests" if noted else ""))
    return 1 if faults else 0


def _read(path: Path) -> list[AuditDigest]:
    """Return the digests that a file holds; raise OSError when it cannot be read or holds none."""
    try:
        found = [AuditDigest(day=date.fromisoformat(day), entries=int(entries), hash=last)
                 for day, entries, last in LINE.findall(path.read_text(encoding="utf-8"))]
    except ValueError as error:
        raise OSError(f"{path}: {error}") from error
    if not found:
        raise OSError(f"{path} holds no digests")
    return found


@command("audit digest", "make the digests of days that have none yet; prints all: day, entries, hash")
def digest() -> None:
    audit.make_digests(now=clock.now())
    for made in reversed(audit.list_digests()):
        print(made.day, made.entries, made.hash)
