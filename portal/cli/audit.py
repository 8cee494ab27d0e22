"""portal audit verify: check the chain of the audit log."""

import sys
from argparse import Namespace
from typing import Any

from portal.database import database
from portal.models.audit import AuditEntry
from portal.services import audit


def add_command(commands: Any) -> None:
    group = commands.add_parser("audit", help="the audit log").add_subparsers(required=True, metavar="ACTION")
    group.add_parser("verify", help="name every entry that was altered or removed").set_defaults(run=run)


def run(_chosen: Namespace) -> int:
    with database.connection_context():
        faults = audit.verify()
        entries = AuditEntry.select().count()
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{entries} entries, the chain holds")
    return 1 if faults else 0
