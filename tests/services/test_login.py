"""Login as its service sees it: one answer to everything wrong, sessions that live in the database and end on time."""

from datetime import datetime, timedelta
from functools import partial

import argon2
import pyotp
import pytest

from portal import crypto
from portal.errors import LoginRefused
from portal.models import Account, AuditEntry, Officer, Session
from portal.models.account import AccountState
from portal.models.staff import Role
from portal.services import login
from portal.services.login_device import Browser
from tests.factories import PASSWORD, TOTP_SECRET, make_account, make_district, make_officer
from tests.services import raw
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
QUICK_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def account() -> Account:
    return make_account(make_district(), email="ola@example.org")


@pytest.fixture
def officer() -> Officer:
    return make_officer(Role.COORDINATOR, email="urzednik@example.org", password_hash=QUICK_HASH)


def totp(now: datetime, *, steps: int = 0) -> str:
    return pyotp.TOTP(TOTP_SECRET).at(now + timedelta(seconds=30 * steps))


def test_right_password_opens_a_session_whose_token_is_stored_hashed(account: Account, now: datetime):
    token = login.log_in("OLA@example.org", PASSWORD, now=now, browser=Browser(user_agent="Firefox" + "x" * 500))
    session = Session.get()
    assert (session.account, session.officer, session.created_at, session.seen_at) == (account, None, now, now)
    assert len(session.user_agent) == 200
    assert token not in raw.everything()
    assert session.token_hash == crypto.hash_token(token)
    assert len(token) >= 43, "256 bits"


def test_every_login_has_a_session_of_its_own(account: Account, now: datetime):
    tokens = {login.log_in(account.email, PASSWORD, now=now) for _ in range(3)}
    assert (len(tokens), Session.select().count()) == (3, 3)


@pytest.mark.parametrize(("email", "password"), [
    ("ola@example.org", PASSWORD + " "), ("ola@example.org", ""), ("ola@example.org", PASSWORD.upper()),
    ("nikt@example.org", PASSWORD), ("", "")])
def test_wrong_password_and_unknown_address_are_refused_alike(account: Account, now: datetime, email: str, password: str):
    with pytest.raises(LoginRefused) as refusal:
        login.log_in(email, password, now=now)
    assert str(refusal.value) == LoginRefused.message
    assert Session.select().count() == 0


def test_frozen_account_is_refused_like_a_wrong_password(now: datetime):
    make_account(make_district(), email="ola@example.org", state=AccountState.FROZEN)
    with pytest.raises(LoginRefused) as refusal:
        login.log_in("ola@example.org", PASSWORD, now=now)
    assert str(refusal.value) == LoginRefused.message


@pytest.mark.parametrize(("email", "officer"), [("ola@example.org", False), ("nikt@example.org", False),
                                                ("urzednik@example.org", True), ("nikt@example.org", True)])
def test_known_and_unknown_cost_one_hash_each(account: Account, officer: bool, email: str, now: datetime,
                                              monkeypatch: pytest.MonkeyPatch):
    make_officer(Role.CLERK, email="urzednik@example.org")
    crypto.verify_password(None, "", officer=officer)  # The first stranger of a process waits for a hash to be made.
    calls: list[str] = []
    for kind in ("_RESIDENTS", "_OFFICERS"):
        hasher = getattr(crypto, kind)
        counting = type("Counting", (), {
            "verify": lambda self, *given, hasher=hasher, kind=kind: calls.append(kind) or hasher.verify(*given),
            "hash": lambda self, *given: calls.append("hash"), "check_needs_rehash": hasher.check_needs_rehash})
        monkeypatch.setattr(crypto, kind, counting())
    with pytest.raises(LoginRefused):
        if officer:
            login.log_in_officer(email, "wrong", "123456", now=now)
        else:
            login.log_in(email, "wrong", now=now)
    assert calls == ["_OFFICERS" if officer else "_RESIDENTS"]


def test_hash_with_older_parameters_is_renewed_at_login(account: Account, now: datetime):
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    Account.update(password_hash=old).execute()
    with pytest.raises(LoginRefused):
        login.log_in(account.email, "wrong", now=now)
    assert Account.get().password_hash == old
    login.log_in(account.email, PASSWORD, now=now)
    renewed = Account.get().password_hash
    assert renewed != old and not crypto.password_is_outdated(renewed)
    login.log_in(account.email, PASSWORD, now=now)
    assert Account.get().password_hash == renewed


def test_officers_hash_is_renewed_too(officer: Officer, now: datetime):
    with pytest.raises(LoginRefused):
        login.log_in_officer(officer.email, PASSWORD, "000000", now=now)
    assert Officer.get().password_hash == QUICK_HASH
    login.log_in_officer(officer.email, PASSWORD, totp(now), now=now)
    renewed = Officer.get().password_hash
    assert not crypto.password_is_outdated(renewed, officer=True)
    login.log_in_officer(officer.email, PASSWORD, totp(now, steps=1), now=now)
    assert Officer.get().password_hash == renewed


def test_hashing_parameters_are_those_of_the_rules(account: Account):
    assert crypto.hash_password("x").startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert crypto.hash_password("x", officer=True).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(("idle", "alive"), [(30 * MINUTE - SECOND, True), (30 * MINUTE, False)])
