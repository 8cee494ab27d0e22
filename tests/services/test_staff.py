"""Officers come by invitation, set up their own access, and lose it at once when it is renewed or ended."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError

import argon2
import pytest
from peewee import IntegrityError

from portal import crypto
from portal.errors import CodeRefused, EnrolmentUnknown, LoginRefused, NoAdministratorLeft, PortalError
from portal.models import AuditEntry, Message, Officer, RecoveryCode, Session
from portal.models.staff import Role
from portal.services import login, staff, staff_codes
from tests.factories import TOTP_SECRET, make_officer
from tests.services import raw
from tests.services.officers import PASSWORD, code_of, enrol, invite, token_of
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app", "quick_hashes")
HOUR = timedelta(hours=1)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_OFFICERS", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def actions() -> list[str]:
    return [entry.action for entry in AuditEntry.select().order_by(AuditEntry.sequence)]


def letters() -> list[str]:
    return [message.template for message in Message.select().order_by(Message.id)]


def log_in(officer: Officer, code: str, now: datetime, password: str = PASSWORD) -> Session:
    found = login.find_session(login.log_in_officer(officer.email, password, code, now=now), now=now)
    assert found is not None
    return found


def test_invited_officer_has_no_password_and_cannot_log_in(now: datetime):
    invitation = invite(now)
    assert Officer.get().password_hash == ""
    for password in ("", PASSWORD):
        with pytest.raises(LoginRefused):
            log_in(invitation.officer, code_of(invitation.officer, now), now, password)


def test_invitation_goes_to_the_officer_and_is_nowhere_readable(now: datetime):
    invitation = invite(now)
    message = Message.get()
    assert (message.template, message.recipient, message.useless_after) == (
        "officer_invited", "jan.nowak@example.org", now + 72 * HOUR)
    assert json.loads(message.payload) == {"name": "Jan Nowak", "path": invitation.path}
    assert invitation.link == f"http://localhost{invitation.path}"
    stored = raw.everything()
    assert token_of(invitation) not in stored and invitation.officer.totp_secret not in stored


def test_officer_sets_up_the_access_and_logs_in(now: datetime):
    officer, codes = enrol(invite(now), now)
    assert (officer.enrolment_hash, officer.enrolment_expires_at) == (None, None)
    assert len(set(codes)) == RecoveryCode.select().count() == 10
    with pytest.raises(LoginRefused):
        log_in(officer, code_of(officer, now), now)  # The code that proved the authenticator is used.
    session = log_in(officer, code_of(officer, now, later=1), now + timedelta(seconds=30))
    assert session.officer == officer
    assert actions() == ["officer created", "officer enrolled", "second factor refused", "officer logged in"]


def test_password_and_recovery_codes_are_not_stored_readably(now: datetime):
    officer, codes = enrol(invite(now), now)
    stored = raw.everything()
    for secret in [PASSWORD, officer.totp_secret, *codes, *(code.replace("-", "") for code in codes)]:
        assert secret not in stored
    assert crypto.verify_password(officer.password_hash, PASSWORD, officer=True)


def test_wrong_code_sets_up_nothing_and_the_link_still_works(now: datetime):
    invitation = invite(now)
    with pytest.raises(CodeRefused):
        staff.enrol(token_of(invitation), PASSWORD, "000000", now=now)
    assert Officer.get().password_hash == "" and RecoveryCode.select().count() == 0
    enrol(invitation, now)


def test_link_works_once_for_three_days_and_for_nobody_shut_out(now: datetime):
    used, old, ended = (invite(now, f"{name}@example.org") for name in ("used", "old", "ended"))
    make_officer(Role.ADMINISTRATOR)
    enrol(used, now)
    staff.end_access(ended.officer, actor="test", now=now)
    staff.find_enrolment(token_of(old), now=now + 72 * HOUR - timedelta(seconds=1))
    for token, at in ((token_of(used), now), (token_of(old), now + 72 * HOUR), (token_of(ended), now), ("", now), ("x", now)):
        with pytest.raises(EnrolmentUnknown):
            staff.find_enrolment(token, now=at)
        with pytest.raises(EnrolmentUnknown):
            staff.enrol(token, "inne dobre hasło", "000000", now=at)
    assert crypto.verify_password(Officer.get_by_id(used.officer.id).password_hash, PASSWORD, officer=True)


def test_of_two_who_use_the_link_at_once_one_wins(now: datetime):
    invitation = invite(now)
    code = code_of(invitation.officer, now)
    results = at_once(*[partial(staff.enrol, token_of(invitation), f"{PASSWORD} {at}", code, now=now) for at in range(4)])
    assert (count_of(list, results), count_of(EnrolmentUnknown, results)) == (1, 3)
    assert RecoveryCode.select().count() == 10
    winner = next(at for at, result in enumerate(results) if isinstance(result, list))
    assert crypto.verify_password(Officer.get().password_hash, f"{PASSWORD} {winner}", officer=True)


def test_link_replaced_while_it_is_used_sets_up_nothing(now: datetime, monkeypatch: pytest.MonkeyPatch):
    """Otherwise whoever has the stolen link would keep the password that the renewal was to take away."""
    invitation, renewed, hash_password = invite(now), [], crypto.hash_password

    def renew_meanwhile(*args: str, **kwargs: bool) -> str:
        renewed.append(staff.renew_access(invitation.officer, actor="test", now=now))
        return hash_password(*args, **kwargs)

    monkeypatch.setattr(crypto, "hash_password", renew_meanwhile)
    with pytest.raises(EnrolmentUnknown):
        staff.enrol(token_of(invitation), PASSWORD, code_of(invitation.officer, now), now=now)
    assert renewed and Officer.get().password_hash == ""


def test_known_address_is_refused_in_any_letter_case_and_leaves_nothing(now: datetime):
    invite(now)
    with pytest.raises(IntegrityError):
        invite(now, "JAN.NOWAK@example.org")
    assert (Officer.select().count(), AuditEntry.select().count(), Message.select().count()) == (1, 1, 1)


def test_audit_names_nobody(now: datetime):
    officer, codes = enrol(invite(now), now)
    log_in(officer, codes[0], now)
    staff.renew_access(officer, actor="command line", now=now)
    assert {entry.subject for entry in AuditEntry.select()} == {f"officer:{officer.uid}"}
    kept = " ".join(f"{entry.actor} {entry.action} {entry.detail}" for entry in AuditEntry.select())
    assert "Nowak" not in kept and "@" not in kept
    assert [entry.detail for entry in AuditEntry.select() if entry.action == "officer created"] == ['{"role": "clerk"}']


def test_recovery_code_opens_once_and_the_officer_is_told(now: datetime):
    officer, codes = enrol(invite(now), now)
    assert log_in(officer, codes[3].lower().replace("-", " "), now).officer == officer
    with pytest.raises(LoginRefused):
        log_in(officer, codes[3], now)
    assert staff_codes.codes_left(officer) == 9
    letter = Message.get(Message.template == "recovery_code_used")
    assert (json.loads(letter.payload)["left"], letter.recipient) == (9, officer.email)
    assert actions()[-3:] == ["recovery code used", "officer logged in", "second factor refused"]


def test_recovery_code_opens_once_however_many_try_at_once(now: datetime):
    officer, codes = enrol(invite(now), now)
    results = at_once(*[partial(login.log_in_officer, officer.email, PASSWORD, codes[0], now=now)] * 4)
    assert (count_of(str, results), staff_codes.codes_left(officer)) == (1, 9)


def test_recovery_code_is_worth_nothing_without_the_password_or_for_somebody_else(now: datetime):
    officer, codes = enrol(invite(now), now)
    other, _codes = enrol(invite(now, "ewa@example.org"), now)
    for person, password in ((officer, "inne hasło"), (other, PASSWORD)):
        with pytest.raises(LoginRefused):
            log_in(person, codes[0], now, password)
    assert RecoveryCode.select().count() == 20


def test_recovery_codes_are_long_and_easy_to_read(now: datetime):
    _officer, codes = enrol(invite(now), now)
    assert all(len(group) == 4 and not set(group) & set("01IO") for code in codes for group in code.split("-"))
    assert all(len(code.split("-")) == 3 for code in codes) and len(set(crypto.CODE_SIGNS)) == 32, "60 bits each"


def test_right_password_with_a_wrong_code_is_kept_and_told(now: datetime):
    """Somebody who has the password alone has half of the way (ASVS 6.3.5)."""
    officer, _codes = enrol(invite(now), now)
    for password in (PASSWORD, "inne hasło"):
        with pytest.raises(LoginRefused):
            log_in(officer, "000000", now, password)
    assert actions().count("second factor refused") == letters().count("officer_code_refused") == 1


def test_renewal_voids_everything_at_once(now: datetime):
    officer, codes = enrol(invite(now), now)
    log_in(officer, codes[0], now)
    again = staff.renew_access(officer, actor="officer:x", now=now)
    renewed = Officer.get_by_id(officer.id)
    assert (renewed.password_hash, renewed.totp_secret == officer.totp_secret) == ("", False)
    assert (Session.select().count(), RecoveryCode.select().count()) == (0, 0)
    with pytest.raises(LoginRefused):
        log_in(officer, codes[1], now)
    assert letters()[-1] == "officer_invited" and "officer's access renewed" in actions()
    enrol(again, now, "zupełnie nowe hasło")
    with pytest.raises(EnrolmentUnknown):
        enrol(again, now)


def test_new_invitation_replaces_the_one_before(now: datetime):
    first = invite(now)
    second = staff.renew_access(first.officer, actor="test", now=now)
    with pytest.raises(EnrolmentUnknown):
        staff.find_enrolment(token_of(first), now=now)
    assert staff.find_enrolment(token_of(second), now=now) == first.officer


def test_ended_access_is_not_renewed(now: datetime):
    officer = make_officer(Role.CLERK, active=False)
    with pytest.raises(PortalError):
        staff.renew_access(officer, actor="test", now=now)
    assert Officer.get().totp_secret == TOTP_SECRET and Message.select().count() == 0


@pytest.mark.parametrize("change", ["renew", "end", "password"])
def test_login_that_a_change_overtakes_is_refused(now: datetime, monkeypatch: pytest.MonkeyPatch, change: str):
    """The password was right a moment ago: a session that began now would outlive the change."""
    officer, codes = enrol(invite(now), now)
    make_officer(Role.ADMINISTRATOR)
    mine = log_in(officer, codes[0], now)
    changes = {"renew": partial(staff.renew_access, officer, actor="test", now=now),
               "end": partial(staff.end_access, officer, actor="test", now=now),
               "password": partial(staff.change_password, officer, "inne dobre hasło", session=mine, now=now)}
    accept = staff_codes.accept
    for code in (codes[1], code_of(officer, now, later=1)):
        monkeypatch.setattr(staff_codes, "accept", lambda *args, **kwargs: (changes[change](), accept(*args, **kwargs)))
        with pytest.raises((LoginRefused, PortalError)):
            login.log_in_officer(officer.email, PASSWORD, code, now=now)
        assert Session.select().count() == Session.select().where(Session.id == mine.id).count()


def test_new_password_ends_all_other_sessions_and_is_told(now: datetime):
    officer, codes = enrol(invite(now), now)
    mine, _other = (log_in(officer, codes[at], now) for at in (0, 1))
    staff.change_password(officer, "inne dobre hasło", session=mine, now=now)
    assert [session.id for session in Session.select()] == [mine.id]
    assert crypto.verify_password(Officer.get().password_hash, "inne dobre hasło", officer=True)
    assert (letters()[-1], actions()[-1]) == ("officer_password_changed", "officer's password changed")


def test_password_is_not_changed_while_the_access_is_renewed(now: datetime):
    officer, codes = enrol(invite(now), now)
    mine = log_in(officer, codes[0], now)
    staff.renew_access(officer, actor="test", now=now)
    with pytest.raises(LoginRefused):
        staff.change_password(officer, "inne dobre hasło", session=mine, now=now)
    assert Officer.get().password_hash == ""


def test_new_recovery_codes_replace_the_old_ones(now: datetime):
    officer, old = enrol(invite(now), now)
    new = staff.renew_recovery_codes(officer, now=now)
    with pytest.raises(LoginRefused):
        log_in(officer, old[0], now)
    log_in(officer, new[0], now)
    assert "recovery codes replaced" in actions() and "recovery_codes_replaced" in letters()


def test_ended_access_ends_all_sessions(now: datetime):
    make_officer(Role.ADMINISTRATOR)
    officer, codes = enrol(invite(now), now)
    log_in(officer, codes[0], now)
    staff.end_access(officer, actor="test", now=now)
    assert (Session.select().count(), actions()[-1]) == (0, "officer's access ended")
    with pytest.raises(LoginRefused):
        log_in(officer, codes[1], now)


def test_last_administrator_cannot_be_shut_out(now: datetime):
    """Invited and ended administrators do not count: they cannot let anybody in."""
    last = make_officer(Role.ADMINISTRATOR)
    make_officer(Role.ADMINISTRATOR, active=False)
    make_officer(Role.COORDINATOR)
    staff.create_officer("nowa@example.org", name="Nowa", role=Role.ADMINISTRATOR, actor="test", now=now)
    with pytest.raises(NoAdministratorLeft):
        staff.end_access(last, actor="test", now=now)
    assert Officer.get_by_id(last.id).active and "officer's access ended" not in actions()


def test_administrators_who_shut_each_other_out_at_once_do_not_both_succeed(now: datetime, monkeypatch: pytest.MonkeyPatch):
    both, meeting, end_sessions = [make_officer(Role.ADMINISTRATOR) for _ in range(2)], Barrier(2), login.end_sessions

    def wait_for_the_other(officer: Officer) -> None:
        with suppress(BrokenBarrierError):  # Who is let in alone need not wait for long.
            meeting.wait(timeout=1)
        end_sessions(officer)

    monkeypatch.setattr(login, "end_sessions", wait_for_the_other)
    results = at_once(*[partial(staff.end_access, officer, actor="test", now=now) for officer in both])
    assert count_of(NoAdministratorLeft, results) == 1
    assert Officer.select().where(Officer.active).count() == 1
