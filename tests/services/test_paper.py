"""Voting on paper: who may, two entries that have to agree, and the third look."""

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from portal import clock, crypto
from portal.database import database
from portal.errors import AlreadyVoted, BallotInvalid, MayNotVote, PhaseClosed, PortalError, SheetRefused
from portal.models import Account, AuditEntry, Ballot, BallotDraft, Choice, Edition, Publication, Sheet, VotingPoint
from portal.models.paper import InvalidReason, SheetState
from portal.models.staff import Role
from portal.services import paper, voting
from portal.services.paper import Entry
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district, make_officer, make_pool, make_voting
from tests.services.ballots import cast, choose, first_picks

pytestmark = pytest.mark.usefixtures("app")
BORN = date(1944, 5, 14)


def person(pesel: str = "", born: date = BORN, given_name: str = "", family_name: str = "") -> Account:
    """Return somebody who has shown a document."""
    index = crypto.blind_index("pesel", pesel) if pesel else None
    return Account(birth_date=born, pesel_index=index, given_name=given_name, family_name=family_name)


def olena(given_name: str = "Olena Maria", family_name: str = "Kowal-Żuk", **given: Any) -> Account:
    return person(born=date(1990, 12, 24), given_name=given_name, family_name=family_name, **given)


class Point:
    """A point of an open voting with three clerks, who type what they read."""

    def __init__(self, **given: Any) -> None:
        self.edition, self.district, self.account = make_voting(**given)
        self.row = VotingPoint.create(edition=self.edition, name="Filia nr 3")
        self.clerks = [make_officer(Role.CLERK) for _ in range(3)]

    def read(self, **changed: str) -> Entry:
        return Entry(self.district.id, {**first_picks(self.edition, self.district), **changed})

    def swapped(self) -> Entry:
        """Return an entry that gives the first two places of the citywide pool to each other's projects."""
        picks = first_picks(self.edition, self.district)
        one, two, *_rest = picks
        return self.read(**{one: picks[two], two: picks[one]})

    def enter(self, number: int = 1, *, who: Account | None = None, entry: Entry | None = None) -> None:
        paper.enter_sheet(self.row, number, self.clerks[0], entry or self.read(), person=who or person(PESEL), now=clock.now())

    def enter_again(self, number: int = 1, *, by: int = 1, entry: Entry | None = None) -> SheetState:
        return paper.enter_again(self.row, number, self.clerks[by], entry or self.read(), now=clock.now())

    def settle(self, entry: Entry, *, by: int = 2) -> SheetState:
        return paper.enter_again(self.row, 1, self.clerks[by], entry, third=True, now=clock.now())


@pytest.fixture
def point() -> Point:
    return Point()


def state() -> tuple[str, str, int]:
    """Return the state of the only sheet and of the only ballot, and how many choices there are."""
    ballot = Ballot.select().first()
    return Sheet.get().state, ballot.state if ballot else "", Choice.select().count()


def refusal(error: pytest.ExceptionInfo[PortalError]) -> str:
    return error.value.message


def test_first_entry_takes_the_persons_ballot_and_keeps_what_it_chooses_sealed(point: Point, now: datetime):
    point.enter()
    assert state() == ("entered", "under_check", 0)
    ballot, sheet = Ballot.get(), Sheet.get()
    assert ballot.voter_key == crypto.keyed_hash(point.edition.ballot_key, "pesel", crypto.blind_index("pesel", PESEL))
    assert (ballot.channel, ballot.district_id, ballot.commitment, ballot.age_from) == ("paper", point.district.id, None, 75)
    assert ballot.cast_at == clock.hour_of(now)
    assert (sheet.ballot_id, sheet.first_officer, sheet.second_officer) == (ballot.id, point.clerks[0], None)
    assert paper.entries(sheet) == [point.read()]


def test_two_entries_that_agree_become_the_ballot(point: Point):
    point.enter()
    assert point.enter_again() is SheetState.RECORDED
    assert state() == ("recorded", "recorded", 6)
    assert {(f"p{row.pool_id}-{row.points:.0f}", row.proposal.uid) for row in Choice.select()} == set(
        first_picks(point.edition, point.district).items())
    sheet = Sheet.get()
    assert (sheet.second_officer, sheet.first_picks, sheet.second_picks) == (point.clerks[1], None, None)


def test_two_entries_that_differ_wait_for_a_third_officer_who_decides(point: Point):
    point.enter()
    assert point.enter_again(entry=point.swapped()) is SheetState.DIFFERS
    assert state() == ("differs", "under_check", 0)
    assert paper.entries(Sheet.get()) == [point.read(), point.swapped()]
    assert point.settle(point.swapped()) is SheetState.RECORDED
    assert state() == ("recorded", "recorded", 6)
    chosen = {(f"p{row.pool_id}-{row.points:.0f}", row.proposal.uid) for row in Choice.select()}
    assert chosen == set(point.swapped().picks.items())
    assert paper.entries(Sheet.get()) == [] and Sheet.get().third_officer == point.clerks[2]


