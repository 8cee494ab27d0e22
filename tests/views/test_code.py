"""The page that waits for a code: what it tells of the text message, and how a wrong number is put right."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask

from portal.messaging import outbox
from portal.models import Account, Message, Registration
from portal.services.code import USED_UP
from tests.factories import make_district
from tests.page import Page, Visitor
from tests.views.steps import in_english, register, sent_code, wrong

STATE, NUMBER = "/rejestracja/kod/stan", "/rejestracja/numer"
STATES = {
    "waiting": ({"state": "queued"}, "The message is waiting to be sent."),
    "being sent": ({"state": "sending", "tries": 1}, "The message is waiting to be sent."),
    "to be tried again": ({"state": "queued", "tries": 1, "error": "OSError"}, "could not be sent yet. We keep trying."),
    "with the network": ({"state": "sent"}, "The message is on its way: the phone network has it."),
    "delivered": ({"state": "delivered"}, "The message has been delivered to the phone."),
    "not delivered": ({"state": "failed", "sent_at": datetime(2026, 6, 15, tzinfo=ZoneInfo("UTC")), "error": outbox.UNREACHABLE},
                      f"The message was not delivered. {outbox.UNREACHABLE}"),
    "given up": ({"state": "failed", "error": outbox.REFUSED_NUMBER},
                 f"The message could not be sent, and we have given up. {outbox.REFUSED_NUMBER}"),
    "given up for a fault of ours": ({"state": "failed", "error": "OSError"}, "could not be sent, and we have given up."),
}


@pytest.fixture
def reader(app: Flask) -> Visitor:
    return in_english(Visitor(app))


@pytest.fixture
def page(reader: Visitor) -> Page:
    """The page that waits for the code of somebody who has just registered."""
    return register(reader, make_district())


def correct(reader: Visitor, phone: str, *, status: int = 200) -> Page:
    return reader.submit(reader.get(NUMBER), phone=phone, status=status)


@pytest.mark.parametrize("state", STATES)
def test_state_of_the_message_is_told_in_plain_words(reader: Visitor, page: Page, state: str):
    values, words = STATES[state]
    Message.update(**values).execute()
    assert words in reader.get("/rejestracja/kod").text
    assert "OSError" not in reader.get("/rejestracja/kod").response.text


@pytest.mark.parametrize("state", STATES)
def test_state_alone_is_what_the_page_says(reader: Visitor, page: Page, state: str):
    Message.update(**STATES[state][0]).execute()
    alone = Page(reader.client.get(STATE))
    region = reader.get("/rejestracja/kod").soup.select_one("[data-refresh-url]")
    assert (region["data-refresh-url"], region["aria-live"]) == (STATE, "polite")
    assert " ".join(region.get_text().split()) == alone.text
    assert alone.response.headers["Cache-Control"] == "no-store" and alone.response.mimetype == "text/html"
    assert bool(alone.soup.select("[data-final]")) == (Message.get().state in {"delivered", "failed"})


def test_state_of_a_message_that_is_gone_is_not_made_up(reader: Visitor, page: Page):
    Message.delete().execute()
    assert "We no longer know what became of the message." in reader.get("/rejestracja/kod").text


def test_state_is_open_to_the_browser_of_the_registration_alone(app: Flask, page: Page):
    assert Visitor(app).client.get(STATE).status_code == 404


def test_way_to_look_again_works_without_scripts(reader: Visitor, page: Page):
    link = page.soup.find("a", string="Check again")
    Message.update(state="delivered").execute()
    assert "has been delivered" in reader.get(link["href"]).text
    failed = reader.submit(page, code=wrong(sent_code()), status=400)
    assert failed.soup.find("a", string="Check again")["href"] == link["href"]


def test_wrong_number_is_corrected_and_then_confirmed(reader: Visitor, page: Page):
    form = reader.get(page.soup.find("a", string="The number is wrong")["href"])
    assert form.soup.select_one("#phone").get("value", "") == ""
    assert "111222" not in form.response.text and "111 222" not in form.response.text, "a borrowed screen tells no number"
    page = reader.submit(form, phone="600 999 888")
    assert page.path == "/rejestracja/kod"
    assert "A code is on its way to this number." in page.text and "•••••••••888" in page.text
    assert reader.submit(page, code=sent_code()).path == "/rejestracja/gotowe"
    assert Account.get().phone == "+48600999888"


@pytest.mark.parametrize("phone", ["", "12", "+44 7700 900123", "12 345 67 89"])
def test_number_that_is_none_is_refused_beside_its_field(reader: Visitor, page: Page, phone: str):
    answer = correct(reader, phone, status=400)
    assert len(answer.errors) == 1 and answer.soup.select_one("#phone-error")
    assert (answer.soup.select_one("#phone").get("value", ""), Message.select().count()) == (phone, 1)


def test_same_number_again_waits_for_the_minute_to_end(reader: Visitor, page: Page, now: datetime):
    assert correct(reader, "600111222", status=400).errors == ["A new code can be sent a minute after the last one."]
    with time_machine.travel(now + timedelta(seconds=60), tick=False):
        assert correct(reader, "600111222").path == "/rejestracja/kod"


def test_cap_on_a_number_holds_for_its_correction_and_keeps_what_was_typed(reader: Visitor):
    for _ in range(5):
        register(reader, make_district())
    register(reader, make_district(), phone="600 999 888")
    answer = correct(reader, "600 111 222", status=400)
    assert answer.errors == ["No more text messages can be sent for now. Please try again later or write to us."]
    assert answer.soup.select_one("#phone")["value"] in {"600 111 222", "+48600111222"}
    assert Registration.select().where(Registration.phone == "+48600999888").count() == 1


def test_five_tries_are_five_over_corrections_and_new_codes(reader: Visitor, page: Page, now: datetime):
    for phone in ("600 999 881", "600 999 882"):
        reader.submit(reader.get("/rejestracja/kod"), code=wrong(sent_code()), status=400)
        reader.submit(reader.get("/rejestracja/kod"), code=wrong(sent_code()), status=400)
        page = correct(reader, phone)
    last = reader.submit(page, code=wrong(sent_code()), status=400)
    assert "Five wrong codes were entered." in last.text
    reader.submit(page, code=sent_code(), status=400)
    assert correct(reader, "600 999 883", status=400).errors == [USED_UP]
    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        reader.submit(page, action="/rejestracja/kod/nowy")
    assert (Account.select().count(), Message.select().count()) == (0, 3)


def test_number_of_no_registration_cannot_be_corrected(reader: Visitor):
    assert "This registration has ended" in reader.get(NUMBER, status=404).text
