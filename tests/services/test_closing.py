"""What is fixed when voting ends, the list of commitments before, and the end of the ballot key by two officers."""

import hashlib
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from portal import crypto, database
from portal.config import settings
from portal.crypto import KeyMissing
from portal.errors import PhaseClosed, PortalError, SecondOfficerNeeded, StepForbidden
from portal.models import AuditEntry, Ballot, BallotDraft, Choice, Closing, District, Edition, Officer, Publication
from portal.models.ballot import BallotState, Channel
from portal.models.staff import Role
from portal.services import closing, open_data, results_publication, voting, voting_person
from portal.services.closing import close, closing_of, commitments, end_key, look_after
from tests.factories import make_account, make_edition, make_officer, make_voting
from tests.services.ballots import cast, choose, first_picks, publish
from tests.services.cases import open_case
from tests.services.test_open_data import rows
from tests.services.test_open_data_pabulib import make_vote

pytestmark = pytest.mark.usefixtures("app")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def closed(edition: Edition, now: datetime) -> Closing:
    close(edition, actor="test", now=now)
    found = closing_of(edition)
    assert found
    return found


def test_commitments_are_listed_after_the_full_hour_sorted_and_without_void_ones(now: datetime):
    edition, district, account = make_voting()
    others = [account, *[make_account(district) for _ in range(4)]]
    for each in others:
        choose(edition, district, each, now)
        cast(edition, district, each, now)
    known = sorted(Ballot.select(Ballot.commitment).scalars())
    assert commitments(edition, now=now + 29 * MINUTE) == "", "it is half past ten"
    assert commitments(edition, now=now + 30 * MINUTE) == "".join(f"{line}\n" for line in known)
    Ballot.update(state=BallotState.VOID, void_reason="test").where(Ballot.commitment == known[0]).execute()
    Ballot.update(state=BallotState.UNDER_CHECK).where(Ballot.commitment == known[1]).execute()
    assert commitments(edition, now=now + HOUR).splitlines() == known[1:]