def test_nobody_types_a_sheet_twice_or_decides_on_the_own_entry(point: Point):
    point.enter()
    with pytest.raises(SheetRefused) as refused:
        point.enter_again(by=0)
    assert refusal(refused) == paper.ANOTHER_NEEDED
    point.enter_again(entry=point.swapped())
    for clerk in (0, 1):
        with pytest.raises(SheetRefused) as refused:
            point.settle(point.read(), by=clerk)
        assert refusal(refused) == paper.ANOTHER_NEEDED
    assert state() == ("differs", "under_check", 0)


def test_entry_counts_once_and_only_in_its_turn(point: Point):
    for early in (point.enter_again, lambda: point.settle(point.read())):
        with pytest.raises(SheetRefused):
            early()
    point.enter()
    with pytest.raises(SheetRefused):
        point.settle(point.read())
    with pytest.raises(SheetRefused) as refused:
        point.enter(who=olena())
    assert refusal(refused) == paper.NUMBER_TAKEN and Ballot.select().count() == 1
    point.enter_again()
    for late in (lambda: point.enter_again(by=2), lambda: point.settle(point.swapped())):
        with pytest.raises(SheetRefused):
            late()
    assert state() == ("recorded", "recorded", 6)


def test_third_officer_can_find_a_sheet_invalid_and_its_person_can_vote_again(point: Point):
    point.enter()
    assert point.enter_again(entry=Entry(None, {}, "unsigned")) is SheetState.DIFFERS
    assert point.settle(Entry(None, {}, "unsigned")) is SheetState.INVALID
    assert (Ballot.select().count(), Choice.select().count(), Sheet.get().invalid_reason) == (0, 0, "unsigned")
    point.enter(2)
    assert Ballot.select().count() == 1


@pytest.mark.parametrize("reason", list(InvalidReason))
def test_invalid_sheet_is_kept_with_its_reason_and_nobodys(point: Point, reason: InvalidReason):
    paper.enter_sheet(point.row, 7, point.clerks[0], Entry(None, {}, reason), person=None, now=clock.now())
    sheet = Sheet.get()
    assert (sheet.state, sheet.invalid_reason, sheet.first_picks, Ballot.select().count()) == ("invalid", reason, None, 0)


def test_district_that_was_mistyped_is_a_difference_and_is_put_right(point: Point):
    other = make_district()
    make_pool(point.edition, other, proposals=4)
    point.enter(entry=Entry(other.id, first_picks(point.edition, other)))
    assert point.enter_again() is SheetState.DIFFERS
    point.settle(point.read())
    assert (Ballot.get().district, state()) == (point.district, ("recorded", "recorded", 6))


@pytest.mark.parametrize("slot", [0, -1])
def test_sheet_that_breaks_a_rule_is_not_taken_as_valid(point: Point, slot: int):
    name = list(point.read().picks)[slot]
    for wrong in ({name: ""}, {name: "?"}, {name: list(point.read().picks.values())[slot and -2 or 1]}):
        with pytest.raises(BallotInvalid):
            point.enter(entry=point.read(**wrong))
    point.enter()
    with pytest.raises(BallotInvalid):
        point.enter_again(entry=point.read(**{name: ""}))
    assert state() == ("entered", "under_check", 0)


def test_numbers_are_places_on_the_ballot_or_whole_numbers_of_projects(point: Point):
    contests = voting.ballot_paper(point.edition, point.district)
    first, second = contests[0].proposals[:2]
    typed = {"c3": str(first.ballot_order), "c2": second.number.lower(), "d1": "0", "d2": ""}
    picks = paper.read_numbers(contests, typed)
    names = {paper.field_of(slot): slot.name for contest in contests for slot in contest.slots}
    assert picks == {names["c3"]: first.uid, names["c2"]: second.uid, names["d1"]: "?"}


def test_who_voted_online_cannot_on_paper_and_the_other_way_round(point: Point, now: datetime):
    account = make_account(point.district, pesel=PESEL)
    choose(point.edition, point.district, account, now)
    cast(point.edition, point.district, account, now)
    with pytest.raises(AlreadyVoted) as refused:
        point.enter()
    assert refusal(refused) == paper.VOTED["online"]
    other = make_account(point.district, pesel=OTHER_PESEL)
    point.enter(who=person(OTHER_PESEL))
    with pytest.raises(AlreadyVoted):
        choose(point.edition, point.district, other, now)
    with pytest.raises(AlreadyVoted) as refused:
        point.enter(2, who=person(OTHER_PESEL))
    assert refusal(refused) == paper.VOTED["paper"]
    assert Ballot.select().count() == 2


def test_ballot_cast_between_the_check_and_the_entry_is_met_all_the_same(point: Point, monkeypatch: pytest.MonkeyPatch):
    point.enter()
    monkeypatch.setattr(voting, "own_ballot", lambda _person, _edition: None)
    with pytest.raises(AlreadyVoted):
        point.enter(2)
    assert (Ballot.select().count(), Sheet.select().count()) == (1, 1)


