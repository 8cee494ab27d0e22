"""What a cast must never leave behind, and what must never be stored by halves."""

import hashlib
import logging
from datetime import datetime

import pytest
from flask import Flask

from portal import crypto
from portal.crypto import KeyMissing, keyring
from portal.errors import AlreadyVoted, BallotIncomplete
from portal.messaging import Undeliverable, worker
from portal.models import Account, AuditEntry, Ballot, BallotDraft, Choice, Message
from portal.models.message import MessageChannel
from portal.services import voting
from tests.factories import OTHER_PESEL, PESEL, make_account, make_edition, make_voting
from tests.services import raw
from tests.services.ballots import Voting, cast, choose, first_picks

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def voters(app: object) -> Voting:
    """An open edition, and a resident of one of its districts who has chosen."""
    edition, district, account = make_voting()
    choose(edition, district, account, edition.voting_from)
    return edition, district, account


def test_ballot_has_no_column_that_could_name_the_voter(voters: Voting, now: datetime):
    cast(*voters, now)
    assert set(raw.table("ballot")[0]) == {
        "id", "edition_id", "voter_key", "channel", "district_id", "state", "void_reason", "cast_at", "commitment",
        "age_from", "network"}
    assert set(raw.table("choice")[0]) == {"ballot_id", "proposal_id", "pool_id", "points", "rank"}


def test_nothing_of_the_account_stands_beside_the_choices(voters: Voting, now: datetime):
    _, _, account = voters
    Account.update(pesel=PESEL, pesel_index=crypto.blind_index("pesel", PESEL)).execute()
    account = Account.get()
    choose(*voters[:2], account, now)
    cast(*voters[:2], account, now)
    cast_ballots = str([raw.table("ballot"), raw.table("choice")])
    for trace in (account.uid, account.email, account.phone, account.pesel_index, PESEL, account.family_name):
        assert trace not in cast_ballots
    ballot = Ballot.get()
    about_people = str([raw.table(name) for name in ("account", "session", "message", "audit_entry", "ballot_draft")])
    for trace in (ballot.id, ballot.id.hex, ballot.voter_key, ballot.commitment):
        assert str(trace) not in about_people


def test_letter_about_a_ballot_leaves_no_row_whose_order_or_transaction_would_tell_whose_it_is(voters: Voting, now: datetime,
                                                                                               app: Flask):
    cast(*voters, now)
    with app.app_context():
        assert worker.drain(MessageChannel.MAIL, now=now) == 1
    assert Ballot.select().count() == 1
    assert Message.select().count() == 0


def test_letter_about_a_ballot_that_nobody_takes_leaves_no_row_either(voters: Voting, now: datetime, app: Flask,
                                                                      monkeypatch: pytest.MonkeyPatch):
    def refuse(*_letter: object) -> None:
        raise Undeliverable("there is no such address")
    monkeypatch.setattr(worker, "_gateway", lambda channel: refuse)
    cast(*voters, now)
    with app.app_context():
        assert worker.drain(MessageChannel.MAIL, now=now) == 0
    assert Message.select().count() == 0


def test_time_of_the_cast_is_known_to_the_hour_only(voters: Voting, now: datetime):
    cast(*voters, now.replace(minute=59, second=59, microsecond=999999))
    assert Ballot.get().cast_at == now.replace(minute=0, second=0, microsecond=0)


def test_confirmation_number_is_stored_nowhere(voters: Voting, now: datetime):
    number = cast(*voters, now)
    stored = raw.everything()
    assert number not in stored and number.replace("-", "") not in stored
    assert hashlib.sha256(number.encode()).hexdigest() not in stored


def test_commitment_is_the_documented_hash_which_anybody_can_compute(voters: Voting, now: datetime):
    number = cast(*voters, now)
    lines = sorted(f"{choice.proposal.pool.name or '*'}/{choice.proposal.number}={int(choice.points)}"
                   for choice in Choice.select())
    assert len(lines) == 6
    assert Ballot.get().commitment == hashlib.sha256("\n".join([number, *lines]).encode()).hexdigest()


def test_confirmation_numbers_differ_and_so_do_commitments_to_equal_choices(now: datetime):
    edition, district, first = make_voting()
    numbers = set()
    for account in (first, make_account(district), make_account(district)):
        choose(edition, district, account, now)
        numbers.add(cast(edition, district, account, now))
    assert len(numbers) == 3
    assert len({ballot.commitment for ballot in Ballot.select()}) == 3


