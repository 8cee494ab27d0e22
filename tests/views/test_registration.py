"""Registration as a visitor meets it, from the form to the account."""

import json
import logging
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.config import settings
from portal.messaging import worker
from portal.models import Account, District, Message, Registration
from portal.models.message import MessageChannel
from portal.services.code import USED_UP
from tests.factories import PESEL, make_account, make_district
from tests.page import Visitor
from tests.services import raw
from tests.views.steps import form_of_registration, in_english, log_in, register, sent_code, wrong


@pytest.fixture
def district(app: Flask) -> District:
    return make_district()


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def test_visitor_registers_enters_the_code_and_logs_in(reader: Visitor, district: District):
    page = register(reader, district)
    assert (page.path, page.heading) == ("/rejestracja/kod", "Enter the code from the text message")
    assert "•••••••••222" in page.text and "600111222" not in page.text
    code = sent_code()
    page = reader.submit(page, code=f" {code[:3]} {code[3:]} ")
    assert (page.path, page.heading) == ("/rejestracja/gotowe", "Your phone is confirmed")
    page = log_in(reader, Account.get(), password="zupa z kasztanów")
    assert (page.path, page.heading) == ("/moje-konto", "Hello, Ewa")
    assert "••••••••359" in page.text and PESEL not in page.response.text


def test_code_is_gone_from_the_outbox_once_it_is_sent(app: Flask, reader: Visitor, district: District):
    register(reader, district)
    code = sent_code()
    with app.app_context():
        assert worker.drain(MessageChannel.SMS) == 1
    stored = str(raw.table("message"))
    assert code not in stored and PESEL not in stored
    assert Message.get().payload is None


