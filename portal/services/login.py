"""Login and logout of residents and officers; sessions live in the database, the cookie holds only a token."""

import logging
from datetime import datetime, timedelta

from portal import crypto
from portal.database import transaction
from portal.errors import N_, ChangedMeanwhile, LoginRefused, NotFound, Throttled, require
from portal.models import Account, AccountState, Officer, Session
from portal.services import login_throttle, staff_codes
from portal.services.account import Person, record, write
from portal.services.login_device import Browser, device_words, known_device, new_tokens
from portal.services.login_throttle import Allowance, Try, for_account, for_address, for_device, for_session

TOUCH_AFTER = timedelta(minutes=1)  # A page view writes at most once a minute.
RESIDENTS, OFFICERS = "resident", "officer"
log = logging.getLogger(__name__)


def _open_session(person: Person, user_agent: str, now: datetime) -> str:
    token, owner = crypto.new_token(), {"account" if isinstance(person, Account) else "officer": person}
    Session.create(token_hash=crypto.hash_token(token), created_at=now, seen_at=now, proved_at=now,
                   user_agent=user_agent[:200], **owner)
    return token


def log_in(email: str, password: str, *, now: datetime, browser: Browser = Browser()) -> str:
    """Return the token of a new session; raise LoginRefused or Throttled, alike and as slowly for known and unknown addresses."""
    account = Account.get_or_none(Account.email == email.lower())
    device = known_device(account, browser)
    tries = _take_tries("login", browser, now, *_allowances(RESIDENTS, email, device, browser))
    right = crypto.verify_password(account.password_hash if account else None, password)
    if account is None or not right or account.state != AccountState.ACTIVE:
        _note("login refused", tries[0].counted.scope, browser)
        raise LoginRefused
    before = account.password_hash
    if crypto.password_is_outdated(before):
        account.password_hash = crypto.hash_password(password)
    with transaction():
        unchanged = (Account.update(password_hash=account.password_hash)
                     .where(Account.id == account.id, Account.password_hash == before, Account.state == AccountState.ACTIVE))
        require(unchanged.execute(), LoginRefused)  # Else a reset that ended all sessions was a moment faster.
        if not device and tries[0].failures >= for_account(RESIDENTS, email).free:  # Many, and a browser never seen before.
            write(account, "suspicious_login", now=now, path="/haslo/przypomnij", device=device_words(browser.user_agent))
        return _enter(account, tries, browser, now)


def log_in_officer(email: str, password: str, code: str, *, now: datetime, browser: Browser = Browser()) -> str:
    """Return the token of a new session for password and a code of the authenticator or a recovery code.

    Raises LoginRefused, for a used code too, and Throttled: wrong codes count like wrong passwords.
    """
    officer = Officer.get_or_none(Officer.email == email.lower(), Officer.active)
    device = known_device(officer, browser)
    tries = _take_tries("login", browser, now, *_allowances(OFFICERS, email, device, browser))
    right = crypto.verify_password(officer.password_hash if officer else None, password, officer=True)
    try:
        if officer is None or not right:
            raise LoginRefused
        outdated = crypto.password_is_outdated(officer.password_hash, officer=True)
        renewed = crypto.hash_password(password, officer=True) if outdated else officer.password_hash
        with transaction():
            staff_codes.accept(officer, code, now=now)
            Officer.update(password_hash=renewed).where(Officer.id == officer.id).execute()
            record(officer, "officer logged in", now)
            return _enter(officer, tries, browser, now)
    except LoginRefused:
        _note("officer's login refused", tries[0].counted.scope, browser)
        if officer and right:
            staff_codes.note_refusal(officer, device=device_words(browser.user_agent), is_known=bool(device), now=now)
        raise


def _allowances(door: str, email: str, device: str, browser: Browser) -> list[Allowance]:
    """Return what a try to log in counts for; on a known device that alone, so that nobody else can make its owner wait."""
    return [for_device(device)] if device else [for_account(door, email), for_address(door, browser.address)]


def _take_tries(what: str, browser: Browser, now: datetime, *allowances: Allowance) -> list[Try]:
    try:
        return login_throttle.take_try(*allowances, now=now)
    except Throttled:
        _note(f"{what} throttled", allowances[0].scope, browser)
        raise


