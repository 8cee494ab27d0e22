"""The words of a message: one template gives the text, and for e-mails the HTML too."""

import json
from typing import NamedTuple

from flask import current_app
from flask_babel import force_locale

from portal.config import settings
from portal.models import Message, MessageChannel


class Rendered(NamedTuple):
    """A message in the reader's language; a text message has no subject and no HTML."""

    subject: str
    text: str
    html: str | None


def render(message: Message) -> Rendered:
    """Render a message that still has its payload; the first line of an e-mail's template is its subject."""
    payload = json.loads(message.payload)
    if "path" in payload:
        payload["url"] = settings.base_url.rstrip("/") + payload["path"]
    templates = current_app.jinja_env  # Not render_template: what pages know of their visitor has no place in a letter.
    with force_locale(message.language):
        text = templates.get_template(f"messages/{message.template}.txt").render(settings=settings, **payload).strip()
        if message.channel == MessageChannel.SMS:
            return Rendered("", " ".join(text.split()), None)
        subject, _, body = text.partition("\n")
        paragraphs = [paragraph.strip() for paragraph in body.strip().split("\n\n")]
        html = templates.get_template("messages/letter.html").render(
            subject=subject, paragraphs=paragraphs, settings=settings, language=message.language)
    return Rendered(" ".join(subject.split()), "\n\n".join(paragraphs) + "\n", html)
