"""Passwords as their service sees them: changed with the current one, set anew by a link that works once and for its account."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from portal import crypto
from portal.errors import LoginRefused, ResetUnknown, Throttled, TooMany
from portal.models import Account, AuditEntry, EmailChange, Message, PasswordReset, PhoneChange, SendCount, Session
from portal.models.account import AccountState
from portal.services import audit, login, password, profile
from portal.services.login_device import Browser
from tests.factories import PASSWORD, make_account, make_district
from tests.services import raw
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NEW = "zupa z kasztanów i śliwek"


@pytest.fixture
def account() -> Account:
    return make_account(make_district(), email="ola@example.org", given_name="Ola")


def ask(email: str, now: datetime, *, address: str = "192.0.2.1") -> None:
    password.ask_reset(email, address=address, now=now)


def letters(template: str = "password_reset") -> list[Message]:
    return list(Message.select().where(Message.template == template).order_by(Message.id))


def token_of(letter: Message) -> str:
    path = str(json.loads(letter.payload)["path"])
    assert path.startswith("/haslo/nowe/")
    return path.removeprefix("/haslo/nowe/")


def asked(account: Account, now: datetime, **how: Any) -> str:
    """Ask for a link and return its token."""
    ask(account.email, now, **how)
    return token_of(letters()[-1])


def can_log_in(email: str, word: str, now: datetime) -> bool:
    try:
        return bool(login.log_in(email, word, now=now, browser=Browser("198.51.100.1")))
    except LoginRefused:
        return False


def session_of(account: Account, now: datetime) -> Session:
    found = login.find_session(login._open_session(account, "", now), now=now)
    assert found
    return found


def test_link_sets_a_new_password_and_the_old_one_dies(account: Account, now: datetime):
    token = asked(account, now)
    password.reset_password(token, NEW, now=now + MINUTE)
    assert can_log_in(account.email, NEW, now) and not can_log_in(account.email, PASSWORD, now)
    assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.sequence)] == [
        "password reset asked for", "password reset"]
    assert audit.verify() == []
    [told] = letters("password_changed")
    assert (told.recipient, json.loads(told.payload)["path"]) == (account.email, "/haslo/przypomnij")


def test_link_is_random_and_kept_as_its_hash_only(account: Account, now: datetime):
    tokens = {asked(account, now) for _ in range(3)}
    assert len(tokens) == 3 and min(map(len, tokens)) >= 43, "256 bits"
    assert not any(token in raw.everything() for token in tokens)
    assert PasswordReset.get().token_hash == crypto.hash_token(token_of(letters()[-1]))


def test_nothing_of_it_is_in_the_audit_log(account: Account, now: datetime):
    password.reset_password(token := asked(account, now), NEW, now=now)
    recorded = str([(entry.actor, entry.subject, entry.detail) for entry in AuditEntry.select()])
    assert not any(secret in recorded for secret in (token, NEW, account.email, "192.0.2.1"))


def test_link_works_once(account: Account, now: datetime):
    token = asked(account, now)
    password.reset_password(token, NEW, now=now)
    with pytest.raises(ResetUnknown):
        password.reset_password(token, "inne hasło złodzieja", now=now)
    assert can_log_in(account.email, NEW, now)


def test_link_works_once_for_parallel_requests(account: Account, now: datetime):
    token = asked(account, now)
    results = at_once(*[partial(password.reset_password, token, f"{NEW} {at}", now=now) for at in range(8)])
    assert (count_of(Account, results), count_of(ResetUnknown, results)) == (1, 7)
    assert len(letters("password_changed")) == 1
    assert can_log_in(account.email, f"{NEW} {[isinstance(result, Account) for result in results].index(True)}", now)


def test_link_used_by_another_request_meanwhile_is_refused(account: Account, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """It is used between this request's look at it and its change."""
    token, hash_password = asked(account, now), crypto.hash_password

    def used_meanwhile(word: str) -> str:
        monkeypatch.setattr(crypto, "hash_password", hash_password)
        password.reset_password(token, NEW, now=now)
        return hash_password(word)
    monkeypatch.setattr(crypto, "hash_password", used_meanwhile)
    with pytest.raises(ResetUnknown):
        password.reset_password(token, "inne hasło złodzieja", now=now)
    assert can_log_in(account.email, NEW, now)
    assert len(letters("password_changed")) == 1


