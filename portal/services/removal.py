"""Removal of accounts, with or without their ballots: at their holders' wish or as wrongly registered (removal_approval)."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from portal import clock, crypto
from portal.database import on_sqlite, transaction
from portal.errors import BallotWouldGo, ChangedMeanwhile, UnderCheck, require
from portal.models import (Account, AccountState, Authorship, Ballot, BallotDraft, BallotState, Channel, Edition, EmailChange,
                           Message, Phase, PhoneChange, Proposal, ProposalState, RemovalCase, Session, Support)
from portal.models.message import TO_CLAIMANTS, TO_OFFICERS
from portal.models.proposal import BEFORE_BALLOT
from portal.services import login, proposals, voting
from portal.services.account import record, write

# They change by themselves and go in any case: nobody decides on them.
COUNTED_ONLY: dict[str, Any] = {"sessions": Session, "drafts": BallotDraft, "supports": Support}


class Extent(NamedTuple):
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
        seen = {name: value for name, value in self._asdict().items() if name not in COUNTED_ONLY}
        return crypto.keyed_hash("index", "extent-seen", json.dumps(seen, sort_keys=True))

    def changes(self, seen: "Extent") -> list[str]:
        """Return the names of what is another than an officer has seen."""
        return [name for name in self._fields if name not in COUNTED_ONLY and getattr(seen, name) != getattr(self, name)]


def find_extent(account: Account, *, now: datetime) -> Extent:
    """Return what a removal with votes takes; raise KeyMissing when the key of a voting without results is not there."""
    found, lost = _ballots(account, _editions(now), now)
    told = (account.email, account.phone, account.name, account.pesel_index, account.street, account.postcode, account.state)
    return Extent(
        account=account.uid, data=crypto.keyed_hash("index", "account-seen", *map(str, told)),
        **{name: model.select().where(model.account == account).count() for name, model in COUNTED_ONLY.items()},
        ballots=[[edition.code, str(ballot.state)] for edition, ballot in found if _is_own(account, ballot)],
        on_paper=[edition.code for edition, ballot in found if ballot.channel == Channel.PAPER],
        earlier=[edition.code for edition, ballot in found if ballot.channel != Channel.PAPER and not _is_own(account, ballot)],
        out_of_reach=lost, proposals=[[proposal.number, _fate(proposal, heir)] for proposal, heir in _led_by(account)])


def cast_ballots(account: Account, *, now: datetime) -> list[tuple[Edition, Ballot]]:
    """Return the ballots that were cast from an account, in the editions whose ballot key was not destroyed."""
    return [(edition, ballot) for edition, ballot in _ballots(account, _editions(now), now)[0] if _is_own(account, ballot)]


def _editions(now: datetime) -> Iterable[Edition]:
    return Edition.select().where(~Edition.archived, Edition.voting_from <= now).order_by(Edition.voting_from)


def _ballots(account: Account, editions: Iterable[Edition], now: datetime) -> tuple[list[tuple[Edition, Ballot]], list[str]]:
    """Return the person's ballots in editions, and the codes of those where nobody can know of any."""
    found, lost = [], []
    for edition in editions:
        try:
            if ballot := voting.own_ballot(account, edition):
                found.append((edition, ballot))
        except crypto.KeyMissing:
            if edition.phase(now) is not Phase.RESULTS:  # It cannot be destroyed yet, so it has to be found.
                raise
            lost.append(str(edition.code))
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
    return "deleted" if proposal.state == ProposalState.DRAFT else "withdrawn" if proposal.state in BEFORE_BALLOT else "stays"


def at_stake(account: Account, *, now: datetime) -> list[tuple[Edition, Ballot]]:
    """Return the ballots that can still be taken back: what was cast on paper or made void is out of the person's hands."""
    return [(edition, ballot) for edition, ballot in _ballots(account, Edition.in_voting(now), now)[0]
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
        require(gone.state == AccountState.ACTIVE, ChangedMeanwhile)
        # Ballots of ended votings would stay, out of the reach of who is in the right.
        require(not RemovalCase.concerns(gone), UnderCheck)
        going = at_stake(gone, now=now)
        require(all(ballot.state != BallotState.UNDER_CHECK for _edition, ballot in going), UnderCheck)
        require(with_ballots or not going, BallotWouldGo)
        remove_ballots(going)
        write(gone, "account_deleted", now=now)
        record(gone, "account deleted by its holder", now, ballots=len(going))


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
        for proposal, heir in led:
            if heir:
                Authorship.update(is_lead=True).where(Authorship.id == heir).execute()
            elif _fate(proposal, heir) != "stays":
                proposals.withdraw(proposal, "", now=now)
        letters = (Message.recipient == gone.email) & Message.template.not_in(TO_OFFICERS | TO_CLAIMANTS)
        Message.delete().where(letters | Message.key.in_(keys)).execute()
    return gone


def remove_ballots(ballots: list[tuple[Edition, Ballot]]) -> None:
    """Delete ballots with their choices, in the caller's transaction."""
    Ballot.delete().where(Ballot.id.in_([ballot.id for _edition, ballot in ballots])).execute()


def freeze_account(account: Account, *, now: datetime) -> bool:
    """Shut an account out, put its ballots under check and write to its holder, in the caller's transaction.

    Tell whether it was active. Choices not cast go, as in take_account: a cast under way is waited for, so that its ballot is put
    under check too. An account that has got another PESEL since it was read is left alone.
    """
    as_read = Account.id == account.id, Account.pesel_index == account.pesel_index, Account.state == AccountState.ACTIVE
    frozen = Account.update(state=AccountState.FROZEN).where(*as_read).execute()
    if frozen:
        login.end_sessions(account)
        BallotDraft.delete().where(BallotDraft.account == account).execute()
        _mark_ballots(account, BallotState.RECORDED, BallotState.UNDER_CHECK, now)
        write(account, "account_frozen", now=now)
    return bool(frozen)


def unfreeze_account(account: Account, *, now: datetime) -> bool:
    """Give a frozen account and its ballots back to its holder, who gets a letter, in the caller's transaction.

    Tell whether it was frozen.
    """
    frozen = Account.id == account.id, Account.state == AccountState.FROZEN
    freed = Account.update(state=AccountState.ACTIVE).where(*frozen).execute()
    if freed:
        _mark_ballots(account, BallotState.UNDER_CHECK, BallotState.RECORDED, now)
        write(account, "account_unfrozen", now=now)
    return bool(freed)


def _mark_ballots(account: Account, before: BallotState, after: BallotState, now: datetime) -> None:
    own = [ballot.id for _edition, ballot in cast_ballots(account, now=now)]
    Ballot.update(state=after).where(Ballot.id.in_(own), Ballot.state == before).execute()
