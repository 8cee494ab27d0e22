"""portal audit verify."""

from datetime import datetime

from portal.models import AuditEntry
from portal.services import audit
from tests.cli.conftest import Portal


def test_chain_that_holds_is_exit_status_0(portal: Portal, now: datetime):
    assert portal("audit", "verify").out == "0 entries, the chain holds\n"
    for at in range(3):
        audit.record("x", actor="x", subject="x", now=now, at=at)
    answer = portal("audit", "verify")
    assert (answer.status, answer.out, answer.err) == (0, "3 entries, the chain holds\n", "")


def test_altered_entry_is_named_on_stderr_with_exit_status_1(portal: Portal, now: datetime):
    for at in range(5):
        audit.record("x", actor="x", subject="x", now=now, at=at)
    AuditEntry.update(detail='{"at": 7}').where(AuditEntry.sequence == 2).execute()
    AuditEntry.delete().where(AuditEntry.sequence == 4).execute()
    answer = portal("audit", "verify")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "entry 2 was altered\nentries 4 to 4 are missing\n"
