"""The worker: every message once, nothing lost, whatever dies on the way."""

import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal import clock, database
from portal.config import settings
from portal.messaging import Undeliverable, mail, mailbox, sms, worker
from portal.messaging.rendering import Rendered
from portal.models import AuditEntry, Registration
from portal.models.message import Message, MessageChannel
from portal.services import removal, removal_log
from portal.services.closing import closing_of
from portal.services.open_data import files_of
from tests.factories import make_account, make_district, make_registration, make_voting
from tests.messaging.conftest import Write
from tests.services import raw
from tests.services.ballots import choose, publish
from tests.services.parallel import at_once
from tests.services.test_open_data_pabulib import make_vote

MAIL, SMS = MessageChannel.MAIL, MessageChannel.SMS
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Gateway:
    """Counts what it is given; ``error`` is raised instead."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.tried = 0
        self.error: BaseException | None = None

    def __call__(self, recipient: str, rendered: Rendered, key: str) -> str | None:
        self.tried += 1
        if self.error:
            raise self.error
        self.sent.append(key)
        return f"id-{key}"


@pytest.fixture
def gateway(post: Flask, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    gateway = Gateway()
    monkeypatch.setattr(worker, "_gateway", lambda channel: gateway)
    return gateway


def test_messages_go_out_the_oldest_first_and_each_once(write: Write, gateway: Gateway, now: datetime):
    for at in range(5):
        write(key=f"k{at}")
    assert worker.drain(MAIL, now=now) == 5
    assert gateway.sent == [f"k{at}" for at in range(5)]
    assert worker.drain(MAIL, now=now + timedelta(days=2)) == 0


def test_channels_do_not_wait_for_each_other(write: Write, gateway: Gateway, now: datetime):
    write(SMS, key="sms")
    write(MAIL, key="mail")
    assert worker.drain(SMS, now=now) == 1
    assert gateway.sent == ["sms"]


def test_more_than_a_batch_goes_out_in_one_round(write: Write, gateway: Gateway, now: datetime, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "BATCH", 4)
    for at in range(10):
        write(key=f"k{at}")
    assert worker.drain(MAIL, now=now) == 10
    assert len(set(gateway.sent)) == 10


def test_delays_between_tries_grow_until_the_message_is_given_up(write: Write, gateway: Gateway, now: datetime):
    write(SMS, key="k")
    gateway.error = OSError("the address of the gateway")
    delays, moment = [], now
    while Message.get().state == "queued":
        before = moment
        assert worker.drain(SMS, now=moment) == 0
        assert worker.drain(SMS, now=moment) == 0, "it waits now"
        moment = Message.get().due_at
        delays.append(moment - before)
    message = Message.get()
    assert delays[:-1] == worker.RETRIES == sorted(set(worker.RETRIES))
    assert (message.state, message.payload, message.error) == ("failed", None, "OSError")
    assert (gateway.tried, message.tries) == (9, 9)
    assert worker.drain(SMS, now=now + timedelta(days=30)) == 0 and gateway.tried == 9
    assert "address of the gateway" not in raw.everything()


def test_message_refused_for_good_fails_visibly_at_once(write: Write, gateway: Gateway, now: datetime):
    write(key="k")
    gateway.error = Undeliverable("the mail server refuses the address")
    assert worker.drain(MAIL, now=now) == 0
    assert (Message.get().state, Message.get().payload) == ("failed", None)
    assert Message.get().error == "the mail server refuses the address"


def test_code_that_has_expired_is_not_sent_any_more(write: Write, gateway: Gateway, now: datetime):
    write(MessageChannel.SMS, useless_after=now + timedelta(minutes=10))
    assert worker.drain(MessageChannel.SMS, now=now + timedelta(minutes=10, seconds=1)) == 0
    message = Message.get()
    assert (message.state, message.payload, gateway.sent) == ("failed", None, [])


def test_round_ends_when_the_gateway_is_down_and_the_next_loses_nothing(write: Write, gateway: Gateway, now: datetime):
    for at in range(10):
        write(key=f"k{at}")
    gateway.error = OSError()
    assert worker.drain(MAIL, now=now) == 0
    assert gateway.tried == 3
    assert {message.state for message in Message.select()} == {"queued"}
    gateway.error = None
    assert worker.drain(MAIL, now=now) == 7, "the three that failed wait for their turn"
    assert worker.drain(MAIL, now=now + MINUTE) == 3
    assert sorted(gateway.sent) == sorted(f"k{at}" for at in range(10))


def test_message_that_cannot_be_rendered_does_not_stop_the_others(write: Write, gateway: Gateway, now: datetime):
    write(key="broken")
    Message.update(template="no_such_template").execute()
    write(key="whole")
    assert worker.drain(MAIL, now=now) == 1
    assert gateway.sent == ["whole"]
    assert Message.get(Message.key == "broken").error == "TemplateNotFound"


def test_code_stays_out_of_the_log_of_a_failure(write: Write, gateway: Gateway, now: datetime, caplog: pytest.LogCaptureFixture):
    write(SMS, code="987654")
    gateway.error = OSError("987654 for +48600111222")
    worker.drain(SMS, now=now)
    assert "OSError" in caplog.text
    assert "987654" not in caplog.text and "600111222" not in caplog.text


def test_message_of_a_worker_that_died_is_taken_up_after_its_lease(write: Write, gateway: Gateway, now: datetime):
    write(key="k")
    gateway.error = SystemExit()  # Not an error of the gateway: the process goes.
    with pytest.raises(SystemExit):
        worker.drain(MAIL, now=now)
    assert (Message.get().state, Message.get().tries) == ("sending", 1)
    gateway.error = None
    assert worker.drain(MAIL, now=now + worker.LEASE - SECOND) == 0
    assert worker.drain(MAIL, now=now + worker.LEASE) == 1
    assert (gateway.sent, Message.get().state, Message.get().tries) == (["k"], "sent", 2)


def test_lease_is_longer_than_the_patience_with_any_gateway():
    assert worker.LEASE.total_seconds() > 2 * max(mail.TIMEOUT_SECONDS, sms.TIMEOUT_SECONDS)


def test_four_workers_at_once_deliver_each_message_once(write: Write, gateway: Gateway, now: datetime, post: Flask):
    for at in range(30):
        write(key=f"k{at}")

    def drain() -> int:
        with post.app_context():
            return worker.drain(MAIL, now=now)
    assert sum(at_once(*[drain] * 4)) == 30
    assert sorted(gateway.sent) == sorted(f"k{at}" for at in range(30))
    assert {message.tries for message in Message.select()} == {1}


def test_worker_with_an_old_view_of_a_message_leaves_it_to_the_other(write: Write, gateway: Gateway, now: datetime):
    stale = write(key="k")
    assert worker.deliver(Message.get(), gateway, now=now) is True
    assert worker.deliver(stale, gateway, now=now) is None
    assert gateway.sent == ["k"]


@pytest.mark.parametrize(("env", "url", "expected"), [
    ("development", "", "mailbox"), ("development", "smtp://127.0.0.1", "mail"), ("production", "smtp://127.0.0.1", "mail"),
    ("production", "", "mail")])
def test_mailbox_replaces_a_gateway_in_development_only(post: Flask, setting, env: str, url: str, expected: str):
    setting(env=env, mail_url=url)
    assert worker._gateway(MAIL) is {"mailbox": mailbox.send, "mail": mail.send}[expected]


@pytest.mark.parametrize("seed", range(5))
def test_wake_ups_follow_every_commit_and_are_about_one_a_second(seed: int, monkeypatch: pytest.MonkeyPatch):
    chance, clock, wakes, commits = random.Random(seed), SimpleNamespace(now=100.0), [], []
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: clock.now))
    waker = worker.Waker(lambda delay: wakes.append(clock.now + delay))
    for _ in range(500):
        clock.now += chance.choice([0, 0.001, 0.05, 0.3, 0.9, 1.0, 1.1, 5])
        commits.append(clock.now)
        waker()
    for commit in commits:
        assert any(commit <= wake <= commit + 2 * worker.WAKE_SECONDS for wake in wakes), "somebody looks after the commit"
    assert all(later - earlier >= 0.999 * worker.WAKE_SECONDS for earlier, later in zip(wakes, wakes[1:], strict=False))


def test_wake_ups_of_many_threads_are_as_few(monkeypatch: pytest.MonkeyPatch):
    wakes: list[float] = []
    waker = worker.Waker(wakes.append)
    threads = [threading.Thread(target=lambda: [waker() for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(wakes) <= 4


@pytest.fixture
def queue(post: Flask, monkeypatch: pytest.MonkeyPatch, setting, tmp_path) -> object:
    """A queue of its own in a file, filled by the outbox as in production."""
    folder = tmp_path
    monkeypatch.setattr(worker, "make_queue", lambda: worker.SqliteHuey("test", filename=str(folder / "queue.sqlite3"),
                                                                        results=False, fsync=False))
    monkeypatch.setitem(post.extensions, "queue", None)
    worker.init_app(post)
    return post.extensions["queue"]


def work(queue: object) -> int:
    """Do what is in the queue, each task without the connection of this thread, and return how many tasks there were."""
    database.release()
    for done in range(100):
        task = queue.dequeue()
        if task is None:
            return done
        queue.execute(task)
    return 100


def test_commit_puts_a_task_into_the_queue_that_delivers_the_message(write: Write, gateway: Gateway, queue: object):
    write(MAIL, key="mail")
    assert gateway.sent == []
    assert work(queue) == 3, "one for each channel, one for long work"
    assert gateway.sent == ["mail"]


def test_commit_soon_after_another_is_delivered_by_a_task_for_later(write: Write, gateway: Gateway, queue: object, now: datetime):
    write(MAIL, key="first")
    work(queue)
    write(MAIL, key="second")
    write(MAIL, key="third")
    work(queue)
    assert (gateway.sent, queue.scheduled_count()) == (["first"], 3)
    with time_machine.travel(now + 2 * SECOND, tick=False):
        for task in queue.read_schedule():
            queue.enqueue(task)
        assert work(queue) == 3
    assert gateway.sent == ["first", "second", "third"]


def every_minute(queue: Any, now: datetime) -> Any:
    """Return the task that runs each minute."""
    (task,) = (task for task in queue.read_periodic(now.replace(tzinfo=None)) if task.name.startswith("look_after"))
    return task


def test_lost_wake_up_is_made_up_for_every_minute(write: Write, gateway: Gateway, queue: object, now: datetime):
    write(MAIL, key="k")
    queue.flush()
    queue.enqueue(every_minute(queue, now))
    assert work(queue) == 4
    assert gateway.sent == ["k"]


def test_vote_is_closed_and_its_files_are_made_within_a_minute(post: Flask, queue: object, now: datetime):
    edition = make_vote(8)
    publish(edition, now)
    queue.enqueue(every_minute(queue, now))
    work(queue)
    assert closing_of(edition) and files_of(edition, now=now)


def test_removal_is_noted_outside_the_database_within_a_minute(post: Flask, queue: object, now: datetime):
    account = make_account(make_district())
    removal.delete_own_account(account, with_ballots=False, now=now)
    queue.enqueue(every_minute(queue, now))
    work(queue)
    assert account.uid in (Path(settings.instance) / removal_log.NAME).read_text("utf-8")


def test_ballots_that_wait_are_reminded_of_every_hour(post: Flask, queue: object, now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    due = [task.name for minute in range(60) for task in queue.read_periodic(datetime(2026, 6, 16) + minute * MINUTE)]
    assert due.count("remind_of_ballots") == 1
    with time_machine.travel(edition.voting_to - timedelta(hours=1), tick=False):
        (task,) = (task for task in queue.read_periodic(datetime(2026, 6, 16)) if task.name == "remind_of_ballots")
        queue.enqueue(task)
        work(queue)
    assert [(message.template, message.recipient) for message in Message.select()] == [("ballot_waits", account.email)]


def test_what_nobody_needs_goes_every_night_once(post: Flask, queue: object, now: datetime):
    make_registration("t", make_district(), created_at=now - timedelta(hours=24))
    due = [task.name for minute in range(24 * 60) for task in queue.read_periodic(datetime(2026, 6, 16) + minute * MINUTE)]
    assert (due.count("remove_what_is_due"), due.count("look_after_outbox_and_elections")) == (1, 24 * 60)
    night = clock.local(datetime(2026, 6, 16, 1, 30, tzinfo=UTC))
    (task,) = (task for task in queue.read_periodic(datetime(2026, 6, 16, 1, 30)) if task.name == "remove_what_is_due")
    assert 2 <= night.hour < 5
    queue.enqueue(task)
    work(queue)
    assert (Registration.select().count(), AuditEntry.get().actor) == (0, "system")


def test_rolled_back_change_puts_nothing_into_the_queue(write: Write, queue: object):
    with pytest.raises(RuntimeError), database.transaction():
        write()
        raise RuntimeError
    assert len(queue) == 0


def test_tasks_carry_no_message(write: Write, queue: object, tmp_path):
    write(SMS, code="987654")
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"work_on" in stored
    assert b"987654" not in stored and b"600111222" not in stored


def test_redis_is_the_queue_where_several_nodes_share_it(setting):
    setting(redis_url="redis://127.0.0.1:1/0")
    assert isinstance(worker.make_queue(), worker.RedisHuey)
