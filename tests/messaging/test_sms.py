"""Text messages through SMSAPI's client and a gateway that may be down, slow or forgetful."""

import re
from datetime import datetime, timedelta

import pytest

from portal.messaging import outbox, worker
from portal.models.message import Message, MessageChannel
from tests.messaging.conftest import Write
from tests.messaging.gateways import SmsGateway

SMS = MessageChannel.SMS
MINUTE = timedelta(minutes=1)


def test_text_arrives_in_one_line_with_its_key_as_the_index(write: Write, sms_gateway: SmsGateway, now: datetime):
    write(SMS, key="code:abc", language="pl", code="042042")
    assert worker.drain(SMS, now=now) == 1
    (sent,) = sms_gateway.requests
    assert (sent["to"], sent["idx"], sent["check_idx"], sent["encoding"]) == ("+48600111222", "code:abc", "1", "utf-8")
    assert sent["message"].startswith("042042 ") and "\n" not in sent["message"]
    assert (sent["authorization"], sent["path"]) == ("Bearer token", "/sms.do")
    assert re.fullmatch("http://localhost/hooks/sms/[0-9a-f]{64}", sent["notify_url"])
    assert "from" not in sent
    message = Message.get()
    assert (message.state, message.gateway_id, message.payload, message.sent_at) == ("sent", "gw1", None, now)


def test_sender_name_of_the_settings_goes_along(write: Write, sms_gateway: SmsGateway, now: datetime, setting):
    setting(sms_sender="Krakow")
    write(SMS)
    worker.drain(SMS, now=now)
    assert sms_gateway.requests[0]["from"] == "Krakow"


@pytest.mark.parametrize(("mood", "error"), [("fails", "EndpointException"), ("is broken", "StopIteration")])
def test_failing_gateway_is_tried_again_later(write: Write, sms_gateway: SmsGateway, now: datetime, mood: str, error: str):
    write(SMS)
    sms_gateway.moods = [mood, mood]
    assert worker.drain(SMS, now=now) == 0
    assert (Message.get().state, Message.get().error) == ("queued", error)
    assert worker.drain(SMS, now=now + MINUTE) == 0
    assert worker.drain(SMS, now=now + 2 * MINUTE) == 1
    assert (len(sms_gateway.accepted), Message.get().tries, Message.get().error) == (1, 3, "")


def test_message_whose_answer_was_lost_is_not_sent_twice(write: Write, sms_gateway: SmsGateway, now: datetime):
    """The gateway took it but answered too late; asked again it refuses the index, and then the message counts as sent."""
    write(SMS, key="code:abc")
    sms_gateway.moods = ["is slow"]
    assert worker.drain(SMS, now=now) == 0
    assert Message.get().state == "queued"
    assert worker.drain(SMS, now=now + MINUTE) == 1
    assert (len(sms_gateway.requests), list(sms_gateway.accepted)) == (2, ["code:abc"])
    message = Message.get()
    assert (message.state, message.gateway_id, message.payload) == ("sent", None, None)


def test_number_that_the_gateway_refuses_is_not_tried_again(write: Write, sms_gateway: SmsGateway, now: datetime):
    write(SMS)
    sms_gateway.moods = ["refuses"]
    assert worker.drain(SMS, now=now) == 0
    message = Message.get()
    assert (message.state, message.payload, message.error) == ("failed", None, outbox.REFUSED_NUMBER)
    assert worker.drain(SMS, now=now + timedelta(days=1)) == 0
    assert len(sms_gateway.requests) == 1


def test_refused_numbers_do_not_hold_up_the_others(write: Write, sms_gateway: SmsGateway, now: datetime):
    for at in range(6):
        write(SMS, key=f"k{at}")
    sms_gateway.moods = ["refuses"] * 4
    assert worker.drain(SMS, now=now) == 2
    assert [message.state for message in Message.select().order_by(Message.id)] == ["failed"] * 4 + ["sent"] * 2


def test_every_message_is_sent_exactly_once_whatever_the_gateway_does(write: Write, sms_gateway: SmsGateway, now: datetime):
    for at in range(12):
        write(SMS, key=f"k{at}")
    sms_gateway.moods = ["fails", "", "is broken", "is slow", "fails", "fails", "fails", "", "is slow", "", "fails"]
    for minutes in range(8):
        worker.drain(SMS, now=now + minutes * 10 * MINUTE)
    assert sorted(sms_gateway.accepted) == sorted(f"k{at}" for at in range(12))
    assert {message.state for message in Message.select()} == {"sent"}


def test_gateway_is_asked_over_tls_unless_the_setting_says_otherwise(post: object, setting, write: Write, now: datetime,
                                                                     monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr("smsapi.endpoint.requests.request", lambda method, url, **given: asked.append(url) or 1 / 0)
    setting(sms_url="smsapi://token@api.smsapi.pl")
    write(SMS)
    worker.drain(SMS, now=now)
    assert asked == ["https://api.smsapi.pl/sms.do"]
