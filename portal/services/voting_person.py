"""A person's ballots over editions: which there are, how they follow another PESEL number, who is reminded to cast one."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from portal import crypto
from portal.errors import AlreadyVoted, require
from portal.models import Account, AccountState, Ballot, BallotDraft, Channel, Edition
from portal.services import account as accounts, voting

REMINDED_BEFORE = timedelta(days=1)  # The end of voting.
AT_IT = timedelta(hours=1)  # Who has just chosen may still be at it.


def own_ballots(account: Account, editions: Iterable[Edition]) -> list[tuple[Edition, Ballot]]:
    """Return the person's ballots in these editions; where the key was destroyed or never was, nobody can know of any."""
    found = []
    for edition in editions:
        with suppress(crypto.KeyMissing):
            ballot = voting.own_ballot(account, edition)
            found += [(edition, ballot)] if ballot else []
    return found


def rekey_ballots(account: Account, *, before: tuple[str, ...]) -> None:
    """Let a person's ballots follow a change of the identity, in the transaction that has just changed it.

    Drafts go: a cast that began before the change has taken its draft by now, so that its ballot is found here, or it finds
    none. Raises AlreadyVoted when the new identity has voted online, from another account then: whose that was, only the office
    can tell; and IntegrityError when it has a ballot on paper where the old identity has one.
    """
    BallotDraft.delete().where(BallotDraft.account == account).execute()
    for edition in Edition.select():
        with suppress(crypto.KeyMissing):
            old, new = crypto.keyed_hash(edition.ballot_key, *before), voting.voter_key(account, edition)
            other = Ballot.of_voter(edition, new, "")
            require(old == new or not other or other.channel != Channel.ONLINE, AlreadyVoted)
            Ballot.update(voter_key=new).where(Ballot.edition == edition, Ballot.voter_key == old).execute()


def remind(*, now: datetime) -> int:
    """Write, once for each edition, to whoever left a choice uncast before the last day of voting, or on it; return to how many.

    Says nothing of the choice, and nothing at all to who has a ballot by now, on paper too, or could not cast one.
    """
    left = (BallotDraft.select(BallotDraft.id, Account, Edition).join(Account).switch(BallotDraft).join(Edition).where(
        ~Edition.archived, Edition.voting_to.between(now, now + REMINDED_BEFORE), Account.state == AccountState.ACTIVE,
        BallotDraft.updated_at <= now - AT_IT))
    waiting = [(draft.account, draft.edition) for draft in left if not own_ballots(draft.account, [draft.edition])]
    for account, edition in waiting:
        accounts.write(account, "ballot_waits", key=f"{edition.code}:{account.uid}", now=now, edition=edition.name,
                       until=edition.voting_to.isoformat(), useless_after=edition.voting_to, path="/glosowanie/podsumowanie")
    return len(waiting)
