"""portal removal reapply: after a backup was restored, remove again the accounts that it has brought back."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from portal import clock
from portal.config import settings
from portal.services import removal_log

ACTOR = "command line"


def add_command(commands: Any) -> None:
    group = commands.add_parser("removal", help="removed accounts").add_subparsers(required=True, metavar="ACTION")
    command = group.add_parser("reapply", help="remove again what a restored backup has brought back; prints the ids")
    command.add_argument("log", type=Path, nargs="?", metavar="FILE",
                         help=f"the log of removals, by default {removal_log.NAME} in the instance's folder")
    command.set_defaults(run=run)


def run(chosen: Namespace) -> None:
    log = chosen.log or Path(settings.instance) / removal_log.NAME
    removed = removal_log.reapply(log, actor=ACTOR, now=clock.now())
    for name in removed:
        print(f"removed again: {name}")
    print(f"{len(removed)} removed again; cases that were open when the backup was made are to be closed in the panel")