def test_commitment_is_the_digest_of_the_text_that_people_are_shown(now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    marks = voting.read_picks(edition, voting.ballot_paper(edition, district), first_picks(edition, district))
    number = cast(edition, district, account, now)
    text = voting.committed(number, marks)
    assert text.splitlines()[0] == number and text.splitlines()[1:] == sorted(text.splitlines()[1:])
    assert Ballot.get().commitment == hashlib.sha256(text.encode()).hexdigest()


def test_close_keeps_number_and_digests_once(now: datetime):
    edition = make_vote(30)
    kept = closed(edition, now)
    assert kept.ballots == Ballot.select().where(Ballot.channel == Channel.ONLINE).count() > 10
    assert kept.commitments == crypto.digest(commitments(edition, now=now))
    assert kept.choices == crypto.digest(closing.choices(edition))
    Ballot.delete().where(Ballot.id == Ballot.select(Ballot.id).where(Ballot.channel == Channel.ONLINE).limit(1)).execute()
    close(edition, actor="test", now=now + HOUR)
    look_after(now=now + HOUR)
    again = closing_of(edition)
    assert again and again.__data__ == kept.__data__ and AuditEntry.select().count() == 1
    assert crypto.digest(closing.choices(edition)) != kept.choices


def test_one_point_changed_is_another_digest_and_paper_typed_later_is_not(now: datetime):
    edition = make_vote(30)
    kept = closed(edition, now)
    Ballot.create(edition=edition, voter_key="x", channel=Channel.PAPER, cast_at=now)
    Ballot.update(channel=Channel.PAPER).where(Ballot.voter_key == "x").execute()
    paper = Ballot.get(Ballot.channel == Channel.PAPER, Ballot.voter_key != "x")
    Choice.delete().where(Choice.ballot == paper).execute()
    assert crypto.digest(closing.choices(edition)) == kept.choices
    online = Ballot.get(Ballot.channel == Channel.ONLINE)
    Choice.update(points=5).where(Choice.ballot == online, Choice.rank == 1).execute()
    assert crypto.digest(closing.choices(edition)) != kept.choices


def test_everybody_can_compute_the_digest_of_the_votes_from_the_files(now: datetime):
    edition = make_vote(60)
    kept = closed(edition, now)
    publish(edition, now)
    open_data.make_files(edition, now=now)
    votes = [vote for vote in rows(open_data.folder_of(edition), "glosy") if vote["voting_method"] == "internet"]
    lines = sorted(f"{vote['pool'] or '*'}:" + ",".join(
        f"{project}={points}" for project, points in zip(vote["vote"].split(","), vote["points"].split(",")))
        for vote in votes)
    assert hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() == kept.choices


def test_close_waits_for_who_casts_in_the_last_second(now: datetime):
    edition = make_vote(3)
    for early in (edition.voting_to, edition.voting_to + closing.GRACE):
        with pytest.raises(PhaseClosed):
            close(edition, actor="test", now=early)
        look_after(now=early)
        assert not Closing.select().exists()
    look_after(now=edition.voting_to + closing.GRACE + MINUTE)
    assert closing_of(edition) and AuditEntry.get().actor == "system"


def test_state_is_fixed_before_anybody_can_ask_for_the_publication(now: datetime):
    edition, officer = make_vote(3), make_officer(Role.COORDINATOR)
    counted = results_publication.find_counted(edition, now=now)
    assert counted
    with pytest.raises(PhaseClosed):
        closing.ask_publication(edition, officer, seen=counted.digest, now=edition.voting_to + closing.GRACE)
    with pytest.raises(StepForbidden):
        closing.ask_publication(edition, make_officer(Role.ADMINISTRATOR), seen=counted.digest, now=now)
    assert not Publication.select().exists() and not Closing.select().exists()
    closing.ask_publication(edition, officer, seen=counted.digest, now=now)
    assert Publication.get().asked_by == officer and closing_of(edition)
    first = AuditEntry.select().order_by(AuditEntry.sequence).first()
    assert (first.action, first.actor) == ("voting closed", f"officer:{officer.uid}")


def test_close_deletes_choices_never_cast(now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    close(edition, actor="test", now=edition.voting_to + HOUR)
    assert not BallotDraft.select().exists()


def test_imported_editions_are_not_closed(now: datetime):
    edition = make_edition(open_now=False, archived=True)
    look_after(now=now)
    with pytest.raises(PhaseClosed):
        close(edition, actor="test", now=now)
    assert not Closing.select().exists()


def test_voting_that_is_prolonged_is_closed_anew(now: datetime):
    edition = make_vote(30)
    closed(edition, now)
    Edition.update(voting_to=now + HOUR, results_on=now + 2 * HOUR).execute()
    edition = Edition.get()
    assert closing_of(edition) is None
    look_after(now=now + 2 * HOUR)
    kept = closing_of(edition)
    assert kept and kept.closed_at == now + 2 * HOUR and Closing.select().count() == 1


def test_database_keeps_no_order_of_casting(now: datetime):
    edition = make_vote(40)
    closed(edition, now)
    with database.transaction():
        if database.on_sqlite():
            sql = str(database.database.execute_sql("SELECT sql FROM sqlite_master WHERE name = 'ballot'").fetchone())
            assert "WITHOUT ROWID" in sql
        else:
            for table, keys in (("ballot", "id"), ("choice", "ballot_id, proposal_id")):
                found = database.database.execute_sql(f"SELECT {keys} FROM {table} ORDER BY ctid").fetchall()
                assert found == sorted(found) and len(found) >= 40
                marks = database.database.execute_sql(f"SELECT DISTINCT xmin::text FROM {table}").fetchall()
                assert len(marks) == 1, f"transactions tell which rows of {table} came first"


@pytest.fixture
def kept(now: datetime) -> Closing:
    """A vote that was closed and whose results were published 31 days ago."""
    made = make_vote(10)
    Ballot.update(network="n").execute()
    ago = {"voting_from": 50, "voting_to": 40, "results_on": 35}
    Edition.update({name: now - timedelta(days=days) for name, days in ago.items()}).execute()
    edition = Edition.get_by_id(made.id)
    publish(edition, now - timedelta(days=31))
    return closed(edition, now - timedelta(days=32))


@pytest.fixture
def coordinator(db: None) -> Officer:
    return make_officer(Role.COORDINATOR)


@pytest.fixture
def administrator(db: None) -> Officer:
    return make_officer(Role.ADMINISTRATOR)


def end(kept: Closing, officer: Officer, now: datetime, code: str = "") -> Closing:
    end_key(kept.edition, officer, seen=code or kept.edition.code, now=now)
    found: Closing = Closing.get_by_id(kept.id)
    return found


def key_is_there(edition: Edition) -> bool:
    try:
        return bool(crypto.keyring.get(edition.ballot_key))
    except KeyMissing:
        return False


def test_two_officers_destroy_the_key_for_good(kept: Closing, coordinator: Officer, administrator: Officer, now: datetime):
    asked = end(kept, coordinator, now)
    assert (asked.key_asked_at, asked.key_asked_by, asked.key_destroyed_at) == (now, coordinator, None)
    assert key_is_there(kept.edition)
    done = end(kept, administrator, now + MINUTE)
    assert (done.key_destroyed_at, done.key_destroyed_by) == (now + MINUTE, administrator) and not key_is_there(kept.edition)
    assert not crypto.keyring.path(kept.edition.ballot_key).exists()
    assert not Ballot.select().where(Ballot.network.is_null(False)).exists()
    assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.sequence.desc()).limit(2)] == [
        "ballot key destroyed", "ballot key asked"]
    with pytest.raises(StepForbidden):
        end(kept, administrator, now + HOUR)


