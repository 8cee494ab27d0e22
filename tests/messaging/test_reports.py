"""Delivery reports of text messages: repeated, late, early, foreign or nonsense, each message ends as it should."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.messaging import outbox, sms, worker
from portal.models.message import Message, MessageChannel
from tests.messaging.conftest import Write
from tests.messaging.gateways import SmsGateway

SMS = MessageChannel.SMS
MINUTE = timedelta(minutes=1)
NONSENSE: dict[str, dict[str, Any]] = {
    "nothing": {}, "an unknown message": {"status": "404", "idx": "code:other", "MsgId": "other"},
    "no message": {"status": "404", "idx": "", "MsgId": ""}, "an unknown state": {"status": "999", "idx": "k"},
    "no number": {"status": "delivered", "idx": "k"}, "fewer messages than states": {"status": "404,404", "idx": "k"},
    "more messages than states": {"status": "404", "idx": "k,k"}, "a long name": {"status": "404", "idx": "k" * 5000},
    "controls": {"status": "404", "idx": "k\x07", "MsgId": "gw\x851"},
    "repeated fields": {"status": ["999", "404"], "idx": ["k", "x"]},
    "commas": {"status": "," * 20_000, "idx": "," * 20_000}, "not found": {"status": "401", "idx": "k"},
    "nothing known": {"status": "408", "idx": "k"},
}


def state() -> tuple[str, str]:
    return Message.get().state, Message.get().error


@pytest.fixture
def sent(write: Write, sms_gateway: SmsGateway, now: datetime) -> SmsGateway:
    """A gateway that has taken the message k."""
    write(SMS, key="k")
    assert worker.drain(SMS, now=now) == 1
    return sms_gateway


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_delivery_is_noted_once_and_for_good(sent: SmsGateway, method: str):
    for status in ("404", "404", "405", "403", "404", "402", "410"):
        answer = sent.report(status, "k", method=method)
        assert (answer.status_code, answer.text, answer.mimetype) == (200, "OK", "text/plain")
        assert "Set-Cookie" not in answer.headers
        assert state() == ("delivered", "")


@pytest.mark.parametrize(("status", "expected"), [
    ("402", ("failed", outbox.UNREACHABLE)), ("403", ("sent", "")), ("405", ("failed", outbox.UNDELIVERABLE)),
    ("406", ("failed", outbox.NETWORK_FAULT)), ("407", ("failed", outbox.UNDELIVERABLE)), ("409", ("sent", "")),
    ("410", ("sent", "")), ("411", ("sent", "")), ("412", ("failed", outbox.NETWORK_FAULT))])
def test_every_state_of_the_gateway_has_its_meaning(sent: SmsGateway, status: str, expected: tuple[str, str]):
    assert sent.report(status, "k").text == "OK"
    assert state() == expected


def test_reasons_fit_into_their_column_and_are_told_to_the_reader():
    assert {error for _state, error in sms.STATES.values() if error} <= outbox.REASONS
    assert all(len(reason) <= 250 for reason in outbox.REASONS)


def test_failure_keeps_its_first_reason_and_gives_way_to_delivery_alone(sent: SmsGateway):
    sent.report("402", "k")
    for status in ("405", "403", "411"):
        sent.report(status, "k")
        assert state() == ("failed", outbox.UNREACHABLE)
    sent.report("404", "k")
    assert state() == ("delivered", "")


def test_message_given_up_here_is_delivered_when_the_gateway_says_so(write: Write, sms_gateway: SmsGateway, now: datetime):
    """Its answers were lost until the code expired, but it had the message all the time."""
    write(SMS, key="k", useless_after=now + MINUTE)
    sms_gateway.moods = ["is slow"]
    worker.drain(SMS, now=now)
    worker.drain(SMS, now=now + 2 * MINUTE)
    assert state() == ("failed", outbox.TOO_LATE)
    sms_gateway.report("404", "k")
    assert state() == ("delivered", "")


@pytest.mark.parametrize("status", ["404", "405"])
def test_report_that_overtakes_the_answer_is_not_undone_by_it(write: Write, sms_gateway: SmsGateway, now: datetime, status: str,
                                                              monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sms_gateway, "report", lambda _status, key, report=sms_gateway.report: report(status, key))
    write(SMS, key="k")
    sms_gateway.moods = ["delivers first"]
    worker.drain(SMS, now=now)
    message = Message.get()
    assert message.state == ("delivered" if status == "404" else "failed")
    assert (message.payload, message.gateway_id, message.sent_at) == (None, "gw1", now)


@pytest.mark.parametrize("status", ["404", "405", "403"])
def test_message_that_the_gateway_reports_is_not_sent_again_though_its_answer_was_lost(
        write: Write, sms_gateway: SmsGateway, now: datetime, status: str):
    write(SMS, key="k")
    sms_gateway.moods = ["is slow"]
    assert worker.drain(SMS, now=now) == 0
    sms_gateway.report(status, "k")
    assert worker.drain(SMS, now=now + 30 * MINUTE) == 0
    assert len(sms_gateway.requests) == 1
    assert (Message.get().payload, Message.get().gateway_id) == (None, "gw1")


def test_report_in_the_middle_of_a_lost_answer_keeps_the_message_from_being_sent_again(
        write: Write, sms_gateway: SmsGateway, now: datetime):
    write(SMS, key="k")
    sms_gateway.moods = ["delivers but is slow"]
    worker.drain(SMS, now=now)
    assert state() == ("delivered", "")
    assert worker.drain(SMS, now=now + 30 * MINUTE) == 0
    assert len(sms_gateway.requests) == 1


def test_one_call_reports_several_messages(write: Write, sms_gateway: SmsGateway, now: datetime):
    for key in "abc":
        write(SMS, key=key)
    worker.drain(SMS, now=now)
    sms_gateway.report("404", "a", "c", status="404,405")
    assert [message.state for message in Message.select().order_by(Message.key)] == ["delivered", "sent", "failed"]


def test_message_is_known_by_its_id_at_the_gateway_too(sent: SmsGateway):
    sent.report("404", "k", idx="")
    assert state() == ("delivered", "")


def test_report_never_touches_a_letter(write: Write, sent: SmsGateway, now: datetime):
    write(MessageChannel.MAIL, key="letter")
    sent.report("404", "k", idx="letter")
    assert Message.get(Message.key == "letter").state == "queued"


@pytest.mark.parametrize("secret", ["", "x", "0" * 64, "%00", "a%2Fb"])
def test_report_at_another_address_is_not_heard(post: Flask, sent: SmsGateway, secret: str):
    for method in ("GET", "POST"):
        answer = post.test_client().open(f"/hooks/sms/{secret}", method=method, query_string={"status": "404", "idx": "k"})
        assert answer.status_code == 404
    assert state() == ("sent", "")


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_answered_and_changes_nothing(post: Flask, sent: SmsGateway, what: str):
    path = f"/hooks/sms/{sms.report_secret()}"
    for options in ({"query_string": NONSENSE[what]}, {"data": NONSENSE[what], "method": "POST"}):
        answer = post.test_client().open(path, **options)
        assert (answer.status_code, answer.text) == (200, "OK")
    assert state() == ("sent", "")


@pytest.mark.parametrize("body", [b"status=404&idx=" + b"k" * 1_000_000, b"\xff\x00" * 500_000, b"k" * 2_000_000])
def test_megabytes_and_broken_bytes_are_no_error_of_ours(post: Flask, sent: SmsGateway, body: bytes):
    for kind in ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", ""):
        answer = post.test_client().post(f"/hooks/sms/{sms.report_secret()}", data=body, content_type=kind)
        assert answer.status_code in {200, 400, 413}
    nul = post.test_client().get(f"/hooks/sms/{sms.report_secret()}?status=404&idx=k%00")
    assert nul.status_code in {200, 404}
    form = post.test_client().post(f"/hooks/sms/{sms.report_secret()}", data={"status": "404", "idx": "k\x00", "MsgId": "\x00"})
    assert form.text == "OK"
    assert state() == ("sent", "")


def test_log_of_reports_names_nobody(sent: SmsGateway, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    sent.report("404", "k")
    sent.report("404", "k", idx="code:unknown", MsgId="gw-unknown")
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("portal"))
    assert "1 reports, 1 of them new" in told and "1 reports, 0 of them new" in told
    for secret in ("600111222", "gw1", "unknown", sms.report_secret()):
        assert secret not in told


def test_each_message_goes_out_once_and_ends_delivered_whatever_the_gateway_does(
        write: Write, sms_gateway: SmsGateway, now: datetime):
    keys = [f"k{at}" for at in range(12)]
    for key in keys:
        write(SMS, key=key)
    sms_gateway.moods = ["fails", "delivers first", "is broken", "is slow", "fails", "delivers but is slow", "fails", "fails", "",
                         "is slow", "delivers first", "", "fails", "delivers but is slow"]
    for minutes in range(10):
        worker.drain(SMS, now=now + minutes * 10 * MINUTE)
        for key in list(sms_gateway.accepted)[::-1]:  # Out of order, and all of them over and over.
            sms_gateway.report("403", key)
            sms_gateway.report("404" if minutes > 4 else "402", key)
    assert sorted(sms_gateway.accepted) == sorted(keys)
    assert {(message.state, message.error, message.payload) for message in Message.select()} == {("delivered", "", None)}
