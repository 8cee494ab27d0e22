"""E-mail through Flask-Mail and an SMTP server."""

import smtplib

from flask_mail import Message as Letter

from portal.config import settings
from portal.extensions import mail
from portal.messaging import Undeliverable
from portal.messaging.rendering import Rendered


def send(recipient: str, rendered: Rendered, key: str) -> str | None:
    """Hand one e-mail to the SMTP server.

    The message id follows from the key, so that a repetition after a crash can be recognised. Raises Undeliverable for an
    address that the server refuses, any other error when it is worth trying again.
    """
    letter = Letter(subject=rendered.subject, recipients=[recipient], body=rendered.text, html=rendered.html)
    letter.msgId = f"<{key.replace(':', '.')}@{settings.hosts[0]}>"
    try:
        mail.send(letter)
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= 500 for code, _ in error.recipients.values()):
            raise Undeliverable("the mail server refuses the address") from None
        raise
    return None
