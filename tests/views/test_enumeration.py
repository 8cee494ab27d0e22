"""Nobody learns from an answer who has an account: the same status, headers and body, but for tokens, and the same work."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import crypto
from portal.models import Account, District, Message
from portal.models.account import AccountState
from tests.architecture.people import writes
from tests.factories import PASSWORD, PESEL, make_account, make_district
from tests.page import Visitor
from tests.views.steps import form_of_registration, sent_code, wrong

TOKEN = re.compile(r'(name="csrf_token"[^>]* value=")[^"]+')
Answer = tuple[int, list[tuple[str, str]], str]
KNOWN = {"email": "znany@example.org", "phone": "+48600123456", "pesel": "90010112301"}


@pytest.fixture
def known(app: Flask) -> Account:
    return make_account(make_district(), **KNOWN)


def answer(response: Any) -> Answer:
    """Return what a stranger sees of a response; a cookie counts by its name and attributes."""
    headers = [(name, re.sub("^session=[^;]+", "session=…", value) if name == "Set-Cookie" else value)
               for name, value in response.headers]
    return response.status_code, headers, TOKEN.sub(r"\1…", response.text)


def token_of(browser: Visitor, path: str) -> str:
    return str(browser.get(path).soup.select_one("main input[name=csrf_token]")["value"])


def walk(app: Flask, district: District, *, guess: Callable[[str], str], **typed: str) -> list[Answer]:
    """Register with this data, enter a code and return every answer on the way."""
    Message.delete().execute()
    browser = Visitor(app)
    form = {**form_of_registration(district, **typed), "csrf_token": token_of(browser, "/rejestracja")}
    answers = [browser.post("/rejestracja", form), browser.client.get("/rejestracja/kod")]
    code = {"csrf_token": token_of(browser, "/rejestracja/kod"), "code": guess(sent_code())}
    answers += [browser.post("/rejestracja/kod", code), browser.client.get("/rejestracja/gotowe"),
                browser.post("/rejestracja/kod/nowy", code)]
    return [(status, headers, body.replace(code["code"], "…")) for status, headers, body in map(answer, answers)]


@pytest.mark.parametrize("field", ["email", "phone", "pesel"])
def test_wrong_code_is_answered_alike_whether_the_data_are_known(app: Flask, known: Account, field: str):
    unknown = walk(app, known.district, guess=wrong, email="obcy1@example.org")
    assert [status for status, *_ in unknown] == [302, 200, 400, 404, 302]
    told = walk(app, known.district, guess=wrong, **{"email": "obcy1@example.org", field: KNOWN[field]})
    if field == "phone":  # The page shows its last three digits, which the visitor has typed.
        told = [(status, headers, body.replace("•••••••••456", "•••••••••222")) for status, headers, body in told]
    assert told == unknown


def test_right_code_is_answered_alike_whether_the_address_is_known(app: Flask, known: Account):
    told = walk(app, known.district, guess=str, email=KNOWN["email"])
    unknown = walk(app, known.district, guess=str, email="obcy1@example.org")
    assert [status for status, *_ in unknown] == [302, 200, 302, 200, 404]
    assert told == unknown
    assert Account.select().count() == 2


def test_only_the_right_code_tells_of_a_known_pesel(app: Flask, known: Account):
    told = walk(app, known.district, guess=str, pesel=KNOWN["pesel"])
    assert [status for status, *_ in told] == [302, 200, 409, 404, 404]


def log_in(app: Flask, email: str, password: str) -> Answer:
    browser = Visitor(app)
    form = {"csrf_token": token_of(browser, "/logowanie"), "email": email, "password": password}
    status, headers, body = answer(browser.post("/logowanie", form))
    return status, headers, body.replace(email, "…")


def test_login_answers_alike_to_known_unknown_and_frozen(app: Flask, known: Account):
    make_account(known.district, email="zimny@example.org", state=AccountState.FROZEN)
    answers = [log_in(app, KNOWN["email"], "wrong"), log_in(app, "obcy1@example.org", PASSWORD),
               log_in(app, "zimny@example.org", PASSWORD), log_in(app, "zimny@example.org", "wrong")]
    assert answers[0][0] == 400
    assert answers == answers[:1] * 4


def test_login_makes_known_and_unknown_wait_alike(app: Flask, known: Account):
    told: dict[str, list[Answer]] = {KNOWN["email"]: [], "obcy1@example.org": []}
    for email, answers in told.items():
        answers += [log_in(app, email, "wrong") for _ in range(7)]
        answers.append(log_in(app, email, PASSWORD))
    first, second = told.values()
    assert [status for status, *_ in first] == [400] * 5 + [429] * 3
    assert first == second


def ask_reset(app: Flask, email: str) -> list[Answer]:
    """Ask for a link, and return every answer on the way."""
    browser = Visitor(app)
    form = {"csrf_token": token_of(browser, "/haslo/przypomnij"), "email": email}
    answers = [browser.post("/haslo/przypomnij", form), browser.client.get("/haslo/wyslane")]
    return [(status, headers, body.replace(email, "…")) for status, headers, body in map(answer, answers)]


def test_reset_answers_alike_to_known_unknown_and_frozen(app: Flask, known: Account):
    """To the fourth letter within the hour too, which is not sent, and to the twenty-first of the network."""
    make_account(known.district, email="zimny@example.org", state=AccountState.FROZEN)
    emails = [KNOWN["email"], "obcy1@example.org", "zimny@example.org"]
    told = [[ask_reset(app, email) for _ in range(4)] for email in emails]
    assert [[status for status, *_ in walk] for walk in told[0]] == [[302, 200]] * 4
    assert told == [told[0]] * 3
    assert Message.select().where(Message.template == "password_reset").count() == 3
    for at in range(8):
        ask_reset(app, f"inny{at}@example.org")
    late = [ask_reset(app, email) for email in emails]
    assert late == [late[0]] * 3 and late[0][0][0] == 429


@pytest.mark.parametrize("path", ["/logowanie", "/haslo/przypomnij"])
@pytest.mark.parametrize("language", ["pl", "en"])
def test_as_much_is_written_for_the_unknown(app: Flask, known: Account, statements: list[str], path: str, language: str):
    Account.update(language=language).execute()
    browser, written = Visitor(app), []
    form = {"csrf_token": token_of(browser, path), "password": "wrong"}
    for email, address in ((KNOWN["email"], "192.0.2.1"), ("obcy1@example.org", "192.0.2.2")):
        browser.client.environ_base["REMOTE_ADDR"] = address
        for _time in range(4):
            statements.clear()
            browser.post(path, {**form, "email": email})
            written.append([re.sub(r"\s+", " ", statement) for statement in writes(statements)])
    assert written[:4] == written[4:]
    assert len(written[0]) > 2


@pytest.mark.parametrize("email", [KNOWN["email"], "obcy1@example.org"])
def test_registration_hashes_one_password_whether_the_address_is_known(app: Flask, known: Account, email: str,
                                                                       monkeypatch: pytest.MonkeyPatch):
    hashed, hash_password = [], crypto.hash_password
    monkeypatch.setattr(crypto, "hash_password", lambda *given, **named: hashed.append(1) or hash_password(*given, **named))
    walk(app, known.district, guess=str, email=email)
    assert len(hashed) == 1


@pytest.mark.parametrize(("email", "password"), [(KNOWN["email"], "wrong"), ("obcy1@example.org", "wrong"),
                                                 (KNOWN["email"], PASSWORD)])
def test_login_verifies_one_password_whoever_asks(app: Flask, known: Account, email: str, password: str,
                                                  monkeypatch: pytest.MonkeyPatch):
    verified, verify = [], crypto.verify_password
    monkeypatch.setattr(crypto, "verify_password", lambda *given, **named: verified.append(1) or verify(*given, **named))
    log_in(app, email, password)
    assert len(verified) == 1


def test_unknown_account_has_a_hash_to_verify(monkeypatch: pytest.MonkeyPatch):
    """Without a hash the same parameters are worked through: the time is that of a known account."""
    crypto._nobodys_password.cache_clear()  # Other tests hash more cheaply.
    for officer in (False, True):
        worked = []
        for hashed in (None, crypto.hash_password("y", officer=officer)):
            with monkeypatch.context() as watched:
                watched.setattr("argon2.PasswordHasher.verify", lambda self, stored, password: worked.append(stored) or False)
                crypto.verify_password(hashed, "x", officer=officer)
        assert worked[0].split("$")[:4] == worked[1].split("$")[:4]
        assert crypto.verify_password(None, "x", officer=officer) is False


def test_phone_and_pesel_are_not_told_by_a_second_registration_either(app: Flask, known: Account):
    """Both at once, with an address of one's own: what a curious neighbour would try."""
    told = walk(app, known.district, guess=wrong, pesel=KNOWN["pesel"], email="a@example.org")
    unknown = walk(app, known.district, guess=wrong, pesel=PESEL, email="a@example.org")
    assert told == unknown
