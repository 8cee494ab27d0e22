"""What the tests of the routes share: people, and what they meet on their round."""

import pytest
from flask import Flask

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
def reading(request: pytest.FixtureRequest, database_url: str, who: str) -> list[Visit]:
    """Every GET route as somebody meets it; each person makes the round once."""
    if (database_url, who) not in _read:
        person, world, statements = map(request.getfixturevalue, ("person", "world", "statements"))
        _read[database_url, who] = list(visits(person, world, statements, "GET"))
    return _read[database_url, who]
