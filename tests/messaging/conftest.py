"""Messages on their way: the application's context, and gateways that listen on the loopback."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.messaging import mail, outbox, sms
from portal.models.message import Message, MessageChannel
from tests.messaging.gateways import SmsGateway, SmtpServer

Write = Callable[..., Message]


@pytest.fixture
def post(app: Flask) -> Iterator[Flask]:
    """The application with its context, as the worker has it."""
    with app.app_context():
        yield app


@pytest.fixture
def write(post: Flask, now: datetime) -> Write:
    """Writes a message to the outbox: ``write(MessageChannel.SMS, key="a")``."""
    def enqueue(channel: MessageChannel = MessageChannel.MAIL, *, key: str = "k", language: str = "en", **payload: Any) -> Any:
        template, recipient = (("registration_code", "+48600111222") if channel is MessageChannel.SMS
                               else ("welcome", "ewa@example.org"))
        shown = {"code": "123456"} if channel is MessageChannel.SMS else {"name": "Ewa", "path": "/rejestracja/adres/x"}
        outbox.enqueue(channel, template, key=key, recipient=payload.pop("recipient", recipient), language=language, now=now,
                       **{**shown, **payload})
        return Message.get(Message.key == key)
    return enqueue


@pytest.fixture
def sms_gateway(post: Flask, socket_enabled: None, setting: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmsGateway]:
    gateway = SmsGateway(post)
    setting(sms_url=gateway.url)
    monkeypatch.setattr(sms, "TIMEOUT_SECONDS", 0.3)
    yield gateway
    gateway.close()


@pytest.fixture
def smtp_server(post: Flask, socket_enabled: None, setting: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    server = SmtpServer()
    setting(mail_url=f"smtp://127.0.0.1:{server.port}")
    state = post.extensions["mail"]
    monkeypatch.setattr(state, "server", "127.0.0.1")
    monkeypatch.setattr(state, "port", server.port)
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.3)
    yield server
    server.close()
