"""Files of the portal: taken in one after another, kept sealed on disk, one for each row of a table, which says what they are.

A file is written before its row is committed, and removed after the row's deletion is: a crash leaves at most a file without a
row, which nobody sees and the sweep takes.
"""

import fcntl
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from portal import crypto
from portal.config import settings
from portal.database import database, transaction
from portal.errors import N_, FileTooSlow, FileUnusable, PortalError, TooMany, require
from portal.files import MOST_BYTES, Fault, FileRefused

MARK = "mounted"  # A file among the others: where it is missing, so is the disc.
UPLOAD_LASTS = timedelta(hours=1)  # At the very most; whatever has no row by then gets none.
LOOK_AGAIN = .05
BUSY = N_("We are just reading somebody else's file. Please send yours again in a moment.")
NOT_LOOKED_AT = N_("We have not looked at this, because reading the file before took too long. Please send it again.")
Chosen = Sequence[tuple[str, IO[bytes]]]
Taken = tuple[list[str], list[tuple[str, PortalError]]]
T = TypeVar("T")
log = logging.getLogger(__name__)


@contextmanager
def turn(*, seconds: float = 0) -> Iterator[None]:
    """Read the files of one request while no other process or thread of the machine reads any; else raise FileUnusable.

    So hostile files cost one processor, however many come. Whoever waits for so many seconds keeps a thread of the server.
    """
    settings.instance.mkdir(parents=True, exist_ok=True)
    last = time.monotonic() + seconds
    with open(settings.instance / "files.turn", "ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # Closing the file, or dying, lets the next one in.
                break
            except BlockingIOError:
                if time.monotonic() >= last:
                    raise FileUnusable(BUSY) from None
                time.sleep(LOOK_AGAIN)
        yield


def take_in(chosen: Chosen, *, count: Callable[[], None], take: Callable[[str, bytes], None], seconds: float = 0) -> Taken:
    """Take in those files of an upload that can be used; return their names, and of the others why not.

    Each is counted before it is read and kept. What is not looked at, because another upload is just being read, too many came or
    one takes too long, is named in one.
    """
    kept: list[str] = []
    refused: list[tuple[str, PortalError]] = []
    left = list(chosen)
    try:
        with turn(seconds=seconds):
            while left:
                count()
                name, file = left.pop(0)
                try:
                    take(name, file.read(MOST_BYTES + 1))
                    kept.append(name)
                except FileUnusable as error:
                    refused.append((name, error))
                    if left and isinstance(error, FileTooSlow):
                        raise FileUnusable(NOT_LOOKED_AT) from None
    except (FileUnusable, TooMany) as error:
        refused.append((", ".join(name for name, _file in left), error))
    return kept, refused


def read(reader: Callable[[bytes, str], T], data: bytes, name: str) -> T:
    """Return what a reader of portal.files makes of an uploaded file, in the caller's turn; raise FileUnusable, FileTooSlow."""
    try:
        return reader(data, name)
    except FileRefused as refusal:
        raise (FileTooSlow if refusal.fault is Fault.TOO_SLOW else FileUnusable)(refusal.fault.value) from None


class Store(NamedTuple):
    """The files of a table, whose rows have a ``uid``: the folder in which they lie, and what is said when it is not there.

    ``kept`` selects whose files are not too old at a moment; ``note`` tells of a row that its file is lost.
    """

    folder_name: str
    model: Any
    no_disc: str
    kept: Callable[[datetime], Any]
    note: Callable[[Any, datetime], object]

    @property
    def folder(self) -> Path:
        return settings.instance / self.folder_name

    def keep(self, files: list[tuple[Any, bytes]]) -> None:
        """Keep new rows, in the caller's transaction, and what belongs to each; raise FileUnusable."""
        if not self._has_disc():  # The folder is made and marked at its first use; later only its disc can be missing.
            require(not self.model.select().exists(), FileUnusable(self.no_disc))
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / MARK).touch(mode=0o600)
        for row, data in files:
            with open(os.open(self.path(row), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(crypto.seal_bytes(data, self._purpose(row)))
                file.flush()
                os.fsync(file.fileno())
        _sync(self.folder)
        for row, _data in files:
            row.save(force_insert=True)

    def read(self, row: Any) -> bytes:
        """Return what belongs to a row; raise FileNotFoundError, SealBroken."""
        return crypto.unseal_bytes(self.path(row).read_bytes(), self._purpose(row))

    def destroy(self, condition: Any) -> None:
        """Destroy what meets a condition: the rows in the caller's transaction, their files once it is committed."""
        paths = [self.path(row) for row in self.model.select().where(condition)]
        self.model.delete().where(condition).execute()
        database.after_commit(lambda: _unlink(paths))

    def find_strays(self, *, now: datetime) -> tuple[list[Path], list[Any]]:
        """Return the files that belong to no row, or to one that is too old, and the rows whose file is lost."""
        if not self._has_disc():  # Of what cannot be seen nothing can be concluded.
            return [], []
        found = [path for path in sorted(self.folder.iterdir()) if _written_at(path) <= (now - UPLOAD_LASTS).timestamp()]
        known = {row.uid: row for row in self.kept(now)}
        strays = [path for path in found if path.name not in known and path.name != MARK]
        return strays, [row for row in known.values() if not self.path(row).exists()]

    def sweep(self, *, now: datetime) -> tuple[int, int]:
        """Remove strays, forget rows whose file is lost and note each of them; return how many there were of both."""
        (strays, rows), lost = self.find_strays(now=now), 0
        _unlink(strays)
        for row in rows:
            with transaction():
                if self.model.delete().where(self.model.uid == row.uid).execute():  # SQLite gives ids anew.
                    self.note(row, now)
                    lost += 1
        return len(strays), lost

    def path(self, row: Any) -> Path:
        return self.folder / str(row.uid)

    def _purpose(self, row: Any) -> str:
        return f"{self.folder_name}:{row.uid}"

    def _has_disc(self) -> bool:
        """Tell whether the folder is the one where files were kept, not the empty place where its disc should be mounted."""
        marked = (self.folder / MARK).exists()
        if not marked and self.model.select().exists():
            log.error("%s is not mounted; if its files are lost for good, make this file: %s", self.folder, self.folder / MARK)
        return marked


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _written_at(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return math.inf  # It was destroyed just now.


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):  # What cannot go now, the next sweep takes.
            path.unlink()
