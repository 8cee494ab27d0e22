"""Voting: the ballot paper, the draft, the cast, the state of the own ballot."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple
from uuid import uuid4

from peewee import JOIN, IntegrityError

from portal import clock, crypto
from portal.database import transaction
from portal.errors import N_, AlreadyVoted, BallotChanged, BallotIncomplete, BallotInvalid, MayNotVote, PhaseClosed
from portal.messaging.outbox import enqueue
from portal.models.account import Account, AccountState
from portal.models.ballot import Ballot, BallotDraft, Channel, Choice
from portal.models.district import District
from portal.models.edition import Edition, Phase, Pool
from portal.models.message import MessageChannel
from portal.models.proposal import Proposal

RECEIPT_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 signs that nobody confuses
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


class Mark(NamedTuple):
    """The points that a ballot gives to a proposal."""

    slot: Slot
    proposal: Proposal


def ballot_paper(edition: Edition, district: District) -> list[Contest]:
    """Return the contests in which a resident of the district votes, the citywide one first."""
    pools = (Pool.select(Pool, District).join(District, JOIN.LEFT_OUTER)
             .where(Pool.edition == edition, Pool.district.is_null() | (Pool.district == district))
             .order_by(Pool.district.is_null(False)))
    contests = [Contest(pool, [Slot(pool, points) for points in edition.points(pool)], list(Proposal.on_ballot(pool)))
                for pool in pools]
    return [contest for contest in contests if contest.proposals and contest.slots]


def read_picks(edition: Edition, paper: list[Contest], picks: Picks) -> list[Mark]:
    """Check picks against the rules of the edition and return the marks they mean.

    Unknown names are ignored. Raises BallotInvalid with the message and, as ``slot``, the field that it belongs to.
    """
    marks = []
    for contest in paper:
        offered = {str(proposal.uid): proposal for proposal in contest.proposals}
        taken: set[str] = set()
        for slot in contest.slots:
            uid = picks.get(slot.name) or ""
            if not uid and edition.all_required:
                raise BallotInvalid(
                    N_("Choose a project of the district %(district)s for %(points)s points.") if contest.pool.district
                    else N_("Choose a citywide project for %(points)s points."),
                    points=slot.points, district=contest.pool.name, slot=slot.name)
            if not uid:
                continue
            if uid not in offered:
                raise BallotInvalid(N_("This project is not on your ballot."), slot=slot.name)
            if uid in taken:
                raise BallotInvalid(N_("Each project can get your points only once: you chose “%(title)s” twice."),
                                    title=offered[uid].title, slot=slot.name)
            taken.add(uid)
            marks.append(Mark(slot, offered[uid]))
    if not marks:
        raise BallotInvalid(N_("Choose at least one project."), slot=paper[0].slots[0].name if paper else "")
    return marks


def check_may_vote(account: Account, edition: Edition, *, now: datetime) -> None:
    """Raise PhaseClosed, MayNotVote or AlreadyVoted when this person cannot vote now."""
    check_entitled(account, edition, now=now)
    if own_ballot(account, edition):
        raise AlreadyVoted


def check_entitled(account: Account, edition: Edition, *, now: datetime) -> None:
    """Raise PhaseClosed or MayNotVote by the calendar and the person, without a look at the ballots."""
    if edition.archived or edition.phase(now) is not Phase.VOTING:
        raise PhaseClosed
    if account.state != AccountState.ACTIVE:
        raise MayNotVote
    if edition.minimum_age and _age(account.birth_date, clock.local(now).date()) < edition.minimum_age:
        raise MayNotVote(N_("In this edition one can vote from the age of %(age)s."), age=edition.minimum_age)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def save_draft(account: Account, edition: Edition, paper: list[Contest], picks: Picks, *, now: datetime) -> list[Mark]:
    """Keep a valid choice, sealed, until it is cast; raise as check_may_vote and read_picks do, and store nothing then."""
    check_may_vote(account, edition, now=now)
    marks = read_picks(edition, paper, picks)
    chosen = json.dumps({mark.slot.name: mark.proposal.uid for mark in marks})
    try:
        with transaction():
            (BallotDraft.insert(account=account, edition=edition, picks=chosen, updated_at=now)
             .on_conflict(conflict_target=[BallotDraft.account, BallotDraft.edition],
                          preserve=[BallotDraft.picks, BallotDraft.updated_at]).execute())
            if own_ballot(account, edition):  # Cast in parallel just now: no choice may stay beside an account that has voted.
                raise AlreadyVoted
    except IntegrityError:  # The account was deleted in parallel just now.
        raise MayNotVote from None
    return marks


def load_draft(account: Account, edition: Edition) -> Picks:
    """Return what the voter has chosen so far; empty when nothing."""
    draft = BallotDraft.of_account(account, edition)
    return json.loads(draft.picks) if draft else {}


def voter_key(account: Account, edition: Edition) -> str:
    """Return the keyed hash that stands for this person in this edition, over all channels.

    The key of the edition lies outside the database; raises crypto.KeyMissing once it is destroyed.
    """
    return crypto.keyed_hash(edition.ballot_key, *identity(account))


def identity(account: Account) -> tuple[str, str]:
    """Return who a person is to the ballot box: the PESEL's blind index, else the account."""
    return ("pesel", account.pesel_index) if account.pesel_index else ("account", account.uid)


