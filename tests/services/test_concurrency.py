"""Many at once, in processes of their own, and processes that die: one person has one whole ballot, or none."""

import json
from collections import Counter
from datetime import datetime

import pytest

from portal.database import transaction
from portal.models import AuditEntry, Ballot, BallotDraft, Choice, Message
from portal.services import audit, voting
from tests.factories import make_account, make_voting
from tests.services.ballots import choose, first_picks
from tests.services.crowd import crowd

pytestmark = pytest.mark.usefixtures("app")
VOTERS, RUNS = 400, 200


def test_fifty_parallel_casts_on_two_processes_make_one_ballot(database_url: str, now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    order = {"edition": edition.code, "account": account.uid, "threads": 25, "now": now.isoformat()}
    with crowd(database_url, "cast", order, order) as printed:
        said = [line for lines in printed for line in lines]
    assert Counter(line.get("refused", "number") for line in said)["number"] == 1
    assert {line["refused"] for line in said if "refused" in line} <= {"AlreadyVoted", "BallotIncomplete"}
    assert (len(said), Ballot.select().count(), BallotDraft.select().count(), Message.select().count()) == (50, 1, 0, 1)
    assert {choice.proposal.uid for choice in Choice.select()} == set(first_picks(edition, district).values())
    assert Choice.select().count() == 6


def test_two_accounts_of_one_person_on_two_processes_make_one_ballot(database_url: str, now: datetime):
    edition, district, first = make_voting()
    second = make_account(district)
    for account in (first, second):
        choose(edition, district, account, now)
    orders = [{"edition": edition.code, "account": account.uid, "threads": 25, "now": now.isoformat(), "same_person": True}
              for account in (first, second)]
    with crowd(database_url, "cast", *orders) as printed:
        numbers = [line["number"] for lines in printed for line in lines if "number" in line]
    assert (len(numbers), Ballot.select().count(), Choice.select().count(), Message.select().count()) == (1, 1, 6, 1)
    assert BallotDraft.select().count() == 1, "of the account that was refused"


def test_killed_processes_leave_whole_ballots_and_whole_drafts(database_url: str, now: datetime):
    """Each confirmation that a voter saw has its whole ballot; each voter has a ballot or a draft, never both or neither."""
    edition, district, first = make_voting()
    accounts = [first]
    with transaction():
        accounts += [make_account(district) for _ in range(VOTERS - 1)]
        picks = json.dumps(first_picks(edition, district))
        BallotDraft.insert_many([{"account": account, "edition": edition, "picks": picks, "updated_at": now}
                                 for account in accounts]).execute()
    order = {"edition": edition.code, "now": now.isoformat(), "runs": RUNS, "seconds": 0.04, "seed": 2026}
    with crowd(database_url, "crash", order) as (printed,):
        confirmed = [line["account"] for line in printed if "number" in line]
        killed = sum(line.get("killed", False) for line in printed)
    assert killed > RUNS / 2, "most were killed before they were done"
    assert len(confirmed) == len(set(confirmed))
    keys = {account.uid: voting.voter_key(account, edition) for account in accounts}
    ballots = {ballot.voter_key: ballot for ballot in Ballot.select()}
    assert {keys[uid] for uid in confirmed} <= set(ballots)
    marks = Counter(choice.ballot_id for choice in Choice.select())
    assert set(marks.values()) == {6} and set(marks) == {ballot.id for ballot in ballots.values()}
    assert len(ballots) == VOTERS, "the last process cast what the killed ones had left"
    assert BallotDraft.select().count() == 0
    assert Message.select().where(Message.template == "ballot_recorded").count() == VOTERS


def test_two_processes_append_to_one_audit_chain(database_url: str, now: datetime):
    order = {"entries": 40, "now": now.isoformat()}
    with crowd(database_url, "append", {**order, "actor": "officer:a"}, {**order, "actor": "officer:b"}) as printed:
        sequences = sorted(line["sequence"] for lines in printed for line in lines)
    assert sequences == list(range(1, 81))
    assert audit.verify() == []
    assert Counter(entry.actor for entry in AuditEntry.select()) == {"officer:a": 40, "officer:b": 40}
