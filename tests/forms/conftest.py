"""The rows that the forms need."""

import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal import crypto
from portal.extensions import limiter
from tests.architecture.people import World
from tests.forms.targets import make_rows


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    """People and editions; passwords are cheap to check, and nobody tries too often."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(crypto, "_RESIDENTS", cheap)
    monkeypatch.setattr(crypto, "_OFFICERS", cheap)
    monkeypatch.setattr(crypto, "_nobodys_password", lambda _officer: cheap.hash("nobody"))
    monkeypatch.setattr(limiter, "enabled", False)
    return make_rows()
