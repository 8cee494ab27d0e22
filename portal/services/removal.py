"""Removal of accounts, with or without their ballots: at their holders' wish or as wrongly registered (removal_approval)."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from portal import clock, crypto
from portal.crypto import KeyMissing
from portal.database import on_sqlite, transaction
from portal.errors import BallotWouldGo, ChangedMeanwhile, UnderCheck
from portal.messaging.outbox import enqueue
from portal.models.account import Account, AccountState
from portal.models.assessment import Move
from portal.models.ballot import Ballot, BallotDraft, BallotState, Channel
from portal.models.edition import Edition, Phase
from portal.models.login import Session
from portal.models.message import TO_CLAIMANTS, TO_OFFICERS, Message, MessageChannel
from portal.models.profile import EmailChange, PhoneChange
from portal.models.proposal import BEFORE_BALLOT, Proposal, ProposalState
from portal.models.removal import RemovalCase
from portal.models.support import Authorship, Support
from portal.services import audit, login, proposals, voting

COUNTED_ONLY = ("sessions", "drafts", "supports")  # They change by themselves and go in any case: nobody decides on them.


@dataclass(frozen=True, slots=True)
class Extent:
    """What goes with an account, and what does not: shown before, compared at the approval, written into the protocol.

    Ballots and what stays are named by their edition, proposals by their number and what becomes of them.
    """

    account: str
    data: str  # A hash of what the account says: an officer decides on what stood there.
    sessions: int
    drafts: int
    supports: int
    ballots: list[list[str]]  # Edition's code and the ballot's state.
    on_paper: list[str]  # A clerk has seen the voter: these were not cast from the account.
    earlier: list[str]  # Cast online before the account existed, so from another.
    out_of_reach: list[str]  # The edition's ballot key is destroyed: nobody can tell whose a ballot is.
    proposals: list[list[str]]

    def digest(self) -> str:
        """Return what a form sends back, so that what its page has shown is decided on."""
        seen = {name: value for name, value in asdict(self).items() if name not in COUNTED_ONLY}
        return crypto.keyed_hash("index", "extent-seen", json.dumps(seen, sort_keys=True))

    def changes(self, seen: "Extent") -> list[str]:
        """Return the names of what is another than an officer has seen."""
        return [field.name for field in fields(self)
                if field.name not in COUNTED_ONLY and getattr(seen, field.name) != getattr(self, field.name)]


def find_extent(account: Account, *, now: datetime) -> Extent:
    """Return what a removal with votes takes; raise KeyMissing when the key of a voting without results is not there."""
    found, lost = _ballots(account, _editions(now), now)
    told = (account.email, account.phone, account.name, account.pesel_index, account.street, account.postcode, account.state)
    return Extent(
        account=account.uid, data=crypto.keyed_hash("index", "account-seen", *map(str, told)),
        sessions=Session.select().where(Session.account == account).count(),
        drafts=BallotDraft.select().where(BallotDraft.account == account).count(),
        supports=Support.select().where(Support.account == account).count(),
        ballots=[[edition.code, str(ballot.state)] for edition, ballot in found if _is_own(account, ballot)],
        on_paper=[edition.code for edition, ballot in found if ballot.channel == Channel.PAPER],
        earlier=[edition.code for edition, ballot in found if ballot.channel != Channel.PAPER and not _is_own(account, ballot)],
        out_of_reach=lost,
        proposals=[[proposal.number, _fate(proposal, heir)] for proposal, heir in _led_by(account)])


def cast_ballots(account: Account, *, now: datetime) -> list[tuple[Edition, Ballot]]:
    """Return the ballots that were cast from an account, in the editions whose ballot key was not destroyed."""
    found, _lost = _ballots(account, _editions(now), now)
    return [(edition, ballot) for edition, ballot in found if _is_own(account, ballot)]


def _editions(now: datetime) -> Iterable[Edition]:
    begun = Edition.archived == False, Edition.voting_from <= now  # noqa: E712
    return Edition.select().where(*begun).order_by(Edition.voting_from)


def _ballots(account: Account, editions: Iterable[Edition], now: datetime) -> tuple[list[tuple[Edition, Ballot]], list[str]]:
    """Return the person's ballots in editions, and the codes of those where nobody can know of any."""
    found, lost = [], []
    for edition in editions:
        try:
            ballot = voting.own_ballot(account, edition)
        except KeyMissing:
            if edition.phase(now) is not Phase.RESULTS:  # It cannot be destroyed yet, so it has to be found.
                raise
            lost.append(str(edition.code))
        else:
            found += [(edition, ballot)] if ballot else []
    return found, lost


def _is_own(account: Account, ballot: Ballot) -> bool:
    """Tell whether a ballot of the account's PESEL came from this account, and not from paper or from an earlier account."""
    return bool(ballot.channel == Channel.ONLINE and ballot.cast_at >= clock.hour_of(account.created_at))


def _led_by(account: Account) -> list[tuple[Proposal, Authorship | None]]:
    """Return the proposals that an account submitted, each with the co-author who accepted first.

    Of authors who leave at once each waits for the other: nobody hands over to one who is going.
    """
    if not on_sqlite():
        list(Proposal.select(Proposal.id).where(Proposal.id.in_(Authorship.select(Authorship.proposal).where(
            Authorship.account == account))).order_by(Proposal.id).for_update())
    led = list(Proposal.select().join(Authorship).where(Authorship.account == account, Authorship.is_lead).order_by(Proposal.id))
    others = Authorship.select().where(Authorship.proposal.in_(led), Authorship.accepted_at.is_null(False),
                                       Authorship.account != account).order_by(Authorship.accepted_at.desc())
    heirs = {other.proposal_id: other for other in others} if led else {}
    return [(proposal, heirs.get(proposal.id)) for proposal in led]


