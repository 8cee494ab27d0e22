"""The database: opened by URL, one transaction per flow, migrations.

SQLite runs in WAL with immediate transactions, so that a writer waits at the start and never fails in the middle, and with
``synchronous=FULL``, so that a cast ballot survives a power cut. PostgreSQL runs on psycopg 3 behind a pool.
"""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from peewee import Database, DatabaseProxy, SqliteDatabase
from playhouse import db_url
from playhouse.migrations import Runner
from playhouse.pool import PooledSqliteDatabase

from portal import crypto
from portal.config import settings

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 15
PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": "full", "cache_size": -16000, "temp_store": 2}

database = DatabaseProxy()


def open_database(url: str) -> Database:
    """Bind the models to the database of this URL (sqlite:///path or postgresql://...)."""
    if urlsplit(url).scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        opened: Database = PooledSqliteDatabase(
            str(path), pragmas=PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE", max_connections=None,
            check_same_thread=False)  # The pool hands a connection from thread to thread, to one at a time.
    else:
        scheme, rest = url.split("://", 1)
        opened = db_url.connect(f"{scheme}+pool://{rest}", unquote_password=True, unquote_user=True, prefer_psycopg3=True,
                                max_connections=settings.database_pool, timeout=BUSY_SECONDS, stale_timeout=300)
    database.initialize(opened)
    return opened


class _Line:
    """Lets SQLite's writers, threads and processes alike, stand in line.

    SQLite itself would let each sleep and look again, up to a tenth of a second, and some starve.
    """

    def __init__(self) -> None:
        self._threads = threading.Lock()

    @contextmanager
    def wait(self) -> Iterator[None]:
        with self._threads, open(f"{database.database}.line", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # Closing the file, or dying, lets the next one in.
            yield


_line = _Line()


@contextmanager
def transaction() -> Iterator[None]:
    """Run one flow in one transaction; inside another it is a savepoint."""
    waits = on_sqlite() and not database.in_transaction()
    with _line.wait() if waits else nullcontext(), database.atomic():
        yield


def after_commit(callback: Callable[[], None]) -> None:
    """Run the callback once the transaction is committed; forget it when it is rolled back."""
    database.after_commit(callback)


def on_sqlite() -> bool:
    return isinstance(database.obj, SqliteDatabase)


def lock(name: str) -> None:
    """Let one transaction at a time pass here until it ends; SQLite's writers stand in line anyway."""
    if not on_sqlite():
        database.execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))


def upgrade() -> list[str]:
    """Create the system keys, apply the migrations that are missing and return their names."""
    for key in crypto.SYSTEM_KEYS:
        crypto.keyring.create(key)
    with database.connection_context():
        return list(Runner(database.obj, str(MIGRATIONS)).up())


def pending() -> list[str]:
    """Return the names of the migrations that are still to be applied."""
    return [step.name for step in Runner(database.obj, str(MIGRATIONS)).status() if not step.applied]


def release(_error: BaseException | None = None) -> None:
    """Give the connection of this request back to the pool; a page from the cache never took one."""
    if not database.is_closed():
        database.close()
