"""The command ``portal`` in this process, on the database of the test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import argon2
import pytest
from flask import Flask

from portal import config, crypto
from portal.cli import main
from portal.database import database
from tests.conftest import INSTANCE


@dataclass(frozen=True)
class Answer:
    """What a shell gets to know of a command."""

    status: int
    out: str
    err: str


Portal = Callable[..., Answer]


@pytest.fixture
def portal(app: Flask, database_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Portal]:
    """Runs a command: ``portal("count", "2018")``; settings are words in capitals: ``portal("config", ENV="production")``."""
    opened = database.obj
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PORTAL_DATABASE_URL", database_url)

        def run(*arguments: str, **settings: str) -> Answer:
            for name, value in settings.items():
                environment.setenv(f"PORTAL_{name}", value)
            capsys.readouterr()
            try:
                status = main(arguments)
            except SystemExit as left:  # As argparse does for wrong use.
                status = int(left.code or 0)
            finally:
                if database.obj is not opened:
                    database.obj.close_all()
                    database.initialize(opened)
            return Answer(status, *capsys.readouterr())
        yield run
    config.load(INSTANCE)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes officers' passwords in no time; what they are worth in truth, the tests of the login say."""
    monkeypatch.setattr(crypto, "_OFFICERS", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
