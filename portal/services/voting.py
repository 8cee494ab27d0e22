"""Voting: the ballot paper, the draft, the cast, the state of the own ballot."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from peewee import IntegrityError

from portal import clock, crypto
from portal.database import transaction
from portal.errors import N_, AlreadyVoted, BallotChanged, BallotIncomplete, BallotInvalid, MayNotVote, PhaseClosed, require
from portal.models import Account, AccountState, Ballot, BallotDraft, Channel, Choice, District, Edition, Phase, Pool, Proposal
from portal.models.ballot import AGE_BANDS
from portal.network import network_of
from portal.services.account import write
from portal.services.proposals_catalogue import fold, pools_of

Picks = Mapping[str, str]  # Slot.name -> uid of the proposal


class Slot(NamedTuple):
    """One mark that a voter gives in a pool, by the name of its form field."""

    pool: Pool
    points: int

    @property
    def name(self) -> str:
        return f"p{self.pool.id}-{self.points}"


class Contest(NamedTuple):
    """A pool as the ballot paper shows it: its marks and its proposals in the order drawn by lot."""

    pool: Pool
    slots: list[Slot]
    proposals: list[Proposal]

    @property
    def fields(self) -> list[tuple[int, str]]:
        """The marks as the page offers them: points and name."""
        return [(slot.points, slot.name) for slot in self.slots]

    @property
    def categories(self) -> list[str]:
        """What its proposals are about, in no order."""
        return list({name for row in self.proposals for name in row.categories.split(",") if name})

    def chosen(self, picks: Picks) -> list[tuple[Slot, str]]:
        """Return each mark with the title of what picks give it to, if they do."""
        titles = {row.uid: row.title for row in self.proposals}
        return [(slot, titles.get(picks.get(slot.name, ""), "")) for slot in self.slots]


class Mark(NamedTuple):
    """The points that a ballot gives to a proposal."""

    slot: Slot
    proposal: Proposal


def ballot_paper(edition: Edition, district: District) -> list[Contest]:
    """Return the contests in which a resident of the district votes, the citywide one first."""
    pools = pools_of(edition).where(Pool.district.is_null() | (Pool.district == district))
    contests = [Contest(pool, [Slot(pool, points) for points in edition.points(pool)], list(Proposal.on_ballot(pool)))
                for pool in pools]
    return [contest for contest in contests if contest.proposals and contest.slots]


def read_picks(edition: Edition, paper: list[Contest], picks: Picks, *, whole: bool = True) -> list[Mark]:
    """Check picks against the rules of the edition and return the marks they mean; not ``whole``: some may still be missing.

    Unknown names are ignored. Raises BallotInvalid with ``faults``: all that is wrong, each with the ``slot`` it belongs to.
    """
    marks, faults = [], []
    for contest in paper:
        offered = {str(proposal.uid): proposal for proposal in contest.proposals}
        taken: set[str] = set()
        for slot in contest.slots:
            if uid := picks.get(slot.name):
                if uid not in offered:
                    faults.append(BallotInvalid(N_("This project is not on this ballot."), slot=slot.name))
                elif uid in taken:
                    faults.append(BallotInvalid(N_("A project can get points only once: “%(title)s” is chosen twice."),
                                                title=offered[uid].title, slot=slot.name))
                else:
                    marks.append(Mark(slot, offered[uid]))
                taken.add(uid)
            elif whole and edition.all_required:
                faults.append(BallotInvalid(
                    N_("A project of the district %(district)s is missing (points: %(points)s).") if contest.pool.district
                    else N_("A citywide project is missing (points: %(points)s)."),
                    points=slot.points, district=contest.pool.name, slot=slot.name))
    if whole and not marks and not faults:
        faults = [BallotInvalid(N_("No project is chosen."), slot=paper[0].slots[0].name if paper else "")]
    for first in faults:
        raise BallotInvalid(first.message, **first.params, faults=faults)
    return marks


def check_may_vote(account: Account, edition: Edition, *, now: datetime) -> None:
    """Raise PhaseClosed, MayNotVote or AlreadyVoted when this person cannot vote now."""
    check_entitled(account, edition, now=now)
    require(not own_ballot(account, edition), AlreadyVoted)


def check_entitled(account: Account, edition: Edition, *, now: datetime) -> None:
    """Raise PhaseClosed or MayNotVote by the calendar and the person, without a look at the ballots."""
    require(not edition.archived and edition.phase(now) is Phase.VOTING, PhaseClosed)
    require(account.state == AccountState.ACTIVE, MayNotVote)
    if edition.minimum_age and age(account.birth_date, clock.local(now).date()) < edition.minimum_age:
        raise MayNotVote(N_("In this edition one can vote from the age of %(age)s."), age=edition.minimum_age)


def age(born: date, on: date) -> int:
    """Return how many years old somebody is on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def age_band(born: date, at: datetime) -> int:
    """Return from which age the band is that somebody belongs to at a moment."""
    return max(band for band in AGE_BANDS if band <= age(born, clock.local(at).date()))


