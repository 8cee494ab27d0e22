"""E-mail through Flask-Mail and an SMTP server."""

import smtplib
import ssl
from contextlib import suppress
from typing import Any

from flask import current_app
from flask_mail import Connection, Message as Letter

from portal.config import settings
from portal.messaging import Undeliverable
from portal.messaging.rendering import Rendered

TIMEOUT_SECONDS = 20  # A hanging server must not hold up the outbox.


class PatientConnection(Connection):
    """Flask-Mail's connection with what it lacks: a time-out, a checked certificate, and calm when the goodbye fails."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        server: dict[str, Any] = {"host": self.mail.server, "port": self.mail.port, "timeout": TIMEOUT_SECONDS}
        tls = ssl.create_default_context()
        host = smtplib.SMTP_SSL(**server, context=tls) if self.mail.use_ssl else smtplib.SMTP(**server)
        if self.mail.use_tls:
            host.starttls(context=tls)
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host

    def __exit__(self, *error: Any) -> None:
        with suppress(smtplib.SMTPException, OSError):  # The letter is accepted by now, or its own error is on the way.
            super().__exit__(*error)


def send(recipient: str, rendered: Rendered, key: str) -> None:
    """Hand one e-mail to the SMTP server.

    The message id follows from the key, so that a repetition after a crash can be recognised. Raises Undeliverable for an
    address that the server refuses, any other error when it is worth trying again.
    """
    letter = Letter(subject=rendered.subject, recipients=[recipient], body=rendered.text, html=rendered.html)
    letter.msgId = f"<{key.replace(':', '.')}@{settings.hosts[0]}>"
    try:
        with PatientConnection(current_app.extensions["mail"]) as connection:
            connection.send(letter)
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= 500 for code, _ in error.recipients.values()):
            raise Undeliverable("the mail server refuses the address") from None
        raise
