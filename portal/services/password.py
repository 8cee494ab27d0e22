"""Residents' passwords: changed with the current one, or set anew by a link from an e-mail."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from peewee import IntegrityError

from portal import clock, crypto
from portal.database import transaction
from portal.errors import N_, ChangedMeanwhile, ResetUnknown, TooMany, require
from portal.models import Account, AccountState, PasswordReset, Session
from portal.network import network_of
from portal.services import code, login, profile
from portal.services.account import record, write

LINK_LIVES = timedelta(minutes=60)
MOST_PER_EMAIL_AND_HOUR, MOST_PER_ADDRESS_AND_HOUR = 3, 20
SPENT = N_("Too many e-mails were asked for from your network. Try again in an hour or write to us.")


def change_password(session: Session, current: str, new: str, *, address: str, now: datetime) -> Account:
    """Set a new password with the current one, end all other sessions, and return the account as it is now.

    Raises LoginRefused, Throttled and ChangedMeanwhile, see login.prove.
    """
    proven, hashed = login.prove(session, current, address=address, now=now), crypto.hash_password(new)
    with transaction():
        account = require(Account.get_or_none(Account.id == session.account_id, Account.password_hash == proven.password_hash),
                          ChangedMeanwhile)
        _set_password(account, hashed, "password changed", now)
        login.end_sessions(account, but=session)
    return account


def ask_reset(email: str, *, address: str, now: datetime) -> None:
    """Send the link that sets a new password to an active account; the link sent before dies.

    Nobody learns whether there is one: for an unknown address the same is written, until the missing account refuses its link
    and all of it is taken back. Past three letters an hour no more are sent, and nobody is told. Raises TooMany when the
    caller's network address asked too often.
    """
    account = Account.get_or_none(Account.email == email.lower(), Account.state == AccountState.ACTIVE)
    hour = clock.hour_of(now)
    with transaction():
        code.count_sending("reset-from:" + crypto.keyed_hash("index", "reset-address", network_of(address)), hour,
                           MOST_PER_ADDRESS_AND_HOUR, refusal=SPENT)
        with suppress(TooMany, IntegrityError):
            code.count_sending("reset:" + crypto.keyed_hash("index", "reset-email", email.lower()), hour, MOST_PER_EMAIL_AND_HOUR)
            with transaction():
                _send_link(account or Account(id=0, email=email.lower()), now)


def _send_link(account: Account, now: datetime) -> None:
    token = crypto.new_token()
    hashed = crypto.hash_token(token)
    Account.update(state=AccountState.ACTIVE).where(Account.id == account.id, Account.state == AccountState.ACTIVE).execute()
    record(account, "password reset asked for", now)  # After the account's row is locked, as always.
    write(account, "password_reset", now=now, key=hashed, useless_after=now + LINK_LIVES, path=f"/haslo/nowe/{token}")
    PasswordReset.add({"account": account.id, "token_hash": hashed, "created_at": now}, known_by=("account",))


def find_reset(token: str, *, now: datetime) -> PasswordReset:
    """Return the reset of a link with its account; raise ResetUnknown for a wrong, used, replaced, void or old one."""
    return require(PasswordReset.select(PasswordReset, Account).join(Account).where(
        PasswordReset.token_hash == crypto.hash_token(token), PasswordReset.created_at > now - LINK_LIVES,
        Account.state == AccountState.ACTIVE).first(), ResetUnknown)


def reset_password(token: str, new: str, *, now: datetime) -> Account:
    """Set a new password by a link, which is used up, and return the account as it is now; nobody is logged in by it.

    All sessions end. That the link arrived confirms the e-mail address, and lets its owner in at once, however many others
    failed to log in before. Raises ResetUnknown.
    """
    reset = find_reset(token, now=now)
    account, hashed = reset.account, crypto.hash_password(new)
    with transaction():
        confirmed = {} if account.email_confirmed_at else {"email_confirmed_at": now, "email_token_hash": None}
        _set_password(account, hashed, "password reset", now, link=reset.token_hash, **confirmed)
        login.end_sessions(account)
        login.forget_failures(account)
    return account


def _set_password(account: Account, hashed: str, action: str, now: datetime, *, link: str | None = None, **also: Any) -> None:
    """Set the password in the caller's transaction and let all that was asked for with the old one die; tell the account.

    The account's row is locked first, as in every change of an account. Raises ResetUnknown when the link is gone meanwhile.
    """
    usable = Account.id == account.id, Account.state == AccountState.ACTIVE
    changed = Account.update(password_hash=hashed, **also).where(*usable).execute()
    used = PasswordReset.delete().where(PasswordReset.account == account, *([PasswordReset.token_hash == link] if link else []))
    require(changed and (used.execute() or not link), ResetUnknown)
    account.password_hash = hashed
    profile.forget_changes(account)
    record(account, action, now)
    write(account, "password_changed", now=now, path="/haslo/przypomnij")
