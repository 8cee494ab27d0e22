"""Voting on paper: who may, and sheets that two officers type in, the second without seeing what the first has typed.

From the first entry on a person has voted; choices are stored once two entries agree or a third officer has decided between them.
The person is never kept beside the sheet: the ballot has a voter key like everybody's, and the audit log names point and sheet.
Whoever has shown a document is an Account here, mostly one that is not stored: with the index of the PESEL number, or with names.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from peewee import IntegrityError

from portal import clock
from portal.database import transaction
from portal.errors import N_, AlreadyVoted, PhaseClosed, SheetRefused, require
from portal.models import (Account, Ballot, BallotDraft, BallotState, Channel, District, Edition, Officer, Publication, Sheet,
                           SheetState, VotingPoint)
from portal.services import audit, voting

VOTED = {"online": N_("This person has already voted online."), "paper": N_("This person has already voted on paper.")}
NOT_OPEN = N_("Sheets can be typed in from the beginning of the voting until the publication of its results is asked for.")
PERSON_NEEDED = N_("Type the PESEL number. If the person has none: the date of birth, the first and the last name.")
NAMES_NEEDED = N_("Type the first and the last name too: somebody born on this day has an account without a PESEL number.")
NUMBER_TAKEN = N_("A sheet with this number has already been typed in at this point. Compare the stamp.")
ANOTHER_NEEDED = N_("You have typed in this sheet yourself. Another officer has to do this.")


class Entry(NamedTuple):
    """What an officer has typed of a sheet: the voter's district and picks, or why it is invalid."""

    district: int | None
    picks: dict[str, str]  # Slot.name -> uid of the proposal
    reason: str | None = None

    def marks(self, edition: Edition) -> list[voting.Mark]:
        """Return the marks of a valid sheet, none of an invalid one; raise BallotInvalid."""
        return [] if self.reason else voting.read_picks(
            edition, voting.ballot_paper(edition, District.get_by_id(self.district)), self.picks)


def field_of(slot: voting.Slot) -> str:
    """Return what a mark is called in any district: c3 for 3 points of the citywide pool, d3 of the district's."""
    return f"{'d' if slot.pool.district_id else 'c'}{slot.points}"


def read_numbers(paper: list[voting.Contest], typed: dict[str, str]) -> dict[str, str]:
    """Return the picks that typed numbers mean: places on the ballot, or whole numbers of proposals; what is neither is ``?``."""
    picks: dict[str, str] = {}
    for contest in paper:
        known = {name.casefold(): row.uid for row in contest.proposals for name in (str(row.ballot_order), row.number)}
        picks |= {slot.name: known.get(number.casefold(), "?") for slot in contest.slots if (number := typed.get(field_of(slot)))}
    return picks


def check_open(edition: Edition, *, again: bool = False, now: datetime) -> None:
    """Raise PhaseClosed unless sheets can be typed in for the first time, or ``again``.

    What was handed in before the end of the voting may wait at its point, so that is not the end of typing: it ends when somebody
    asks for the publication of the results; what was typed in before is finished until that is approved. Whoever approves it
    sees it when a sheet has changed the count just then. What was handed in late, the officer who took it keeps with that reason.
    """
    asked = (Publication.edition == edition, Publication.kept_at > edition.voting_to,
             Publication.approved_by.is_null(False) if again else True)
    has_begun = now >= edition.voting_from and not edition.archived
    require(has_begun and not Publication.select().where(*asked).exists(), PhaseClosed(NOT_OPEN))


def find_voter(edition: Edition, person: Account | None, *, now: datetime) -> Account:
    """Return whose ballot somebody's would be, as identify() does; raise PhaseClosed, SheetRefused, MayNotVote, AlreadyVoted."""
    check_open(edition, now=now)
    person = require(person, SheetRefused(PERSON_NEEDED))
    voting.check_entitled(person, edition, now=min(now, edition.voting_to))
    voter = identify(person)
    if ballot := voting.own_ballot(voter, edition):
        raise AlreadyVoted(VOTED[str(ballot.channel)])
    return voter


def check_voter(point: VotingPoint, officer: Officer, person: Account | None, *, now: datetime) -> Account:
    """Note that an officer asks whether somebody may vote, and answer as find_voter() does."""
    audit.record("voter checked", actor=officer, subject=f"voting_point:{point.id}", now=now)
    return find_voter(point.edition, person, now=now)


