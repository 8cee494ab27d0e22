"""portal retention run."""

from datetime import datetime, timedelta

from portal.models import AuditEntry, Message, Registration
from portal.models.message import MessageChannel
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
{0}         0  choices never cast (1 h after the end of voting: nobody can cast them any more)
"""


def make_rows(now: datetime) -> None:
    """Two registrations that have expired and one that has not, a message of last year."""
    for name, age in (("a", 24), ("b", 25), ("c", 23)):
        make_registration(name, make_district(), created_at=now - timedelta(hours=age))
    Message.create(key="k", channel=MessageChannel.MAIL, recipient="ewa@example.org", template="welcome", language="pl",
                   due_at=now, created_at=now - timedelta(days=365), state="sent")


def test_dry_run_prints_what_would_go_and_changes_nothing(portal: Portal, now: datetime):
    make_rows(now)
    before = raw.everything()
    answer = portal("retention", "run", "--dry-run")
    assert (answer.status, answer.out, answer.err) == (0, TABLE.format("would remove"), "")
    assert raw.everything() == before


def test_run_prints_what_went_and_the_next_finds_nothing(portal: Portal, now: datetime):
    make_rows(now)
    answer = portal("retention", "run")
    assert (answer.status, answer.out, answer.err) == (0, TABLE.format("removed"), "")
    assert (Registration.select().count(), Message.select().count()) == (1, 0)
    again = portal("retention", "run")
    assert (again.status, {line.split()[1] for line in again.out.splitlines()}) == (0, {"0"})
    assert [entry.actor for entry in AuditEntry.select()] == ["command line"]
    assert portal("audit", "verify").out == "1 entries, the chain holds\n"


def test_wrong_use_removes_nothing(portal: Portal, now: datetime):
    make_rows(now)
    for words in ((), ("--dry-run",), ("run", "--dryrun"), ("run", "now")):
        answer = portal("retention", *words)
        assert (answer.status, answer.out) == (2, "")
    assert (Registration.select().count(), Message.select().count()) == (3, 1)
