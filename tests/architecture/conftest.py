"""What the tests of the routes share: people, and a record of what is written."""

from typing import Any

import pytest
from flask import Flask

from portal.database import database
from tests.architecture.people import Person, Visit, World, make_world, visits

_read: dict[tuple[str, str], list[Visit]] = {}


@pytest.fixture
def world(app: Flask) -> World:
    return make_world()


@pytest.fixture
def person(app: Flask, world: World, who: str) -> Person:
    """Who a test is parametrized with."""
    return Person(app, who, world)


@pytest.fixture
def statements(db: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the database gets, from now on."""
    seen: list[str] = []
    execute = database.obj.execute_sql

    def listen(sql: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(sql)
        return execute(sql, *args, **kwargs)

    monkeypatch.setattr(database.obj, "execute_sql", listen)
    return seen


@pytest.fixture
def reading(request: pytest.FixtureRequest, database_url: str, who: str) -> list[Visit]:
    """Every GET route as somebody meets it; each person makes the round once."""
    if (database_url, who) not in _read:
        person, world, statements = map(request.getfixturevalue, ("person", "world", "statements"))
        _read[database_url, who] = list(visits(person, world, statements, "GET"))
    return _read[database_url, who]
