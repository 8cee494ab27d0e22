"""Voting as its service sees it: who may vote and when, which picks are a ballot, and what a cast keeps and forgets."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from portal import clock
from portal.errors import AlreadyVoted, BallotChanged, BallotIncomplete, BallotInvalid, MayNotVote, PhaseClosed
from portal.models import Ballot, BallotDraft, Choice, District, Edition, Message
from portal.models.account import AccountState
from portal.models.proposal import ProposalState
from portal.services import voting
from tests.factories import make_account, make_district, make_edition, make_pool, make_proposal, make_voting
from tests.services import raw
from tests.services.ballots import Voting, cast, choose, first_picks

pytestmark = pytest.mark.usefixtures("app")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def open_voting() -> Voting:
    return make_voting()


def refusal(edition: Edition, district: District, picks: dict[str, str]) -> BallotInvalid:
    with pytest.raises(BallotInvalid) as refused:
        voting.read_picks(edition, voting.ballot_paper(edition, district), picks)
    return refused.value


def test_paper_has_the_citywide_contest_first_and_then_the_own_district(open_voting: Voting):
    edition, district, _ = open_voting
    make_pool(edition, make_district(), proposals=3)
    contests = voting.ballot_paper(edition, district)
    assert [contest.pool.name for contest in contests] == [None, district.name]
    assert [[points for points, _ in contest.fields] for contest in contests] == [[3, 2, 1], [3, 2, 1]]


def test_paper_leaves_out_pools_without_proposals_or_marks(now: datetime):
    edition, district = make_edition(district_picks=0), make_district()
    make_pool(edition)
    make_pool(edition, district, proposals=2)
    assert voting.ballot_paper(edition, district) == []


def test_only_admitted_proposals_stand_on_the_paper_in_the_order_of_the_lot(now: datetime):
    edition, district = make_edition(), make_district()
    pool = make_pool(edition)
    for state in ProposalState:
        make_proposal(pool, state=state, title=str(state))
    late, early = make_proposal(pool, ballot_order=2, title="late"), make_proposal(pool, ballot_order=1, title="early")
    titles = [proposal.title for proposal in voting.ballot_paper(edition, district)[0].proposals]
    assert titles[:2] == [early.title, late.title]
    assert set(titles[2:]) == {"on_ballot", "funded", "not_funded", "in_progress", "done", "abandoned"}


def test_full_picks_give_each_mark_once(open_voting: Voting):
    edition, district, _ = open_voting
    marks = voting.read_picks(edition, voting.ballot_paper(edition, district), first_picks(edition, district))
    assert [mark.slot.points for mark in marks] == [3, 2, 1, 3, 2, 1]
    assert len({mark.proposal.uid for mark in marks}) == 6


def test_too_few_picks_are_refused_at_each_gap(open_voting: Voting):
    edition, district, _ = open_voting
    picks = first_picks(edition, district)
    for slot in picks:
        refused = refusal(edition, district, {**picks, slot: ""})
        assert (refused.params["slot"], refused.params["points"]) == (slot, int(slot[-1]))
        assert f"is missing (points: {slot[-1]})." in str(refused)
    assert [fault.params["slot"] for fault in refusal(edition, district, {}).params["faults"]] == list(picks)
    gap, _, strange, *_ = picks
    refused = refusal(edition, district, {**picks, gap: "", strange: "unknown"})
    assert [fault.params["slot"] for fault in refused.params["faults"]] == [gap, strange]


def test_project_chosen_twice_is_refused_where_it_is_repeated(open_voting: Voting):
    edition, district, _ = open_voting
    picks = first_picks(edition, district)
    top, second, *_ = picks
    refused = refusal(edition, district, {**picks, second: picks[top]})
    assert refused.params["slot"] == second
    assert "twice" in str(refused)


@pytest.mark.parametrize("uid", ["unknown", "0", " ", "\x00", "x" * 1000])
def test_unknown_project_is_refused(open_voting: Voting, uid: str):
    edition, district, _ = open_voting
    picks = first_picks(edition, district)
    slot = list(picks)[0]
    refused = refusal(edition, district, {**picks, slot: uid})
    assert (refused.params["slot"], refused.message) == (slot, "This project is not on this ballot.")


def test_projects_of_other_pools_districts_editions_and_states_are_refused(open_voting: Voting):
    edition, district, _ = open_voting
    picks = first_picks(edition, district)
    citywide, own = list(picks)[0], list(picks)[3]
    elsewhere = make_proposal(make_pool(edition, make_district()))
    older = make_proposal(make_pool(make_edition(open_now=False)))
    refused = make_proposal(voting.ballot_paper(edition, district)[0].pool, state=ProposalState.REFUSED)
    for slot, uid in ((citywide, elsewhere.uid), (own, elsewhere.uid), (citywide, older.uid), (citywide, refused.uid),
                      (citywide, picks[own]), (own, picks[citywide])):
        assert refusal(edition, district, {**picks, slot: uid}).message == "This project is not on this ballot."


def test_unknown_names_and_marks_that_do_not_exist_are_ignored(open_voting: Voting):
    edition, district, _ = open_voting
    picks, foreign = first_picks(edition, district), make_pool(edition, make_district(), proposals=1)
    stray = {f"p{foreign.id}-3": foreign.proposals.get().uid, list(picks)[0][:-1] + "9": list(picks.values())[3], "x": "y"}
    marks = voting.read_picks(edition, voting.ballot_paper(edition, district), {**picks, **stray})
    assert {mark.slot.name: mark.proposal.uid for mark in marks} == picks


def test_edition_may_let_people_leave_marks_out_but_not_all(now: datetime):
    edition, district, _ = make_voting(all_required=False)
    (slot, uid), *_ = first_picks(edition, district).items()
    assert len(voting.read_picks(edition, voting.ballot_paper(edition, district), {slot: uid})) == 1
    assert refusal(edition, district, {}).message == "No project is chosen."


def test_refused_picks_leave_the_earlier_draft_as_it_was(open_voting: Voting, now: datetime):
    edition, district, account = open_voting
    choose(*open_voting, now)
    with pytest.raises(BallotInvalid):
        choose(*open_voting, now, **{list(first_picks(edition, district))[0]: "unknown"})
    assert voting.load_draft(account, edition) == first_picks(edition, district)


def test_new_choice_replaces_the_draft(open_voting: Voting, now: datetime):
    edition, district, account = open_voting
    choose(*open_voting, now)
    paper = voting.ballot_paper(edition, district)
    slot = paper[0].slots[0].name
    choose(*open_voting, now + HOUR, **{slot: paper[0].proposals[3].uid})
    assert BallotDraft.select().count() == 1
    assert voting.load_draft(account, edition)[slot] == paper[0].proposals[3].uid
    assert BallotDraft.get().updated_at == now + HOUR


def test_draft_is_sealed_and_is_everybodys_own(open_voting: Voting, now: datetime):
    edition, district, account = open_voting
    choose(*open_voting, now)
    assert not any(uid in str(raw.table("ballot_draft")) for uid in first_picks(edition, district).values())
    assert voting.load_draft(make_account(district), edition) == {}
    assert voting.load_draft(account, make_edition()) == {}


@pytest.mark.parametrize(("moment", "is_open"), [
    (datetime(2026, 3, 21, 22, 59, 59, tzinfo=UTC), False), (datetime(2026, 3, 21, 23, tzinfo=UTC), True),
    (datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), True), (datetime(2026, 3, 29, 22, tzinfo=UTC), False)])
def test_voting_lasts_from_midnight_to_midnight_in_spring_when_the_last_day_has_23_hours(moment: datetime, is_open: bool):
    check_calendar(date(2026, 3, 22), date(2026, 3, 29), moment, is_open)


@pytest.mark.parametrize(("moment", "is_open"), [
    (datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), False), (datetime(2026, 10, 24, 22, tzinfo=UTC), True),
    (datetime(2026, 10, 25, 22, 59, 59, 999999, tzinfo=UTC), True), (datetime(2026, 10, 25, 23, tzinfo=UTC), False)])
def test_voting_lasts_from_midnight_to_midnight_in_autumn_when_a_day_has_25_hours(moment: datetime, is_open: bool):
    check_calendar(date(2026, 10, 25), date(2026, 10, 25), moment, is_open)


def check_calendar(first: date, last: date, moment: datetime, is_open: bool) -> None:
    start, end = clock.start_of(first), clock.end_of(last)
    voters = make_voting(voting_from=start, voting_to=end, results_on=end + HOUR)
    if is_open:
        choose(*voters, moment)
        cast(*voters, moment)
    else:
        for step in (choose, cast):
            with pytest.raises(PhaseClosed):
                step(*voters, moment)
    assert (Ballot.select().count(), BallotDraft.select().count()) == (int(is_open), 0)


def test_draft_made_in_time_cannot_be_cast_a_moment_late(open_voting: Voting):
    edition, _, account = open_voting
    choose(*open_voting, edition.voting_to)
    with pytest.raises(PhaseClosed):
        cast(*open_voting, edition.voting_to + timedelta(microseconds=1))
    assert (Ballot.select().count(), BallotDraft.select().count()) == (0, 1)


def test_archived_edition_takes_no_votes(now: datetime):
    voters = make_voting(archived=True)
    with pytest.raises(PhaseClosed):
        choose(*voters, now)


@pytest.mark.parametrize(("born", "voting_day", "may"), [
    (date(2010, 6, 15), datetime(2026, 6, 15, 10, tzinfo=UTC), True),
    (date(2010, 6, 16), datetime(2026, 6, 15, 10, tzinfo=UTC), False),
    (date(2010, 6, 16), datetime(2026, 6, 15, 22, 0, tzinfo=UTC), True),  # The 16th has begun in the city.
    (date(2010, 6, 16), datetime(2026, 6, 15, 21, 59, 59, tzinfo=UTC), False),
    (date(2012, 2, 29), datetime(2028, 2, 28, 12, tzinfo=UTC), False),
    (date(2012, 2, 29), datetime(2028, 2, 29, 12, tzinfo=UTC), True),
    (date(2008, 2, 29), datetime(2024, 2, 28, 12, tzinfo=UTC), False),
    (date(2011, 2, 28), datetime(2027, 2, 28, 12, tzinfo=UTC), True),
    (date(1920, 1, 1), datetime(2026, 6, 15, 10, tzinfo=UTC), True)])
def test_minimum_age_is_that_of_the_day_of_voting(born: date, voting_day: datetime, may: bool):
    span = timedelta(days=3)
    edition, district, account = make_voting(minimum_age=16, voting_from=voting_day - span, voting_to=voting_day + span,
                                             results_on=voting_day + span)
    account.birth_date = born
    if may:
        choose(edition, district, account, voting_day)
    else:
        with pytest.raises(MayNotVote, match="from the age of 16"):
            choose(edition, district, account, voting_day)


def test_born_on_leap_day_comes_of_age_on_the_first_of_march(now: datetime):
    on = datetime(2026, 2, 28, 12, tzinfo=UTC)
    edition, district, account = make_voting(minimum_age=18, voting_from=on - 3 * 24 * HOUR, voting_to=on + 3 * 24 * HOUR,
                                             results_on=on + 4 * 24 * HOUR)
    account.birth_date = date(2008, 2, 29)
    with pytest.raises(MayNotVote):
        choose(edition, district, account, on)
    choose(edition, district, account, on + 24 * HOUR)


def test_frozen_account_neither_chooses_nor_casts(open_voting: Voting, now: datetime):
    edition, district, account = open_voting
    choose(*open_voting, now)
    account.state = AccountState.FROZEN
    for step in (choose, cast):
        with pytest.raises(MayNotVote):
            step(*open_voting, now)
    assert Ballot.select().count() == 0


def test_cast_keeps_the_whole_ballot_and_drops_the_draft(open_voting: Voting, now: datetime):
    edition, district, account = open_voting
    choose(*open_voting, now)
    number = cast(*open_voting, now)
    ballot = Ballot.get()
    assert re.fullmatch("([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}", number)
    assert (ballot.edition, ballot.channel, ballot.state, ballot.district) == (edition, "online", "recorded", district)
    stored = [(choice.proposal.uid, choice.points, choice.rank, choice.pool_id)
              for choice in Choice.select().order_by(Choice.pool, Choice.rank)]
    paper = voting.ballot_paper(edition, district)
    assert stored == [(contest.proposals[at].uid, 3 - at, at + 1, contest.pool.id) for contest in paper for at in range(3)]
    assert (BallotDraft.select().count(), voting.own_ballot(account, edition).id) == (0, ballot.id)
    letter = Message.get()
    assert (letter.channel, letter.template, letter.recipient) == ("mail", "ballot_recorded", account.email)


def test_second_ballot_is_refused(open_voting: Voting, now: datetime):
    choose(*open_voting, now)
    cast(*open_voting, now)
    for step in (choose, cast):
        with pytest.raises(AlreadyVoted):
            step(*open_voting, now)
    assert (Ballot.select().count(), Choice.select().count(), Message.select().count()) == (1, 6, 1)


def test_cast_without_a_choice_is_refused(open_voting: Voting, now: datetime):
    with pytest.raises(BallotIncomplete):
        cast(*open_voting, now)
    assert Ballot.select().count() == 0


def test_choice_that_is_no_longer_the_reviewed_one_is_not_cast(open_voting: Voting, now: datetime):
    """Another window has changed it meanwhile: the voter must see what goes into the box."""
    edition, district, account = open_voting
    choose(*open_voting, now)
    reviewed = voting.mark_reviewed(voting.load_draft(account, edition))
    paper = voting.ballot_paper(edition, district)
    choose(*open_voting, now, **{paper[0].slots[0].name: paper[0].proposals[3].uid})
    for mark in (reviewed, "", "żółw"):
        with pytest.raises(BallotChanged):
            voting.cast_ballot(account, edition, paper, reviewed=mark, now=now)
    assert (Ballot.select().count(), BallotDraft.select().count(), Message.select().count()) == (0, 1, 0)
    cast(*open_voting, now)
    assert Choice.get(Choice.rank == 1, Choice.pool == paper[0].pool).proposal == paper[0].proposals[3]


def test_draft_that_became_invalid_cannot_be_cast(open_voting: Voting, now: datetime):
    choose(*open_voting, now)
    first = voting.ballot_paper(*open_voting[:2])[0].proposals[0]
    first.state = ProposalState.WITHDRAWN
    first.save()
    with pytest.raises(BallotInvalid):
        cast(*open_voting, now)
    assert (Ballot.select().count(), BallotDraft.select().count()) == (0, 1)


@pytest.mark.parametrize(("born", "band"), [
    (date(2026, 1, 1), 0), (date(2010, 6, 16), 0), (date(2010, 6, 15), 16), (date(1906, 6, 15), 75), (date(1990, 12, 24), 35)])
def test_ballot_keeps_the_age_as_a_band_on_the_day_of_voting(open_voting: Voting, now: datetime, born: date, band: int):
    edition, district, account = open_voting
    account.birth_date = born
    choose(*open_voting, now)
    cast(*open_voting, now)
    assert Ballot.get().age_from == band


def test_incomplete_choice_is_kept_when_asked_and_is_no_ballot(open_voting: Voting, now: datetime):
    edition, district, account = open_voting
    paper, (slot, uid) = voting.ballot_paper(edition, district), next(iter(first_picks(edition, district).items()))
    voting.save_draft(account, edition, paper, {slot: uid}, whole=False, now=now)
    assert voting.load_draft(account, edition) == {slot: uid}
    with pytest.raises(BallotInvalid):
        cast(*open_voting, now)
    with pytest.raises(BallotInvalid):
        voting.save_draft(account, edition, paper, {slot: "unknown"}, whole=False, now=now)
    assert voting.load_draft(account, edition) == {slot: uid}
    voting.save_draft(account, edition, paper, {}, whole=False, now=now)
    assert (voting.load_draft(account, edition), Ballot.select().count()) == ({}, 0)


def test_cast_asks_the_database_no_more_than_before(open_voting: Voting, now: datetime, statements: list[str]):
    """Begin and commit apart: the draft, the ballot, its choices, the letter."""
    edition, district, account = open_voting
    choose(*open_voting, now)
    reviewed, paper = voting.mark_reviewed(voting.load_draft(account, edition)), voting.ballot_paper(edition, district)
    statements.clear()
    voting.cast_ballot(account, edition, paper, reviewed=reviewed, address="203.0.113.7", now=now)
    assert len([sql for sql in statements if sql.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}]) == 4, statements
