"""A code that does not come: a number wrongly typed is put right, and the page tells what became of the message."""

import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from portal.messaging import outbox, sms
from portal.models import Account, Message
from tests.browser.words import pl
from tests.journeys.resident import Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
WAYS: dict[str, dict[str, Any]] = {
    "with a mouse": {}, "without scripts, on a narrow screen": {"java_script_enabled": False, **NARROW},
    "by keyboard alone, on a narrow screen": {"keyboard": True, **NARROW},
}
ON_ITS_WAY = "The message is on its way: the phone network has it."
DELIVERED = "The message has been delivered to the phone."


def waits_for_the_code(open_window: Any, phone: str, **way: Any) -> Resident:
    """Register up to the page that waits, until the message is on its way."""
    resident = Resident(open_window(**way), email=f"osoba{phone[-3:]}@example.org", phone=phone)
    resident.registers()
    resident.reads(pl("Text message"), phone)
    return resident


def gateway_reports(portal: str, phone: str, status: str) -> None:
    """Report as the gateway does what became of the message to a number."""
    key = Message.get(Message.recipient == f"+48{phone}".replace(" ", "")).key
    address = f"{portal}/hooks/sms/{sms.report_secret()}?{urlencode({'status': status, 'idx': key, 'to': '48600700911'})}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert answer.read() == b"OK"


@pytest.mark.parametrize("way", WAYS)
def test_resident_corrects_a_wrong_number_and_registers(open_window: Any, way: str) -> None:
    # Given a resident who has mistyped her number, so that no code comes
    number = list(WAYS).index(way)
    resident = Resident(open_window(**WAYS[way]), email=f"pomylka{number}@example.org", phone=f"600 700 92{number}")
    window = resident.window
    resident.registers()

    # When she corrects it, and first in a way that is no number
    resident.phone = f"600 700 93{number}"
    window.press(window.link(pl("The number is wrong")))
    assert window.field(pl("Mobile phone number")).input_value() == ""
    window.fill(pl("Mobile phone number"), "600")
    window.press(window.button(pl("Send a code to this number")), status=400)
    window.fill(pl("Mobile phone number"), resident.phone)
    window.press(window.button(pl("Send a code to this number")))

    # Then the code comes to the right number, and that is the account's
    assert f"•••••••••93{number}" in window.page.get_by_role("main").inner_text()
    resident.enters_the_code()
    assert window.passed == ["/rejestracja", "/rejestracja/kod", "/rejestracja/numer", "/rejestracja/numer", "/rejestracja/kod",
                             "/rejestracja/gotowe"]
    assert Account.get(Account.email == resident.email).phone == "+48" + resident.phone.replace(" ", "")


@pytest.mark.parametrize(("status", "told"), [("404", DELIVERED), ("402", outbox.UNREACHABLE)])
def test_page_tells_by_itself_what_became_of_the_message(open_window: Any, portal: str, status: str, told: str) -> None:
    # Given a resident in front of the page that waits, who has begun to type
    resident = waits_for_the_code(open_window, f"600 700 {status}")
    window, region = resident.window, resident.window.page.locator("[data-refresh-url]")
    expect(region).to_have_text(pl(ON_ITS_WAY), timeout=10_000)
    window.fill(pl("Code from the text message"), "12")

    # When the gateway reports
    gateway_reports(portal, resident.phone, status)

    # Then the page says so without being loaded again, stops asking, and what was typed is still there
    expect(region).to_contain_text(pl(told), timeout=10_000)
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    window.page.wait_for_timeout(6000)
    assert asked == []
    assert window.field(pl("Code from the text message")).input_value() == "12"
    assert window.passed == ["/rejestracja", "/rejestracja/kod"] and not window.complaints


@pytest.mark.parametrize("way", list(WAYS)[1:])
def test_resident_looks_again_and_is_told_what_became_of_the_message(open_window: Any, portal: str, way: str) -> None:
    # Given a resident who waits for her code
    resident = waits_for_the_code(open_window, f"600 700 94{len(way) % 10}", **WAYS[way])
    window = resident.window

    # When the gateway has reported and she looks again
    gateway_reports(portal, resident.phone, "404")
    window.press(window.link(pl("Check again")))

    # Then she reads it
    assert window.path == "/rejestracja/kod"
    assert pl(DELIVERED) in window.page.get_by_role("main").inner_text()
