"""Whatever is sent with a form: an answer, never a crash; all of it is stored or nothing; what was typed stays on the page."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st

from portal.database import database
from portal.models import Registration, Session, Throttle
from tests.architecture.people import STRANGER, Person, World
from tests.factories import MODELS
from tests.forms.targets import TARGETS, Target, Values, known_forms
from tests.page import Page

ANSWERS = {200, 302, 303, 400, 404, 409, 413, 429}
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FORM = "application/x-www-form-urlencoded"
SCRIPT = "'\"><script>alert(1)</script>"
NASTY = [
    "", " ", "\0", "a\0b", "\u202eabc", "\u2066", "\ud800", "a\udfff\ud800", "\ue000", "\uffff", "\x1b[31m", "\u200b",
    "e\u0301" * 50, SCRIPT, "' OR 1=1 --", "%(name)s %s %n {0} {{7*7}}", "=1+1", "-1", "0", "1", "99999999999999999999", "1e309",
    "NaN", "1,5", "-0", "٣", "２４.12.1990", "\r\nBcc: a@example.org", "../../etc/passwd", "[]", "x" * 251, "x" * 300_000,
    "ż" * 20_000, "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-03-29T02:30:00", "+48" * 9, "İ" * 64 + "@example.org",
]
BREAKING = ["\0", "a\ud800b", "x" * 10_001, "99999999999999999999", "9" * 400]
NOT_TEXT = {"notice", "wants_news", "no_pesel", "all_required", "active", "is_formal", "reviewed", "version", "csrf_token",
            "unknown", "sure", "with_ballots", "deed", "reason", "language", "seen", "shows_name", "later"}
text = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()), max_size=60)
sent = st.none() | text | st.lists(text, min_size=2, max_size=3)


def encode(values: dict[str, Any]) -> bytes:
    """Write a form's body as a client may, with repeated fields and with bytes that are no text."""
    pairs = [(name, value) for name, given in values.items() for value in (given if isinstance(given, list) else [given])]
    raw = [(name.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass")) for name, value in pairs]
    return urlencode(raw).encode()


def contents() -> dict[Any, list[Any]]:
    """Return everything that is stored, but when somebody was last seen or gave the password, and counts of failures."""
    passing = {Session.seen_at, Session.proved_at, Registration.tries}
    found = {}
    for model in (model for model in MODELS if model is not Throttle):
        columns = [field for field in model._meta.sorted_fields if field not in passing]
        found[model] = sorted(map(repr, database.execute(model.select(*columns))))
    return found


def errors(page: Page) -> list[str]:
    """Return the error summary of a page, of residents or of the panel."""
    return page.errors or [item.get_text(strip=True) for item in page.soup.select(".panel-errors li")]


def send(person: Person, target: Target, values: dict[str, Any]) -> Page:
    """Send a form and look at the answer and at what it left behind."""
    before = contents()
    page = Page(person.client.post(target.path, data=encode(values), content_type=FORM, buffered=True))
    changed = {model for model, rows in contents().items() if rows != before[model]}
    assert page.status in ANSWERS, f"{page.status}: {page.text[:300]}"
    refused = page.status >= 400 or errors(page)
    allowed = target.notes if refused else target.changes
    assert changed <= allowed, f"{page.status} {errors(page)}: half stored in {changed - allowed}"
    assert SCRIPT not in page.response.text
    return page


def check_kept(page: Page, typed: Values) -> None:
    """Look whether what was typed right is still on the page that tells what is wrong."""
    names = {control.get("name") for control in page.soup.select("main form [name]")}
    shown = {}
    for control in page.soup.select("main form [name]"):
        if control.name == "select":
            chosen = control.select_one("option[selected]")
            shown[control["name"]] = chosen.get("value") if chosen else None
        elif control.get("type") not in {"checkbox", "radio"}:
            shown[control["name"]] = control.get_text() if control.name == "textarea" else control.get("value", "")
        elif control.has_attr("checked"):
            shown[control["name"]] = control.get("value")
    for name, value in typed.items():
        secret = "password" in name or name in {"code", "csrf_token", "version"}
        assert secret or name not in names or (shown.get(name) or "").strip() == value.strip(), f"{name} is gone: {value!r}"


def test_every_form_is_in_the_table(portal_app: Flask) -> None:
    known = known_forms(portal_app)
    assert known == set(TARGETS), f"Add these to TARGETS in tests/forms/targets.py: {known - set(TARGETS)}"


@pytest.mark.parametrize("name", TARGETS)
def test_right_form_is_accepted(app: Flask, world: World, name: str) -> None:
    target = TARGETS[name]()
    person = Person(app, target.who, world)
    target.prepare(world)
    before = contents()
    right = {**target.right(world, person), "csrf_token": person.csrf_token()}
    page = send(person, target, right)
    assert not errors(page) and page.status in {200, 302}, f"{page.status}: {errors(page) or page.text[:300]}"
    changed = {model for model, rows in contents().items() if rows != before[model]}
    assert changed or not target.changes, "the fuzz would be idle: even the right form does nothing"


@pytest.mark.parametrize("name", TARGETS)
def test_form_survives_each_wrong_value_in_each_field(app: Flask, world: World, name: str) -> None:
    """All the rest is right, so that a value, or none at all, gets as far as it can."""
    target = TARGETS[name]()
    person = Person(app, target.who, world)
    target.prepare(world)
    right = target.right(world, person)
    for field in [*right, "unknown"]:
        for value in [None, *BREAKING]:
            altered = {**right, field: value} if value else {name: sent for name, sent in right.items() if name != field}
            body = encode({**altered, "csrf_token": person.csrf_token()})
            response = person.client.post(target.path, data=body, content_type=FORM, buffered=True)
            assert response.status_code in ANSWERS, f"{field}={str(value)[:30]!r}: {response.status}"
            taken = response.status_code == 302 and value == "\0" and field not in NOT_TEXT
            assert not taken, f"{field} takes NUL: it needs validators.clean_text"
            if response.status_code == 302:
                target.prepare(world)
                person.enter()
                right = target.right(world, person)


@pytest.mark.parametrize("name", TARGETS)
def test_form_survives_whatever_is_sent(app: Flask, world: World, name: str) -> None:
    target = TARGETS[name]()
    person = Person(app, target.who, world)
    fields = [*target.right(world, person), "unknown", "id"]

    @settings(max_examples=7, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(fields), sent, max_size=3))
    def fuzz(altered: dict[str, Any]) -> None:
        if person.who == STRANGER:
            person.enter()  # Logging in or registering makes somebody else of a stranger.
        target.prepare(world)
        right = target.right(world, person)
        values = {name: value for name, value in {**right, **altered}.items() if value is not None}
        page = send(person, target, {**values, "csrf_token": person.csrf_token()})
        if errors(page):
            check_kept(page, {name: value for name, value in right.items() if name not in altered})

    fuzz()


@ON_ONE_DATABASE
@pytest.mark.parametrize("name", TARGETS)
def test_form_bears_a_megabyte(app: Flask, world: World, name: str) -> None:
    target = TARGETS[name]()
    person = Person(app, target.who, world)
    target.prepare(world)
    right = target.right(world, person)
    longest = next((name for name in ("email", "name", "title", "moment", "code") if name in right), "unknown")
    begun = time.perf_counter()
    send(person, target, {**right, longest: "x" * 1_000_000, "csrf_token": person.csrf_token()})
    assert time.perf_counter() - begun < 5


@ON_ONE_DATABASE
@pytest.mark.parametrize("body", [b"\xff\xfe=\xff", b"%ff%fe=%zz&=&&;;=", b"csrf_token", b"\0", b'{"a": 1}', b"a=" + b"%" * 99])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "multipart/form-data", "application/json", "text/plain", ""])
def test_body_that_is_no_form_is_refused(app: Flask, body: bytes, kind: str) -> None:
    response = app.test_client().post("/logowanie", data=body, content_type=kind)
    assert response.status_code == 400
