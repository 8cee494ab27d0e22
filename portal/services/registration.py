"""Registration: a form, a code sent to the phone, an account."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from peewee import IntegrityError

from portal import clock, crypto
from portal.config import settings
from portal.database import transaction
from portal.errors import N_, CodeRefused, PeselTaken, RegistrationUnknown, TooMany
from portal.messaging.outbox import enqueue
from portal.models.account import Account, Registration, SmsCount
from portal.models.message import MessageChannel
from portal.services import audit

CODE_LIVES = timedelta(minutes=10)
REGISTRATION_LIVES = timedelta(hours=24)
RESEND_AFTER = timedelta(seconds=60)
MOST_TRIES = 5
MOST_PER_PHONE_AND_DAY = 5
MOST_PER_ADDRESS_AND_HOUR = 20


@dataclass(frozen=True, slots=True)
class Applicant:
    """What a person tells at registration; the birth date (ISO) stands in for a PESEL, or follows from it."""

    email: str
    phone: str
    given_name: str
    family_name: str
    pesel: str | None
    birth_date: str
    district: int
    street: str
    postcode: str
    password_hash: str
    wants_news: bool
    language: str


def begin_registration(applicant: Applicant, *, address: str, now: datetime) -> str:
    """Keep the form, sealed, send the code and return the registration's token.

    The address is the caller's network address. Raises TooMany when a cap on text messages is reached. Whether the e-mail,
    the phone or the PESEL is known makes no difference here.
    """
    token = crypto.new_token()
    with transaction():
        registration = Registration.create(token_hash=crypto.hash_token(token), phone=applicant.phone,
                                           data=json.dumps(asdict(applicant)), created_at=now)
        _send_code(registration, applicant.language, address, now)
    return token


def find_registration(token: str, *, now: datetime) -> Registration:
    """Return an open registration; raise RegistrationUnknown for a wrong, finished or old token."""
    registration = Registration.get_or_none(Registration.token_hash == crypto.hash_token(token),
                                            Registration.created_at > now - REGISTRATION_LIVES)
    if registration is None:
        raise RegistrationUnknown
    return registration


def resend_code(token: str, *, address: str, now: datetime) -> None:
    """Send a new code; the failures so far still count. Raises RegistrationUnknown, TooMany."""
    with transaction():
        registration = find_registration(token, now=now)
        rested = (Registration.update(sent_at=now)
                  .where(Registration.id == registration.id, Registration.sent_at <= now - RESEND_AFTER).execute())
        if not rested:
            raise TooMany(N_("A new code can be sent a minute after the last one."))
        _send_code(registration, json.loads(registration.data)["language"], address, now)


def _send_code(registration: Registration, language: str, address: str, now: datetime) -> None:
    day = clock.start_of(clock.local(now).date())
    _count_sms("phone:" + crypto.keyed_hash("index", "sms-phone", registration.phone), day, MOST_PER_PHONE_AND_DAY)
    _count_sms("address:" + crypto.keyed_hash("index", "sms-address", address), clock.hour_of(now), MOST_PER_ADDRESS_AND_HOUR)
    _count_sms("portal", day, settings.sms_daily_cap)
    code = crypto.new_code()
    registration.code_hash = _hash_code(registration, code)
    registration.code_expires_at, registration.sent_at = now + CODE_LIVES, now
    registration.save(only=[Registration.code_hash, Registration.code_expires_at, Registration.sent_at])
    enqueue(MessageChannel.SMS, "registration_code", key=f"code:{registration.code_hash}", recipient=registration.phone,
            language=language, now=now, useless_after=registration.code_expires_at, code=code)


def _hash_code(registration: Registration, code: str) -> str:
    return crypto.keyed_hash("index", "sms-code", registration.token_hash, code)


def _count_sms(scope: str, window: datetime, most: int) -> None:
    """Take one message from an allowance, exactly, however many ask at once; raise TooMany when it is used up."""
    SmsCount.insert(scope=scope, window=window).on_conflict_ignore().execute()
    taken = (SmsCount.update(sent=SmsCount.sent + 1)
             .where(SmsCount.scope == scope, SmsCount.window == window, SmsCount.sent < most).execute())
    if not taken:
        raise TooMany(N_("No more text messages can be sent for now. Please try again later or write to us."))


def confirm_registration(token: str, code: str, *, now: datetime) -> None:
    """Turn a registration into an account when the code is right.

    Raises RegistrationUnknown, CodeRefused, and PeselTaken, which only the holder of the phone gets to see. That the e-mail
    has an account already is told to that address alone, so the page can say the same to everybody.
    """
    registration = find_registration(token, now=now)
    # The try is counted before the comparison and committed on its own: parallel guesses cannot share one.
    counted = (Registration.update(tries=Registration.tries + 1)
               .where(Registration.id == registration.id, Registration.tries < MOST_TRIES,
                      Registration.code_expires_at > now).execute())
    if not counted or not crypto.same(str(registration.code_hash), _hash_code(registration, code)):
        raise CodeRefused
    with transaction():
        if not Registration.delete().where(Registration.id == registration.id).execute():
            raise RegistrationUnknown  # A parallel request was faster; a code works once.
        created = _create_account(Applicant(**json.loads(registration.data)), now)
    if not created:
        raise PeselTaken


def _create_account(applicant: Applicant, now: datetime) -> bool:
    """Create the account, or tell the address that it has one; answer False when the PESEL is taken."""
    index = crypto.blind_index("pesel", applicant.pesel) if applicant.pesel else None
    email_token = crypto.new_token()
    account = Account(
        email=applicant.email, phone=applicant.phone, given_name=applicant.given_name, family_name=applicant.family_name,
        pesel=applicant.pesel, pesel_index=index, birth_date=date.fromisoformat(applicant.birth_date),
        district=applicant.district, street=applicant.street, postcode=applicant.postcode, wants_news=applicant.wants_news,
        password_hash=applicant.password_hash, language=applicant.language, created_at=now,
        email_token_hash=crypto.hash_token(email_token))
    try:
        with transaction():
            account.save(force_insert=True)
    except IntegrityError:
        if index and Account.select().where(Account.pesel_index == index).exists():
            audit.record("registration met a taken PESEL", actor="system", subject="registration", now=now)
            return False
        if not Account.select().where(Account.email == applicant.email).exists():
            raise  # Neither is taken: the district is gone, perhaps.
        enqueue(MessageChannel.MAIL, "already_registered", key=f"known:{crypto.new_token(16)}", recipient=applicant.email,
                language=applicant.language, now=now)
        return True
    audit.record("account created", actor=f"account:{account.uid}", subject=f"account:{account.uid}", now=now)
    enqueue(MessageChannel.MAIL, "welcome", key=f"welcome:{account.uid}", recipient=account.email, language=account.language,
            now=now, name=account.given_name, path=f"/rejestracja/adres/{email_token}")
    return True


def confirm_email(token: str, *, now: datetime) -> None:
    """Mark an account's e-mail address as confirmed; raise RegistrationUnknown for a wrong or used link."""
    confirmed = (Account.update(email_confirmed_at=now, email_token_hash=None)
                 .where(Account.email_token_hash == crypto.hash_token(token)).execute())
    if not confirmed:
        raise RegistrationUnknown(N_("This link is not valid or was used already."))