@pytest.mark.parametrize(("asking", "approving", "error"), [
    (Role.ADMINISTRATOR, None, StepForbidden), (Role.COORDINATOR, "same", SecondOfficerNeeded)])
def test_key_stays_without_a_coordinator_and_a_second_officer(
        kept: Closing, asking: Role, approving: str | None, error: type[PortalError], now: datetime):
    officer = make_officer(asking)
    if approving:
        end(kept, officer, now)
    with pytest.raises(error):
        end(kept, officer, now)
    assert key_is_there(kept.edition) and Ballot.select().where(Ballot.network.is_null(False)).exists()


@pytest.mark.parametrize("hindrance", ["too early", "claim", "code", "environment"])
def test_key_stays_as_long_as_it_is_needed(kept: Closing, coordinator: Officer, now: datetime, hindrance: str,
                                           monkeypatch: pytest.MonkeyPatch):
    code, at = "", now
    if hindrance == "too early":
        at = now - timedelta(days=2)
    elif hindrance == "claim":
        open_case(now)
    elif hindrance == "code":
        code = "inna"
    else:
        monkeypatch.setenv(f"PORTAL_KEY_BALLOT_{kept.edition.code.upper()}", "x")
    with pytest.raises(StepForbidden):
        end(kept, coordinator, at, code)
    assert Closing.get_by_id(kept.id).key_asked_at is None


def test_destroyed_key_does_not_live_on_in_another_process(kept: Closing, coordinator: Officer, administrator: Officer,
                                                           now: datetime):
    name = kept.edition.ballot_key
    program = f"""
import sys
from pathlib import Path
from portal import config, crypto
config.load(Path({str(settings.instance)!r}))
crypto.keyring.get({name!r})
print("has it", flush=True)
sys.stdin.readline()
try:
    crypto.keyring.get({name!r})
    print("has it still")
except crypto.KeyMissing:
    print("gone", len(crypto.keyring._keys))
"""
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout and other.stdout.readline() == "has it\n"
    end(kept, coordinator, now)
    end(kept, administrator, now)
    assert other.communicate("now\n", timeout=30)[0] == "gone 0\n"


def test_nothing_breaks_without_the_key(kept: Closing, coordinator: Officer, administrator: Officer, now: datetime):
    account = make_account(District.get())
    end(kept, coordinator, now)
    end(kept, administrator, now)
    assert voting_person.own_ballots(account, [kept.edition]) == []
    assert len(closing.choices(kept.edition).splitlines()) > 5 and commitments(kept.edition, now=now)
