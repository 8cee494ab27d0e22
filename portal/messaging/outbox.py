"""Writing to the outbox, in the transaction of the change that causes the message."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.database import after_commit
from portal.models.message import Message, MessageChannel

log = logging.getLogger(__name__)
_listeners: list[Callable[[], None]] = []


def listen(listener: Callable[[], None]) -> None:
    """Call the listener after each commit that leaves messages to deliver (the worker is woken by it)."""
    if listener not in _listeners:
        _listeners.append(listener)


def _announce() -> None:
    for listener in _listeners:
        try:
            listener()
        except Exception as error:  # The change is committed: a queue out of reach must not make it look as if it failed.
            log.warning("the worker was not woken and looks by itself within a minute: %s", type(error).__name__)


def enqueue(channel: MessageChannel, template: str, *, key: str, recipient: str, language: str, now: datetime,
            useless_after: datetime | None = None, **payload: Any) -> None:
    """Write one message, unless one of this key was written before; deliver it once the transaction is committed.

    A message that still waits when it has become useless is given up. The payload is what the template of the message shows;
    it is sealed, and wiped after delivery.
    """
    written = Message.add({"key": key, "channel": channel, "recipient": recipient, "template": template, "language": language,
                           "payload": json.dumps(payload), "due_at": now, "created_at": now,
                           "useless_after": useless_after}, new_only=True)
    if written:
        after_commit(_announce)