def test_paper_takes_what_was_chosen_online_and_not_cast(point: Point, now: datetime):
    account, other = make_account(point.district, pesel=PESEL), make_account(point.district, pesel=OTHER_PESEL)
    for voter in (account, other):
        choose(point.edition, point.district, voter, now)
    point.enter()
    assert [draft.account for draft in BallotDraft.select()] == [other]
    with pytest.raises(AlreadyVoted):
        cast(point.edition, point.district, account, now)


@pytest.mark.parametrize("names", [("Olena Maria", "Kowal-Żuk"), ("OLENA", "kowal zuk"), ("Olena", "KOWAL ŻUK")])
def test_person_without_pesel_is_known_by_names_and_birth_date(point: Point, names: tuple[str, str]):
    point.enter(who=olena())
    with pytest.raises(AlreadyVoted):
        point.enter(2, who=olena(*names))
    point.enter(2, who=olena("Irena", names[1]))


def test_person_without_pesel_has_the_ballot_of_the_own_account(point: Point, now: datetime):
    account = make_account(point.district, given_name="Ołena", family_name="Kowal Żuk", birth_date=olena().birth_date)
    choose(point.edition, point.district, account, now)
    point.enter(who=olena())
    assert Ballot.get().voter_key == voting.voter_key(account, point.edition)
    assert not BallotDraft.select().exists()
    with pytest.raises(AlreadyVoted):
        choose(point.edition, point.district, account, now)


def test_account_made_after_the_vote_on_paper_cannot_vote(point: Point, now: datetime):
    point.enter(who=olena())
    for known in ({}, {"pesel": OTHER_PESEL}):
        known |= {"given_name": "Olena", "family_name": "Kowal-Żuk", "birth_date": olena().birth_date}
        account = make_account(point.district, **known)
        with pytest.raises(AlreadyVoted):
            choose(point.edition, point.district, account, now)


def test_account_without_pesel_is_found_for_a_person_who_has_one(point: Point, now: datetime):
    account = make_account(point.district, given_name="Jan", family_name="Lis", birth_date=BORN)
    choose(point.edition, point.district, account, now)
    cast(point.edition, point.district, account, now)
    with pytest.raises(SheetRefused) as refused:
        point.enter()
    assert refusal(refused) == paper.NAMES_NEEDED
    with pytest.raises(AlreadyVoted):
        point.enter(who=person(PESEL, given_name="JAN", family_name="LIS"))
    point.enter(who=person(PESEL, given_name="Piotr", family_name="Lis"))


def test_nobody_is_taken_for_an_account_with_another_pesel(point: Point):
    make_account(point.district, pesel=OTHER_PESEL, given_name="Jan", family_name="Lis", birth_date=BORN)
    assert paper.identify(person(PESEL, given_name="Jan", family_name="Lis")).id is None


def test_voter_has_to_be_named_and_old_enough_on_the_last_day_of_the_voting(point: Point, now: datetime):
    with pytest.raises(SheetRefused) as refused:
        paper.enter_sheet(point.row, 1, point.clerks[0], point.read(), person=None, now=now)
    assert refusal(refused) == paper.PERSON_NEEDED
    Edition.update(minimum_age=16).execute()
    last = clock.local(point.edition.voting_to).date()
    for born, may in ((last.replace(year=last.year - 16) + timedelta(days=1), False), (last.replace(year=last.year - 16), True)):
        young = olena()
        young.birth_date = born
        with pytest.raises(MayNotVote) if not may else nullcontext():
            paper.find_voter(Edition.get(), young, now=point.edition.voting_to + timedelta(days=3))


def test_sheets_are_typed_from_the_beginning_until_the_publication_is_asked_for_or_approved(point: Point, now: datetime):
    with pytest.raises(PhaseClosed):
        paper.find_voter(point.edition, person(PESEL), now=point.edition.voting_from - timedelta(microseconds=1))
    later = point.edition.voting_to + timedelta(days=5)
    with time_machine.travel(later, tick=False):
        point.enter()
        assert Ballot.get().cast_at == clock.hour_of(point.edition.voting_to)
        point.enter_again(entry=point.swapped())
        Publication.create(edition=point.edition, results="", kept_at=point.edition.voting_to, asked_by=point.clerks[0])
        point.enter(2, who=olena())
        Publication.update(kept_at=later).execute()
        for late in (lambda: point.enter(3, who=olena()), lambda: point.enter(3, entry=Entry(None, {}, "late"))):
            with pytest.raises(PhaseClosed):
                late()
        assert point.settle(point.read()) == "recorded"
        Publication.update(approved_by=point.clerks[1]).execute()
        with pytest.raises(PhaseClosed):
            point.enter_again(2)
    assert [sheet.state for sheet in Sheet.select().order_by(Sheet.number)] == ["recorded", "entered"]


def test_what_is_typed_is_sealed_and_audited_without_the_person(point: Point):
    point.enter(who=olena())
    column = "first_picks"
    stored = bytes(database.execute_sql(f"SELECT {column} FROM sheet").fetchone()[0])
    assert all(uid.encode() not in stored for uid in point.read().picks.values())
    entry = AuditEntry.get()
    assert (entry.actor, entry.action, entry.subject, entry.detail) == (
        f"officer:{point.clerks[0].uid}", "sheet entered", f"sheet:{point.row.id}/1", "{}")
