"""portal audit verify and portal audit digest."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

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


def test_digests_are_made_and_printed_oldest_first(portal: Portal, now: datetime):
    assert portal("audit", "digest").out == ""
    for age in (2, 1, 0):
        last = audit.record("x", actor="x", subject="x", now=now - timedelta(days=age))
    yesterday = AuditEntry.get(AuditEntry.sequence == 2)
    answer = portal("audit", "digest")
    assert answer.out.splitlines() == [f"2026-06-13 1 {yesterday.previous}", f"2026-06-14 2 {yesterday.hash}"]
    assert portal("audit", "digest").out == answer.out and last.hash not in answer.out


def test_digest_that_the_log_does_not_bear_out_is_named_on_stderr(portal: Portal, now: datetime):
    entry = audit.record("x", actor="x", subject="x", now=now - timedelta(days=1))
    portal("audit", "digest")
    AuditEntry.delete().execute()
    answer = portal("audit", "verify")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == (f"the digest of 2026-06-14 says 1 entries, hash {entry.hash}; "
                          f"the log says 0 entries, hash {'0' * 64}\n")


def test_chain_is_compared_with_digests_that_were_noted_outside(portal: Portal, now: datetime, tmp_path: Path):
    for age in (2, 1):
        last = audit.record("x", actor="x", subject="x", now=now - timedelta(days=age))
    noted, exported = tmp_path / "noted.txt", tmp_path / "exported.csv"
    noted.write_text(portal("audit", "digest").out, encoding="utf-8")
    exported.write_text(f"\ufeffDzień,Liczba wpisów,Skrót\r\n2026-06-14,2,{last.hash}\r\n2026-06-13,1,{last.previous}\r\n",
                        encoding="utf-8")
    for file in (noted, exported):
        answer = portal("audit", "verify", "--against", str(file))
        assert (answer.status, answer.out) == (0, "2 entries, the chain holds and bears out 2 noted digests\n")
    noted.write_text(f"2026-06-14 1 {last.hash}", encoding="utf-8")
    answer = portal("audit", "verify", "--against", str(noted))
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("the noted digest of 2026-06-14 says 1 entries")


@pytest.mark.parametrize("content", [b"", b"no digest", b"\xff\xfe\x00", b"2026-02-30 1 " + b"0" * 64, None])
def test_file_without_digests_is_refused(portal: Portal, tmp_path: Path, content: bytes | None):
    file = tmp_path / "noted.txt"
    if content is not None:
        file.write_bytes(content)
    answer = portal("audit", "verify", "--against", str(file))
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("portal: ") and "noted.txt" in answer.err
