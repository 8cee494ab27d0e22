"""Every error is a page in Polish, with the right status and nothing of the inside, also when hardly anything works."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from peewee import OperationalError

from portal import errors, templating
from portal.database import database
from portal.errors import EXPIRED, PAGES, PortalError, Throttled
from portal.services import results
from tests.architecture.people import in_polish
from tests.factories import make_edition
from tests.page import Page, Visitor

SECRET = "postgresql://portal:tajne@db/portal"
INSIDE = re.compile(r"Traceback|File \"|\.py\b|werkzeug|flask|peewee|psycopg|sqlite|postgres|jinja|SELECT |tajne", re.IGNORECASE)


def check(page: Page, app: Flask, status: int, *, heading: str = "") -> None:
    """Look at an error page as its reader does."""
    wanted = in_polish(app, heading or PAGES[status][0])
    assert page.status == status
    assert page.heading == wanted and wanted != (heading or PAGES[status][0]), "the heading is not in Polish"
    assert page.soup.html["lang"] == "pl"
    assert not INSIDE.search(page.soup.get_text()), "the page tells of the inside"
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"


def break_view(monkeypatch: pytest.MonkeyPatch, app: Flask, error: Exception, endpoint: str = "pages.list_news") -> None:
    def fail(**_arguments: Any) -> None:
        raise error
    monkeypatch.setitem(app.view_functions, endpoint, fail)


@pytest.mark.parametrize("path", [
    "/nie-ma-takiej", "/projekty/nie-ma", "/wyniki/1999", "/jezyk/xx", "/rejestracja/gotowe", "/%ff%fe", "/projekty/%00"])
def test_unknown_address_is_404(visitor: Visitor, path: str) -> None:
    page = visitor.get(path, status=404)
    assert page.soup.html["lang"] == "pl" and not INSIDE.search(page.soup.get_text())


def test_unknown_address_has_its_page(visitor: Visitor, app: Flask) -> None:
    check(visitor.get("/nie-ma-takiej", status=404), app, 404)


def test_wrong_method_is_405(visitor: Visitor, app: Flask) -> None:
    check(visitor.get("/wyloguj", status=405), app, 405)


@pytest.mark.parametrize(("kind", "size"), [("multipart/form-data", 600_000), ("application/x-www-form-urlencoded", 1_100_000)])
def test_too_large_a_form_is_413(visitor: Visitor, app: Flask, kind: str, size: int) -> None:
    check(Page(visitor.post("/logowanie", {"email": "x" * size}, content_type=kind)), app, 413)


def test_too_many_fields_are_413(visitor: Visitor, app: Flask) -> None:
    parts = {f"field{number}": (b"", "file") for number in range(1_100)}
    check(Page(visitor.post("/logowanie", parts, content_type="multipart/form-data")), app, 413)


def test_form_without_token_says_that_the_page_expired(visitor: Visitor, app: Flask) -> None:
    check(Page(visitor.post("/logowanie", {"email": "a@example.org"})), app, 400, heading=EXPIRED[0])


def test_too_many_attempts_are_429(visitor: Visitor, app: Flask) -> None:
    page = visitor.get("/rejestracja")
    for _attempt in range(30):
        visitor.submit(page, status=400)
    check(visitor.submit(page, status=429), app, 429)


def test_refusal_of_a_rule_says_when_to_come_back(visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    break_view(monkeypatch, app, Throttled(timedelta(seconds=61)))
    page = visitor.get("/aktualnosci", status=429)
    assert page.response.headers["Retry-After"] == "61"
    assert "2 min" in page.text


def test_unforeseen_error_is_500_with_the_id_of_its_log_entry(
        visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    break_view(monkeypatch, app, RuntimeError(SECRET))
    with caplog.at_level(logging.ERROR):
        page = visitor.get("/aktualnosci", status=500)
    check(page, app, 500)
    [error_id] = re.findall("[0-9a-f]{8}", page.text)
    [record] = [record for record in caplog.records if error_id in record.getMessage()]
    assert record.exc_info and SECRET in str(record.exc_info[1])


def test_rule_that_a_view_does_not_explain_is_a_page_with_its_reason(
        visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in [PortalError, *PortalError.__subclasses__()]:
        break_view(monkeypatch, app, kind())
        page = visitor.get("/aktualnosci", status=kind.status)
        assert in_polish(app, kind.message) in page.text, kind
        assert 400 <= kind.status < 500, kind


def fail(*_arguments: Any, **_options: Any) -> Any:
    raise OperationalError(SECRET)


def test_page_stands_when_a_service_fails(visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "turnout", fail)

    check(visitor.get(f"/wyniki/{make_edition().code}", status=500), app, 500)


@pytest.mark.parametrize(("path", "status"), [
    ("/aktualnosci", 500), ("/projekty/x", 500), ("/nie-ma-takiej", 404), ("/wyloguj", 405)])
def test_plain_words_are_left_when_the_database_is_gone(
        app: Flask, monkeypatch: pytest.MonkeyPatch, path: str, status: int) -> None:
    monkeypatch.setattr(database.obj, "execute_sql", fail)
    answer = app.test_client().get(path)
    assert answer.status_code in {status, 500}
    assert in_polish(app, PAGES[answer.status_code][0]) in answer.text
    assert not INSIDE.search(answer.text) and "lang=\"pl\"" in answer.text


def test_plain_words_are_left_when_the_template_is_broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    break_view(monkeypatch, app, RuntimeError(SECRET))
    monkeypatch.setattr(templating, "asset", fail)
    monkeypatch.setattr(templating, "current_edition", fail)
    answer = app.test_client().get("/aktualnosci")
    assert answer.status_code == 500 and in_polish(app, PAGES[500][0]) in answer.text
    assert re.search("[0-9a-f]{8}", answer.text), "the id leads to the log"
    assert not INSIDE.search(answer.text)


def test_every_status_that_the_portal_answers_has_its_words() -> None:
    statuses = {kind.status for kind in PortalError.__subclasses__()}
    assert statuses | {400, 403, 404, 405, 413, 429, 500} == set(errors.PAGES)