def save_draft(account: Account, edition: Edition, paper: list[Contest], picks: Picks, *, whole: bool = True,
               now: datetime) -> None:
    """Keep a choice, sealed, until it is cast; raise as check_may_vote and read_picks do, and store nothing then."""
    check_entitled(account, edition, now=now)
    chosen = json.dumps({mark.slot.name: mark.proposal.uid for mark in read_picks(edition, paper, picks, whole=whole)})
    try:
        with transaction():
            BallotDraft.add({"account": account.id, "edition": edition.id, "picks": chosen, "updated_at": now},
                            known_by=("account", "edition"))
            # Only after the row is there: no choice may stay beside a ballot cast meanwhile.
            require(not own_ballot(account, edition), AlreadyVoted)
    except IntegrityError:  # The account was deleted in parallel just now.
        raise MayNotVote from None


def load_draft(account: Account, edition: Edition) -> Picks:
    """Return what the voter has chosen so far; empty when nothing."""
    draft = BallotDraft.of_account(account, edition)
    return json.loads(draft.picks) if draft else {}


def voter_key(account: Account, edition: Edition) -> str:
    """Return the keyed hash that stands for this person in this edition, over all channels.

    The key of the edition lies outside the database; raises crypto.KeyMissing once it is destroyed.
    """
    return crypto.keyed_hash(edition.ballot_key, *identity(account))


def identity(person: Account) -> tuple[str, ...]:
    """Return who a person is to the ballot box: the PESEL's blind index, else the account; if that is not stored, the name."""
    return ("pesel", person.pesel_index) if person.pesel_index else ("account", person.uid) if person.id else named(person)


def named(person: Account) -> tuple[str, ...]:
    """Return the birth date, the first given name and the family name of a person without PESEL number and account."""
    return "named", str(person.birth_date), *fold(person.given_name).split()[:1], fold(person.family_name)


def own_ballot(account: Account, edition: Edition) -> Ballot | None:
    """Return the ballot of this person in the edition, if there is one, also on paper before there was an account."""
    return Ballot.of_voter(edition, voter_key(account, edition), crypto.keyed_hash(edition.ballot_key, *named(account)))


def mark_reviewed(picks: Picks) -> str:
    """Return what the review page sends back, so that exactly the choice that it showed is cast."""
    return crypto.keyed_hash("index", "reviewed", json.dumps(picks, sort_keys=True))


def cast_ballot(account: Account, edition: Edition, paper: list[Contest], *, reviewed: str, address: str = "",
                now: datetime) -> str:
    """Turn the reviewed draft into the person's one ballot and return its confirmation number, which is not kept.

    Of the network address only a hash under the edition's key is, for patterns that people look into.
    Raises PhaseClosed, MayNotVote, AlreadyVoted, BallotIncomplete, BallotChanged or BallotInvalid; then nothing is changed.
    """
    check_entitled(account, edition, now=now)
    number, key = new_receipt(), voter_key(account, edition)
    try:
        with transaction():
            draft = BallotDraft.take(account, edition)
            if draft is None:  # Nothing was chosen, a parallel cast was faster, or it went with the account.
                raise AlreadyVoted if own_ballot(account, edition) else BallotIncomplete
            picks = json.loads(draft.picks)
            require(crypto.same(reviewed, mark_reviewed(picks)), BallotChanged)
            marks = read_picks(edition, paper, picks)
            network = crypto.keyed_hash(edition.ballot_key, "network", network_of(address)) if address else None
            store_ballot(edition, marks, voter_key=key, channel=Channel.ONLINE, district=account.district_id, number=number,
                         age_from=age_band(account.birth_date, now), network=network, now=now)
            write(account, "ballot_recorded", key=f"{edition.code}:{account.uid}", now=now, edition=edition.name)
    except IntegrityError:
        raise AlreadyVoted from None
    return number


def store_ballot(edition: Edition, marks: list[Mark], *, voter_key: str, channel: Channel, district: int | None, number: str,
                 age_from: int | None = None, network: str | None = None, now: datetime) -> None:
    """Insert a ballot with its choices; raise IntegrityError when the person has one already."""
    ballot, commitment = uuid4(), crypto.digest(committed(number, marks))
    Ballot.add({"id": ballot, "edition": edition.id, "voter_key": voter_key, "channel": channel, "district": district,
                "cast_at": clock.hour_of(now), "commitment": commitment, "age_from": age_from, "network": network})
    store_choices(ballot, edition, marks)


def store_choices(ballot: UUID, edition: Edition, marks: list[Mark]) -> None:
    """Insert what a ballot chooses."""
    Choice.add(*({"ballot": ballot, "pool": mark.slot.pool.id, "proposal": mark.proposal.id, "points": mark.slot.points,
                  "rank": len(edition.points(mark.slot.pool)) - mark.slot.points + 1} for mark in marks))


def new_receipt() -> str:
    """Return a confirmation number of 80 random bits, in groups that can be copied by hand."""
    return crypto.readable_code(4)


def committed(number: str, marks: list[Mark]) -> str:
    """Return what the public commitment to a ballot is the SHA-256 of.

    That is the confirmation number and the sorted lines ``pool/project number=points``, joined by newlines. The citywide pool is
    written ``*``.
    """
    return "\n".join([number, *sorted(f"{slot.pool.name or '*'}/{proposal.number}={slot.points}" for slot, proposal in marks)])
