"""Removal of accounts, with or without their ballots."""

from datetime import datetime

from portal.database import transaction
from portal.errors import BallotUnderCheck, BallotWouldGo, ChangedMeanwhile
from portal.messaging.outbox import enqueue
from portal.models.account import Account, AccountState
from portal.models.ballot import Ballot, BallotState, Channel
from portal.models.edition import Edition, Phase
from portal.models.message import TO_OFFICERS, Message, MessageChannel
from portal.models.profile import EmailChange, PhoneChange
from portal.services import audit, voting


def find_ballots_at_stake(account: Account, *, now: datetime) -> list[Edition]:
    """Return the editions whose voting is open and in which the person's own deletion of the account removes a ballot."""
    return [edition for edition, _ballot in _at_stake(account, now)]


def _at_stake(account: Account, now: datetime) -> list[tuple[Edition, Ballot]]:
    """Return the ballots that can still be taken back: what was cast on paper or made void is out of the person's hands."""
    found = []
    for edition in Edition.select().where(Edition.archived == False):  # noqa: E712
        ballot = voting.own_ballot(account, edition) if edition.phase(now) is Phase.VOTING else None
        if ballot and ballot.channel == Channel.ONLINE and ballot.state in (BallotState.RECORDED, BallotState.UNDER_CHECK):
            found.append((edition, ballot))
    return found


def delete_own_account(account: Account, *, with_ballots: bool, now: datetime) -> None:
    """Delete an account at its holder's wish, with the ballots in open votings; those of ended ones stay counted, unlinked.

    Raises BallotWouldGo when there is such a ballot and the holder has not agreed to its removal, BallotUnderCheck, and
    ChangedMeanwhile for a frozen account; then nothing is changed. Does nothing for an account that is gone.
    """
    with transaction():
        gone = take_account(account)
        if gone is None:
            return
        if gone.state != AccountState.ACTIVE:
            raise ChangedMeanwhile
        at_stake = _at_stake(gone, now)
        if any(ballot.state == BallotState.UNDER_CHECK for _edition, ballot in at_stake):
            raise BallotUnderCheck
        if at_stake and not with_ballots:
            raise BallotWouldGo
        remove_ballots([ballot for _edition, ballot in at_stake])
        enqueue(MessageChannel.MAIL, "account_deleted", key=f"account-deleted:{gone.uid}", recipient=gone.email,
                language=gone.language, now=now, name=gone.given_name)
        audit.record("account deleted by its holder", actor=f"account:{gone.uid}", subject=f"account:{gone.uid}", now=now,
                     ballots=len(at_stake))


def take_account(account: Account) -> Account | None:
    """Delete an account with its sessions, drafts, waiting changes and letters, and return it as it was at the last.

    Belongs into the caller's transaction, which looks for ballots only then: a cast that has taken its draft just before is
    waited for, a later one finds no draft, so no ballot can appear any more. Returns None when the account is gone already.
    """
    keys = [f"code:{change.code_hash}" for change in PhoneChange.select().where(PhoneChange.account == account)]
    keys += [f"email-change:{change.token_hash}" for change in EmailChange.select().where(EmailChange.account == account)]
    gone: Account | None = next(iter(Account.delete().where(Account.id == account.id).returning(Account).execute()), None)
    if gone:
        letters = (Message.recipient == gone.email) & Message.template.not_in(TO_OFFICERS)
        Message.delete().where(letters | Message.key.in_(keys)).execute()
    return gone


def remove_ballots(ballots: list[Ballot]) -> None:
    """Delete ballots with their choices, in the caller's transaction."""
    Ballot.delete().where(Ballot.id.in_([ballot.id for ballot in ballots])).execute()