def identify(person: Account) -> Account:
    """Return the account that somebody with this PESEL number, or these names and birth date, has made, else the person again.

    Whoever shows a PESEL number can only have the account with it or one without any. Raises SheetRefused when names miss.
    """
    if person.pesel_index and (own := Account.get_or_none(Account.pesel_index == person.pesel_index)):
        return own
    possible = Account.pesel_index.is_null() if person.pesel_index else True
    for account in Account.select().where(Account.birth_date == person.birth_date, possible).order_by(Account.id):
        require(person.given_name and person.family_name, SheetRefused(NAMES_NEEDED))
        if voting.named(account) == voting.named(person):
            return account
    return person


def enter_sheet(point: VotingPoint, number: int, officer: Officer, entry: Entry, *, person: Account | None,
                now: datetime) -> SheetState:
    """Take the first entry of a sheet: from now on its person has voted. An invalid one is kept with its reason, as nobody's.

    Raises as find_voter and voting.read_picks do, and SheetRefused when the number is taken; then nothing is stored.
    """
    entry.marks(point.edition)
    voter = None if entry.reason else find_voter(point.edition, person, now=now)
    row = {"point": point.id, "number": number, "first_officer": officer.id, "invalid_reason": entry.reason,
           "state": SheetState.ENTERED if voter else SheetState.INVALID, "first_picks": json.dumps(entry) if voter else None}
    with transaction():
        check_open(point.edition, now=now)
        ballot = _add_ballot(voter, point.edition, entry, min(now, point.edition.voting_to)) if voter else None
        require(Sheet.add({**row, "ballot": ballot}, new_only=True), SheetRefused(NUMBER_TAKEN))
        return _note(row["state"], point, number, officer, now)


def _add_ballot(voter: Account, edition: Edition, entry: Entry, at: datetime) -> UUID:
    """Insert a person's ballot, still without choices; raise AlreadyVoted.

    What the person has chosen online but not cast goes first: a cast locks it first too, so that neither waits for the other.
    """
    BallotDraft.delete().where(BallotDraft.account == voter.id, BallotDraft.edition == edition).execute()
    ballot = uuid4()
    try:
        Ballot.add({"id": ballot, "edition": edition.id, "voter_key": voting.voter_key(voter, edition), "channel": Channel.PAPER,
                    "district": entry.district, "state": BallotState.UNDER_CHECK, "cast_at": clock.hour_of(at),
                    "age_from": voting.age_band(voter.birth_date, at)})
    except IntegrityError:
        raise AlreadyVoted from None
    return ballot


def enter_again(point: VotingPoint, number: int, officer: Officer, entry: Entry, *, third: bool = False,
                now: datetime) -> SheetState:
    """Take the second entry of a sheet: if it equals the first, the choices are stored, else a ``third`` officer decides.

    When that officer finds it invalid, its person has not voted, and still can. Raises PhaseClosed, SheetRefused, BallotInvalid;
    then nothing is changed.
    """
    marks, packed = entry.marks(point.edition), json.dumps(entry)
    with transaction():
        check_open(point.edition, again=True, now=now)
        sheet = require(Sheet.get_or_none(Sheet.point == point, Sheet.number == number), SheetRefused).held()
        require(sheet.state == (SheetState.DIFFERS if third else SheetState.ENTERED), SheetRefused)
        require(officer.id not in (sheet.first_officer_id, sheet.second_officer_id), SheetRefused(ANOTHER_NEEDED))
        setattr(sheet, "third_officer" if third else "second_officer", officer)
        if third or packed == sheet.first_picks:
            _finish(sheet, entry, marks)
        else:
            sheet.state, sheet.second_picks = SheetState.DIFFERS, packed
            sheet.save()
        return _note(sheet.state, point, number, officer, now)


def _finish(sheet: Any, entry: Entry, marks: list[voting.Mark]) -> None:
    """Let a sheet be recorded, or invalid and without a ballot; what was typed of it goes."""
    ballot, sheet.first_picks, sheet.second_picks, sheet.invalid_reason = sheet.ballot_id, None, None, entry.reason
    sheet.state, sheet.ballot = (SheetState.INVALID, None) if entry.reason else (SheetState.RECORDED, ballot)
    sheet.save()
    if entry.reason:
        Ballot.delete().where(Ballot.id == ballot).execute()
    else:
        Ballot.update(state=BallotState.RECORDED, district=entry.district).where(Ballot.id == ballot).execute()
        voting.store_choices(ballot, sheet.point.edition, marks)


def entries(sheet: Sheet) -> list[Entry]:
    """Return what two officers have typed of a sheet on which they differ, for a third to see."""
    return [Entry(*json.loads(packed)) for packed in (sheet.first_picks, sheet.second_picks) if packed]


def _note(state: Any, point: VotingPoint, number: int, officer: Officer, now: datetime) -> SheetState:
    audit.record(f"sheet {state}", actor=officer, subject=f"sheet:{point.id}/{number}", now=now)
    return SheetState(state)
