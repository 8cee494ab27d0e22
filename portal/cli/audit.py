"""portal audit verify: check the chain of the audit log and its digests; portal audit digest: make and print these."""

import sys
from argparse import Namespace
from typing import Any

from portal import clock
from portal.database import database
from portal.models.audit import AuditEntry
from portal.services import audit


def add_command(commands: Any) -> None:
    group = commands.add_parser("audit", help="the audit log").add_subparsers(required=True, metavar="ACTION")
    verify = group.add_parser("verify", help="name every entry that was altered or removed, and every digest that is not true")
    verify.set_defaults(run=run_verify)
    digest = group.add_parser("digest", help="make the digests of days that have none yet; prints all: day, entries, hash")
    digest.set_defaults(run=run_digest)


def run_verify(_chosen: Namespace) -> int:
    with database.connection_context():
        faults = audit.verify()
        entries = AuditEntry.select().count()
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{entries} entries, the chain holds")
    return 1 if faults else 0


def run_digest(_chosen: Namespace) -> None:
    with database.connection_context():
        audit.make_digests(now=clock.now())
        for digest in reversed(audit.list_digests()):
            print(digest.day, digest.entries, digest.hash)