@pytest.mark.parametrize(("after", "works"), [(60 * MINUTE - SECOND, True), (60 * MINUTE, False), (24 * HOUR, False)])
def test_link_lives_for_an_hour(account: Account, now: datetime, after: timedelta, works: bool):
    token = asked(account, now)
    if works:
        password.reset_password(token, NEW, now=now + after)
    else:
        with pytest.raises(ResetUnknown):
            password.reset_password(token, NEW, now=now + after)
    assert can_log_in(account.email, NEW, now) is works


def test_older_link_dies_when_a_newer_one_is_sent(account: Account, now: datetime):
    older, newer = asked(account, now), asked(account, now + MINUTE)
    with pytest.raises(ResetUnknown):
        password.reset_password(older, NEW, now=now + MINUTE)
    password.reset_password(newer, NEW, now=now + MINUTE)
    assert PasswordReset.select().count() == 0


def test_link_of_another_account_changes_that_one_alone(account: Account, now: datetime):
    other = make_account(account.district, email="jan@example.org")
    mine, theirs = asked(account, now), asked(other, now)
    password.reset_password(theirs, NEW, now=now)
    assert can_log_in(account.email, PASSWORD, now) and can_log_in(other.email, NEW, now)
    assert password.find_reset(mine, now=now).account == account


@pytest.mark.parametrize("alter", [lambda token: token[:-1], lambda token: token + "A", lambda token: token.swapcase(),
                                   lambda token: "", lambda token: crypto.hash_token(token), lambda token: f" {token}"])
def test_altered_link_is_refused(account: Account, now: datetime, alter: Any):
    token = asked(account, now)
    with pytest.raises(ResetUnknown):
        password.reset_password(alter(token), NEW, now=now)


def test_link_dies_with_any_change_of_the_password(account: Account, now: datetime):
    token = asked(account, now)
    password.change_password(session_of(account, now), PASSWORD, NEW, address="192.0.2.1", now=now)
    with pytest.raises(ResetUnknown):
        password.reset_password(token, "inne hasło złodzieja", now=now)


def test_link_dies_with_any_change_of_the_address(account: Account, now: datetime):
    profile.ask_email_change(account, email="nowa@example.org", now=now)
    path = json.loads(letters("email_change_link")[0].payload)["path"]
    token = asked(account, now)
    profile.confirm_email_change(path.rpartition("/")[2], session=None, now=now)
    with pytest.raises(ResetUnknown):
        password.reset_password(token, NEW, now=now)


def test_frozen_account_gets_no_link_and_an_earlier_one_is_dead(account: Account, now: datetime):
    token = asked(account, now)
    Account.update(state=AccountState.FROZEN).execute()
    for use in (partial(password.find_reset, token), partial(password.reset_password, token, NEW)):
        with pytest.raises(ResetUnknown):
            use(now=now)
    ask(account.email, now)
    assert len(letters()) == 1


def test_unknown_address_gets_nothing_and_leaves_nothing(account: Account, now: datetime):
    ask("nikt@example.org", now)
    assert (letters(), PasswordReset.select().count(), AuditEntry.select().count()) == ([], 0, 0)
    assert "nikt@example.org" not in raw.everything()
    assert audit.verify() == []


def test_address_is_found_in_any_letter_case(account: Account, now: datetime):
    ask("OLA@Example.org", now)
    assert letters()[0].recipient == account.email


def test_new_password_ends_every_session(account: Account, now: datetime):
    sessions = [login._open_session(account, "", now) for _ in range(3)]
    other = login._open_session(make_account(account.district), "", now)
    password.reset_password(asked(account, now), NEW, now=now)
    assert not any(login.find_session(session, now=now) for session in sessions)
    assert login.find_session(other, now=now)


@pytest.mark.parametrize("confirmed", [True, False])
def test_link_confirms_the_address_to_which_it_went(account: Account, now: datetime, confirmed: bool):
    before = now - 24 * HOUR if confirmed else None
    Account.update(email_confirmed_at=before, email_token_hash=None if confirmed else "x").execute()
    password.reset_password(asked(account, now), NEW, now=now)
    assert (Account.get().email_confirmed_at, Account.get().email_token_hash) == (before or now, None)


def test_owner_gets_in_by_a_link_however_many_have_guessed(account: Account, now: datetime):
    for _ in range(5):
        can_log_in(account.email, "wrong", now)
    with pytest.raises(Throttled):
        can_log_in(account.email, PASSWORD, now)
    password.reset_password(asked(account, now), NEW, now=now)
    assert can_log_in(account.email, NEW, now)


