"""portal pabulib import: read open data of a vote and keep it as an archived edition."""

import re
import sys
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from portal import clock
from portal.services.pabulib import read_file
from portal.services.pabulib_import import import_files


def add_command(commands: Any) -> None:
    group = commands.add_parser("pabulib", help="open data in the Pabulib format").add_subparsers(required=True, metavar="ACTION")
    command = group.add_parser("import", help="store files as pools of an archived edition: all of them or nothing")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--edition", required=True, type=edition_code, metavar="CODE", help="created when it is missing")
    command.add_argument("--with-ballots", action="store_true", help="store the ballots too, one per voter over all files")
    command.set_defaults(run=run)


def edition_code(text: str) -> str:
    """Return a code that can stand in an address and in the name of a key."""
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,19}", text):
        raise ArgumentTypeError(f"{text!r} is not 1 to 20 letters, digits, hyphens and underscores")
    return text


def run(chosen: Namespace) -> None:
    progress = Progress()
    try:
        files = []
        for path in chosen.files:
            files.append(read_file(path, str(path)))
            progress.show(f"read {path}: {len(files[-1].projects):,} projects, {len(files[-1].votes):,} votes")
        stored = import_files(files, chosen.edition, with_ballots=chosen.with_ballots, actor="command line", now=clock.now(),
                              progress=progress.count)
    finally:
        progress.end()
    print(f"Edition {chosen.edition}: stored {stored.pools:,} pools, {stored.proposals:,} proposals, {stored.ballots:,} ballots "
          f"with {stored.choices:,} choices.")


class Progress:
    """Tells on stderr how far the work is: on a terminal in one line, elsewhere a line for each part that is done."""

    def __init__(self) -> None:
        self.in_place = sys.stderr.isatty()

    def show(self, text: str) -> None:
        print(f"\r\x1b[K{text}" if self.in_place else text, end="" if self.in_place else "\n", file=sys.stderr, flush=True)

    def count(self, what: str, done: int, total: int) -> None:
        if self.in_place or done == total:
            self.show(f"stored {done:,} of {total:,} {what}")

    def end(self) -> None:
        if self.in_place:
            self.show("")
