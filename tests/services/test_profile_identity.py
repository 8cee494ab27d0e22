"""A change of the PESEL, or of the birth date: one person has one ballot, before and after."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest

from portal import clock, crypto
from portal.errors import AlreadyVoted, BallotIncomplete, ChangedMeanwhile, NothingToChange, PeselTaken, TooMany
from portal.models import Account, AuditEntry, Ballot, BallotDraft, Choice, Message
from portal.models.ballot import Channel
from portal.services import audit, profile, voting, voting_person
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district, make_edition, make_voting
from tests.services import raw
from tests.services.ballots import Voting, cast, choose, first_picks
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
THIRD_PESEL = "85022812305"
BORN = {PESEL: date(1944, 5, 14), OTHER_PESEL: date(1990, 12, 24), THIRD_PESEL: date(1985, 2, 28)}


def make_voter(pesel: str | None = PESEL) -> Voting:
    """An open edition with a resident who has this PESEL."""
    edition, district, _ = make_voting()
    return edition, district, make_account(district, pesel=pesel)


def change(account: Account, pesel: str | None, now: datetime, born: date | None = None) -> None:
    profile.change_identity(account, pesel=pesel, birth_date=born or BORN[pesel], now=now)


def fresh(account: Account) -> Account:
    return Account.get_by_id(account.id)


def cast_on_paper(voters: Voting, pesel: str, now: datetime) -> None:
    """Let a clerk enter a ballot of somebody with this PESEL."""
    edition, district, _ = voters
    person = Account(pesel_index=crypto.blind_index("pesel", pesel))
    marks = voting.read_picks(edition, voting.ballot_paper(edition, district), first_picks(edition, district))
    voting.store_ballot(edition, marks, voter_key=voting.voter_key(person, edition), channel=Channel.PAPER, district=district.id,
                        number="0", now=now)


@pytest.mark.parametrize(("before", "after"), [(PESEL, OTHER_PESEL), (None, OTHER_PESEL)])
def test_pesel_is_corrected_or_given_later(now: datetime, before: str | None, after: str):
    account = make_account(make_district(), pesel=before)
    change(account, after, now)
    changed = fresh(account)
    assert (changed.pesel, changed.pesel_index, changed.birth_date) == (after, crypto.blind_index("pesel", after), BORN[after])
    assert [message.template for message in Message.select()] == ["identity_changed"]
    assert [entry.action for entry in AuditEntry.select()] == ["identity changed"]
    assert after not in raw.everything() and after not in Message.get().payload
    make_account(account.district, pesel=before)  # The number before is free.


def test_birth_date_is_corrected_where_there_is_no_pesel(now: datetime):
    account = make_account(make_district())
    change(account, None, now, date(1985, 2, 28))
    assert (fresh(account).birth_date, fresh(account).pesel) == (date(1985, 2, 28), None)


def test_pesel_can_neither_be_removed_nor_repeated(now: datetime):
    account = make_account(make_district(), pesel=PESEL, birth_date=BORN[PESEL])
    for pesel, born in ((None, date(1985, 2, 28)), (PESEL, BORN[PESEL])):
        with pytest.raises(NothingToChange):
            change(account, pesel, now, born)
    assert fresh(account).pesel == PESEL


@pytest.mark.parametrize("before", [PESEL, None])
def test_changed_pesel_does_not_vote_again(now: datetime, before: str | None):
    voters = edition, district, account = make_voter(before)
    choose(*voters, now)
    cast(*voters, now)
    change(account, OTHER_PESEL, now)
    for step in (choose, cast):
        with pytest.raises(AlreadyVoted):
            step(edition, district, fresh(account), now)
    assert (Ballot.select().count(), Choice.select().count()) == (1, 6)
    assert voting.own_ballot(fresh(account), edition) and not voting.own_ballot(account, edition)


@pytest.mark.parametrize("before", [PESEL, None])
def test_ballot_that_is_begun_with_the_old_pesel_is_not_cast_with_it(now: datetime, before: str | None):
    """The cast read the account before the change and gets the draft after it: its voter key would be the old one."""
    voters = edition, district, account = make_voter(before)
    choose(*voters, now)
    change(account, OTHER_PESEL, now)
    assert BallotDraft.select().count() == 0
    choose(edition, district, fresh(account), now)
    with pytest.raises(BallotIncomplete):
        cast(edition, district, account, now)
    cast(edition, district, fresh(account), now)
    assert Ballot.select().count() == 1


def test_cast_and_change_at_once_leave_one_ballot_that_is_known(now: datetime):
    edition, district, _ = make_voter(None)
    for _round in range(8):
        account = make_account(district)
        choose(edition, district, account, now)
        before = Ballot.select().count()
        at_once(*[partial(cast, edition, district, account, now)] * 2, partial(change, account, PESEL, now),
                partial(cast, edition, district, account, now))
        changed, ballots = fresh(account), Ballot.select().count() - before
        assert changed.pesel == PESEL
        assert bool(voting.own_ballot(changed, edition)) == bool(ballots), "nobody votes twice by a change of PESEL"
        assert ballots <= 1 and BallotDraft.select().count() == 0
        Account.delete().where(Account.id == account.id).execute()
        Ballot.delete().where(Ballot.voter_key == voting.voter_key(changed, edition)).execute()


def test_of_two_changes_at_once_the_second_does_not_leave_the_ballot_behind(now: datetime):
    """Both have read the same PESEL; the second would look for a ballot that has moved."""
    voters = edition, _, account = make_voter()
    choose(*voters, now)
    cast(*voters, now)
    change(account, OTHER_PESEL, now)
    with pytest.raises(ChangedMeanwhile):
        change(account, THIRD_PESEL, now)
    assert voting.own_ballot(fresh(account), edition)
    results = at_once(*[partial(change, fresh(account), pesel, now) for pesel in (PESEL, THIRD_PESEL)])
    assert results.count(None) == 1
    assert voting.own_ballot(fresh(account), edition)


def test_ballots_of_every_edition_with_a_key_move(now: datetime):
    account = make_account(make_district(), pesel=PESEL)
    editions = [make_edition(), make_edition(open_now=False), make_edition(archived=True)]
    for edition in editions:
        Ballot.create(edition=edition, voter_key=voting.voter_key(account, edition), channel=Channel.ONLINE, cast_at=now)
    crypto.keyring._keys.clear()
    crypto.keyring.path(editions[2].ballot_key).unlink()
    change(account, OTHER_PESEL, now)
    found = voting_person.own_ballots(fresh(account), editions)
    assert [edition for edition, _ballot in found] == editions[:2], "without its key nobody finds a ballot of an edition"


def test_ballots_of_other_people_stay_where_they_are(now: datetime):
    edition, district, account = make_voter()
    neighbour = make_account(district, pesel=THIRD_PESEL)
    for one in (account, neighbour):
        choose(edition, district, one, now)
        cast(edition, district, one, now)
    change(account, OTHER_PESEL, now)
    assert voting.own_ballot(neighbour, edition) and voting.own_ballot(fresh(account), edition)


@pytest.mark.parametrize("in_use", ["by an account", "on a paper ballot"])
def test_pesel_in_use_is_refused_and_nothing_is_changed(now: datetime, in_use: str):
    voters = edition, district, account = make_voter()
    choose(*voters, now)
    cast(*voters, now)
    if in_use == "by an account":
        make_account(district, pesel=OTHER_PESEL)
    else:
        cast_on_paper(voters, OTHER_PESEL, now)
    before = [raw.table(name) for name in ("account", "ballot")]
    with pytest.raises(PeselTaken, match="in use already"):
        change(account, OTHER_PESEL, now)
    assert [raw.table(name) for name in ("account", "ballot")] == before
    assert not Message.select().where(Message.template == "identity_changed").exists()
    assert [entry.action for entry in AuditEntry.select()] == ["identity change met a PESEL in use"]
    assert audit.verify() == []


def test_paper_ballot_of_the_new_pesel_is_the_persons_ballot(now: datetime):
    voters = edition, district, account = make_voter()
    choose(*voters, now)
    cast_on_paper(voters, OTHER_PESEL, now)
    change(account, OTHER_PESEL, now)
    with pytest.raises(AlreadyVoted):
        choose(edition, district, fresh(account), now)
    assert voting.own_ballot(fresh(account), edition).channel == "paper"


def test_number_with_a_ballot_of_an_earlier_account_is_not_taken_over(now: datetime):
    """The ballot would count as cast from this account, and go with it if the account proves to be wrongly registered."""
    edition, district, account = make_voter()
    before = make_account(district, pesel=OTHER_PESEL)
    choose(edition, district, before, now)
    cast(edition, district, before, now)
    Account.delete().where(Account.id == before.id).execute()
    with pytest.raises(PeselTaken):
        change(account, OTHER_PESEL, now)
    assert fresh(account).pesel == account.pesel and Ballot.select().count() == 1


def test_three_numbers_a_day_can_be_tried(now: datetime):
    account, taken = make_account(make_district()), [make_account(make_district(), pesel=pesel).pesel for pesel in BORN]
    for pesel in taken:
        with pytest.raises(PeselTaken):
            change(account, pesel, now)
    with pytest.raises(TooMany, match="three times a day"):
        change(account, "90122400019", now)
    change(account, None, now, date(1985, 2, 28))
    with pytest.raises(PeselTaken):
        change(fresh(account), PESEL, clock.start_of(clock.local(now).date() + timedelta(days=1)))


def test_parallel_tries_are_three_together(now: datetime):
    account = make_account(make_district())
    make_account(make_district(), pesel=PESEL)
    results = at_once(*[partial(change, account, PESEL, now)] * 8)
    assert (count_of(PeselTaken, results), count_of(TooMany, results)) == (3, 5)


def test_two_accounts_that_want_one_pesel_at_once_do_not_both_get_it(now: datetime):
    district = make_district()
    results = at_once(*[partial(change, make_account(district), PESEL, now) for _ in range(4)])
    assert (results.count(None), count_of(PeselTaken, results)) == (1, 3)
    assert Account.select().where(Account.pesel_index.is_null(False)).count() == 1