def waiting(account: Account, now: datetime) -> None:
    """Let a new number and a new address wait for their confirmation."""
    profile.ask_phone_change(account, phone="+48600222333", address="192.0.2.1", now=now)
    profile.ask_email_change(account, email="nowa@example.org", now=now)
    assert PhoneChange.select().count() == EmailChange.select().count() == 1


def test_changes_asked_for_with_the_old_password_die(account: Account, now: datetime):
    waiting(account, now)
    password.reset_password(asked(account, now), NEW, now=now)
    assert PhoneChange.select().count() == EmailChange.select().count() == 0
    waiting(Account.get_by_id(account.id), now + MINUTE)
    password.change_password(session_of(account, now), NEW, PASSWORD, address="192.0.2.1", now=now)
    assert PhoneChange.select().count() == EmailChange.select().count() == 0


def test_account_gets_three_letters_an_hour_and_nobody_is_told(account: Account, now: datetime):
    for at in range(6):
        ask(account.email, now, address=f"192.0.2.{at}")
    assert len(letters()) == 3
    password.reset_password(token_of(letters()[-1]), NEW, now=now)
    ask(account.email, now + HOUR)
    assert len(letters()) == 4


def test_letter_caps_hold_under_parallel_requests(account: Account, now: datetime):
    results = at_once(*[partial(ask, account.email, now, address=f"192.0.2.{at}") for at in range(20)])
    assert results == [None] * 20
    assert (len(letters()), PasswordReset.select().count()) == (3, 1)
    newest = next(letter for letter in letters() if PasswordReset.get().token_hash in letter.key)
    assert password.find_reset(token_of(newest), now=now)


@pytest.mark.parametrize("known", [True, False])
def test_one_network_address_asks_twenty_times_an_hour(account: Account, now: datetime, known: bool):
    emails = [make_account(account.district).email if known else f"obcy{at}@example.org" for at in range(24)]
    results = at_once(*[partial(ask, email, now, address=f"2001:db8::{at:x}") for at, email in enumerate(emails)])
    assert (results.count(None), count_of(TooMany, results)) == (20, 4)
    assert len(letters()) == (20 if known else 0)
    ask("inny@example.org", now, address="192.0.2.2")
    ask(emails[0], now + HOUR, address="2001:db8::1")


def test_asking_is_counted_without_keeping_who_asked(account: Account, now: datetime):
    ask(account.email, now, address="198.51.100.77")
    assert SendCount.select().count() == 2
    assert account.email not in str(raw.table("send_count")) and "198.51.100.77" not in raw.everything()


def test_letter_goes_out_in_the_language_of_the_account(account: Account, now: datetime):
    Account.update(language="en").execute()
    password.reset_password(asked(account, now), NEW, now=now)
    assert {message.language for message in Message.select()} == {"en"}


def test_password_is_changed_with_the_current_one(account: Account, now: datetime):
    session, others = session_of(account, now), [session_of(account, now) for _ in range(2)]
    changed = password.change_password(session, PASSWORD, NEW, address="192.0.2.1", now=now)
    assert changed.password_hash == Account.get().password_hash
    assert can_log_in(account.email, NEW, now) and not can_log_in(account.email, PASSWORD, now)
    alive = {row.uid for row in Session.select()}
    assert session.uid in alive and not alive & {other.uid for other in others}
    assert [entry.action for entry in AuditEntry.select()] == ["password changed"]
    assert len(letters("password_changed")) == 1


def test_password_is_not_changed_without_the_current_one(account: Account, now: datetime):
    session, other = session_of(account, now), session_of(account, now)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            password.change_password(session, "wrong", NEW, address="192.0.2.1", now=now)
    with pytest.raises(Throttled):
        password.change_password(session, PASSWORD, NEW, address="192.0.2.1", now=now)
    assert can_log_in(account.email, PASSWORD, now)
    assert Session.select().where(Session.uid == other.uid).exists()
    assert not letters("password_changed") and AuditEntry.select().count() == 0


def test_login_that_was_right_a_moment_before_the_change_does_not_survive_it(
        account: Account, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """Else a thief who logs in while the owner sets a new password would stay."""
    token, verify = asked(account, now), crypto.verify_password

    def changed_meanwhile(*given: Any, **named: Any) -> bool:
        right = verify(*given, **named)
        monkeypatch.setattr(crypto, "verify_password", verify)
        password.reset_password(token, NEW, now=now)
        return right
    monkeypatch.setattr(crypto, "verify_password", changed_meanwhile)
    assert not can_log_in(account.email, PASSWORD, now)
    assert Session.select().count() == 0
