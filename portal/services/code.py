"""Codes by text message: sent within caps, tried five times at most, and worth something only for what they were sent for."""

from datetime import datetime, timedelta
from typing import NamedTuple

from portal import clock, crypto
from portal.config import settings
from portal.database import transaction
from portal.errors import N_, CodeRefused, TooMany, require
from portal.messaging.outbox import REASONS, enqueue
from portal.models import AwaitsCode, Message, MessageChannel, MessageState, SendCount
from portal.network import network_of

CODE_LIVES, RESEND_AFTER = timedelta(minutes=10), timedelta(seconds=60)
MOST_TRIES, MOST_PER_PHONE_AND_DAY, MOST_PER_ADDRESS_AND_HOUR = 5, 5, 20
USED_UP = N_("Five wrong codes were entered. To keep strangers from guessing, no further code is accepted here. "
             "Please begin again.")
TOO_SOON = N_("A new code can be sent a minute after the last one.")
SMS_SPENT = N_("No more text messages can be sent for now. Please try again later or write to us.")


class Standing(NamedTuple):
    """How it stands with a code, for the page that waits for it."""

    phone: str  # Masked.
    sms: Message | None  # With the last code; its state is what the gateway reports.
    wait: int  # Seconds until another code can be sent.
    tries_left: int
    expired: bool
    most_tries: int = MOST_TRIES

    @property
    def is_final(self) -> bool:
        """Whether the text message has come to its end: there is nothing to ask for any more."""
        return self.expired or self.sms is None or self.sms.state in (MessageState.DELIVERED, MessageState.FAILED)

    @property
    def reason(self) -> str:
        """Why the message failed, as far as people can do something with it (an English msgid)."""
        return str(self.sms.error) if self.sms and self.sms.error in REASONS else ""


def send_code(waiting: AwaitsCode, template: str, *, language: str, address: str, now: datetime) -> None:
    """Send a code, which replaces the one before, to the phone of what waits for it, in the caller's transaction.

    The template is that of the text message, the address the caller's network address. Failed tries still count. Raises TooMany
    when they are used up, within a minute of the last code to this number, and when a cap on text messages is reached. A number
    that was corrected need not wait for that minute.
    """
    require(waiting.tries < MOST_TRIES, TooMany(USED_UP))
    rest = "rest:" + crypto.keyed_hash("index", "sms-rest", waiting.binding, waiting.phone)
    too_soon = SendCount.select().where(SendCount.scope == rest, SendCount.window > now - RESEND_AFTER)
    require(not too_soon.exists(), TooMany(TOO_SOON))
    count_sending(rest, now, 1, refusal=TOO_SOON)
    day = clock.start_of(clock.local(now).date())
    count_sending("phone:" + crypto.keyed_hash("index", "sms-phone", waiting.phone), day, MOST_PER_PHONE_AND_DAY)
    count_sending("address:" + crypto.keyed_hash("index", "sms-address", network_of(address)), clock.hour_of(now),
                  MOST_PER_ADDRESS_AND_HOUR)
    count_sending("portal", day, settings.sms_daily_cap)
    code, model = crypto.new_code(), type(waiting)
    before, waiting.sent_at = waiting.sent_at, now
    waiting.code_hash, waiting.code_expires_at = _hash_code(waiting, code), now + CODE_LIVES
    sent = model.update(phone=waiting.phone, code_hash=waiting.code_hash, code_expires_at=waiting.code_expires_at, sent_at=now)
    # Else another request for the same was faster.
    require(sent.where(model.id == waiting.id, model.sent_at == before).execute(), TooMany(TOO_SOON))
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
        raise CodeRefused(USED_UP if model.select().where(model.id == waiting.id, model.tries >= MOST_TRIES).exists() else None)


def standing(waiting: AwaitsCode, *, now: datetime) -> Standing:
    """Return how it stands with the code that something waits for."""
    rest = waiting.sent_at + RESEND_AFTER - now if waiting.sent_at else timedelta(0)
    return Standing(phone=waiting.masked_phone, sms=Message.get_or_none(Message.key == f"code:{waiting.code_hash}"),
                    wait=max(0, int(rest.total_seconds())), tries_left=max(0, MOST_TRIES - waiting.tries),
                    expired=waiting.code_expires_at is not None and waiting.code_expires_at <= now)


def count_sending(scope: str, window: datetime, most: int, *, refusal: str = SMS_SPENT) -> None:
    """Take one message from an allowance, exactly, however many ask at once; raise TooMany (the refusal) when it is used up."""
    SendCount.insert(scope=scope, window=window).on_conflict_ignore().execute()
    taken = SendCount.update(sent=SendCount.sent + 1)
    require(taken.where(SendCount.scope == scope, SendCount.window == window, SendCount.sent < most).execute(), TooMany(refusal))


def count_file(kind: str, owner: str, address: str, *, most: tuple[int, int], now: datetime, refusal: str) -> None:
    """Count a file that is sent, before it is read and whatever becomes of it; raise TooMany.

    So many an hour may be sent for one owner, and so many from one network; the address is the caller's.
    """
    with transaction():
        for scope, allowed in zip((owner, "network:" + network_of(address)), most):
            count_sending(f"{kind}:" + crypto.keyed_hash("index", kind, scope), clock.hour_of(now), allowed, refusal=refusal)


def _hash_code(waiting: AwaitsCode, code: str) -> str:
    return crypto.keyed_hash("index", "sms-code", waiting.binding, code)