def test_choices_are_not_logged(voters: Voting, now: datetime, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    number = cast(*voters, now)
    ballot = Ballot.get()
    for secret in (number, str(ballot.id), ballot.voter_key, *first_picks(*voters[:2]).values()):
        assert secret not in caplog.text


def test_cast_leaves_no_trace_in_the_audit_log_and_no_choice_in_its_letter(voters: Voting, now: datetime):
    number = cast(*voters, now)
    assert AuditEntry.select().count() == 0
    letter = Message.get()
    said = f"{letter.key} {letter.payload} {letter.recipient}"
    for secret in (number, *(part for choice in Choice.select() for part in (choice.proposal.uid, choice.proposal.title))):
        assert secret not in said


def test_voter_key_is_of_the_pesel_else_of_the_account_and_of_one_edition(voters: Voting, now: datetime):
    edition, district, account = voters
    person, again = make_account(district, pesel=PESEL), make_account(district, pesel=OTHER_PESEL)
    other = make_edition()
    keys = {voting.voter_key(who, where) for who in (account, person, again) for where in (edition, other)}
    assert len(keys) == 6
    again.pesel_index = person.pesel_index
    assert voting.voter_key(again, edition) == voting.voter_key(person, edition)
    assert account.uid not in keys and person.pesel_index not in keys


def test_two_accounts_of_one_person_have_one_ballot(voters: Voting, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """The index on the PESEL forbids such accounts; the voter key would stop them all the same."""
    edition, district, first = voters
    second = make_account(district)
    choose(edition, district, second, now)
    monkeypatch.setattr(voting, "voter_key", lambda account, edition: "k" * 64)
    cast(edition, district, first, now)
    with pytest.raises(AlreadyVoted):
        cast(edition, district, second, now)
    assert (Ballot.select().count(), Choice.select().count(), Message.select().count()) == (1, 6, 1)


def test_unique_index_stops_a_second_ballot_that_no_check_saw(voters: Voting, now: datetime, monkeypatch: pytest.MonkeyPatch):
    edition, district, account = voters
    cast(*voters, now)
    monkeypatch.setattr(voting, "own_ballot", lambda account, edition: None)
    choose(*voters, now)
    with pytest.raises(AlreadyVoted):
        cast(*voters, now)
    assert (Ballot.select().count(), Choice.select().count(), Message.select().count()) == (1, 6, 1)


@pytest.mark.parametrize("step", ["write", "committed"])
def test_failure_at_any_step_leaves_the_draft_and_nothing_else(voters: Voting, now: datetime, monkeypatch: pytest.MonkeyPatch,
                                                               step: str):
    def fail(*_given: object, **_named: object) -> None:
        raise RuntimeError("the power went")
    with monkeypatch.context() as broken:
        broken.setattr(voting, step, fail)
        with pytest.raises(RuntimeError):
            cast(*voters, now)
    assert (Ballot.select().count(), Choice.select().count(), Message.select().count()) == (0, 0, 0)
    assert voting.load_draft(voters[2], voters[0]) == first_picks(*voters[:2])
    assert cast(*voters, now)


def test_draft_that_goes_during_the_cast_stops_it(voters: Voting, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """A parallel cast was faster, or the account was deleted: the ballot must not outlive it."""
    new_receipt = voting.new_receipt
    monkeypatch.setattr(voting, "new_receipt", lambda: BallotDraft.delete().execute() and new_receipt())
    with pytest.raises(BallotIncomplete):
        cast(*voters, now)
    assert (Ballot.select().count(), Choice.select().count(), Message.select().count()) == (0, 0, 0)


def test_choice_saved_during_a_parallel_cast_does_not_stay(voters: Voting, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """A draft beside a cast ballot would tell, to who holds the key, how this account may have voted."""
    read_picks = voting.read_picks

    def cast_meanwhile(*given: object, **named: object) -> object:
        monkeypatch.setattr(voting, "read_picks", read_picks)
        cast(*voters, now)
        return read_picks(*given, **named)
    monkeypatch.setattr(voting, "read_picks", cast_meanwhile)
    with pytest.raises(AlreadyVoted):
        choose(*voters, now)
    assert (Ballot.select().count(), BallotDraft.select().count()) == (1, 0)


def test_lost_key_of_the_edition_stops_voting_and_no_new_key_is_made(voters: Voting, now: datetime,
                                                                     monkeypatch: pytest.MonkeyPatch):
    keyring.path(voters[0].ballot_key).unlink()
    monkeypatch.setattr(keyring, "_keys", {name: key for name, key in keyring._keys.items() if name[1] != voters[0].ballot_key})
    for step in (cast, choose):
        with pytest.raises(KeyMissing):
            step(*voters, now)
    assert (Ballot.select().count(), BallotDraft.select().count(), Message.select().count()) == (0, 1, 0)
    assert not keyring.path(voters[0].ballot_key).exists()


def test_wrong_key_of_the_edition_is_no_key(voters: Voting, now: datetime, monkeypatch: pytest.MonkeyPatch):
    keyring.path(voters[0].ballot_key).write_text("c2hvcnQ=")
    monkeypatch.setattr(keyring, "_keys", {name: key for name, key in keyring._keys.items() if name[1] != voters[0].ballot_key})
    with pytest.raises(KeyMissing, match="32 bytes"):
        cast(*voters, now)
    assert Ballot.select().count() == 0


def test_network_of_the_cast_is_kept_as_a_hash_that_dies_with_the_key_of_the_edition(voters: Voting, now: datetime):
    edition, district, account = voters
    reviewed, paper = voting.mark_reviewed(voting.load_draft(account, edition)), voting.ballot_paper(edition, district)
    voting.cast_ballot(account, edition, paper, reviewed=reviewed, address="2001:db8:1:2:3:4:5:6", now=now)
    assert Ballot.get().network == crypto.keyed_hash(edition.ballot_key, "network", "2001:db8:1:2::/64")
    assert "2001:db8" not in raw.everything()