def _enter(person: Person, tries: list[Try], browser: Browser, now: datetime) -> str:
    """Open a session in the caller's transaction; the person's own failures are forgotten, not those of others at the address."""
    login_throttle.forget(tries[0].counted.scope)
    login_throttle.give_back(*tries[1:])
    token = _open_session(person, browser.user_agent, now)
    log.info("logged in: %s uid=%s", type(person).__name__.lower(), person.uid)
    return token


def _person_of(session: Session) -> Person:
    """Return the person as the database knows them now; a session's own officer comes without the password's hash."""
    if session.officer_id:
        return require(Officer.get_or_none(Officer.id == session.officer_id), ChangedMeanwhile)
    # The account may have been deleted in another window just now.
    return require(Account.get_or_none(Account.id == session.account_id), ChangedMeanwhile)


def _note(event: str, scope: str, browser: Browser) -> None:
    """Log what happened: equal marks mean an equal account, device or network, and name none of them."""
    log.warning("%s: scope=%.24s from=%.16s", event, scope, for_address("log", browser.address).scope.rpartition(":")[2])


def prove(session: Session, password: str, *, address: str, now: datetime) -> Person:
    """Note that the person of a session has just typed the own password, and return the person as proven.

    Raises LoginRefused, Throttled, and ChangedMeanwhile when the session has ended or the password was changed in the meantime.
    Failures count for this session alone: who guesses elsewhere cannot keep its owner from changing the own data.
    """
    person, browser = _person_of(session), Browser(address)
    tries = _take_tries("proof", browser, now, for_session(session.uid))
    if not crypto.verify_password(person.password_hash, password, officer=isinstance(person, Officer)):
        _note("proof refused", tries[0].counted.scope, browser)
        raise LoginRefused(N_("This is not your current password."))
    with transaction():
        login_throttle.forget(tries[0].counted.scope)
        kind = type(person)
        unchanged = kind.select().where(kind.id == person.id, kind.password_hash == person.password_hash).exists()
        alive = Session.update(proved_at=now).where(Session.uid == session.uid).execute()
        require(alive and unchanged, ChangedMeanwhile)  # Else a reset, which ends all sessions, was a moment faster.
        if isinstance(person, Officer):
            record(person, "officer's password proven", now)
    session.proved_at = now
    return person


def forget_failures(account: Account) -> None:
    """Forget the failed logins to an account: its owner has just set a new password by the link in an e-mail."""
    login_throttle.forget(for_account(RESIDENTS, account.email).scope)


def device_tokens(session: Session, browser: Browser) -> str:
    """Return the cookie that makes the browser a known device of the session's person."""
    return new_tokens(_person_of(session), browser)


def find_session(token: str, *, now: datetime) -> Session | None:
    """Return the living session of a cookie's token and note, once a minute, that it is in use."""
    session = Session.alive(crypto.hash_token(token), now)
    if session and now - session.seen_at > TOUCH_AFTER:
        Session.update(seen_at=now).where(Session.id == session.id).execute()
        session.seen_at = now
    return session


def end_session(account: Account, uid: str) -> None:
    """End one session of an account at once; raise NotFound when it is not there, or not this account's."""
    require(Session.delete().where(Session.account == account, Session.uid == uid).execute(), NotFound)


def end_sessions(person: Person, *, but: Session | None = None) -> None:
    """End all sessions of a resident or an officer at once, on every process, except perhaps one."""
    own = Session.account if isinstance(person, Account) else Session.officer
    Session.delete().where(own == person, *([Session.uid != but.uid] if but else [])).execute()


def log_out(session: Session, *, now: datetime) -> None:
    """End a session at once, on every process."""
    with transaction():
        if Session.delete().where(Session.id == session.id).execute() and session.officer:
            record(session.officer, "officer logged out", now)


def was_same_person(token: str, session: Session) -> bool:
    """Tell whether a token, perhaps of a session that idled too long, belonged to the person of this session."""
    before = Session.get_or_none(Session.token_hash == crypto.hash_token(token))
    return bool(before and (before.account_id, before.officer_id) == (session.account_id, session.officer_id))
