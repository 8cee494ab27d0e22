"""Retention of cases of wrongly registered accounts: first the scans go, then the words, last the case itself."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.config import settings
from portal.models import AuditEntry, Evidence, Officer, RemovalCase, RemovalStep
from portal.models.removal import CaseState
from portal.models.staff import Role
from portal.services import audit, removal_case, removal_claim, removal_evidence, retention
from portal.services.retention import RULES
from portal.store import MARK
from tests.factories import make_officer
from tests.services import raw
from tests.services.cases import ADDRESS, approve, claim, make_wrong_voter, open_case, requested_case

pytestmark = pytest.mark.usefixtures("app", "folder")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PAGES = [b"\xff\xd8\xff first", b"\xff\xd8\xff second"]
SCANS, TOLD, WORDS, CASES = (
    "scans of documents", "what claimants told", "words in the history of cases", "cases that have ended")


@pytest.fixture
def folder(now: datetime) -> Iterator[Path]:
    """Where the scans lie; whatever is written there was written long ago."""
    place = Path(settings.instance) / "evidence"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    (place / MARK).touch()
    yield place
    shutil.rmtree(place)


def remove(now: datetime) -> dict[str, int]:
    """Run, after the dry run has told the same, and return what went of cases: how many rows by which rule, how many files."""
    for path in (Path(settings.instance) / "evidence").iterdir():
        os.utime(path, (0, 0))
    before = raw.everything()
    expected = [retention.count_due(rule, now=now) for rule in RULES]
    strays, lost = removal_evidence.STORE.find_strays(now=now)
    assert raw.everything() == before
    told: list[int] = []
    swept = retention.remove_due(actor="system", now=now, done=lambda rule, rows: told.append(rows))
    assert (told, swept) == (expected, (len(strays), len(lost))), "the dry run tells the same"
    named = {rule.what: rows for rule, rows in zip(RULES, told)} | {"files": swept[0], "lost": swept[1]}
    return {what: named[what] for what in (SCANS, TOLD, WORDS, CASES, "files", "lost") if named[what]}


def refused_case(now: datetime, **given: str) -> RemovalCase:
    case = open_case(now - DAY, **given)
    removal_claim.answer(case, "Proszę o pośpiech.", now=now - DAY)
    officer = Officer.select().first() or make_officer(Role.REMOVALS)
    removal_case.refuse(case, officer, "To nie ta osoba.", version=case.version, now=now)
    return RemovalCase.get_by_id(case.id)


def removed_case(now: datetime) -> RemovalCase:
    make_wrong_voter(now)
    case = requested_case(now)
    approve(case, now)
    return RemovalCase.get_by_id(case.id)


def test_scans_go_thirty_days_after_they_came_whatever_becomes_of_the_case(now: datetime, folder: Path):
    case = open_case(now)
    for wait in (0, 1):
        removal_claim.add_evidence(case, PAGES, now=now + wait * SECOND)
    assert remove(now + 30 * DAY - SECOND) == {}
    assert remove(now + 30 * DAY) == {SCANS: 2, "files": 2}
    assert removal_evidence.show(case) == PAGES and len(list(folder.iterdir())) == 3
    assert remove(now + 30 * DAY + SECOND) == {SCANS: 2, "files": 2}
    assert [path.name for path in folder.iterdir()] == [MARK] and Evidence.select().count() == 0
    assert RemovalCase.get().state == CaseState.OPEN and RemovalStep.select().count() == 3
    assert remove(now + 31 * DAY) == {}


@pytest.mark.parametrize("end", [refused_case, removed_case])
def test_case_forgets_the_person_after_ninety_days_and_goes_after_a_year(now: datetime, end: Callable[[datetime], RemovalCase]):
    case = end(now)
    steps = RemovalStep.select().where(RemovalStep.words.is_null(False)).count()
    told = dict.fromkeys(("name", "pesel", "pesel_index", "email", "story", "protocol"))
    assert steps and remove(now + 90 * DAY - SECOND) == {}
    assert RemovalCase.get().__data__ == case.__data__
    assert remove(now + 90 * DAY) == {TOLD: 1, WORDS: steps}
    assert RemovalCase.get().__data__ == {**case.__data__, **told}, "and keeps everything else"
    assert {step.words for step in RemovalStep.select()} == {None} and RemovalStep.select().count() >= steps
    assert remove(now + 366 * DAY - SECOND) == {}
    assert remove(now + 366 * DAY) == {CASES: 1}
    assert RemovalCase.select().count() == RemovalStep.select().count() == 0
    assert Officer.select().count() > 0 and audit.verify() == []


def test_case_that_was_never_forgotten_in_parts_goes_at_once(now: datetime):
    """The worker did not run for a year: the dry run tells the same then, too."""
    refused_case(now)
    assert remove(now + 400 * DAY) == {TOLD: 1, WORDS: 2, CASES: 1}
    assert RemovalCase.select().count() == 0
    assert json.loads(AuditEntry.select().order_by(AuditEntry.sequence.desc()).get().detail)["removal_case"] == 2


@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.MORE_NEEDED, CaseState.CONFIRMED, CaseState.REQUESTED])
def test_case_that_has_not_ended_stays_whole_however_old(now: datetime, state: CaseState):
    case = open_case(now)
    removal_claim.answer(case, "Czekam.", now=now)
    RemovalCase.update(state=state, requested_by=make_officer(Role.REMOVALS)).execute()
    before = (RemovalCase.get().__data__, [step.words for step in RemovalStep.select()])
    assert remove(now + 4000 * DAY) == {}
    assert (RemovalCase.get().__data__, [step.words for step in RemovalStep.select()]) == before


def test_only_what_is_due_goes(now: datetime, folder: Path):
    """Of many cases of all ages exactly the old ones go, and of the files exactly theirs."""
    for days in (0, 29, 30, 89, 90, 365, 366):
        refused_case(now - days * DAY, pesel=f"{days:011}", email=f"osoba{days}@example.org")
        removal_claim.add_evidence(open_case(now - 40 * DAY, pesel=f"9{days:010}", email=f"inna{days}@example.org"),
                                   [str(days).encode()], now=now - days * DAY)
    (folder / "orphan").write_bytes(b"")
    assert remove(now) == {SCANS: 5, TOLD: 3, WORDS: 6, CASES: 1, "files": 6}
    ended = RemovalCase.select().where(RemovalCase.closed_at.is_null(False)).order_by(RemovalCase.closed_at)
    assert [((now - case.closed_at).days, case.name) for case in ended] == [
        (365, None), (90, None), (89, "Ewa Żuk"), (30, "Ewa Żuk"), (29, "Ewa Żuk"), (0, "Ewa Żuk")]
    assert [removal_evidence.show(row.case) for row in Evidence.select().order_by(Evidence.id)] == [[b"0"], [b"29"]]
    assert len(list(folder.iterdir())) == 3


def test_address_of_a_case_is_never_given_to_another(now: datetime):
    """It follows from the number, which begins anew each year: in a leap year 365 days are over before the year is."""
    begin = datetime(2027, 12, 31, 23, tzinfo=UTC)  # The first moment of 2028 in the city.
    case = removal_claim.open_case(claim(), address=ADDRESS, now=begin)
    removal_case.refuse(case, make_officer(Role.REMOVALS), "", version=0, now=begin)
    last = begin + 366 * DAY - SECOND
    retention.remove_due(actor="system", now=last)
    other = removal_claim.open_case(claim(), address=ADDRESS, now=last)
    assert other.secret != case.secret


def test_audit_log_names_how_many_and_nobody(now: datetime):
    removal_claim.add_evidence(refused := open_case(now), PAGES, now=now)
    before = AuditEntry.select().count()
    remove(now + 29 * DAY)
    assert remove(now + 30 * DAY) == {SCANS: 2, "files": 2}
    entry = AuditEntry.select().order_by(AuditEntry.sequence.desc()).get()
    assert (AuditEntry.select().count(), entry.action) == (before + 2, "expired data removed")
    assert json.loads(entry.detail) == {"evidence": 2, "files": 2}
    assert refused.number not in entry.detail


def test_files_are_swept_up_when_no_row_is_due(now: datetime, folder: Path):
    (folder / "orphan").write_bytes(b"")
    assert remove(now) == {"files": 1}
    assert json.loads(AuditEntry.get().detail) == {"files": 1}
