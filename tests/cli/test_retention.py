"""portal retention run."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portal.config import settings
from portal.models import AuditEntry, Evidence, Message, Registration, RemovalCase
from portal.models.message import MessageChannel
from portal.models.removal import Proof
from portal.services import removal_evidence
from portal.store import MARK
from tests.cli.conftest import Portal
from tests.factories import make_district, make_registration
from tests.services import raw

TABLE = """\
{0}         2  registrations not confirmed (24 h after they were begun: no code confirms them any more)
{0}         0  phone changes not confirmed (24 h after they were asked for: no code confirms them any more)
{0}         0  e-mail changes not confirmed (24 h after they were asked for: no link confirms them any more)
{0}         0  links for a new password (1 h after they were sent: they open nothing any more)
{0}         0  links that invite officers (72 h after they were sent: they open nothing any more)
{0}         0  sessions (12 h after they ended: until then they tell whether the same person logs in again)
{0}         0  counts of failed logins (13 h after the longest wait: time has made up for every failure)
{0}         0  counts of what was sent (48 h after their window began: no allowance looks at them any more)
{0}         1  messages sent, delivered or failed (90 days after they were written: nobody asks about them any more)
{0}         0  long work of officers (90 days after it ended: nobody asks about it any more)
{0}         0  choices never cast (1 h after the end of voting: nobody can cast them any more)
{0}         0  supports of proposals (90 days after the results: they have served their purpose)
{0}         0  lists of supporters on paper (90 days after the results: they have served their purpose)
{0}         0  projects never submitted (365 days after the last day for it: their authors have left them)
{0}         0  invitations of co-authors (30 days after they were sent: they open nothing any more)
{0}         1  scans of documents (30 days after they came in: whoever needs one asks for it again)
{0}         0  what claimants told (90 days after the end of their case: the decision stands without it)
{0}         0  words in the history of cases (90 days after the end of the case: the decision stands without them)
{0}         0  cases that have ended (366 days after their end: nobody comes back to them any more)
{0}         2  files of scans and attachments (when no row has them, or not any more: nobody can see them)
{0}         1  scans and attachments that are lost (when a file is missing: the audit log names it)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where scans lie."""
    place = Path(settings.instance) / "evidence"
    shutil.rmtree(place, ignore_errors=True)
    yield place
    shutil.rmtree(place)


def make_rows(now: datetime, folder: Path) -> None:
    """Two registrations that have expired and one that has not, a message of last year, an old scan, a lost and an undone one."""
    for name, age in (("a", 24), ("b", 25), ("c", 23)):
        make_registration(name, make_district(), created_at=now - timedelta(hours=age))
    Message.create(key="k", channel=MessageChannel.MAIL, recipient="ewa@example.org", template="welcome", language="pl",
                   due_at=now, created_at=now - timedelta(days=365), state="sent")
    case = RemovalCase.create(number="K/1/2026", secret="s", secret_hash="s", proof=Proof.SCAN, created_at=now, due_at=now)
    for page, days in ((b"old", 30), (b"lost", 2), (b"kept", 1)):
        removal_evidence.keep(case, [page], now=now - timedelta(days=days))
    (folder / Evidence.select().where(Evidence.size == 4).order_by(Evidence.id).get().uid).unlink()
    (folder / "undone").write_bytes(b"")
    for path in folder.iterdir():
        os.utime(path, (0, 0))


def test_dry_run_prints_what_would_go_and_changes_nothing(portal: Portal, now: datetime, folder: Path):
    make_rows(now, folder)
    before = raw.everything()
    answer = portal("retention", "run", "--dry-run")
    assert (answer.status, answer.out, answer.err) == (0, TABLE.format("would remove"), "")
    assert raw.everything() == before and len(list(folder.iterdir())) == 4


def test_run_prints_what_went_and_the_next_finds_nothing(portal: Portal, now: datetime, folder: Path):
    make_rows(now, folder)
    answer = portal("retention", "run")
    assert (answer.status, answer.out, answer.err) == (0, TABLE.format("removed"), "")
    assert (Registration.select().count(), Message.select().count()) == (1, 0)
    assert {path.name for path in folder.iterdir()} == {Evidence.get().uid, MARK}
    again = portal("retention", "run")
    assert (again.status, {line.split()[1] for line in again.out.splitlines()}) == (0, {"0"})
    assert [(entry.actor, entry.action) for entry in AuditEntry.select().order_by(AuditEntry.sequence)] == [
        ("system", "scan lost"), ("command line", "expired data removed")]
    assert portal("audit", "verify").out == "2 entries, the chain holds\n"


def test_wrong_use_removes_nothing(portal: Portal, now: datetime, folder: Path):
    make_rows(now, folder)
    for words in ((), ("--dry-run",), ("run", "--dryrun"), ("run", "now")):
        answer = portal("retention", *words)
        assert (answer.status, answer.out) == (2, "")
    assert (Registration.select().count(), Message.select().count()) == (3, 1)
