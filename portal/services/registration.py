"""Registration: a form, a code sent to the phone, an account."""

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import IntegrityError

from portal import clock, crypto
from portal.database import transaction
from portal.errors import N_, PeselTaken, RegistrationUnknown, require
from portal.models import Account, Registration, RemovalCase
from portal.services import audit
from portal.services.account import record, write
from portal.services.code import check_code, count_sending, send_code

REGISTRATION_LIVES = timedelta(hours=24)
TEMPLATE = "registration_code"
MOST_LINKS_A_DAY = 3


class Applicant(NamedTuple):
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
                                           data=json.dumps(applicant._asdict()), created_at=now)
        send_code(registration, TEMPLATE, language=applicant.language, address=address, now=now)
    return token


def find_registration(token: str, *, now: datetime) -> Registration:
    """Return an open registration; raise RegistrationUnknown for a wrong, finished or old token."""
    return require(Registration.get_or_none(Registration.token_hash == crypto.hash_token(token),
                                            Registration.created_at > now - REGISTRATION_LIVES), RegistrationUnknown)


def resend_code(token: str, *, address: str, now: datetime, phone: str | None = None) -> None:
    """Send a new code, to a corrected number when one is given; the failures so far still count, and the old code dies.

    Raises RegistrationUnknown, TooMany; then nothing is changed.
    """
    with transaction():
        registration = find_registration(token, now=now)
        registration.phone = phone or registration.phone
        send_code(registration, TEMPLATE, language=_applicant(registration).language, address=address, now=now)


def _applicant(registration: Registration) -> Applicant:
    """Return what the form told, with the number as it was corrected since."""
    return Applicant(**{**json.loads(registration.data), "phone": registration.phone})


def confirm_registration(token: str, code: str, *, now: datetime) -> None:
    """Turn a registration into an account when the code is right.

    Raises RegistrationUnknown, CodeRefused, and PeselTaken, which only the holder of the phone gets to see. That the e-mail
    has an account already is told to that address alone, so the page can say the same to everybody.
    """
    registration = find_registration(token, now=now)
    check_code(registration, code, now=now)
    with transaction():
        # Else a parallel request was faster; a code works once.
        require(Registration.delete().where(Registration.id == registration.id).execute(), RegistrationUnknown)
        applicant = _applicant(registration)
        index = crypto.blind_index("pesel", applicant.pesel) if applicant.pesel else None
        # Else it lay in wait for the PESEL number to be free again.
        require(not index or not RemovalCase.freed(index, registration.created_at), RegistrationUnknown)
        created = _create_account(applicant, index, now)
    require(created, PeselTaken)


def _create_account(applicant: Applicant, index: str | None, now: datetime) -> bool:
    """Create the account, or tell the address that it has one; answer False when the PESEL is taken."""
    email_token = crypto.new_token()
    account = Account(**applicant._asdict(), pesel_index=index, created_at=now, email_token_hash=crypto.hash_token(email_token))
    try:
        with transaction():
            account.save(force_insert=True)
    except IntegrityError:
        if index and Account.select().where(Account.pesel_index == index).exists():
            audit.record("registration met a taken PESEL", actor="system", subject="registration", now=now)
            return False
        if not Account.select().where(Account.email == applicant.email).exists():
            raise  # Neither is taken: the district is gone, perhaps.
        write(account, "already_registered", now=now)
        return True
    record(account, "account created", now)
    write(account, "welcome", now=now, path=f"/rejestracja/adres/{email_token}")
    return True


def send_confirmation(account: Account, *, now: datetime) -> None:
    """Send the account a new link that confirms its e-mail address; the earlier one no longer works.

    Does nothing when the address is confirmed already. Raises TooMany after three links in a day.
    """
    token = crypto.new_token()
    with transaction():
        asked = (Account.update(email_token_hash=crypto.hash_token(token))
                 .where(Account.id == account.id, Account.email == account.email, Account.email_confirmed_at.is_null()).execute())
        if not asked:
            return
        count_sending(f"confirm-email:{account.uid}", clock.start_of(clock.local(now).date()), MOST_LINKS_A_DAY,
                      refusal=N_("We have sent this link three times today. Look into your mailbox, also among the spam, or try "
                                 "again tomorrow."))
        write(account, "confirm_email", now=now, path=f"/rejestracja/adres/{token}")


def confirm_email(token: str, *, now: datetime) -> None:
    """Mark an account's e-mail address as confirmed; raise RegistrationUnknown for a wrong or used link."""
    confirmed = Account.update(email_confirmed_at=now, email_token_hash=None)
    require(confirmed.where(Account.email_token_hash == crypto.hash_token(token)).execute(),
            RegistrationUnknown(N_("This link is not valid or was used already.")))
