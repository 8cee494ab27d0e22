"""The worker: huey wakes it, the outbox table tells what is to be done.

huey loses a task that dies half way, so its tasks carry nothing: each only drains the outbox. What a dead worker left half
sent is taken up again when its lease ends. At night it fixes what the audit log says, removes what nobody needs any more and
reminds of cards that are due; on the last day of a vote it reminds of ballots that are not cast.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey, crontab

from portal import clock
from portal.config import settings
from portal.database import database
from portal.messaging import Undeliverable, mail, mailbox, outbox, sms
from portal.messaging.rendering import Rendered, render
from portal.models import Message, MessageChannel, MessageState
from portal.models.message import FORGOTTEN_AT_THE_END
from portal.services import assessment, audit, closing, jobs, removal_log, retention, voting_person

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # Longer than any gateway's time-out.
RETRIES = [timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600)]
BATCH = 100
FAILURES_IN_A_ROW = 3  # Then the gateway is down, and the rest waits for the next round.
WAKE_SECONDS = 1.0

Send = Callable[[str, Rendered, str], str | None]


def _gateway(channel: MessageChannel) -> Send:
    url, send = (settings.mail_url, mail.send) if channel is MessageChannel.MAIL else (settings.sms_url, sms.send)
    return send if url or not settings.development else mailbox.send


def drain(channel: MessageChannel, *, now: datetime | None = None) -> int:
    """Deliver what is due on a channel and return how many messages went out."""
    outcomes: list[bool | None] = []
    while True:
        waiting = Message.channel == channel, Message.state.in_(outbox.WAITING), Message.due_at <= (now or clock.now())
        due = list(Message.select().where(*waiting).order_by(Message.due_at, Message.id).limit(BATCH))
        for message in due:
            outcomes.append(deliver(message, _gateway(channel), now=now or clock.now()))
            if outcomes[-FAILURES_IN_A_ROW:] == [False] * FAILURES_IN_A_ROW:
                return outcomes.count(True)
        if len(due) < BATCH:
            return outcomes.count(True)


def deliver(message: Message, send: Send, *, now: datetime) -> bool | None:
    """Deliver one message: True when it went out, False when the gateway failed, None when there was nothing to deliver.

    The last is so when another worker has it, and when the gateway works but refuses this message for good.
    """
    claim = Message.update(state=MessageState.SENDING, tries=Message.tries + 1, due_at=now + LEASE)
    unclaimed = Message.id == message.id, Message.tries == message.tries, Message.state.in_(outbox.WAITING)
    if not claim.where(*unclaimed).execute():
        return None
    try:
        if message.useless_after and now > message.useless_after:
            raise Undeliverable(outbox.TOO_LATE)
        gateway_id = send(message.recipient, render(message), message.key)
    except Undeliverable as error:
        _close(message, MessageState.FAILED, error=str(error))
        return None
    except Exception as error:  # Whatever a gateway or the network does, the outbox goes on.
        log.warning("message %s failed: %s", message.id, type(error).__name__)
        _retry(message, now, type(error).__name__)
        return False
    _close(message, MessageState.SENT, sent_at=now, gateway_id=gateway_id, error="")
    return True


def _close(message: Message, state: MessageState, **values: Any) -> None:
    """End a message, unless the gateway has reported meanwhile what became of it; forget the one that must leave no trace."""
    end = Message.delete() if message.template in FORGOTTEN_AT_THE_END else Message.update(state=state, payload=None, **values)
    end.where(Message.id == message.id, Message.state == MessageState.SENDING).execute()


def _retry(message: Message, now: datetime, error: str) -> None:
    if message.tries >= len(RETRIES):
        _close(message, MessageState.FAILED, error=error)
    else:
        later = Message.update(state=MessageState.QUEUED, due_at=now + RETRIES[message.tries], error=error)
        later.where(Message.id == message.id, Message.state == MessageState.SENDING).execute()


def make_queue() -> Huey:
    """Return the task queue: Redis when several nodes share it, else a file of its own beside the database."""
    if settings.redis_url:
        return RedisHuey("portal", url=settings.redis_url, results=False)
    return SqliteHuey("portal", filename=str(Path(settings.instance) / "queue.sqlite3"), results=False, fsync=False)


class Waker:
    """Wakes the worker after a commit, at most about once a second per process, and never misses the last one."""

    def __init__(self, wake: Callable[[float], None]) -> None:
        self._wake, self._until, self._guard = wake, 0.0, threading.Lock()

    def __call__(self) -> None:
        with self._guard:
            now = time.monotonic()
            if now < self._until - WAKE_SECONDS:
                return  # A wake-up that will come after this commit is under way already.
            delay = max(0.0, self._until - now)
            self._until = max(now, self._until) + WAKE_SECONDS
        self._wake(delay)


def init_app(app: Flask) -> None:
    """Register the tasks on the queue and let the outbox wake them."""
    queue = make_queue()

    @queue.task()
    def work_on(what: str) -> None:
        with app.app_context(), database.connection_context():
            jobs.run_waiting(clock=clock.now) if what == "jobs" else drain(MessageChannel(what))

    def wake(delay: float = 0) -> None:
        for what in ("jobs", *map(str, MessageChannel)):
            work_on.schedule(args=(what,), delay=delay) if delay else work_on(what)

    @queue.periodic_task(crontab())
    def look_after_outbox_and_elections() -> None:
        wake()
        with database.connection_context():
            removal_log.keep(Path(settings.instance) / removal_log.NAME)
            closing.look_after(now=clock.now())

    @queue.periodic_task(crontab(minute="0"))
    def remind_of_ballots() -> None:
        with database.connection_context():
            voting_person.remind(now=clock.now())

    @queue.periodic_task(crontab(hour="1", minute="30"))  # UTC: in the city it is half past two or half past three at night.
    def remove_what_is_due() -> None:
        with database.connection_context():
            audit.make_digests(now=clock.now())
            retention.remove_due(actor="system", now=clock.now())
            assessment.remind(now=clock.now())

    app.extensions["queue"] = queue
    outbox.listen(Waker(wake))


def run(app: Flask) -> None:
    """Work until the process is told to stop."""
    app.extensions["queue"].create_consumer(workers=3, initial_delay=0.1, max_delay=1.0, check_worker_health=True).run()
