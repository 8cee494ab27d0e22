"""The database: opened by URL, one transaction per flow, migrations.

SQLite runs in WAL with immediate transactions, so that a writer waits at the start and never fails in the middle, and with
``synchronous=FULL``, so that a cast ballot survives a power cut. PostgreSQL runs on psycopg 3 behind a pool.
"""

import fcntl
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from peewee import Database, DatabaseProxy, SqliteDatabase
from playhouse import db_url
from playhouse.migrations import Migration, Runner
from playhouse.pool import PooledSqliteDatabase

from portal import crypto
from portal.config import settings

MIGRATIONS = Path(__file__).with_name("migrations")  # Plain SQL, as PostgreSQL reads it; and how SQLite does:
ON_SQLITE = ((r"\b(SERIAL|BIGINT|BOOLEAN)\b", "INTEGER"), (r"\bTIMESTAMP\b", "DATETIME"), (r"\bBYTEA\b", "BLOB"),
             (r"\bNUMERIC\b", "DECIMAL"), (r"\bUUID\b", "TEXT"), (r"/\* SQLite: (.*?) \*/", r"\1"),
             (r"/\* PostgreSQL \*/[^;]*", ""))
BUSY_SECONDS = 15
PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": "full", "cache_size": -16000, "temp_store": 2,
           "busy_timeout": BUSY_SECONDS * 1000}

database = DatabaseProxy()
_threads = threading.Lock()


def open_database(url: str) -> Database:
    """Bind the models to the database of this URL (sqlite:///path or postgresql://...)."""
    if urlsplit(url).scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        opened: Database = PooledSqliteDatabase(
            str(path), pragmas=PRAGMAS, lock_type="IMMEDIATE", max_connections=None,
            check_same_thread=False)  # The pool hands a connection from thread to thread, to one at a time.
    else:
        opened = db_url.connect(url.replace("://", "+pool://", 1), unquote_password=True, unquote_user=True, prefer_psycopg3=True,
                                max_connections=settings.database_pool, timeout=BUSY_SECONDS, stale_timeout=300)
    database.initialize(opened)
    return opened


@contextmanager
def _line() -> Iterator[None]:
    """Let SQLite's writers, threads and processes alike, stand in line.

    SQLite itself would let each sleep and look again, up to a tenth of a second, and some starve.
    """
    with _threads, open(f"{database.database}.line", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # Closing the file, or dying, lets the next one in.
        yield


@contextmanager
def transaction() -> Iterator[None]:
    """Run one flow in one transaction; inside another it is a savepoint."""
    waits = on_sqlite() and not database.in_transaction()
    with _line() if waits else nullcontext(), database.atomic():
        yield


def on_sqlite() -> bool:
    return isinstance(database.obj, SqliteDatabase)


def lock(name: str) -> None:
    """Let one transaction at a time pass here until it ends; SQLite's writers stand in line anyway."""
    if not on_sqlite():
        database.execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))


class Step(Migration):
    """A migration that is a file of SQL."""

    def load(self) -> Any:
        def up(_migrator: object, db: Database) -> None:
            text = Path(self.path).read_text("utf-8")
            for written, meant in ON_SQLITE if isinstance(db, SqliteDatabase) else ():
                text = re.sub(written, meant, text)
            for statement in re.sub(r"(?m)--.*$|/\*.*?\*/", "", text).split(";"):
                if statement.strip():
                    db.execute_sql(statement)
        return SimpleNamespace(up=up)


class Steps(Runner):
    """Applies the files of MIGRATIONS in the order of their numbers, each in a transaction, and notes which it has applied."""

    def migrations(self) -> list[Migration]:
        return [Step(int(path.name[:4]), path.stem, str(path), None) for path in sorted(MIGRATIONS.glob("*.sql"))]


def upgrade() -> list[str]:
    """Create the system keys, apply the migrations that are missing and return their names."""
    for key in crypto.SYSTEM_KEYS:
        crypto.keyring.create(key)
    with database.connection_context():
        return list(Steps(database.obj).up())


def pending() -> list[str]:
    """Return the names of the migrations that are still to be applied."""
    return [step.name for step in Steps(database.obj).status() if not step.applied]


def release(_error: BaseException | None = None) -> None:
    """Give the connection of this request back to the pool; a page from the cache never took one."""
    if not database.is_closed():
        database.close()