def test_pages_keep_pesel_and_code_out_of_logs_and_caches(reader: Visitor, district: District,
                                                          caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    page = register(reader, district)
    code = sent_code()
    page = reader.submit(page, code=wrong(code), status=400)
    assert page.response.headers["Cache-Control"] == "no-store"
    reader.submit(page, code=code)
    assert PESEL not in caplog.text and code not in caplog.text
    assert "zupa z kasztanów" not in caplog.text


def test_page_of_the_code_says_what_helps(reader: Visitor, district: District):
    page = register(reader, district)
    field = page.soup.select_one("input[name=code]")
    assert (field["inputmode"], field["autocomplete"]) == ("numeric", "one-time-code")
    assert page.soup.select_one("[data-countdown-seconds]")["data-countdown-seconds"] == "60"
    assert page.soup.select_one("main a[href^=mailto]")
    assert page.soup.select_one("main a[href='/rejestracja/numer']"), "the number can be corrected"


def test_wrong_code_is_said_beside_the_field_and_in_the_summary(reader: Visitor, district: District):
    page = reader.submit(register(reader, district), code=wrong(sent_code()), status=400)
    assert page.title.startswith("Error: ")
    assert len(page.errors) == 1 and page.errors[0].startswith("This code is not right or no longer valid.")
    assert page.errors[0] in page.soup.select_one(".govuk-error-message").get_text()


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_code_of_another_shape_costs_no_try(reader: Visitor, district: District, typed: str):
    page = register(reader, district)
    reader.submit(page, code=typed, status=400)
    assert Registration.get().tries == 0


def test_expired_code_is_said_to_be_expired(reader: Visitor, district: District, now: datetime):
    page = register(reader, district)
    wrong_code = reader.submit(page, code=wrong(sent_code()), status=400)
    assert "expired" not in wrong_code.text and "Tries left: 4." in wrong_code.text
    with time_machine.travel(now + timedelta(minutes=10), tick=False):
        assert "The code has expired. Send a new one" in reader.get("/rejestracja/kod").text
        expired = reader.submit(page, code=sent_code(), status=400)
    assert (expired.heading, expired.errors) == (wrong_code.heading, wrong_code.errors)
    assert "The code has expired. Send a new one" in expired.text


def test_used_up_tries_are_said_and_lead_to_the_beginning(reader: Visitor, district: District):
    page = register(reader, district)
    for _ in range(4):
        reader.submit(page, code=wrong(sent_code()), status=400)
    last = reader.submit(page, code=wrong(sent_code()), status=400)
    assert last.errors == [USED_UP] and not last.soup.select_one(".govuk-error-summary a"), "there is no field to lead to"
    for page in (last, reader.get("/rejestracja/kod")):
        assert "Five wrong codes were entered." in page.text
        assert not page.soup.select_one("main form")
        assert page.soup.select_one("main a.govuk-button")["href"] == "/rejestracja"


def test_sixth_try_is_refused_even_from_another_browser_with_a_fresh_cookie(app: Flask, reader: Visitor, district: District):
    page = register(reader, district)
    stolen = reader.client.get_cookie("session").value
    for _ in range(5):
        reader.submit(page, code=wrong(sent_code()), status=400)
    other = in_english(Visitor(app))
    other.client.set_cookie("session", stolen)
    token = other.get("/rejestracja").soup.select_one("input[name=csrf_token]")["value"]
    answer = other.post("/rejestracja/kod", {"csrf_token": token, "code": sent_code()})
    assert answer.status_code == 400 and USED_UP in answer.text
    assert Account.select().count() == 0


def test_new_code_comes_after_a_minute_and_not_before(reader: Visitor, district: District, now: datetime):
    page = register(reader, district)
    first = sent_code()
    page = reader.submit(page, action="/rejestracja/kod/nowy")
    assert "A new code can be sent a minute after the last one." in page.text
    assert sent_code() == first
    with time_machine.travel(now + timedelta(seconds=60), tick=False):
        page = reader.submit(reader.get("/rejestracja/kod"), action="/rejestracja/kod/nowy")
        assert "A new code is on its way." in page.text
        reader.submit(page, code=first, status=400)
        assert reader.submit(page, code=sent_code()).path == "/rejestracja/gotowe"


def test_cap_on_text_messages_is_said_beside_the_number_and_keeps_what_was_typed(reader: Visitor, district: District):
    for _ in range(5):
        register(reader, district)
    page = register(reader, district, status=400)
    assert page.errors == ["No more text messages can be sent for now. Please try again later or write to us."]
    assert page.soup.select_one("#phone-error") and page.soup.select_one("#phone")["value"] == "+48600111222"
    assert page.soup.select_one("#street")["value"] == "ul. Krótka 1"
    assert not page.soup.select_one("#password").get("value"), "a password never comes back"
    assert Registration.select().count() == 5


def test_taken_pesel_is_explained_with_the_ways_out(reader: Visitor, district: District):
    make_account(district, pesel=PESEL)
    page = reader.submit(register(reader, district), code=sent_code(), status=409)
    assert page.heading == "There already is an account for this PESEL number"
    assert "we remove the wrongly registered account together with the votes cast from it" in page.text
    assert f"{settings.office_address}, working days {settings.office_hours}" in page.text
    assert page.soup.select_one("main a[href='/logowanie']")
    assert page.soup.select_one("main a.govuk-button")["href"] == "/zgloszenie-konta"
    assert "This registration has ended" in reader.get("/rejestracja/kod", status=404).text


def test_known_address_gets_a_letter_instead_of_an_account(reader: Visitor, district: District):
    make_account(district, email="ewa@example.org")
    page = reader.submit(register(reader, district), code=sent_code())
    assert page.heading == "Your phone is confirmed"
    assert Account.select().count() == 1
    assert Message.get(Message.channel == "mail").template == "already_registered"


@pytest.mark.parametrize("path", ["/rejestracja/kod", "/rejestracja/gotowe"])
def test_pages_of_a_registration_that_is_not_open_do_not_exist(reader: Visitor, path: str):
    assert "This registration has ended" in reader.get(path, status=404).text


def test_registration_older_than_a_day_is_closed(reader: Visitor, district: District, now: datetime):
    page = register(reader, district)
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        unknown = in_english(Visitor(reader.app)).get("/rejestracja/kod", status=404)
        late = reader.submit(page, code=sent_code(), status=404)
    assert (late.heading, late.text) == (unknown.heading, unknown.text)


def test_finished_page_is_shown_once(reader: Visitor, district: District):
    reader.submit(register(reader, district), code=sent_code())
    reader.get("/rejestracja/gotowe", status=404)


def test_link_in_the_letter_confirms_the_address_at_the_press_of_a_button(reader: Visitor, district: District, now: datetime):
    reader.submit(register(reader, district), code=sent_code())
    path = json.loads(Message.get(Message.template == "welcome").payload)["path"]
    page = reader.get(path)
    assert Account.get().email_confirmed_at is None, "a mail scanner that follows links confirms nothing"
    assert "is confirmed" in reader.submit(page).text
    assert Account.get().email_confirmed_at == now
    used, wrong_one = reader.submit(page, status=404), reader.submit(reader.get(path + "x"), status=404)
    assert used.text == wrong_one.text
    assert "This link is not valid or was used already." in used.text


def test_reminder_to_confirm_stands_in_the_account_until_it_is_done(reader: Visitor, district: District, now: datetime):
    account = make_account(district)
    assert "not confirmed yet" in log_in(reader, account).text
    Account.update(email_confirmed_at=now).execute()
    assert "not confirmed yet" not in reader.get("/moje-konto").text


def test_required_pesel_can_be_replaced_only_by_saying_that_there_is_none(reader: Visitor, district: District):
    page = register(reader, district, pesel="", status=400)
    assert page.errors == ["Enter your PESEL number, or tick that you do not have one."]
    page = register(reader, district, pesel="", no_pesel="y", status=400)
    assert page.errors == ["Enter your date of birth."]
    page = register(reader, district, pesel="", no_pesel="y", birth_date="24.12.1990")
    reader.submit(page, code=sent_code())
    assert (Account.get().pesel, Account.get().birth_date) == (None, date(1990, 12, 24))


def test_optional_pesel_may_be_left_out_for_the_date_of_birth(reader: Visitor, district: District, setting):
    setting(pesel_mode="optional")
    assert register(reader, district, pesel="", status=400).errors == ["Enter your date of birth."]
    assert not reader.get("/rejestracja").soup.select_one("[name=no_pesel]")
    reader.submit(register(reader, district, pesel="", birth_date="1990-12-24"), code=sent_code())
    assert Account.get().pesel is None
    reader.submit(register(reader, district, email="b@example.org"), code=sent_code())
    assert Account.get(Account.email == "b@example.org").pesel == PESEL


def test_where_pesel_is_switched_off_it_is_neither_asked_nor_taken(reader: Visitor, district: District, setting):
    setting(pesel_mode="off")
    assert not reader.get("/rejestracja").soup.select_one("[name=pesel]")
    reader.submit(register(reader, district, birth_date="24.12.1990"), code=sent_code())
    assert (Account.get().pesel, Account.get().pesel_index) == (None, None)


def test_birth_date_follows_from_the_pesel_whatever_was_typed(reader: Visitor, district: District):
    reader.submit(register(reader, district, birth_date="24.12.1990"), code=sent_code())
    assert Account.get().birth_date == date(1944, 5, 14)


def test_fields_that_the_form_does_not_have_are_ignored(reader: Visitor, district: District):
    page = register(reader, district, state="frozen", email_confirmed_at="2026-01-01", id="7", role="administrator")
    reader.submit(page, code=sent_code())
    assert (Account.get().state, Account.get().email_confirmed_at) == ("active", None)


def test_form_without_the_token_of_its_session_is_refused(reader: Visitor, district: District):
    response = reader.post("/rejestracja", form_of_registration(district))
    assert response.status_code == 400 and "This page has expired" in response.text
    assert Registration.select().count() == 0


def test_wrong_form_says_error_in_polish_too(visitor: Visitor, district: District):
    page = register(visitor, district, postcode="1", status=400)
    assert page.title.startswith("Błąd: ")
