"""Retention: everything that has its period goes, to the second, and nothing else; a run may break off anywhere."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

import pytest
from peewee import Model

from portal import crypto
from portal.database import database, on_sqlite, transaction
from portal.errors import PortalError
from portal.models import (Attachment, AuditEntry, Ballot, BallotDraft, EmailChange, Invitation, Message, Officer, PasswordReset,
                           PhoneChange, Proposal, SendCount, Session, Support, Throttle)
from portal.models.message import MessageChannel, MessageState
from portal.models.staff import Role
from portal.services import audit, login, login_throttle, password, profile, registration, removal, retention, staff
from portal.services.retention import Rule
from tests.factories import (PASSWORD, make_account, make_district, make_edition, make_officer, make_pool, make_proposal,
                             make_registration, make_voting)
from tests.services import raw
from tests.services.ballots import cast, choose
from tests.services.parallel import at_once

pytestmark = pytest.mark.usefixtures("app")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Make = Callable[[datetime], Model]


def hang_on_account(model: type[Model], at: datetime, **given: Any) -> Model:
    """A row of an account of its own, asked for at a moment."""
    return model.create(account=make_account(make_district()), created_at=at, **given)


def make_session(created_at: datetime, seen_at: datetime) -> Session:
    return Session.create(account=make_account(make_district()), token_hash=crypto.new_token(), created_at=created_at,
                          seen_at=seen_at, proved_at=created_at)


def make_message(at: datetime, state: str = MessageState.SENT) -> Message:
    return Message.create(key=crypto.new_token(), channel=MessageChannel.MAIL, recipient="ewa@example.org", template="welcome",
                          language="pl", due_at=at + 12 * HOUR, created_at=at, state=state)


def make_draft(voting_to: datetime) -> BallotDraft:
    edition = make_edition(voting_from=voting_to - DAY, voting_to=voting_to, results_on=voting_to + DAY)
    return BallotDraft.create(account=make_account(make_district()), edition=edition, picks="{}", updated_at=voting_to - HOUR)


def make_decided(results_on: datetime) -> Proposal:
    edition = make_edition(voting_from=results_on - 2 * DAY, voting_to=results_on - DAY, results_on=results_on)
    return make_proposal(make_pool(edition))


# The table, how long its rows are kept after the moment that counts, and a row for which that moment is the one given.
KINDS: dict[str, tuple[str, timedelta, Make]] = {
    "registration": ("registration", DAY, lambda at: make_registration(crypto.new_token(), make_district(), created_at=at)),
    "phone change": ("phone_change", DAY, lambda at: hang_on_account(PhoneChange, at, phone="+48600111222")),
    "e-mail change": ("email_change", DAY, lambda at: hang_on_account(EmailChange, at, email="e@example.org",
                                                                      token_hash=crypto.new_token())),
    "password link": ("password_reset", HOUR, lambda at: hang_on_account(PasswordReset, at, token_hash=crypto.new_token())),
    "invitation": ("officer", 3 * DAY, lambda at: make_officer(Role.CLERK, enrolment_hash=crypto.new_token(),
                                                               enrolment_expires_at=at + 3 * DAY)),
    "session that idled": ("session", 12 * HOUR, lambda at: make_session(at - HOUR, at - 30 * MINUTE)),
    "session used to its end": ("session", 12 * HOUR, lambda at: make_session(at - 12 * HOUR, at - SECOND)),
    "failures": ("throttle", 13 * HOUR, lambda at: Throttle.create(
        scope=crypto.new_token(), failures=13, failed_at=at - 15 * MINUTE, blocked_until=at)),
    "count": ("send_count", 2 * DAY, lambda at: SendCount.create(scope=crypto.new_token(), window=at, sent=1)),
    **{f"message {state}": ("message", 90 * DAY, partial(make_message, state=state))
       for state in ("sent", "delivered", "failed")},
    "draft": ("ballot_draft", HOUR, make_draft),
    "support": ("support", 90 * DAY, lambda at: hang_on_account(Support, at - 60 * DAY, proposal=make_decided(at))),
    "paper list": ("attachment", 90 * DAY, lambda at: Attachment.create(
        proposal=make_decided(at), kind="paper_list", media="image/jpeg", name="a", size=1, uploaded_at=at - 60 * DAY)),
    "unsubmitted": ("proposal", 365 * DAY, lambda at: make_proposal(make_pool(make_edition(proposals_to=at)), state="draft")),
    "co-author": ("invitation", 30 * DAY, lambda at: Invitation.create(
        proposal=make_decided(at + 400 * DAY), email="e@example.org", created_at=at, token_hash=crypto.new_token())),
}
of_every_kind = pytest.mark.parametrize(("table", "kept", "make"), KINDS.values(), ids=KINDS)


def remove(now: datetime) -> dict[str, int]:
    """Run, and return how many rows of which table went."""
    told: list[tuple[Rule, int]] = []
    assert retention.remove_due(actor="system", now=now, done=lambda *each: told.append(each)) == (0, 0), "there are no scans"
    assert [rule for rule, _rows in told] == list(retention.RULES), "each rule is told of once"
    return {rule.table: rows for rule, rows in told if rows}


def due(now: datetime) -> dict[str, int]:
    """Return how many rows of which table would go."""
    return {rule.table: rows for rule in retention.RULES if (rows := retention.count_due(rule, now=now))}


def is_kept(row: Model) -> bool:
    found = type(row).get_or_none(type(row).id == row.id)
    return bool(found and (found.enrolment_hash if isinstance(row, Officer) else True))


def everything() -> dict[str, list[dict[str, str]]]:
    """Return every row of every table."""
    return {name: sorted(raw.table(name), key=str) for name in database.get_tables()}


@of_every_kind
def test_row_goes_when_its_time_is_over_and_not_a_second_before(now: datetime, table: str, kept: timedelta, make: Make):
    young, old, older = (make(now - kept + wait) for wait in (SECOND, 0 * SECOND, -400 * DAY))
    assert due(now) == remove(now) == {table: 2}
    assert [is_kept(row) for row in (young, old, older)] == [True, False, False]
    last = now + SECOND - timedelta(microseconds=1)
    assert due(last) == remove(last) == {} and is_kept(young)
    assert due(now + SECOND) == remove(now + SECOND) == {table: 1} and not is_kept(young)


@of_every_kind
def test_counting_writes_nothing(now: datetime, statements: list[str], table: str, kept: timedelta, make: Make):
    make(now - kept)
    before = everything()
    statements.clear()
    assert due(now) == {table: 1}
    assert {statement.split()[0] for statement in statements} == {"SELECT"}
    assert everything() == before


def test_nothing_else_changes(now: datetime):
    """Of a portal in use, with a young and an old row of every kind, exactly the old ones go."""
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    cast(edition, district, account, now)
    neighbour = make_account(district, pesel="44051401359")
    choose(edition, district, neighbour, now)
    login.log_in(neighbour.email, PASSWORD, now=now)
    staff.create_officer("jan@example.org", name="Jan", role=Role.CLERK, actor="test", now=now)
    for _table, kept, make in KINDS.values():
        make(now - kept + SECOND)
    old = [make(now - kept) for _table, kept, make in KINDS.values()]
    expected = everything()
    for row in old:
        rows = expected[row._meta.table_name]
        (found,) = (shown for shown in rows if shown["id"] == str(row.id))
        rows.remove(found)
        if isinstance(row, Officer):
            rows.append({**found, "enrolment_hash": "None"})
    assert remove(now) == {**{table: 1 for table, _kept, _make in KINDS.values()}, "session": 2, "message": 3}
    after = everything()
    assert json.loads(after["audit_entry"].pop()["detail"])["message"] == 3
    assert after == {name: sorted(rows, key=str) for name, rows in expected.items()}


def test_second_run_removes_nothing_and_records_nothing(now: datetime):
    for _table, kept, make in KINDS.values():
        make(now - kept)
    assert sum(remove(now).values()) == len(KINDS)
    before = everything()
    assert remove(now) == {}
    assert everything() == before


def test_record_tells_who_and_how_many_and_nobody_of_them(now: datetime):
    make_registration("t", make_district(), created_at=now - DAY)
    make_message(now - 91 * DAY)
    make_message(now - 91 * DAY)
    retention.remove_due(actor="command line", now=now)
    entry = AuditEntry.get()
    assert (entry.actor, entry.action, entry.subject) == ("command line", "expired data removed", "portal")
    assert json.loads(entry.detail) == {"registration": 1, "message": 2}
    assert audit.verify() == []


# What is kept for somebody still serves.

def test_what_still_opens_something_is_kept_until_it_opens_nothing(now: datetime):
    account = make_account(make_district())
    make_registration("registration", account.district, created_at=now - DAY + SECOND)
    PhoneChange.create(account=account, phone="+48600111222", created_at=now - DAY + SECOND)
    PasswordReset.create(account=account, token_hash=crypto.hash_token("reset"), created_at=now - HOUR + SECOND)
    make_officer(Role.CLERK, enrolment_hash=crypto.hash_token("invitation"), enrolment_expires_at=now + SECOND)
    uses = [partial(registration.find_registration, "registration"), partial(profile.find_phone_change, account),
            partial(password.find_reset, "reset"), partial(staff.find_enrolment, "invitation")]
    assert remove(now) == {}
    for use in uses:
        assert use(now=now)
        with pytest.raises(PortalError):
            use(now=now + SECOND)
    assert len(remove(now + SECOND)) == len(uses)


def test_expired_invitation_keeps_its_date_by_which_the_panel_tells_of_it(now: datetime):
    officer = make_officer(Role.CLERK, enrolment_hash="h", enrolment_expires_at=now, password_hash="")
    assert remove(now) == {"officer": 1}
    left = Officer.get()
    assert (left.enrolment_hash, left.enrolment_expires_at, left.active) == (None, now, True)
    assert staff.renew_access(officer, actor="test", now=now).path, "and the officer can be invited anew"


def test_login_in_another_tab_is_known_to_be_the_same_persons_for_twelve_hours_after_the_end(now: datetime):
    account = make_account(make_district())
    token = login.log_in(account.email, PASSWORD, now=now)
    end = now + 30 * MINUTE
    for moment, known in ((end + 12 * HOUR - SECOND, True), (end + 12 * HOUR, False)):
        remove(moment)
        session = login.find_session(login.log_in(account.email, PASSWORD, now=moment), now=moment)
        assert session and login.was_same_person(token, session) is known


def test_session_in_use_is_never_removed(now: datetime):
    account, moment = make_account(make_district()), now
    token = login.log_in(account.email, PASSWORD, now=now)
    while moment < now + 12 * HOUR - 20 * MINUTE:
        moment += 20 * MINUTE
        assert login.find_session(token, now=moment)
        assert remove(moment) == {}


def fail(allowance: login_throttle.Allowance, now: datetime) -> Throttle:
    """Fail again and again, far more often than is counted, and return the count."""
    Throttle.delete().execute()
    for _failure in range(60):
        login_throttle.take_try(allowance, now=now)
        now = max(now, Throttle.get().blocked_until)
    return Throttle.get()


@pytest.mark.parametrize("allow", [
    partial(login_throttle.for_account, "resident", "ola@example.org"), partial(login_throttle.for_device, "d"),
    partial(login_throttle.for_session, "s"), partial(login_throttle.for_address, "resident", "192.0.2.1")],
    ids=lambda allow: allow.func.__name__)
def test_failures_are_kept_until_they_no_longer_count(now: datetime, allow: Callable[[], login_throttle.Allowance]):
    allowance = allow()
    row = fail(allowance, now)
    forgotten = row.blocked_until + row.failures * allowance.forgiven_after
    assert remove(forgotten - SECOND) == {}
    assert login_throttle.take_try(allowance, now=forgotten - SECOND)[0].failures == 1
    row = fail(allowance, now)
    removed = row.failed_at + 13 * HOUR + 15 * MINUTE
    assert removed >= forgotten and remove(removed - SECOND) == {}
    assert login_throttle.take_try(allowance, now=removed)[0].failures == 0, "the count is worth nothing any more"
    fail(allowance, now)
    assert remove(removed) == {"throttle": 1}


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.SENDING])
def test_message_that_has_not_come_to_its_end_stays_however_old(now: datetime, state: str):
    row = make_message(now - 4000 * DAY, state)
    assert remove(now) == {} and is_kept(row)


def test_choice_of_an_open_voting_stays_and_that_of_the_last_second_can_still_be_cast(now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, edition.voting_to)
    assert remove(edition.voting_to + HOUR - SECOND) == {}
    cast(edition, district, account, edition.voting_to)  # It stood in line for an hour.
    choose(edition, district, late := make_account(district), edition.voting_to)
    assert remove(edition.voting_to + HOUR) == {"ballot_draft": 1}
    assert Ballot.select().count() == 1 and is_kept(late)


# Small steps.

@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that were removed, two rows each at most."""
    sizes: list[int] = []
    original = retention._remove

    def count(rule: Rule, batch: list[int], now: datetime) -> int:
        sizes.append(len(batch))
        return original(rule, batch, now)
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "_remove", count)
    return sizes


