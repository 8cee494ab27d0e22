"""Development's stand-in for the gateways: messages land in files that /dev/poczta shows; production has none of it."""

import json
import time
from pathlib import Path
from typing import Any

import pyotp

from portal import clock
from portal.config import settings
from portal.messaging.rendering import Rendered
from portal.models import Officer

SHOWN = 50


def _folder() -> Path:
    return Path(settings.instance) / "mailbox"


def send(recipient: str, rendered: Rendered, key: str) -> None:
    """Put a message into the mailbox."""
    _folder().mkdir(parents=True, exist_ok=True)
    letter = {"to": recipient, "subject": rendered.subject, "text": rendered.text, "key": key, "at": clock.now().isoformat()}
    (_folder() / f"{time.time_ns()}.json").write_text(json.dumps(letter, ensure_ascii=False), "utf-8")


def read() -> list[dict[str, Any]]:
    """Return the last messages, the newest first."""
    return [json.loads(file.read_text("utf-8")) for file in sorted(_folder().glob("*.json"), reverse=True)[:SHOWN]]


def officers_codes() -> list[tuple[Officer, str]]:
    """Return every officer of the demo with the code that the authenticator shows in this half minute."""
    officers = Officer.select().where(Officer.active).order_by(Officer.email)
    return [(officer, pyotp.TOTP(officer.totp_secret).now()) for officer in officers]
