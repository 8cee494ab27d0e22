"""Removals noted outside the database, so that a backup from before them brings nobody back for good.

Each minute the worker copies from the audit log when which account went, by its id, which names nobody, and whether its votes
went with it. After a restore ``portal removal reapply`` removes again what the backup has brought back.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.database import transaction
from portal.models import Account, AuditEntry
from portal.services import audit, removal, removal_approval

NAME = "removals.log"  # In the folder of the instance.
WITH_VOTES, BY_HOLDER = "account removed with its votes", "account deleted by its holder"


def keep(file: Path) -> int:
    """Append the removals that the file does not have yet, a line of JSON each, and return how many these were."""
    known = {line["account"] for line in _read(file)}
    entries = AuditEntry.select().where(AuditEntry.action.in_([WITH_VOTES, BY_HOLDER])).order_by(AuditEntry.sequence)
    lines = [json.dumps({"at": entry.at.isoformat(), "account": entry.subject, "with_votes": entry.action == WITH_VOTES})
             for entry in entries if entry.subject not in known]
    if lines:
        with file.open("a", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in lines)
            log.flush()
            os.fsync(log.fileno())
    return len(lines)


def reapply(file: Path, *, actor: str, now: datetime) -> list[str]:
    """Remove again each account of the log that is there, with the ballots that went with it, and return their names for the
    audit log; raise OSError when the file cannot be read.

    Nobody gets a letter: they have had it. What an account's own holder could not take back then stays.
    """
    file.stat()
    return [line["account"] for line in _read(file) if _remove(line, actor, now)]


def _remove(line: dict[str, Any], actor: str, now: datetime) -> bool:
    account = Account.get_or_none(Account.uid == line["account"].partition(":")[2])
    with transaction():
        gone = removal.take_account(account, now=now) if account else None
        if gone is None:
            return False
        found = (removal.cast_ballots(gone, now=now) if line["with_votes"]
                 else removal.at_stake(gone, now=datetime.fromisoformat(line["at"])))
        removal_approval.remove_counted(found)
        audit.record("removal applied anew", actor=actor, subject=gone, now=now, ballots=len(found), removed_at=line["at"])
    return True


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
