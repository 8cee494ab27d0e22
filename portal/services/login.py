"""Login and logout of residents and officers; sessions live in the database, the cookie holds only a token."""

from datetime import datetime, timedelta

import pyotp

from portal import crypto
from portal.database import transaction
from portal.errors import LoginRefused
from portal.models.account import Account, AccountState
from portal.models.login import Session
from portal.models.staff import Officer
from portal.services import audit

TOUCH_AFTER = timedelta(minutes=1)  # A page view writes at most once a minute.
TOTP_SECONDS = 30


def _open_session(now: datetime, user_agent: str, **person: Account | Officer) -> str:
    token = crypto.new_token()
    Session.create(token_hash=crypto.hash_token(token), created_at=now, seen_at=now, proved_at=now,
                   user_agent=user_agent[:200], **person)
    return token


def log_in(email: str, password: str, *, now: datetime, user_agent: str = "") -> str:
    """Return the token of a new session; raise LoginRefused, alike and as slowly for known and unknown addresses."""
    account = Account.get_or_none(Account.email == email.lower())
    right = crypto.verify_password(account.password_hash if account else None, password)
    if account is None or not right or account.state != AccountState.ACTIVE:
        raise LoginRefused
    with transaction():
        if crypto.password_is_outdated(account.password_hash):
            Account.update(password_hash=crypto.hash_password(password)).where(Account.id == account.id).execute()
        return _open_session(now, user_agent, account=account)


def log_in_officer(email: str, password: str, code: str, *, now: datetime, user_agent: str = "") -> str:
    """Return the token of a new session for password and TOTP code; raise LoginRefused, for a used code too."""
    officer = Officer.get_or_none(Officer.email == email.lower(), Officer.active)
    right = crypto.verify_password(officer.password_hash if officer else None, password, officer=True)
    step = _matching_step(officer.totp_secret, code, now) if officer and right else None
    if officer is None or step is None:
        raise LoginRefused
    with transaction():
        unused = Officer.update(totp_step=step).where(Officer.id == officer.id, Officer.totp_step < step).execute()
        if not unused:
            raise LoginRefused
        audit.record("officer logged in", actor=f"officer:{officer.uid}", subject=f"officer:{officer.uid}", now=now)
        return _open_session(now, user_agent, officer=officer)


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a TOTP code belongs to, one step of drift allowed (RFC 6238, 5.2)."""
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // TOTP_SECONDS
    return next((at for at in (step, step - 1, step + 1) if crypto.same(totp.generate_otp(at), code)), None)


def find_session(token: str, *, now: datetime) -> Session | None:
    """Return the living session of a cookie's token and note, once a minute, that it is in use."""
    session = Session.alive(crypto.hash_token(token), now)
    if session and now - session.seen_at > TOUCH_AFTER:
        Session.update(seen_at=now).where(Session.id == session.id).execute()
    return session


def log_out(session: Session) -> None:
    """End a session at once, on every process."""
    Session.delete().where(Session.id == session.id).execute()
