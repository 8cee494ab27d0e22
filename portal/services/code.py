"""Codes by text message: sent within caps, tried five times at most, and worth something only for what they were sent for."""

from datetime import datetime, timedelta

from portal import clock, crypto
from portal.config import settings
from portal.errors import N_, CodeRefused, TooMany
from portal.messaging.outbox import enqueue
from portal.models.code import AwaitsCode, SendCount
from portal.models.message import Message, MessageChannel

CODE_LIVES = timedelta(minutes=10)
RESEND_AFTER = timedelta(seconds=60)
MOST_TRIES = 5
MOST_PER_PHONE_AND_DAY = 5
MOST_PER_ADDRESS_AND_HOUR = 20


def send_code(waiting: AwaitsCode, template: str, *, language: str, address: str, now: datetime) -> None:
    """Send a code, which replaces the one before, to the phone of what waits for it, in the caller's transaction.

    The template is that of the text message, the address the caller's network address. Failed tries still count. Raises TooMany
    within a minute of the last code and when a cap on text messages is reached.
    """
    if waiting.sent_at and waiting.sent_at > now - RESEND_AFTER:
        raise TooMany(N_("A new code can be sent a minute after the last one."))
    day = clock.start_of(clock.local(now).date())
    count_sending("phone:" + crypto.keyed_hash("index", "sms-phone", waiting.phone), day, MOST_PER_PHONE_AND_DAY)
    count_sending("address:" + crypto.keyed_hash("index", "sms-address", address), clock.hour_of(now), MOST_PER_ADDRESS_AND_HOUR)
    count_sending("portal", day, settings.sms_daily_cap)
    code, model = crypto.new_code(), type(waiting)
    before, waiting.sent_at = waiting.sent_at, now
    waiting.code_hash, waiting.code_expires_at = _hash_code(waiting, code), now + CODE_LIVES
    unchanged = model.sent_at == before if before else model.sent_at.is_null()
    sent = (model.update(phone=waiting.phone, code_hash=waiting.code_hash, code_expires_at=waiting.code_expires_at, sent_at=now)
            .where(model.id == waiting.id, unchanged).execute())
    if not sent:  # Another request for the same was faster.
        raise TooMany(N_("A new code can be sent a minute after the last one."))
    enqueue(MessageChannel.SMS, template, key=f"code:{waiting.code_hash}", recipient=waiting.phone, language=language, now=now,
            useless_after=waiting.code_expires_at, code=code)


def check_code(waiting: AwaitsCode, code: str, *, now: datetime) -> None:
    """Raise CodeRefused unless this is the code that was sent; call it outside a transaction, so that each try counts.

    The try is counted before the comparison and committed on its own: parallel guesses cannot share one.
    """
    model = type(waiting)
    counted = (model.update(tries=model.tries + 1)
               .where(model.id == waiting.id, model.tries < MOST_TRIES, model.code_expires_at > now).execute())
    if not counted or not crypto.same(str(waiting.code_hash), _hash_code(waiting, code)):
        raise CodeRefused


def seconds_to_resend(waiting: AwaitsCode, *, now: datetime) -> int:
    """Return how many seconds are left until another code can be sent."""
    return max(0, int((waiting.sent_at + RESEND_AFTER - now).total_seconds())) if waiting.sent_at else 0


def delivery(waiting: AwaitsCode) -> Message | None:
    """Return the text message with the last code, whose state is what the gateway reports."""
    found: Message | None = Message.get_or_none(Message.key == f"code:{waiting.code_hash}")
    return found


def count_sending(scope: str, window: datetime, most: int) -> None:
    """Take one message from an allowance, exactly, however many ask at once; raise TooMany when it is used up."""
    SendCount.insert(scope=scope, window=window).on_conflict_ignore().execute()
    taken = (SendCount.update(sent=SendCount.sent + 1)
             .where(SendCount.scope == scope, SendCount.window == window, SendCount.sent < most).execute())
    if not taken:
        raise TooMany(N_("No more text messages can be sent for now. Please try again later or write to us."))


def _hash_code(waiting: AwaitsCode, code: str) -> str:
    return crypto.keyed_hash("index", "sms-code", waiting.binding, code)
