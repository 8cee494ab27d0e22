"""portal removal reapply: after a backup was restored, remove again the accounts that it has brought back."""

from pathlib import Path

from portal import clock
from portal.cli.command import ACTOR, argument, command
from portal.config import settings
from portal.services import removal_log


@command("removal reapply", "remove again what a restored backup has brought back; prints the ids", argument(
    "log", type=Path, nargs="?", metavar="FILE",
    help=f"the log of removals, by default {removal_log.NAME} in the instance's folder"))
def reapply(log: Path | None) -> None:
    removed = removal_log.reapply(log or Path(settings.instance) / removal_log.NAME, actor=ACTOR, now=clock.now())
    for name in removed:
        print(f"removed again: {name}")
    print(f"{len(removed)} removed again; cases that were open when the backup was made are to be closed in the panel")
