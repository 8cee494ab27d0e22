"""Scans of identity documents: readable for officers only, destroyed in time, whatever breaks off in between."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from portal import crypto, files, store
from portal.config import settings
from portal.crypto import SealBroken
from portal.database import transaction
from portal.errors import FileTooSlow, FileUnusable, StepForbidden, TooMany
from portal.files import Fault, FileRefused
from portal.models import AuditEntry, Evidence, Officer, RemovalCase, RemovalStep
from portal.models.removal import CaseState
from portal.models.staff import Role
from portal.services import audit, removal_case, removal_claim
from portal.services.removal_evidence import NO_DISC, STORE, TRIED_TOO_OFTEN, count_try, keep, show
from portal.store import BUSY, MARK, Store, turn
from tests import uploads
from tests.factories import make_officer
from tests.services import raw
from tests.services.cases import ADDRESS, open_case
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app", "folder")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
read = partial(store.read, files.read_pages)
PAGES = [b"\xff\xd8\xff first page", b"\xff\xd8\xff second page"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the scans lie, empty before and after."""
    place = Path(settings.instance) / "evidence"
    shutil.rmtree(place, ignore_errors=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def case(now: datetime) -> RemovalCase:
    return open_case(now)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {MARK} if folder.exists() else set()


def rows() -> set[str]:
    return {row.uid for row in Evidence.select()}


def grow_old(folder: Path, written: datetime) -> None:
    for path in folder.iterdir():
        os.utime(path, (written.timestamp(), written.timestamp()))


def decide(case: RemovalCase, now: datetime) -> None:
    officer = Officer.select().first() or make_officer(Role.REMOVALS)
    removal_case.confirm_identity(case, officer, "dowód", version=RemovalCase.get_by_id(case.id).version, now=now)


# Taken in and shown.

def test_upload_is_kept_as_pages_and_shown_in_their_order(case: RemovalCase, folder: Path, now: datetime):
    first, second = read(uploads.document(2), "dowod.pdf"), read(uploads.photo(), "dowod.jpg")
    removal_claim.add_evidence(case, first, now=now)
    removal_claim.add_evidence(case, second, now=now)
    assert show(case) == [*first, *second] and len(first) == 2
    assert [row.size for row in Evidence.select().order_by(Evidence.id)] == [len(page) for page in (*first, *second)]
    assert names(folder) == rows()
    assert show(open_case(now, story="Inna sprawa.")) == [], "nothing of it belongs to another case"


def test_nothing_of_it_is_readable_without_the_key(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    written = b"".join(path.read_bytes() for path in Path(settings.instance).rglob("*")
                       if path.is_file() and not path.name.startswith("portal.sqlite3"))
    for word in (b"first page", b"second page", b"\xff\xd8\xff first"):
        assert word not in written and word.decode("latin-1") not in raw.everything()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_page_is_sealed_for_its_own_place_and_purpose(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    first, second = (folder / row.uid for row in Evidence.select().order_by(Evidence.id))
    whole = first.read_bytes()
    for spoilt in (second.read_bytes(), whole[:-1], b"", bytes([whole[0] ^ 1]) + whole[1:],
                   crypto.seal_bytes(PAGES[0], "removal_case.story")):
        first.write_bytes(spoilt)
        with pytest.raises(SealBroken):
            show(case)


def test_file_that_cannot_be_used_is_explained(case: RemovalCase):
    with pytest.raises(FileUnusable, match="This is not a JPEG, PNG or PDF file"):
        read(uploads.photo(), "dowod.jpg.exe")
    with pytest.raises(FileUnusable, match="protected"):
        read(uploads.document(protect={"owner_password": "x"}), "dowod.pdf")


@pytest.mark.parametrize("fault", Fault)
def test_only_what_takes_too_long_keeps_others_from_being_read(fault: Fault):
    def refuse(_data: bytes, _name: str) -> list[bytes]:
        raise FileRefused(fault)
    with pytest.raises(FileUnusable) as refused:
        store.read(refuse, b"", "a.pdf")
    assert isinstance(refused.value, FileTooSlow) == (fault is Fault.TOO_SLOW)
    assert refused.value.message == fault


# How much.

HOLDER = """
import time
from portal import config
from portal.store import turn
config.load()
with turn():
    print("reading", flush=True)
    time.sleep(60)
"""


def test_files_of_one_request_are_read_at_a_time_on_the_whole_machine():
    def come() -> str:
        begun = time.monotonic()
        with pytest.raises(FileUnusable) as refused, turn():
            pass
        assert time.monotonic() - begun < .5, "nobody waits"
        return refused.value.message

    with turn():
        assert come() == BUSY
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "reading\n"
        assert come() == BUSY
        other.kill()
    with pytest.raises(ZeroDivisionError), turn():
        1 / 0
    with turn():
        pass


@pytest.mark.parametrize("most", [12, 20])
def test_files_of_an_hour_are_counted_per_case_and_per_network(case: RemovalCase, now: datetime, most: int):
    def files(start: int, stop: int, moment: datetime = now, address: str = ADDRESS) -> None:
        for at in range(start, stop):
            owner = case if most == 12 else RemovalCase(number=f"K/{at}/2026")
            count_try(owner, address=address if most == 20 else f"192.0.2.{at}", now=moment)
    results = at_once(*[partial(files, at * most // 4, (at + 1) * most // 4) for at in range(4)])
    assert results == [None] * 4
    for moment in (now, now + 29 * MINUTE):
        with pytest.raises(TooMany) as refused:
            files(most, most + 1, moment)
        assert refused.value.message == TRIED_TOO_OFTEN
    files(most, most + 1, now + 30 * MINUTE)
    for row in raw.table("send_count"):
        assert "K/" not in row["scope"] and "192.0.2" not in row["scope"]


def test_file_that_its_network_may_not_send_does_not_count_for_its_case(case: RemovalCase, now: datetime):
    for at in range(20):
        count_try(RemovalCase(number=f"K/{at}/2025"), address=ADDRESS, now=now)
    for _time in range(12):
        with pytest.raises(TooMany):
            count_try(case, address=ADDRESS, now=now)
    for _time in range(12):
        count_try(case, address="192.0.2.9", now=now)


def test_case_holds_twelve_pages_and_refuses_the_thirteenth(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES * 5, now=now)
    for pages in ([*PAGES, PAGES[0]], PAGES * 6):
        with pytest.raises(FileUnusable, match="12 pages"):
            removal_claim.add_evidence(case, pages, now=now)
    assert len(rows()) == len(names(folder)) == 10
    assert RemovalStep.select().count() == 2, "what was refused is not in the history"
    removal_claim.add_evidence(case, PAGES, now=now)
    removal_claim.add_evidence(open_case(now, story="Inna sprawa."), PAGES * 6, now=now)
    assert (len(show(case)), len(rows()), len(names(folder))) == (12, 24, 24)


def test_uploads_at_once_do_not_pass_the_limit_together(case: RemovalCase, folder: Path, now: datetime):
    results = at_once(*[partial(removal_claim.add_evidence, RemovalCase.get_by_id(case.id), PAGES * 2, now=now)
                        for _time in range(5)])
    assert (count_of(FileUnusable, results), count_of(type(None), results)) == (2, 3), results
    assert len(show(case)) == len(names(folder)) == 12


def test_case_that_is_decided_takes_no_scans(case: RemovalCase, folder: Path, now: datetime):
    decide(case, now)
    with pytest.raises(StepForbidden):
        removal_claim.add_evidence(case, PAGES, now=now)
    assert names(folder) == rows() == set()


# Destroyed.

def test_decision_destroys_the_scans_of_its_case_only(case: RemovalCase, folder: Path, now: datetime):
    other = open_case(now, story="Inna sprawa.")
    for each in (case, other):
        removal_claim.add_evidence(each, PAGES, now=now)
    decide(case, now)
    assert show(case) == [] and show(other) == PAGES
    assert names(folder) == rows() == {row.uid for row in Evidence.select().where(Evidence.case == other)}


def test_decision_that_is_not_committed_destroys_nothing(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    with pytest.raises(ZeroDivisionError), transaction():
        decide(case, now)
        assert len(names(folder)) == 2, "the pictures go after the commit"
        1 / 0
    assert show(RemovalCase.get_by_id(case.id)) == PAGES
    assert STORE.sweep(now=now + HOUR) == (0, 0)


# Swept up.

def test_picture_of_an_upload_that_was_undone_goes_after_an_hour(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    with pytest.raises(ZeroDivisionError), transaction():
        keep(case, PAGES, now=now)
        1 / 0
    grow_old(folder, now)
    assert (len(rows()), len(names(folder))) == (2, 4)
    assert STORE.sweep(now=now + HOUR - SECOND) == (0, 0)
    assert STORE.sweep(now=now + HOUR) == (2, 0)
    assert names(folder) == rows() and show(case) == PAGES
    assert STORE.sweep(now=now + HOUR) == (0, 0)


def test_scan_without_its_picture_is_noted_and_forgotten(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    first = Evidence.select().order_by(Evidence.id).get()
    (folder / first.uid).unlink()
    assert show(case) == PAGES[1:]
    assert STORE.sweep(now=now) == (0, 1)
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert (entry.action, entry.subject, entry.actor, entry.detail) == ("scan lost", f"removal:{case.number}", "system", "{}")
    assert names(folder) == rows() and first.uid not in rows() and show(case) == PAGES[1:]
    assert STORE.sweep(now=now) == (0, 0) and audit.verify() == []


def test_missing_disc_is_no_reason_to_forget_scans(
        case: RemovalCase, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch):
    noted: list[str] = []
    monkeypatch.setattr(store.log, "error", lambda words, *args: noted.append(words % args))
    removal_claim.add_evidence(case, PAGES, now=now)
    folder.rename(elsewhere := folder.with_name("unmounted"))
    assert STORE.sweep(now=now) == (0, 0) and show(case) == []
    folder.mkdir()  # The place where it should be mounted.
    assert STORE.sweep(now=now) == (0, 0) and show(case) == []
    with pytest.raises(FileUnusable) as refused:
        removal_claim.add_evidence(case, PAGES, now=now)
    assert refused.value.message == NO_DISC and list(folder.iterdir()) == []
    assert len(noted) == 3 and all(str(folder / MARK) in words for words in noted), "each tells how to begin anew"
    folder.rmdir()
    elsewhere.rename(folder)
    assert show(case) == PAGES


def test_files_of_a_folder_that_is_not_marked_are_left_alone(folder: Path, now: datetime):
    folder.mkdir()
    (folder / "somebody's").touch()
    grow_old(folder, now)
    assert STORE.sweep(now=now + 31 * DAY) == (0, 0) and names(folder) == {"somebody's"}


def test_mark_is_written_at_first_use_and_no_stray(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    assert {path.name for path in folder.iterdir()} == {MARK, *rows()}
    decide(case, now)
    grow_old(folder, now)
    assert STORE.sweep(now=now + 31 * DAY) == (0, 0) and [path.name for path in folder.iterdir()] == [MARK]


def test_scan_goes_after_thirty_days_even_while_its_row_is_held(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    grow_old(folder, now)
    assert STORE.sweep(now=now + 30 * DAY - SECOND) == (0, 0)
    assert STORE.sweep(now=now + 30 * DAY) == (2, 0)
    assert names(folder) == set() and len(rows()) == 2, "the rows are for the rule to remove"
    assert STORE.sweep(now=now + 30 * DAY) == (0, 0), "and are not noted as lost"


def test_looking_for_strays_changes_nothing(case: RemovalCase, folder: Path, now: datetime):
    removal_claim.add_evidence(case, PAGES, now=now)
    grow_old(folder, now)
    Evidence.delete().where(Evidence.uid == (gone := min(rows()))).execute()
    (folder / (lost := min(rows()))).unlink()
    before = (names(folder), raw.everything())
    strays, found = STORE.find_strays(now=now + HOUR)
    assert ([path.name for path in strays], [row.uid for row in found]) == ([gone], [lost])
    assert (names(folder), raw.everything()) == before


def test_decision_during_a_sweep_is_no_loss(case: RemovalCase, now: datetime, monkeypatch: pytest.MonkeyPatch):
    removal_claim.add_evidence(case, PAGES, now=now)
    found = STORE.find_strays

    def meanwhile(_store: Store, *, now: datetime) -> tuple[list[Path], list[Evidence]]:
        strays, _lost = found(now=now)
        known = list(Evidence.select())
        decide(case, now)
        return strays, known
    monkeypatch.setattr(Store, "find_strays", meanwhile)
    assert STORE.sweep(now=now) == (0, 0)
    assert not AuditEntry.select().where(AuditEntry.action == "scan lost").exists()


def test_sweep_spares_the_scan_that_has_the_id_of_a_lost_one_meanwhile(
        case: RemovalCase, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """SQLite gives the highest id anew once its row is gone."""
    removal_claim.add_evidence(case, PAGES[:1], now=now)
    lost, other = Evidence.get(), open_case(now, story="Inna sprawa.")

    def meanwhile(_store: Store, *, now: datetime) -> tuple[list[Path], list[Evidence]]:
        decide(case, now)
        removal_claim.add_evidence(other, PAGES[1:], now=now)
        Evidence.update(id=lost.id).execute()
        return [], [lost]
    monkeypatch.setattr(Store, "find_strays", meanwhile)
    assert STORE.sweep(now=now) == (0, 0)
    assert show(other) == PAGES[1:]


# Processes that die.

CRASH = """
import os, signal, sys
from datetime import datetime
from portal import config, database
from portal.models import Officer, RemovalCase
from portal import store
from portal.services import removal_case, removal_claim

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

where, now = sys.argv[1], datetime.fromisoformat(sys.argv[2])
database.open_database(config.load().database_url)
if where == "writing":
    store.os.fsync = die
elif where == "written":
    store._sync = die
elif where == "destroyed":
    store._unlink = die
with database.database.connection_context():
    case = RemovalCase.get()
    if where in ("writing", "written", "kept"):
        with database.transaction():
            removal_claim.add_evidence(case, [b"first", b"second"], now=now)
            die()
    with database.transaction():
        removal_case.confirm_identity(case, Officer.get(), "", version=case.version, now=now)
        if where == "destroying":
            die()
"""


@pytest.mark.parametrize("where", ["writing", "written", "kept", "destroying", "destroyed"])
def test_killed_process_leaves_a_case_and_its_scans_whole(
        case: RemovalCase, folder: Path, now: datetime, database_url: str, where: str):
    removal_claim.add_evidence(case, PAGES, now=now)
    make_officer(Role.REMOVALS)
    kept, before = rows(), raw.everything()
    environment = {**os.environ, "PORTAL_DATABASE_URL": database_url}
    ended = subprocess.run([sys.executable, "-c", CRASH, where, now.isoformat()], env=environment)
    assert ended.returncode == -signal.SIGKILL
    left = {"writing": 3, "written": 4, "kept": 4}.get(where, 2)
    assert len(names(folder)) == left and kept <= names(folder)
    grow_old(folder, now)
    if where == "destroyed":
        assert (rows(), show(case), RemovalCase.get().state) == (set(), [], CaseState.CONFIRMED)
        assert STORE.sweep(now=now + HOUR) == (2, 0)
    else:
        assert raw.everything() == before, "nothing of it was committed"
        assert STORE.sweep(now=now + HOUR) == (left - 2, 0)
        assert show(case) == PAGES
    assert names(folder) == rows()
