"""Who has left a choice uncast is reminded of it once, on the last day of voting."""

import json
from datetime import datetime, timedelta

import pytest

from portal import crypto
from portal.models import Account, Ballot, BallotDraft, Edition, Message
from portal.services import voting, voting_person
from tests.factories import make_account, make_voting
from tests.services.ballots import Voting, cast, choose, first_picks

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def begun(app: object, now: datetime) -> Voting:
    """An edition in voting, and a resident with a choice that is not cast."""
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    return edition, district, account


def told() -> list[str]:
    return [message.recipient for message in Message.select().where(Message.template == "ballot_waits")]


def test_letter_is_written_from_a_day_before_the_end_to_its_last_moment(begun: Voting):
    end, account = begun[0].voting_to, begun[2]
    assert [voting_person.remind(now=at) for at in (end - DAY - SECOND, end + SECOND)] == [0, 0]
    assert (voting_person.remind(now=end - DAY), told()) == (1, [account.email])
    Message.delete().execute()
    assert voting_person.remind(now=end) == 1


def test_letter_is_written_once_for_an_edition(begun: Voting):
    edition, district, account = begun
    for hours in range(24, 0, -1):
        voting_person.remind(now=edition.voting_to - hours * HOUR)
    choose(edition, district, account, edition.voting_to - 3 * HOUR)
    voting_person.remind(now=edition.voting_to - HOUR)
    assert told() == [account.email]
    choose(*make_voting()[:2], account, edition.voting_to - DAY)
    voting_person.remind(now=edition.voting_to - HOUR)
    assert told() == [account.email] * 2


def test_nobody_with_a_ballot_gets_it_cast_online_or_on_paper(begun: Voting, now: datetime):
    edition, district, account = begun
    on_paper = make_account(district, given_name="Jan")
    choose(edition, district, on_paper, now)
    marks = voting.read_picks(edition, voting.ballot_paper(edition, district), first_picks(edition, district))
    voting.store_ballot(edition, marks, voter_key=crypto.keyed_hash(edition.ballot_key, *voting.named(on_paper)),
                        channel="paper", district=district.id, number="0000", now=now)
    cast(edition, district, account, now)
    assert BallotDraft.select().count() == 1 and Ballot.select().count() == 2
    assert (voting_person.remind(now=edition.voting_to - HOUR), told()) == (0, [])


def test_nobody_who_cannot_cast_or_is_still_at_it_gets_it(begun: Voting):
    edition, district, account = begun
    last_hour = edition.voting_to - HOUR
    Account.update(state="frozen").execute()
    assert voting_person.remind(now=last_hour) == 0
    Account.update(state="active").execute()
    choose(edition, district, account, last_hour - HOUR + SECOND)
    assert voting_person.remind(now=last_hour) == 0
    Edition.update(archived=True).execute()
    assert voting_person.remind(now=last_hour + HOUR) == 0


def test_letter_says_nothing_of_the_choice_and_is_useless_after_the_end(begun: Voting):
    edition, district, account = begun
    voting_person.remind(now=edition.voting_to - HOUR)
    letter = Message.get()
    assert set(json.loads(letter.payload)) == {"name", "edition", "until", "path"}
    assert (letter.useless_after, letter.language) == (edition.voting_to, account.language)
    for uid in first_picks(edition, district).values():
        assert uid not in f"{letter.key} {letter.payload}"


def test_reminding_takes_as_many_queries_for_each_person(begun: Voting, now: datetime, statements: list[str]):
    edition, district, _account = begun
    for _ in range(4):
        choose(edition, district, make_account(district, given_name="Ewa"), now)
    statements.clear()
    assert voting_person.remind(now=edition.voting_to) == 5
    assert len(statements) <= 1 + 2 * 5
