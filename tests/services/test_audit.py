"""The audit log: a chain in which nothing can be changed, dropped or slipped in unnoticed, and its daily digests."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from huey import MemoryHuey
from peewee import IntegrityError

from portal.database import transaction
from portal.messaging import outbox, worker
from portal.models import AuditDigest, AuditEntry
from portal.models.audit import FIRST
from portal.services import audit

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def five(now: datetime) -> list[AuditEntry]:
    """A chain of five entries."""
    return [audit.record("edition changed", actor=f"officer:{at}", subject="edition:2026", now=now + timedelta(seconds=at),
                         field="voting_to", żółw=at) for at in range(1, 6)]


def change(number: int, **values: object) -> None:
    """Change an entry behind the portal's back."""
    assert AuditEntry.update(values).where(AuditEntry.sequence == number).execute() == 1


def test_entries_follow_each_other_and_hold(five: list[AuditEntry]):
    assert [entry.sequence for entry in five] == [1, 2, 3, 4, 5]
    assert five[0].previous == FIRST
    assert [entry.previous for entry in five[1:]] == [entry.hash for entry in five[:-1]]
    assert audit.verify() == []


def test_empty_log_holds(app: object):
    assert audit.verify() == []


def test_detail_is_kept_readable_and_sorted(five: list[AuditEntry]):
    assert AuditEntry.get(AuditEntry.sequence == 2).detail == '{"field": "voting_to", "żółw": 2}'


@pytest.mark.parametrize("values", [{"actor": "officer:x"}, {"action": "x"}, {"subject": "edition:2025"}, {"detail": "{}"},
                                    {"at": datetime.fromisoformat("2026-06-15T10:30:03.000001Z")}, {"hash": "0" * 64}])
def test_altered_entry_is_named(five: list[AuditEntry], values: dict[str, object]):
    change(3, **values)
    assert audit.verify()[0] == "entry 3 was altered"


def test_entry_altered_together_with_its_hash_is_betrayed_by_the_next(five: list[AuditEntry]):
    entry = AuditEntry.get(AuditEntry.sequence == 3)
    entry.detail = "{}"
    change(3, detail="{}", hash=entry.compute_hash())
    assert audit.verify() == ["entry 4 does not follow the one before it"]


@pytest.mark.parametrize(("gone", "said"), [((3,), "entries 3 to 3 are missing"), ((1,), "entries 1 to 1 are missing"),
                                            ((2, 3, 4), "entries 2 to 4 are missing")])
def test_removed_entries_are_named(five: list[AuditEntry], gone: tuple[int, ...], said: str):
    AuditEntry.delete().where(AuditEntry.sequence.in_(gone)).execute()
    assert audit.verify() == [said]


def test_removal_hidden_by_renumbering_is_named(five: list[AuditEntry]):
    AuditEntry.delete().where(AuditEntry.sequence == 3).execute()
    change(4, sequence=3)
    change(5, sequence=4)
    assert audit.verify() == ["entry 3 does not follow the one before it", "entry 3 was altered", "entry 4 was altered"]


def test_entry_put_in_between_is_named(five: list[AuditEntry]):
    change(5, sequence=6)
    change(4, sequence=5)
    forged = AuditEntry(sequence=4, at=five[3].at, actor="officer:x", action="x", subject="x", previous=five[2].hash)
    with pytest.raises(IntegrityError), transaction():  # The chain cannot fork: each entry is followed by one.
        forged.hash = forged.compute_hash()
        forged.save(force_insert=True)
    forged.previous = "f" * 64
    forged.hash = forged.compute_hash()
    forged.save(force_insert=True)
    assert audit.verify()[0] == "entry 4 does not follow the one before it"


def test_entry_goes_with_the_change_that_it_records(five: list[AuditEntry], now: datetime):
    with pytest.raises(RuntimeError), transaction():
        audit.record("x", actor="x", subject="x", now=now)
        raise RuntimeError
    assert AuditEntry.select().count() == 5
    audit.record("y", actor="x", subject="x", now=now)
    assert audit.verify() == []


DAY, MONDAY = timedelta(days=1), date(2026, 6, 15)


@pytest.fixture
def days(now: datetime) -> list[AuditEntry]:
    """Two entries on Monday, none on Tuesday, one on Wednesday."""
    return [audit.record("x", actor="x", subject="x", now=now + passed, at=at)
            for at, passed in enumerate((timedelta(), timedelta(hours=1), 2 * DAY))]