def _fate(proposal: Proposal, heir: Authorship | None) -> str:
    """Say what becomes of a proposal whose author goes; what is on a ballot or was voted on stays there."""
    if heir:
        return "handed over"
    if proposal.state == ProposalState.DRAFT:
        return "deleted"
    return "withdrawn" if proposal.state in BEFORE_BALLOT else "stays"


def find_ballots_at_stake(account: Account, *, now: datetime) -> list[Edition]:
    """Return the editions whose voting is open and in which the person's own deletion of the account removes a ballot."""
    return [edition for edition, _ballot in _at_stake(account, now)]


def _at_stake(account: Account, now: datetime) -> list[tuple[Edition, Ballot]]:
    """Return the ballots that can still be taken back: what was cast on paper or made void is out of the person's hands."""
    found, _lost = _ballots(account, Edition.in_voting(now), now)
    return [(edition, ballot) for edition, ballot in found
            if _is_own(account, ballot) and ballot.state in (BallotState.RECORDED, BallotState.UNDER_CHECK)]


def delete_own_account(account: Account, *, with_ballots: bool, now: datetime) -> None:
    """Delete an account at its holder's wish, with the ballots in open votings; those of ended ones stay counted, unlinked.

    Raises BallotWouldGo when there is such a ballot and the holder has not agreed to its removal, UnderCheck, and
    ChangedMeanwhile for a frozen account; then nothing is changed. Does nothing for an account that is gone.
    """
    with transaction():
        gone = take_account(account, now=now)
        if gone is None:
            return
        if gone.state != AccountState.ACTIVE:
            raise ChangedMeanwhile
        if RemovalCase.concerns(gone):  # Ballots of ended votings would stay, out of the reach of who is in the right.
            raise UnderCheck
        at_stake = _at_stake(gone, now)
        if any(ballot.state == BallotState.UNDER_CHECK for _edition, ballot in at_stake):
            raise UnderCheck
        if at_stake and not with_ballots:
            raise BallotWouldGo
        remove_ballots([ballot for _edition, ballot in at_stake])
        enqueue(MessageChannel.MAIL, "account_deleted", key=f"account-deleted:{gone.uid}", recipient=gone.email,
                language=gone.language, now=now, name=gone.given_name)
        audit.record("account deleted by its holder", actor=f"account:{gone.uid}", subject=f"account:{gone.uid}", now=now,
                     ballots=len(at_stake))


def take_account(account: Account, *, now: datetime) -> Account | None:
    """Delete an account with its sessions, drafts, supports, waiting changes and letters, and return it as it was at the last.

    Its proposals go to a co-author or are withdrawn. Belongs into the caller's transaction, which looks for ballots only then:
    a cast that has taken its draft just before is waited for, a later one finds no draft, so no ballot can appear any more.
    Returns None when the account is gone already.
    """
    keys = [f"code:{change.code_hash}" for change in PhoneChange.select().where(PhoneChange.account == account)]
    keys += [f"email-change:{change.token_hash}" for change in EmailChange.select().where(EmailChange.account == account)]
    led = _led_by(account)
    gone: Account | None = next(iter(Account.delete().where(Account.id == account.id).returning(Account).execute()), None)
    if gone:
        _settle_proposals(led, now)
        letters = (Message.recipient == gone.email) & Message.template.not_in(TO_OFFICERS | TO_CLAIMANTS)
        Message.delete().where(letters | Message.key.in_(keys)).execute()
    return gone


def _settle_proposals(led: list[tuple[Proposal, Authorship | None]], now: datetime) -> None:
    for proposal, heir in led:
        match _fate(proposal, heir):
            case "handed over":
                Authorship.update(is_lead=True).where(Authorship.id == heir).execute()
            case "deleted":
                Proposal.delete().where(Proposal.id == proposal.id).execute()
            case "withdrawn":
                proposals.advance(proposal, Move.WITHDRAWN, now=now)


def remove_ballots(ballots: list[Ballot]) -> None:
    """Delete ballots with their choices, in the caller's transaction."""
    Ballot.delete().where(Ballot.id.in_([ballot.id for ballot in ballots])).execute()


def freeze_account(account: Account, *, now: datetime) -> bool:
    """Shut an account out and put its ballots under check, in the caller's transaction; tell whether it was active.

    Choices not cast go, as in take_account: a cast under way is waited for, so that its ballot is put under check too. An account
    that has got another PESEL since it was read is left alone.
    """
    frozen = (Account.update(state=AccountState.FROZEN)
              .where(Account.id == account.id, Account.pesel_index == account.pesel_index, Account.state == AccountState.ACTIVE)
              .execute())
    if not frozen:
        return False
    login.end_sessions(account)
    BallotDraft.delete().where(BallotDraft.account == account).execute()
    _mark_ballots(account, BallotState.RECORDED, BallotState.UNDER_CHECK, now)
    return True


def unfreeze_account(account: Account, *, now: datetime) -> bool:
    """Give a frozen account back to its holder, its ballots too, in the caller's transaction; tell whether it was frozen."""
    freed = (Account.update(state=AccountState.ACTIVE)
             .where(Account.id == account.id, Account.state == AccountState.FROZEN).execute())
    if freed:
        _mark_ballots(account, BallotState.UNDER_CHECK, BallotState.RECORDED, now)
    return bool(freed)


def _mark_ballots(account: Account, before: BallotState, after: BallotState, now: datetime) -> None:
    own = [ballot.id for _edition, ballot in cast_ballots(account, now=now)]
    Ballot.update(state=after).where(Ballot.id.in_(own), Ballot.state == before).execute()
