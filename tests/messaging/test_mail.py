"""E-mail through a real SMTP server."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask_mail import BadHeaderError

from portal.messaging import mail, worker
from portal.messaging.rendering import Rendered
from portal.models.message import Message, MessageChannel
from tests.messaging.conftest import Write
from tests.messaging.gateways import SmtpServer

MAIL = MessageChannel.MAIL


def test_letter_arrives_as_text_and_html_with_its_polish_letters(write: Write, smtp_server: SmtpServer, now: datetime):
    write(language="pl", name="Łucja Żak", key="welcome:x")
    assert worker.drain(MAIL, now=now) == 1
    (letter,) = smtp_server.letters
    assert smtp_server.recipients == ["ewa@example.org"]
    assert letter["Subject"].startswith("Twoje konto") and letter["To"] == "ewa@example.org"
    assert letter["From"] == "Budżet Obywatelski <budzet@example.org>"
    assert letter["Message-ID"] == "<welcome.x@localhost>", "of the key, so that a repetition can be recognised"
    assert "multipart/alternative" in [part.get_content_type() for part in letter.walk()]
    for kind in ("plain", "html"):
        part = letter.get_body((kind,))
        assert part.get_content_charset() == "utf-8" and "Łucja Żak" in part.get_content()
        assert "http://localhost/rejestracja/adres/x" in part.get_content()


def test_delivered_message_forgets_what_it_said(write: Write, smtp_server: SmtpServer, now: datetime):
    write()
    worker.drain(MAIL, now=now)
    message = Message.get()
    assert (message.state, message.payload, message.tries, message.sent_at, message.error) == ("sent", None, 1, now, "")
    assert worker.drain(MAIL, now=now + timedelta(days=1)) == 0


def test_server_that_hangs_up_after_accepting_gets_the_letter_once(write: Write, smtp_server: SmtpServer, now: datetime):
    write()
    smtp_server.moods = ["hangs up"]
    assert worker.drain(MAIL, now=now) == 1
    assert worker.drain(MAIL, now=now + timedelta(hours=1)) == 0
    assert (len(smtp_server.letters), Message.get().state) == (1, "sent")


def test_failing_server_is_tried_again_later(write: Write, smtp_server: SmtpServer, now: datetime):
    write()
    smtp_server.moods = ["fails"]
    assert worker.drain(MAIL, now=now) == 0
    message = Message.get()
    assert (message.state, message.due_at, message.error) == ("queued", now + timedelta(seconds=5), "SMTPDataError")
    assert worker.drain(MAIL, now=now + timedelta(seconds=4)) == 0
    assert worker.drain(MAIL, now=now + timedelta(seconds=5)) == 1
    assert (len(smtp_server.letters), smtp_server.tries) == (1, 2)


def test_hanging_server_is_given_up_after_the_time_out(write: Write, smtp_server: SmtpServer, now: datetime):
    write()
    smtp_server.moods = ["is slow"]
    assert worker.drain(MAIL, now=now) == 0
    assert Message.get().state == "queued"
    assert worker.drain(MAIL, now=now + timedelta(minutes=1)) == 1
    assert len(smtp_server.letters) == 1


def test_absent_server_costs_nothing_but_time(write: Write, smtp_server: SmtpServer, now: datetime):
    write()
    smtp_server.close()
    assert worker.drain(MAIL, now=now) == 0
    assert (Message.get().state, Message.get().error) == ("queued", "ConnectionRefusedError")


def test_address_that_the_server_refuses_is_not_tried_again(write: Write, smtp_server: SmtpServer, now: datetime):
    write()
    smtp_server.moods = ["refuses"]
    assert worker.drain(MAIL, now=now) == 0
    message = Message.get()
    assert (message.state, message.payload, message.error) == ("failed", None, "the mail server refuses the address")
    assert worker.drain(MAIL, now=now + timedelta(days=1)) == 0


@pytest.mark.parametrize("name", ["Ewa\r\nBcc: zly@example.org", "Ewa\n\n<script>", "x" * 500])
def test_name_cannot_write_headers(write: Write, smtp_server: SmtpServer, now: datetime, name: str):
    write(name=name)
    assert worker.drain(MAIL, now=now) == 1
    (letter,) = smtp_server.letters
    assert letter["Bcc"] is None and smtp_server.recipients == ["ewa@example.org"]
    assert "<script>" not in letter.get_body(("html",)).get_content()


@pytest.mark.parametrize("recipient", ["ewa@example.org\r\nBcc: zly@example.org", "ewa@example.org\nRCPT TO:<zly@example.org>"])
def test_recipient_with_a_line_break_gets_nothing(write: Write, smtp_server: SmtpServer, now: datetime, recipient: str):
    write(recipient=recipient)
    assert worker.drain(MAIL, now=now) == 0
    assert smtp_server.letters == []


def test_subject_stays_in_one_line(post: Flask, smtp_server: SmtpServer, write: Write, setting, now: datetime):
    setting(site_name="Budżet\r\nBcc: zly@example.org\r\n")
    write()
    worker.drain(MAIL, now=now)
    (letter,) = smtp_server.letters
    assert letter["Bcc"] is None and letter["Subject"].startswith("Your account in Budżet")


def test_subject_with_a_line_break_is_refused_by_the_last_guard(post: Flask, smtp_server: SmtpServer):
    with pytest.raises(BadHeaderError):
        mail.send("ewa@example.org", Rendered("a\r\nBcc: zly@example.org", "text", "<p>html</p>"), "k")
    assert smtp_server.letters == []
