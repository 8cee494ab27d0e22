"""Nobody learns from a correction of the own data who else has an account: the same answers, and the same work."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.models import Account, EmailChange, Message
from tests.factories import OTHER_PESEL, PASSWORD, PESEL, make_account, make_district
from tests.page import Visitor
from tests.views.steps import in_english, log_in
from tests.views.test_enumeration import Answer, answer, token_of

DATA = "/moje-konto/dane"
KNOWN, UNKNOWN = "znany@example.org", "obcy1@example.org"


@pytest.fixture
def known(app: Flask) -> Account:
    return make_account(make_district(), email=KNOWN, pesel=PESEL)


def ask(app: Flask, known: Account, email: str) -> list[Answer]:
    """Change to an address, look at what waits, ask for the link again and give up; return every answer."""
    asking = make_account(known.district, email="kto@example.org")
    browser = Visitor(app)
    log_in(browser, asking)
    token = {"csrf_token": token_of(browser, f"{DATA}/email")}
    form = {**token, "email": email, "password": PASSWORD}
    answers = [browser.post(f"{DATA}/email", form), browser.client.get(DATA), browser.client.get("/moje-konto"),
               browser.post(f"{DATA}/email/ponownie", token), browser.client.get(DATA),
               browser.post(f"{DATA}/anuluj/email", token), browser.client.get(DATA)]
    Account.delete().where(Account.id == asking.id).execute()
    return [(status, headers, body.replace(email, "…")) for status, headers, body in map(answer, answers)]


def test_new_address_is_answered_alike_whether_it_has_an_account(app: Flask, known: Account):
    unknown = ask(app, known, UNKNOWN)
    assert [status for status, *_ in unknown] == [302, 200, 200, 302, 200, 302, 200]
    assert ask(app, known, KNOWN) == unknown
    sent = [(message.template, message.recipient) for message in Message.select().order_by(Message.id)]
    assert sent == [("email_change_link", UNKNOWN), ("email_change_asked", "kto@example.org"), ("email_change_link", UNKNOWN),
                    ("email_change_known", KNOWN), ("email_change_asked", "kto@example.org"), ("email_change_known", KNOWN)]


def test_new_address_is_as_much_work_whether_it_has_an_account(app: Flask, known: Account, statements: list[str]):
    worked = []
    for email in (UNKNOWN, KNOWN):
        browser = Visitor(app)
        log_in(browser, make_account(known.district))
        form = {"csrf_token": token_of(browser, f"{DATA}/email"), "email": email, "password": PASSWORD}
        statements.clear()
        assert browser.post(f"{DATA}/email", form).status_code == 302
        worked.append([re.sub('SAVEPOINT ".*', "SAVEPOINT", statement) for statement in statements])
    assert worked[0] == worked[1] and EmailChange.select().count() == 2


def test_known_pesel_is_told_three_times_a_day_at_most(visitor: Visitor, known: Account, now: datetime):
    asking = make_account(known.district)
    log_in(in_english(visitor), asking)
    for tried in range(4):
        page = visitor.submit(visitor.get(f"{DATA}/pesel"), pesel=PESEL, password=PASSWORD, status=400)
        told = tried < 3
        assert ("in use already" in page.errors[0]) == told and ("tell us" in page.text) == told
    assert page.errors == ["A PESEL number can be entered here three times a day. Try again tomorrow or write to us."]
    page = visitor.submit(visitor.get(f"{DATA}/pesel"), pesel=OTHER_PESEL, password=PASSWORD, status=400)
    assert "three times a day" in page.errors[0], "a free number tells nothing more either"
    with time_machine.travel(now + timedelta(days=1), tick=False):
        log_in(visitor, asking)
        visitor.submit(visitor.get(f"{DATA}/pesel"), pesel=OTHER_PESEL, password=PASSWORD)
    assert Account.get_by_id(asking.id).pesel == OTHER_PESEL


def test_pesel_of_others_is_not_told_to_who_does_not_know_the_password(visitor: Visitor, known: Account):
    log_in(in_english(visitor), make_account(known.district))
    told = []
    for pesel in (PESEL, OTHER_PESEL):
        page = visitor.submit(visitor.get(f"{DATA}/pesel"), pesel=pesel, password="zgadywane hasło", status=400)
        told.append((page.errors, page.text))
    assert told[0] == told[1]