def own_ballot(account: Account, edition: Edition) -> Ballot | None:
    """Return the ballot of this person in the edition, if there is one."""
    return Ballot.of_voter(edition, voter_key(account, edition))


def own_ballots(account: Account, editions: Iterable[Edition]) -> list[tuple[Edition, Ballot]]:
    """Return the person's ballots in these editions; where the key was destroyed or never was, nobody can know of any."""
    found = []
    for edition in editions:
        with suppress(crypto.KeyMissing):
            ballot = own_ballot(account, edition)
            found += [(edition, ballot)] if ballot else []
    return found


def rekey_ballots(account: Account, *, before: tuple[str, str]) -> None:
    """Let a person's ballots follow a change of the identity, in the transaction that has just changed it.

    Drafts go: a cast that began before the change has taken its draft by now, so that its ballot is found here, or it finds
    none. Raises AlreadyVoted when the new identity has voted online, from another account then: whose that was, only the office
    can tell; and IntegrityError when it has a ballot on paper where the old identity has one.
    """
    BallotDraft.delete().where(BallotDraft.account == account).execute()
    for edition in Edition.select():
        with suppress(crypto.KeyMissing):
            old, new = crypto.keyed_hash(edition.ballot_key, *before), voter_key(account, edition)
            other = Ballot.of_voter(edition, new)
            if other and other.channel == Channel.ONLINE and old != new:
                raise AlreadyVoted
            Ballot.update(voter_key=new).where(Ballot.edition == edition, Ballot.voter_key == old).execute()


def mark_reviewed(picks: Picks) -> str:
    """Return what the review page sends back, so that exactly the choice that it showed is cast."""
    return crypto.keyed_hash("index", "reviewed", json.dumps(picks, sort_keys=True))


def cast_ballot(account: Account, edition: Edition, paper: list[Contest], *, reviewed: str, now: datetime) -> str:
    """Turn the reviewed draft into the person's one ballot and return its confirmation number, which is not kept.

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
            if not crypto.same(reviewed, mark_reviewed(picks)):
                raise BallotChanged
            marks = read_picks(edition, paper, picks)
            store_ballot(edition, marks, voter_key=key, channel=Channel.ONLINE, district=account.district_id, number=number,
                         now=now)
            enqueue(MessageChannel.MAIL, "ballot_recorded", key=f"ballot:{edition.code}:{account.uid}",
                    recipient=account.email, language=account.language, now=now, name=account.given_name,
                    edition=edition.name)
    except IntegrityError:
        raise AlreadyVoted from None
    return number


def store_ballot(edition: Edition, marks: list[Mark], *, voter_key: str, channel: Channel, district: int | None, number: str,
                 now: datetime) -> None:
    """Insert a ballot with its choices; raise IntegrityError when the person has one already."""
    ballot = uuid4()
    Ballot.add({"id": ballot, "edition": edition.id, "voter_key": voter_key, "channel": channel, "district": district,
                "cast_at": clock.hour_of(now), "commitment": commit(number, marks)})
    Choice.add(*({"ballot": ballot, "pool": mark.slot.pool.id, "proposal": mark.proposal.id, "points": mark.slot.points,
                  "rank": len(edition.points(mark.slot.pool)) - mark.slot.points + 1} for mark in marks))


def new_receipt() -> str:
    """Return a confirmation number of 80 random bits, in groups that can be copied by hand."""
    signs = "".join(secrets.choice(RECEIPT_ALPHABET) for _ in range(16))
    return "-".join(signs[at:at + 4] for at in range(0, 16, 4))


def commit(number: str, marks: list[Mark]) -> str:
    """Return the public commitment to a ballot: SHA-256 of the number and the sorted lines ``pool/project number=points``.

    The lines are joined by newlines; the citywide pool is written ``*``.
    """
    lines = sorted(f"{mark.slot.pool.name or '*'}/{mark.proposal.number}={mark.slot.points}" for mark in marks)
    return hashlib.sha256("\n".join([number, *lines]).encode()).hexdigest()
