"""portal pabulib import, export: keep the open data of a vote as an archived edition; write those of an own edition."""

import shutil
import sys
from pathlib import Path

from portal import clock
from portal.cli.command import ACTOR, argument, command
from portal.errors import NotFound, PortalError, require
from portal.models import Edition
from portal.services import open_data
from portal.services.pabulib import read_file
from portal.services.pabulib_import import import_files


@command("pabulib import", "store files as pools of an archived edition: all of them or nothing",
         argument("files", nargs="+", type=Path, metavar="FILE"),
         argument("--edition", required=True, metavar="CODE", help="created when it is missing"),
         argument("--with-ballots", action="store_true", help="store the ballots too, one per voter over all files"))
def keep(files: list[Path], edition: str, with_ballots: bool) -> None:
    parsed = []
    for path in files:
        parsed.append(read_file(path, str(path)))
        print(f"read {path}: {len(parsed[-1].projects):,} projects, {len(parsed[-1].votes):,} votes", file=sys.stderr, flush=True)
    stored = import_files(parsed, edition, with_ballots=with_ballots, actor=ACTOR, now=clock.now(), progress=tell)
    print(f"Edition {edition}: stored {stored.pools:,} pools, {stored.proposals:,} proposals, {stored.ballots:,} ballots "
          f"with {stored.choices:,} choices.")


@command("pabulib export", "write the open data of an edition with published results",
         argument("--edition", required=True, metavar="CODE"),
         argument("--to", required=True, type=Path, metavar="FOLDER", help="made when it is missing"))
def export(edition: str, to: Path) -> None:
    own, now = require(Edition.get_or_none(Edition.code == edition, ~Edition.archived), NotFound(
        "there is no edition %(code)s of your own; see: portal edition list", code=edition)), clock.now()
    open_data.make_files(own, now=now)
    files = require(open_data.files_of(own, now=now), PortalError("the ballots are not those that the results count"))
    shutil.copytree(open_data.folder_of(own), to, dirs_exist_ok=True)
    print(f"Edition {edition}: wrote {len(files)} files to {to}.")


def tell(what: str, done: int, total: int) -> None:
    """Tell on stderr how much is stored: on a terminal in one line all the time, elsewhere once a part is done."""
    if sys.stderr.isatty() or done == total:
        print(f"stored {done:,} of {total:,} {what}", end="\n" if done == total else "\r", file=sys.stderr, flush=True)
