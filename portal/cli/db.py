"""portal db upgrade: bring the database to the state that this version needs."""

from argparse import Namespace
from typing import Any

from portal import database


def add_command(commands: Any) -> None:
    group = commands.add_parser("db", help="the database").add_subparsers(required=True, metavar="ACTION")
    upgrade = group.add_parser("upgrade", help="apply the migrations that are missing; make the keys of a new portal")
    upgrade.set_defaults(run=run)


def run(_chosen: Namespace) -> None:
    applied = database.upgrade()
    print("\n".join(f"applied {name}" for name in applied) or "the database is up to date")
