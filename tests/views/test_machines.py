"""What watching machines are told."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import OperationalError

from portal import database


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_living_process_says_ok_without_the_database(client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "pending", None)
    response = client.get("/healthz")
    assert (response.status_code, response.text, response.mimetype) == (200, "ok", "text/plain")
    assert response.headers["Cache-Control"] == "no-store"


def test_ready_portal_says_ok(client: FlaskClient):
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (200, "ok")


def test_portal_without_its_database_is_not_ready(client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    def fail() -> None:
        raise OperationalError("gone")
    monkeypatch.setattr(database, "pending", fail)
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (503, "database")


def test_portal_that_waits_for_a_migration_is_not_ready(client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "pending", lambda: ["0002_more"])
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (503, "migrations")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_watching_starts_no_session(client: FlaskClient, path: str):
    assert "Set-Cookie" not in client.get(path).headers