def told(digests: list[AuditDigest]) -> list[tuple[date, int, str]]:
    return [(digest.day, digest.entries, digest.hash) for digest in digests]


def test_digest_tells_how_many_entries_there_were_at_the_end_of_a_day(days: list[AuditEntry], now: datetime):
    later = now + 9 * DAY
    assert told([audit.make_digest(MONDAY + number * DAY, now=later) for number in (-1, 0, 1, 2)]) == [
        (MONDAY - DAY, 0, FIRST), (MONDAY, 2, days[1].hash), (MONDAY + DAY, 2, days[1].hash), (MONDAY + 2 * DAY, 3, days[2].hash)]
    assert audit.verify() == []


@pytest.mark.parametrize(("at", "counted"), [("2026-03-29T21:59:59.999999Z", 1), ("2026-03-29T22:00:00Z", 0)])
def test_day_ends_on_the_city_clocks(app: object, at: str, counted: int):
    """On the day on which they are put forward, that is 22:00 in UTC."""
    audit.record("x", actor="x", subject="x", now=datetime.fromisoformat(at))
    assert audit.make_digest(date(2026, 3, 29), now=datetime(2026, 4, 2, tzinfo=UTC)).entries == counted
    assert audit.verify() == []


def test_day_that_has_not_ended_has_no_digest(days: list[AuditEntry]):
    for moment in ("2026-06-15T10:30:00Z", "2026-06-15T21:59:59.999999Z"):
        with pytest.raises(ValueError, match="2026-06-15 has not ended"):
            audit.make_digest(MONDAY, now=datetime.fromisoformat(moment))
    assert not AuditDigest.select().exists()
    assert audit.make_digest(MONDAY, now=datetime.fromisoformat("2026-06-15T22:00:00Z")).entries == 2


def test_digest_that_was_made_stays_as_it_is(days: list[AuditEntry], now: datetime):
    once = audit.make_digest(MONDAY, now=now + DAY)
    audit.record("late", actor="x", subject="x", now=now)
    assert told([audit.make_digest(MONDAY, now=now + 2 * DAY)]) == told([once])
    assert AuditDigest.select().count() == 1


def test_digests_of_missing_days_are_made_up_for(days: list[AuditEntry], now: datetime):
    assert [digest.day for digest in audit.make_digests(now=now + 2 * DAY)] == [MONDAY, MONDAY + DAY]
    assert audit.make_digests(now=now + 2 * DAY) == []
    assert [digest.day for digest in audit.make_digests(now=now + 5 * DAY)] == [MONDAY + number * DAY for number in (2, 3, 4)]
    assert [digest.day for digest in audit.list_digests(2)] == [MONDAY + 4 * DAY, MONDAY + 3 * DAY]


@pytest.mark.parametrize(("at", "made"), [("2026-06-15T22:59:59Z", 0), ("2026-06-15T23:00:00Z", 1)])
def test_what_began_before_midnight_has_an_hour_to_get_into_the_digest(days: list[AuditEntry], at: str, made: int):
    assert len(audit.make_digests(now=datetime.fromisoformat(at))) == made


def test_empty_log_has_no_digests(now: datetime):
    assert audit.make_digests(now=now) == []
    audit.record("x", actor="x", subject="x", now=now)
    assert audit.make_digests(now=now) == []


def test_the_worker_makes_them_every_night(days: list[AuditEntry], app: object, monkeypatch: pytest.MonkeyPatch):
    queue = MemoryHuey(results=False)
    monkeypatch.setattr(worker, "make_queue", lambda: queue)
    monkeypatch.setattr(outbox, "_listeners", [])
    worker.init_app(app)
    (task,) = (task for task in queue.read_periodic(datetime(2026, 6, 18, 1, 30)) if task.name == "remove_what_is_due")
    with time_machine.travel(datetime(2026, 6, 18, 1, 30, tzinfo=UTC), tick=False):
        queue.execute(task)
    assert [digest.entries for digest in audit.list_digests()] == [3, 2, 2]


def rewrite() -> None:
    """Make the whole chain anew, so that it holds in itself."""
    entries, previous = list(AuditEntry.select().order_by(AuditEntry.sequence)), FIRST
    AuditEntry.delete().execute()
    for number, entry in enumerate(entries, 1):
        entry.sequence, entry.previous = number, previous
        entry.hash = previous = entry.compute_hash()
        entry.save(force_insert=True)


