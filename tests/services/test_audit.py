"""The audit log: a chain in which nothing can be changed, dropped or slipped in unnoticed."""

from datetime import datetime, timedelta

import pytest
from peewee import IntegrityError

from portal.database import transaction
from portal.models import AuditEntry
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
