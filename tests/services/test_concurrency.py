"""Many at once, in processes of their own, and processes that die: one person has one whole ballot, or none."""

import json
from collections import Counter
from datetime import datetime
from functools import partial

import pytest

from portal.database import transaction
from portal.errors import SheetRefused
from portal.models import AuditEntry, Ballot, BallotDraft, Choice, Message, Sheet, VotingPoint
from portal.models.paper import SheetState
from portal.models.staff import Role
from portal.services import audit, paper, voting
from tests.factories import PESEL, make_account, make_officer, make_voting
from tests.services.ballots import choose, first_picks
from tests.services.crowd import crowd
from tests.services.parallel import at_once, count_of

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


def test_web_against_paper_on_two_processes_makes_one_ballot(database_url: str, now: datetime):
    """Whichever is first: fifty casts of one person meet fifty sheets of the same person, typed at once."""
    edition, district, _account = make_voting()
    account = make_account(district, pesel=PESEL)
    VotingPoint.create(edition=edition, name="Filia nr 3")
    choose(edition, district, account, now)
    order = {"edition": edition.code, "account": account.uid, "threads": 50, "now": now.isoformat()}
    sheets = {**order, "what": "enter", "officer": make_officer(Role.CLERK).uid, "picks": first_picks(edition, district)}
    with crowd(database_url, "cast", order, sheets) as (casts, entries):
        said = [*casts, *entries]
    assert Counter(line.get("refused", "number") for line in said)["number"] == 1
    assert {line["refused"] for line in said if "refused" in line} <= {"AlreadyVoted", "BallotIncomplete"}
    assert (len(said), Ballot.select().count(), BallotDraft.select().count()) == (100, 1, 0)
    assert (Choice.select().count(), Sheet.select().count()) in {(6, 0), (0, 1)}
    assert Message.select().count() == Choice.select().count() // 6


@pytest.mark.parametrize("third", [False, True])
def test_one_of_many_officers_at_once_ends_a_sheet(now: datetime, third: bool):
    edition, district, _account = make_voting()
    point, clerks = VotingPoint.create(edition=edition, name="Filia nr 3"), [make_officer(Role.CLERK) for _ in range(8)]
    entry, person = paper.Entry(district.id, first_picks(edition, district)), make_account(district, pesel=PESEL)
    paper.enter_sheet(point, 1, clerks[0], entry, person=person, now=now)
    if third:
        paper.enter_again(point, 1, clerks[1], paper.Entry(None, {}, "late"), now=now)
    done = at_once(*[partial(paper.enter_again, point, 1, clerk, entry, third=third, now=now) for clerk in clerks[2:]])
    assert (count_of(SheetState, done), count_of(SheetRefused, done)) == (1, 5)
    assert (Ballot.get().state, Choice.select().count(), Sheet.get().state) == ("recorded", 6, "recorded")


def test_killed_processes_leave_whole_ballots_and_whole_drafts(database_url: str, now: datetime):
    """Each confirmation that a voter saw has its whole ballot; each voter has a ballot or a draft, never both or neither."""
    edition, district, first = make_voting()
    accounts = [first]
    with transaction():
        accounts += [make_account(district) for _ in range(VOTERS - 1)]
        picks = json.dumps(first_picks(edition, district))
        BallotDraft.insert_many([{"account": account, "edition": edition, "picks": picks, "updated_at": now}
                                 for account in accounts]).execute()
    order = {"edition": edition.code, "now": now.isoformat(), "runs": RUNS, "seconds": 0.025, "seed": 2026}
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
