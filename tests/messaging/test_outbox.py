"""The outbox: a message exists exactly when the change exists that causes it."""

from datetime import datetime

import pytest

from portal.database import transaction
from portal.messaging import outbox
from portal.models.message import Message, MessageChannel
from tests.messaging.conftest import Write
from tests.services import raw


@pytest.fixture
def woken(post: object, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages were in the outbox, each time the worker was woken."""
    seen: list[int] = []
    monkeypatch.setattr(outbox, "_listeners", [lambda: seen.append(Message.select().count())])
    return seen


def test_message_waits_with_all_that_its_template_shows(write: Write, now: datetime):
    message = write(MessageChannel.SMS)
    assert (message.state, message.tries, message.due_at, message.created_at, message.sent_at) == ("queued", 0, now, now, None)
    assert (message.recipient, message.template, message.language) == ("+48600111222", "registration_code", "en")


def test_payload_is_sealed(write: Write):
    write(MessageChannel.SMS, code="987654")
    assert "987654" not in raw.everything()


def test_message_goes_when_its_change_is_rolled_back(write: Write, woken: list[int]):
    with pytest.raises(RuntimeError), transaction():
        write()
        raise RuntimeError
    assert (Message.select().count(), woken) == (0, [])


def test_worker_is_woken_after_the_commit_and_not_before(write: Write, woken: list[int]):
    with transaction():
        write(key="a")
        with transaction():
            write(key="b")
        assert woken == []
    assert woken == [2, 2]


def test_second_message_of_a_key_is_no_message(write: Write, woken: list[int], now: datetime):
    first = write(key="same", name="Ewa")
    write(key="same", name="Jan")
    assert (Message.select().count(), Message.get().payload) == (1, first.payload)
    assert len(woken) == 1


def test_key_stays_taken_after_delivery(write: Write):
    write(key="same")
    Message.update(state="sent", payload=None).execute()
    write(key="same")
    assert [message.state for message in Message.select()] == ["sent"]


def test_listener_is_told_once_however_often_it_asks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbox, "_listeners", [])
    told: list[int] = []

    def listener() -> None:
        told.append(1)
    outbox.listen(listener)
    outbox.listen(listener)
    outbox.announce()
    assert told == [1]


def test_queue_out_of_reach_hides_nothing_that_is_committed(write: Write, monkeypatch: pytest.MonkeyPatch,
                                                            caplog: pytest.LogCaptureFixture):
    told: list[int] = []

    def fail() -> None:
        raise ConnectionError("secret address")
    monkeypatch.setattr(outbox, "_listeners", [fail, lambda: told.append(1)])
    with transaction():
        write()
    assert (Message.select().count(), told) == (1, [1])
    assert "ConnectionError" in caplog.text and "secret address" not in caplog.text


@pytest.mark.parametrize(("recipient", "masked"), [("ewa.zak@example.org", "e•••@example.org"), ("+48600111222", "•••222")])
def test_staff_see_recipients_masked(write: Write, recipient: str, masked: str):
    assert write(recipient=recipient).masked_recipient == masked
