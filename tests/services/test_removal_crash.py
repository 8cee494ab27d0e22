"""Processes that die while they remove accounts: each account is gone with everything, or there with everything."""

import json
from collections import Counter
from datetime import datetime

import pytest
from stdnum.pl import pesel as pesel_number

from portal.database import transaction
from portal.models import Account, AuditEntry, Ballot, Choice, Message, RemovalCase, Support
from portal.models.ballot import Channel
from portal.models.removal import CaseState
from portal.models.staff import Role
from portal.services import audit, results, voting
from tests.factories import make_account, make_officer, make_voting
from tests.services.ballots import first_picks
from tests.services.cases import requested_case
from tests.services.crowd import crowd

pytestmark = pytest.mark.usefixtures("app")
WRONG, OTHERS, RUNS = 120, 10, 200


def pesels() -> list[str]:
    """Return valid PESEL numbers, each another."""
    stems = [f"900101{number:04}" for number in range(WRONG)]
    return [stem + pesel_number.calc_check_digit(stem) for stem in stems]


def test_killed_processes_leave_nothing_half_removed(database_url: str, now: datetime):
    """Run 200 times, kill -9 at random points (the checklist's second acceptance test)."""
    edition, district, _ = make_voting()
    paper, asking = voting.ballot_paper(edition, district), make_officer(Role.REMOVALS)
    marks = voting.read_picks(edition, paper, first_picks(edition, district))
    with transaction():
        wrong = [make_account(district, pesel=pesel, email=f"w{pesel}@example.org") for pesel in pesels()]
        others = [make_account(district) for _ in range(OTHERS)]
        for account in (*wrong, *others):
            voting.store_ballot(edition, marks, voter_key=voting.voter_key(account, edition), channel=Channel.ONLINE,
                                district=district.id, number=voting.new_receipt(), now=now)
            Support.create(proposal=marks[0].proposal, account=account, created_at=now)
        for number, pesel in enumerate(pesels()):
            requested_case(now, asking, pesel=pesel, email=f"c{pesel}@example.org", address=f"192.0.{number}.1")
    order = {"officer": make_officer(Role.COORDINATOR).uid, "now": now.isoformat(), "runs": RUNS, "seconds": 0.03, "seed": 2026}
    whole = Counter[bool]()
    with crowd(database_url, "remove", order) as (printed,):
        told = [line["removed"] for line in printed if "removed" in line]
        whole.update(line["killed"] for line in printed if "killed" in line)
    assert whole[True] > RUNS / 2, "most were killed before they were done"
    assert len(told) == len(set(told)), "nobody is told twice"
    assert Account.select().where(Account.pesel_index.is_null(False)).count() == 0, "the last process removed what was left"
    assert Counter(case.state for case in RemovalCase.select()) == {CaseState.REMOVED: WRONG}
    assert all(json.loads(case.protocol)["extent"]["ballots"] for case in RemovalCase.select())
    keys = {voting.voter_key(account, edition) for account in others}
    assert {ballot.voter_key for ballot in Ballot.select()} == keys and Choice.select().count() == 6 * OTHERS
    assert Support.select().count() == OTHERS
    for template in ("account_removed", "claim_removed"):
        assert Message.select().where(Message.template == template).count() == WRONG
    assert AuditEntry.select().where(AuditEntry.action == "account removed with its votes").count() == WRONG
    assert audit.verify() == [] and results.turnout(edition).total == OTHERS