def test_many_rows_go_in_transactions_of_their_own(now: datetime, batches: list[int], monkeypatch: pytest.MonkeyPatch):
    commits: list[bool] = []

    def begin() -> Any:
        commits.append(database.in_transaction())
        return transaction()
    monkeypatch.setattr(retention, "transaction", begin)
    for _row in range(5):
        make_message(now - 90 * DAY)
    assert remove(now) == {"message": 5}
    assert (batches, commits) == ([2, 2, 1], [False] * 3)


@pytest.mark.parametrize("crash", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_crash_between_batches_keeps_what_was_done_records_it_and_the_next_run_goes_on(
        now: datetime, batches: list[int], monkeypatch: pytest.MonkeyPatch, crash: type[BaseException]):
    rows = [make_message(now - 90 * DAY) for _row in range(5)]
    draft, working = make_draft(now - HOUR), retention._remove

    def break_down(rule: Rule, batch: list[int], now: datetime) -> int:
        if len(batches) == 2:
            raise crash
        return working(rule, batch, now)
    monkeypatch.setattr(retention, "_remove", break_down)
    with pytest.raises(crash):
        remove(now)
    assert [is_kept(row) for row in rows] == [False] * 4 + [True] and is_kept(draft)
    assert json.loads(AuditEntry.get().detail) == {"message": 4} and audit.verify() == []
    monkeypatch.setattr(retention, "_remove", working)
    assert remove(now) == {"message": 1, "ballot_draft": 1}


def test_crash_inside_a_batch_undoes_the_batch(now: datetime, monkeypatch: pytest.MonkeyPatch):
    make_message(now - 90 * DAY)
    before = everything()
    with monkeypatch.context() as patched:
        patched.setattr(database.obj, "commit", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remove(now)
    assert everything() == before


def test_row_that_is_renewed_after_it_was_found_stays(now: datetime, monkeypatch: pytest.MonkeyPatch):
    row, working = KINDS["failures"][2](now - DAY), retention._remove

    def meanwhile(rule: Rule, batch: list[int], now: datetime) -> int:
        Throttle.update(failed_at=now).execute()
        return working(rule, batch, now)
    monkeypatch.setattr(retention, "_remove", meanwhile)
    assert remove(now) == {} and is_kept(row)


# At once with others.

def test_runs_at_once_remove_each_row_once(now: datetime, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for _row in range(60):
        make_message(now - 90 * DAY)
    results = at_once(*[partial(remove, now)] * 4)
    assert sum(result.get("message", 0) for result in results) == 60, results
    assert Message.select().count() == 0
    assert sum(json.loads(entry.detail)["message"] for entry in AuditEntry.select()) == 60


def test_voters_cast_while_much_is_removed(now: datetime, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 5)
    edition, district, first = make_voting()
    voters = [first, *(make_account(district) for _ in range(11))]
    for voter in voters:
        choose(edition, district, voter, now)
    for _row in range(200):
        make_message(now - 90 * DAY)
        SendCount.create(scope=crypto.new_token(), window=now - 3 * DAY)
    results = at_once(partial(remove, now), *[partial(cast, edition, district, voter, now) for voter in voters])
    assert results[0] == {"message": 200, "send_count": 200}
    assert all(isinstance(number, str) for number in results[1:]), results
    assert (Ballot.select().count(), BallotDraft.select().count()) == (len(voters), 0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nobody_is_waited_for_who_is_changing_a_row(now: datetime):
    """On SQLite those who write stand in line anyway."""
    rows = [make_session(now - 3 * DAY, now - 3 * DAY) for _row in range(3)]
    held, done = Event(), Event()

    def hold() -> None:
        with transaction():
            removal.take_account(rows[1].account, now=now)
            held.set()
            assert done.wait(20), "the run has waited"

    def run() -> dict[str, int]:
        held.wait(20)
        try:
            return remove(now)
        finally:
            done.set()
    assert at_once(hold, run)[1] == {"session": 2}
    assert Session.select().count() == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rows_are_found_by_an_index_but_in_tables_that_stay_small(now: datetime):
    """Officers and their jobs are few; sessions and counts are of the last days, looked through while nobody has to wait."""
    make_pool(make_edition())
    assert on_sqlite()
    scanned = set()
    for rule in retention.RULES:
        sql, values = rule.model.select(rule.model.id).where(rule.due(now)).sql()
        plan = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        scanned |= {rule.table for row in plan if row[3].startswith("SCAN") and "t2" not in row[3]}
    assert scanned == {"officer", "job", "session", "send_count"}