def test_session_ends_after_half_an_hour_of_silence(account: Account, now: datetime, idle: timedelta, alive: bool):
    token = login.log_in(account.email, PASSWORD, now=now)
    assert bool(login.find_session(token, now=now + idle)) is alive


@pytest.mark.parametrize(("age", "alive"), [(12 * HOUR - SECOND, True), (12 * HOUR, False)])
def test_session_ends_after_twelve_hours_however_busy(account: Account, now: datetime, age: timedelta, alive: bool):
    token = login.log_in(account.email, PASSWORD, now=now)
    for at in range(1, 36):
        assert login.find_session(token, now=now + at * 20 * MINUTE)
    assert bool(login.find_session(token, now=now + age)) is alive


def test_use_of_a_session_is_noted_at_most_once_a_minute(account: Account, now: datetime):
    token, seen = login.log_in(account.email, PASSWORD, now=now), set()
    for seconds in range(0, 185, 5):
        assert login.find_session(token, now=now + seconds * SECOND)
        seen.add(Session.get().seen_at)
    assert 3 <= len(seen) <= 4
    assert min(b - a for a, b in zip(sorted(seen), sorted(seen)[1:], strict=False)) >= MINUTE


def test_logout_ends_the_session_at_once(account: Account, now: datetime):
    token, other = (login.log_in(account.email, PASSWORD, now=now) for _ in range(2))
    login.log_out(login.find_session(token, now=now), now=now)
    assert login.find_session(token, now=now) is None
    assert login.find_session(other, now=now)


def test_freezing_an_account_shuts_its_sessions(account: Account, now: datetime):
    token = login.log_in(account.email, PASSWORD, now=now)
    Account.update(state=AccountState.FROZEN).execute()
    assert login.find_session(token, now=now) is None


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 50, "0" * 64])
def test_made_up_token_finds_nothing(account: Account, now: datetime, token: str):
    login.log_in(account.email, PASSWORD, now=now)
    assert login.find_session(token, now=now) is None


def test_officer_enters_with_password_and_code(officer: Officer, now: datetime):
    token = login.log_in_officer("Urzednik@example.org", PASSWORD, totp(now), now=now)
    session = login.find_session(token, now=now)
    assert (session.officer, session.account) == (officer, None)
    assert [(entry.action, entry.actor) for entry in AuditEntry.select()] == [("officer logged in", f"officer:{officer.uid}")]


def test_code_works_once(officer: Officer, now: datetime):
    login.log_in_officer(officer.email, PASSWORD, totp(now), now=now)
    with pytest.raises(LoginRefused):
        login.log_in_officer(officer.email, PASSWORD, totp(now), now=now)
    with pytest.raises(LoginRefused):
        login.log_in_officer(officer.email, PASSWORD, totp(now, steps=-1), now=now)
    login.log_in_officer(officer.email, PASSWORD, totp(now, steps=1), now=now + 30 * SECOND)
    assert Session.select().count() == 2


def test_code_works_once_for_parallel_logins(officer: Officer, now: datetime):
    results = at_once(*[partial(login.log_in_officer, officer.email, PASSWORD, totp(now), now=now)] * 5)
    assert count_of(str, results) == 1
    assert count_of(LoginRefused, results) == 4
    assert Session.select().count() == 1
    assert [entry.action for entry in AuditEntry.select()].count("officer logged in") == 1


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(officer: Officer, now: datetime, steps: int, right: bool):
    try:
        login.log_in_officer(officer.email, PASSWORD, totp(now, steps=steps), now=now)
    except LoginRefused:
        assert not right
    else:
        assert right
    assert Session.select().count() == right


def test_wrong_code_wrong_password_and_unknown_officer_are_refused_alike(officer: Officer, now: datetime):
    for email, password, code in ((officer.email, PASSWORD, "000000"), (officer.email, "wrong", totp(now)),
                                  ("nikt@example.org", PASSWORD, totp(now)), (officer.email, PASSWORD, ""),
                                  (officer.email, PASSWORD, "żółw")):
        with pytest.raises(LoginRefused) as refusal:
            login.log_in_officer(email, password, code, now=now)
        assert str(refusal.value) == LoginRefused.message
    assert Session.select().count() == 0


def test_wrong_password_does_not_use_up_the_code(officer: Officer, now: datetime):
    with pytest.raises(LoginRefused):
        login.log_in_officer(officer.email, "wrong", totp(now), now=now)
    assert login.log_in_officer(officer.email, PASSWORD, totp(now), now=now)


def test_dismissed_officer_neither_enters_nor_stays(officer: Officer, now: datetime):
    token = login.log_in_officer(officer.email, PASSWORD, totp(now), now=now)
    Officer.update(active=False).execute()
    assert login.find_session(token, now=now) is None
    with pytest.raises(LoginRefused):
        login.log_in_officer(officer.email, PASSWORD, totp(now, steps=1), now=now)


def test_residents_and_officers_do_not_share_a_door(account: Account, officer: Officer, now: datetime):
    with pytest.raises(LoginRefused):
        login.log_in(officer.email, PASSWORD, now=now)
    with pytest.raises(LoginRefused):
        login.log_in_officer(account.email, PASSWORD, totp(now), now=now)


def test_totp_secret_is_sealed_at_rest(officer: Officer):
    assert TOTP_SECRET not in raw.everything()
