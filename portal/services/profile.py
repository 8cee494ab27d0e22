"""The resident's own data: what changes at once, and what waits for a code or a link.

What takes effect locks the account's row first, then what hangs on it, and records at last, as that makes everybody wait: so
changes at once wait for each other, never in a ring.
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from peewee import Expression, IntegrityError

from portal import clock, crypto
from portal.database import transaction
from portal.errors import (N_, AlreadyVoted, ChangedMeanwhile, ChangeUnknown, EmailTaken, LinkUnknown, NothingToChange,
                           PeselTaken, UnderCheck, require)
from portal.messaging.outbox import enqueue
from portal.models import Account, AccountState, EmailChange, MessageChannel, PasswordReset, PhoneChange, RemovalCase, Session
from portal.services import login, voting, voting_person
from portal.services.account import record, write
from portal.services.code import check_code, count_sending, send_code

CHANGE_LIVES = timedelta(hours=24)
MOST_LETTERS, MOST_PESELS = 5, 3  # Per account and day.


class Waiting(NamedTuple):
    """The corrections of an account that wait for their confirmation."""

    phone: PhoneChange | None
    email: EmailChange | None


def find_waiting(account: Account, *, now: datetime) -> Waiting:
    """Return what waits for a code or a link."""
    return Waiting(PhoneChange.of_account(account, now - CHANGE_LIVES), EmailChange.of_account(account, now - CHANGE_LIVES))


def change_names(account: Account, *, given_name: str, family_name: str, now: datetime) -> None:
    """Correct the names, at once."""
    _change_at_once(account, "names changed", now, given_name=given_name, family_name=family_name)


def change_address(account: Account, *, district: int, street: str, postcode: str, now: datetime) -> None:
    """Correct the district and the address, at once; a ballot that is cast stays as it is."""
    _change_at_once(account, "address changed", now, district=district, street=street, postcode=postcode)


def change_notices(account: Account, *, wants_news: bool, language: str, now: datetime) -> None:
    """Set whether news are wanted and the language of messages, at once."""
    _change_at_once(account, "notices changed", now, wants_news=wants_news, language=language)


def _change_at_once(account: Account, action: str, now: datetime, **values: Any) -> None:
    with transaction():
        _change(account, **values)
        record(account, action, now)


def change_identity(account: Account, *, pesel: str | None, birth_date: date, now: datetime) -> None:
    """Correct the PESEL, or the birth date of somebody without one, and let the person's ballots follow.

    Raises NothingToChange, TooMany, UnderCheck, and PeselTaken when the number has an account or a ballot already; then nothing
    is changed.
    """
    index, own = crypto.blind_index("pesel", pesel) if pesel else None, account.pesel_index
    require(index != own if index else birth_date != account.birth_date and not own, NothingToChange)
    require(not RemovalCase.concerns(account), UnderCheck)  # Nobody gets out of its reach by another number.
    if index:
        _count(account, "pesel", MOST_PESELS, now,
               N_("A PESEL number can be entered here three times a day. Try again tomorrow or write to us."))
    try:
        with transaction():
            # Of two changes at once the second would not find the ballots, which the first has moved.
            _change(account, Account.pesel_index == own, pesel=pesel, pesel_index=index, birth_date=birth_date)
            if index:
                voting_person.rekey_ballots(Account.get_by_id(account.id), before=voting.identity(account))
            write(account, "identity_changed", now=now)
            record(account, "identity changed", now)
    except (IntegrityError, AlreadyVoted):
        record(account, "identity change met a PESEL in use", now)
        raise PeselTaken(N_("This PESEL number is in use already, by another account or on a ballot. "
                            "Nothing was changed.")) from None


def ask_phone_change(account: Account, *, phone: str, address: str, now: datetime) -> None:
    """Send a code to a new phone number, which takes effect with it; what was asked for before is replaced.

    The address is the caller's network address. Raises NothingToChange, TooMany.
    """
    require(phone != account.phone, NothingToChange)
    with transaction():
        _hold(account)
        PhoneChange.delete().where(PhoneChange.account == account).execute()
        PhoneChange.create(account=account, phone=phone, created_at=now)
        _send_code(account, address, now)
        record(account, "phone change asked for", now)


def resend_phone_code(account: Account, *, address: str, now: datetime) -> None:
    """Send a new code to the number that waits for one; raise ChangeUnknown, TooMany."""
    with transaction():
        _send_code(account, address, now)


def _send_code(account: Account, address: str, now: datetime) -> None:
    send_code(find_phone_change(account, now=now), "phone_change_code", language=account.language, address=address, now=now)


def find_phone_change(account: Account, *, now: datetime) -> PhoneChange:
    """Return the new number that waits for its code; raise ChangeUnknown."""
    return require(PhoneChange.of_account(account, now - CHANGE_LIVES), ChangeUnknown)


def confirm_phone_change(account: Account, code: str, *, now: datetime) -> None:
    """Let the new number take effect when the code is right, and tell the account; raise ChangeUnknown, CodeRefused."""
    change = find_phone_change(account, now=now)
    check_code(change, code, now=now)
    with transaction():
        _change(account, phone=change.phone)
        mine = PhoneChange.id == change.id, PhoneChange.code_hash == change.code_hash
        # Else a parallel request was faster, or has asked for another number.
        require(PhoneChange.delete().where(*mine).execute(), ChangeUnknown)
        write(account, "phone_changed", now=now)
        record(account, "phone changed", now)


def ask_email_change(account: Account, *, email: str, now: datetime) -> None:
    """Send a link to a new e-mail address, which takes effect with it, and tell the old one; what was asked before is replaced.

    Raises NothingToChange, TooMany. That the address has an account already is told to that address alone.
    """
    require(email != account.email, NothingToChange)
    with transaction():
        _hold(account)
        _send_link(account, email, now)
        write(account, "email_change_asked", now=now)
        record(account, "e-mail change asked for", now)


def resend_link(account: Account, *, now: datetime) -> None:
    """Send the link of a waiting e-mail change again, as a new one; raise ChangeUnknown, TooMany."""
    with transaction():
        _hold(account)
        _send_link(account, require(EmailChange.of_account(account, now - CHANGE_LIVES), ChangeUnknown).email, now)


def _send_link(account: Account, email: str, now: datetime) -> None:
    token = crypto.new_token()
    hashed = crypto.hash_token(token)
    _count(account, "email", MOST_LETTERS, now,
           N_("No more e-mails can be sent today for a change of the e-mail address. Try again tomorrow or write to us."))
    EmailChange.add({"account": account.id, "email": email, "token_hash": hashed, "created_at": now}, known_by=("account",))
    template = "email_change_known" if Account.select().where(Account.email == email).exists() else "email_change_link"
    enqueue(MessageChannel.MAIL, template, key=f"email-change:{hashed}", recipient=email, language=account.language, now=now,
            useless_after=now + CHANGE_LIVES, path=f"/moje-konto/dane/email/{token}")


def confirm_email_change(token: str, *, session: Session | None, now: datetime) -> None:
    """Let the new address take effect, end all sessions but this one and tell the old address.

    Links that set a password and that confirm the old address die. Raises LinkUnknown, and EmailTaken when another account
    has got the address meanwhile.
    """
    asked = EmailChange.token_hash == crypto.hash_token(token), EmailChange.created_at > now - CHANGE_LIVES
    change = require(EmailChange.select(EmailChange, Account).join(Account).where(*asked).first(), LinkUnknown)
    account = change.account
    try:
        with transaction():
            _change(account, email=change.email, email_confirmed_at=now, email_token_hash=None)
            # Else a parallel request was faster, or has cancelled it.
            require(EmailChange.delete().where(EmailChange.token_hash == change.token_hash).execute(), LinkUnknown)
            PasswordReset.delete().where(PasswordReset.account == account).execute()
            login.end_sessions(account, but=session)
            write(account, "email_changed", now=now)
            record(account, "e-mail changed", now)
    except IntegrityError:
        raise EmailTaken from None


def cancel_change(account: Account, kind: type[PhoneChange] | type[EmailChange], *, now: datetime) -> None:
    """Drop a correction that waits for its confirmation."""
    with transaction():
        if kind.delete().where(kind.account == account).execute():
            record(account, f"{'phone' if kind is PhoneChange else 'e-mail'} change cancelled", now)


def forget_changes(account: Account) -> None:
    """Drop all that waits for a confirmation, in the transaction that sets a new password: what was asked for with the old
    one, by somebody else perhaps, takes no effect."""
    PhoneChange.delete().where(PhoneChange.account == account).execute()
    EmailChange.delete().where(EmailChange.account == account).execute()


def _hold(account: Account) -> None:
    """Keep the account from being changed until the caller's transaction ends; raise ChangedMeanwhile as _change does."""
    _change(account, state=AccountState.ACTIVE)


def _change(account: Account, *conditions: Expression, **values: Any) -> None:
    """Set these fields, in the caller's transaction; raise ChangedMeanwhile, for an account that is gone or frozen by now too.

    So it is when the password is no longer that of the account as it was read: its owner has shut somebody out by a reset.
    """
    usable = Account.id == account.id, Account.state == AccountState.ACTIVE, Account.password_hash == account.password_hash
    require(Account.update(values).where(*usable, *conditions).execute(), ChangedMeanwhile)


def _count(account: Account, what: str, most: int, now: datetime, refusal: str) -> None:
    with transaction():
        count_sending(f"{what}:{account.uid}", clock.start_of(clock.local(now).date()), most, refusal=refusal)
