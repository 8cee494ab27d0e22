"""The end of an account at its holder's wish: everything goes, or nothing, and no ballot of an open voting is left behind."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from portal import crypto
from portal.errors import BallotWouldGo, ChangedMeanwhile, MayNotVote, UnderCheck
from portal.messaging import worker
from portal.models import (Account, AuditEntry, Ballot, BallotDraft, Choice, Edition, EmailChange, Message, PasswordReset,
                           PhoneChange, Session)
from portal.models.account import AccountState
from portal.models.ballot import BallotState, Channel
from portal.models.message import MessageChannel
from portal.services import audit, login, profile, removal, voting
from tests.factories import OTHER_PESEL, PASSWORD, PESEL, make_account, make_district, make_edition, make_voting
from tests.services import raw
from tests.services.ballots import Voting, cast, choose
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")


def delete(account: Account, now: datetime, *, with_ballots: bool = False) -> None:
    removal.delete_own_account(account, with_ballots=with_ballots, now=now)


def make_voter(now: datetime) -> Voting:
    """A resident with a PESEL who has voted in an open edition."""
    edition, district, _ = make_voting()
    account = make_account(district, pesel=PESEL)
    choose(edition, district, account, now)
    cast(edition, district, account, now)
    return edition, district, account


def test_account_goes_with_all_that_is_its_own_and_others_stay(now: datetime):
    edition, district, other = make_voting()
    account = make_account(district, pesel=PESEL, email="stara@example.org", street="ul. Jedyna 7")
    for one in (account, other):
        login.log_in(one.email, PASSWORD, now=now)
        choose(edition, district, one, now)
        profile.ask_phone_change(one, phone=f"+4860011122{one.id % 10}", address="192.0.2.1", now=now)
        profile.ask_email_change(one, email=f"nowa{one.id}@example.org", now=now)
        PasswordReset.create(account=one, token_hash=crypto.hash_token(one.uid), created_at=now)
    delete(account, now)
    assert list(Account.select()) == [other]
    for model in (Session, BallotDraft, PhoneChange, EmailChange, PasswordReset):
        assert [row.account for row in model.select()] == [other], model
    left = raw.everything()
    assert not any(trace in left for trace in (account.pesel_index, account.street, f"nowa{account.id}@example.org"))
    last = AuditEntry.select().order_by(AuditEntry.sequence.desc()).get()
    assert (last.action, last.subject) == ("account deleted by its holder", f"account:{account.uid}")
    assert "stara@example.org" not in str(raw.table("audit_entry"))
    assert audit.verify() == []


def test_only_the_last_letter_still_goes_out(app: object, now: datetime):
    edition, district, account = make_voter(now)
    code = partial(profile.ask_phone_change, account, phone="+48600111222", address="192.0.2.1", now=now)
    code()
    profile.ask_email_change(account, email="nowa@example.org", now=now)
    kept = Message.create(key="k", channel=MessageChannel.MAIL, recipient="inna@example.org", template="welcome", language="pl",
                          due_at=now, created_at=now)
    delete(account, now, with_ballots=True)
    waiting = {(message.template, message.recipient) for message in Message.select()}
    assert waiting == {("account_deleted", account.email), ("welcome", kept.recipient)}


def test_farewell_is_delivered_though_the_account_is_gone(app: object, now: datetime):
    account = make_account(make_district())
    delete(account, now)
    with app.app_context():  # type: ignore[attr-defined]
        assert worker.drain(MessageChannel.MAIL, now=now) == 1
    assert Message.get().state == "sent"


def test_pesel_and_address_are_free_again(now: datetime):
    account = make_account(make_district(), pesel=PESEL, email="ta@example.org")
    delete(account, now)
    again = make_account(account.district, pesel=PESEL, email="ta@example.org")
    assert [(row.uid, row.pesel, row.email) for row in Account.select()] == [(again.uid, PESEL, "ta@example.org")]
    assert again.uid != account.uid


def test_ballot_of_an_open_voting_goes_only_when_its_holder_agrees(now: datetime):
    edition, district, account = make_voter(now)
    before = raw.everything()
    assert [edition for edition, _ballot in removal.at_stake(account, now=now)] == [edition]
    with pytest.raises(BallotWouldGo):
        delete(account, now)
    assert raw.everything() == before
    delete(account, now, with_ballots=True)
    assert not Account.select().where(Account.id == account.id).exists()
    assert (Ballot.select().count(), Choice.select().count()) == (0, 0)
    again = make_account(district, pesel=PESEL)
    choose(edition, district, again, now)
    cast(edition, district, again, now)
    assert Ballot.select().count() == 1, "who registers anew votes anew, and once"


def test_ballot_of_an_ended_voting_stays_counted(now: datetime):
    edition, district, account = make_voter(now)
    later = edition.voting_to + timedelta(microseconds=1)
    before = raw.table("ballot"), raw.table("choice")
    assert [edition for edition, _ballot in removal.at_stake(account, now=later)] == []
    delete(account, later, with_ballots=True)
    assert (raw.table("ballot"), raw.table("choice")) == before


def test_last_moment_of_the_voting_still_removes_the_ballot(now: datetime):
    edition, district, account = make_voter(now)
    delete(account, edition.voting_to, with_ballots=True)
    assert Ballot.select().count() == 0


@pytest.mark.parametrize("held", [{"channel": Channel.PAPER}, {"state": BallotState.VOID, "void_reason": "podpis"}])
def test_ballot_on_paper_or_void_is_out_of_its_holders_hands(now: datetime, held: dict[str, str]):
    edition, district, account = make_voter(now)
    Ballot.update(**held).execute()
    assert [edition for edition, _ballot in removal.at_stake(account, now=now)] == []
    delete(account, now, with_ballots=True)
    assert Ballot.select().count() == 1
    again = make_account(district, pesel=PESEL)
    assert voting.own_ballot(again, edition), "and who registers anew has voted"


def test_nobody_escapes_a_check_by_leaving(now: datetime):
    _, _, account = make_voter(now)
    Ballot.update(state=BallotState.UNDER_CHECK).execute()
    before = raw.everything()
    with pytest.raises(UnderCheck):
        delete(account, now, with_ballots=True)
    Account.update(state=AccountState.FROZEN).execute()
    Ballot.update(state=BallotState.RECORDED).execute()
    with pytest.raises(ChangedMeanwhile):
        delete(account, now, with_ballots=True)
    Account.update(state=AccountState.ACTIVE).execute()
    Ballot.update(state=BallotState.UNDER_CHECK).execute()
    assert raw.everything() == before


def test_ballots_of_others_stay(now: datetime):
    edition, district, account = make_voter(now)
    neighbour = make_account(district, pesel=OTHER_PESEL)
    choose(edition, district, neighbour, now)
    cast(edition, district, neighbour, now)
    delete(account, now, with_ballots=True)
    assert voting.own_ballot(neighbour, edition) and Choice.select().count() == 6


def test_second_deletion_does_nothing(now: datetime):
    account = make_account(make_district())
    results = at_once(*[partial(delete, account, now)] * 4)
    assert results == [None] * 4
    assert [entry.action for entry in AuditEntry.select()] == ["account deleted by its holder"]
    assert Message.select().count() == 1


def test_cast_and_deletion_at_once_leave_no_ballot_of_a_deleted_account(now: datetime):
    edition, district, _ = make_voting()
    for _round in range(8):
        account = make_account(district)
        choose(edition, district, account, now)
        results = at_once(partial(cast, edition, district, account, now), partial(delete, account, now, with_ballots=True),
                          partial(choose, edition, district, account, now))
        assert not Account.select().where(Account.id == account.id).exists(), results
        assert (Ballot.select().count(), Choice.select().count(), BallotDraft.select().count()) == (0, 0, 0)


def test_cast_at_once_with_a_deletion_that_does_not_agree_keeps_account_and_ballot_together(now: datetime):
    edition, district, _ = make_voting()
    for _round in range(8):
        account = make_account(district)
        choose(edition, district, account, now)
        _cast, deletion = at_once(partial(cast, edition, district, account, now), partial(delete, account, now))
        there = Account.select().where(Account.id == account.id).exists()
        assert bool(voting.own_ballot(account, edition)) == there == isinstance(deletion, BallotWouldGo)
        Ballot.delete().execute()
        Account.delete().where(Account.id == account.id).execute()


def test_deletion_finds_the_ballot_that_has_just_moved_to_another_pesel(now: datetime):
    """The account that the deletion has read still has the old PESEL."""
    edition, _, account = make_voter(now)
    profile.change_identity(account, pesel=OTHER_PESEL, birth_date=account.birth_date, now=now)
    delete(account, now, with_ballots=True)
    assert (Account.select().where(Account.id == account.id).count(), Ballot.select().count()) == (0, 0)


def test_choice_saved_at_once_with_the_deletion_is_refused(now: datetime, monkeypatch: pytest.MonkeyPatch):
    edition, district, account = make_voting()
    Account.delete().execute()
    with pytest.raises(MayNotVote):
        choose(edition, district, account, now)


def test_missing_key_of_an_open_voting_stops_the_deletion(now: datetime):
    """Without the key nobody can find the ballot, and it must not be passed over in silence."""
    _, _, account = make_voter(now)
    crypto.keyring._keys.clear()
    crypto.keyring.path(Edition.get().ballot_key).unlink()
    with pytest.raises(crypto.KeyMissing):
        delete(account, now, with_ballots=True)
    assert Account.select().where(Account.id == account.id).exists()
    assert count_of(int, [make_edition(open_now=False, archived=True).id]) == 1
