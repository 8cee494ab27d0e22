"""Writing to the outbox, in the transaction of the change that causes the message, and noting what became of it."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from portal.database import database
from portal.errors import N_
from portal.models import Message, MessageChannel, MessageState

log = logging.getLogger(__name__)

# Why a message failed, where its reader can do something with it; whatever else stands in Message.error is for the staff.
REFUSED_NUMBER = N_("The number was refused: is it a mobile number in use?")
TOO_LATE = N_("It could not be sent while the code was still valid.")
UNREACHABLE = N_("The phone was switched off or out of reach for too long.")
UNDELIVERABLE = N_("The phone network could not deliver it: the number may be wrong, or its owner takes no such messages.")
NETWORK_FAULT = N_("The phone network reported a fault.")
REASONS = {REFUSED_NUMBER, TOO_LATE, UNREACHABLE, UNDELIVERABLE, NETWORK_FAULT}
WAITING = (MessageState.QUEUED, MessageState.SENDING)
# What a report may still change; so a repeated or late one changes nothing, and only delivery is for good.
BEFORE = {MessageState.SENT: WAITING, MessageState.FAILED: (*WAITING, MessageState.SENT),
          MessageState.DELIVERED: (*WAITING, MessageState.SENT, MessageState.FAILED)}

_listeners: list[Callable[[], None]] = []


def listen(listener: Callable[[], None]) -> None:
    """Call the listener after each commit that leaves messages to deliver (the worker is woken by it)."""
    if listener not in _listeners:
        _listeners.append(listener)


def announce() -> None:
    """Wake the worker: something waits for it."""
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
    row = {"key": key, "channel": channel, "recipient": recipient, "template": template, "language": language,
           "payload": json.dumps(payload), "due_at": now, "created_at": now, "useless_after": useless_after}
    if Message.add(row, new_only=True):
        database.after_commit(announce)  # Never, when the transaction is rolled back.


class Report(NamedTuple):
    """What a gateway tells of one text message, by the message's key, or else by its id there."""

    state: MessageState
    error: str
    key: str
    gateway_id: str


def note_report(report: Report, *, now: datetime) -> bool:
    """Note what a gateway reports of a message; tell whether that was new.

    A report may overtake the worker, which then leaves the message alone: what a gateway tells of, it has.
    """
    known = Message.key == report.key if report.key else Message.gateway_id == report.gateway_id
    message = (Message.select(Message.id, Message.sent_at, Message.gateway_id)
               .where(known, Message.channel == MessageChannel.SMS).first())
    if message is None:
        return False
    noted = Message.update(state=report.state, error=report.error, payload=None, sent_at=message.sent_at or now,
                           gateway_id=message.gateway_id or report.gateway_id or None)
    return bool(noted.where(Message.id == message.id, Message.state.in_(BEFORE[report.state])).execute())