def untrue(day: str, said: tuple[int, str], is_so: tuple[int, str], kind: str = "digest") -> str:
    return f"the {kind} of {day} says {said[0]} entries, hash {said[1]}; the log says {is_so[0]} entries, hash {is_so[1]}"


def test_removal_of_the_newest_entries_is_named(days: list[AuditEntry], now: datetime):
    audit.make_digests(now=now + 3 * DAY)
    AuditEntry.delete().where(AuditEntry.sequence == 3).execute()
    assert audit.verify() == [untrue("2026-06-17", (3, days[2].hash), (2, days[1].hash))]
    AuditEntry.delete().execute()
    assert audit.verify() == [untrue(f"2026-06-{15 + number}", (entries, days[entries - 1].hash), (0, FIRST))
                              for number, entries in enumerate((2, 2, 3))]


def test_chain_that_was_made_anew_is_named(days: list[AuditEntry], now: datetime):
    audit.make_digests(now=now + 3 * DAY)
    AuditEntry.update(actor="somebody else").where(AuditEntry.sequence == 2).execute()
    rewrite()
    now_said = [entry.hash for entry in AuditEntry.select().order_by(AuditEntry.sequence)]
    assert audit.verify() == [untrue(day, (number, days[number - 1].hash), (number, now_said[number - 1]))
                              for number, day in ((2, "2026-06-15"), (2, "2026-06-16"), (3, "2026-06-17"))]


def test_entry_slipped_in_at_the_beginning_of_a_chain_made_anew_is_named(days: list[AuditEntry], now: datetime):
    audit.make_digest(MONDAY - DAY, now=now + DAY)
    audit.make_digests(now=now + 3 * DAY)
    AuditEntry.create(sequence=0, at=now - DAY, actor="x", action="x", subject="x", previous="x", hash="x")
    rewrite()
    assert [fault.partition(" entries")[0] for fault in audit.verify()] == [
        f"the digest of 2026-06-{day} says {entries}" for day, entries in ((14, 0), (15, 2), (16, 2), (17, 3))]


@pytest.mark.parametrize("values", [{"hash": "f" * 64}, {"entries": 3}, {"entries": 0}, {"entries": 0, "hash": FIRST}, "another",
                                    {"day": date(2026, 6, 17)}])
def test_digest_that_was_altered_is_named(days: list[AuditEntry], now: datetime, values: dict[str, object] | str):
    """Also when it names an entry that is there, or says that there was none."""
    audit.make_digests(now=now + DAY)
    AuditDigest.update({"entries": 1, "hash": days[0].hash} if values == "another" else values).execute()
    changed = AuditDigest.get()
    end = days[2] if changed.day.day == 17 else days[1]
    assert audit.verify()[-1] == untrue(str(changed.day), (changed.entries, changed.hash), (end.sequence, end.hash))


@pytest.mark.parametrize(("gone", "said"), [((16,), "2026-06-16 to 2026-06-16"), ((15, 16), "2026-06-15 to 2026-06-16")])
def test_digests_that_are_missing_are_named(days: list[AuditEntry], now: datetime, gone: tuple[int, ...], said: str):
    audit.make_digests(now=now + 4 * DAY)
    AuditDigest.delete().where(AuditDigest.day.in_([date(2026, 6, day) for day in gone])).execute()
    assert audit.verify() == [f"the digests of {said} are missing"]


def test_entries_that_were_written_out_of_their_order_in_time_are_no_fault(days: list[AuditEntry], now: datetime):
    """Of two changes around midnight, the one that began later may be done first."""
    for hours in (60, 59):
        audit.record("x", actor="x", subject="x", now=now + timedelta(hours=hours, minutes=-20))
    audit.record("x", actor="x", subject="x", now=now - DAY)
    assert len(audit.make_digests(now=now + 5 * DAY)) == 6
    assert audit.verify() == []


def test_noted_digests_tell_what_was_made_anew_together_with_the_digests(days: list[AuditEntry], now: datetime):
    noted = audit.make_digests(now=now + 3 * DAY)
    assert audit.verify(noted) == audit.verify(reversed(noted)) == []
    AuditEntry.update(actor="somebody else").where(AuditEntry.sequence == 3).execute()
    rewrite()
    AuditDigest.delete().execute()
    audit.make_digests(now=now + 3 * DAY)
    assert audit.verify() == []
    assert audit.verify(noted) == [
        untrue("2026-06-17", (3, days[2].hash), (3, AuditEntry.get(AuditEntry.sequence == 3).hash), "noted digest")]
