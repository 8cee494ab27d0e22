"""Who stands behind proposals: supporters, followers, and co-authors, whom the lead author invites by a letter."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from portal import clock, crypto
from portal.database import transaction
from portal.errors import N_, InvitationRefused, LinkUnknown, MoveForbidden, NotFound, SupportRefused, require
from portal.messaging.outbox import enqueue
from portal.models import Account, AccountState, Authorship, Follow, Invitation, MessageChannel, Proposal, ProposalState, Support
from portal.models.base import Prepared
from portal.models.proposal import PUBLIC
from portal.services.code import count_sending
from portal.services.proposals import authors

SUPPORTED_IN = (ProposalState.SUBMITTED, ProposalState.RETURNED)
JOINED_IN = (ProposalState.DRAFT, *SUPPORTED_IN)
INVITATION_LIVES, MOST_COAUTHORS, MOST_INVITATIONS_A_DAY, MOST_TO_ONE_A_DAY = timedelta(days=30), 2, 10, 3
TOO_LATE = N_("The time for collecting support for this project is over.")
OWN = N_("You are an author of this project: your own support does not count.")
ELSEWHERE = N_("Only people who live in this district can support this project: %(district)s.")
UNDER_CHECK = N_("Your account cannot support projects while officers check it.")
KNOWN = N_("This person is an author of the project already.")
INVITED = N_("We have already written to this address. You can take the invitation back and send a new one.")
FULL = N_("A project can have at most two co-authors, with those who have not answered yet.")
TOO_MANY_LETTERS = N_("You have sent many invitations today. Send the next one tomorrow.")


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the support of a proposal, and what somebody who looks at it has to do with it."""

    count: int
    until: datetime | None  # None when support is not collected now.
    refusal: SupportRefused | None  # Why this person cannot support it.
    supports: bool
    follows: bool
    authorship: Authorship | None


def find_proposal(account: Account, slug: str) -> Proposal:
    """Return a proposal that everybody may read, or whose author somebody is; raise NotFound."""
    own = Authorship.select(Authorship.proposal).where(Authorship.account == account)
    return require(Proposal.get_or_none(Proposal.slug == slug, Proposal.state.in_(PUBLIC) | Proposal.id.in_(own)), NotFound)


def standing(proposal: Proposal, account: Account | None, *, now: datetime) -> Standing:
    """Return how it stands with a proposal for this person, or for a stranger."""
    own: Any = [account and model.get_or_none(_own(model, proposal, account)) for model in (Authorship, Support, Follow)]
    until = None if _refusal(proposal, None, now) else supported_until(proposal)
    refusal = _refusal(proposal, account, now, own[0])
    return Standing(count_supporters(proposal), until, refusal, bool(own[1]), bool(own[2]), own[0])


def count_supporters(proposal: Proposal) -> int:
    """Return how many support a proposal, online and on paper; once it is assessed, how many did when that began."""
    if proposal.supporters is not None:
        return int(proposal.supporters)
    district = proposal.pool.district_id  # Who has moved away since does not count.
    return (_of_district.count(proposal.id, district) if district else _of_city.count(proposal.id)) + (proposal.on_paper or 0)


def _online(proposal: Any) -> Any:
    return (Support.select(fn.COUNT(Support.id)).join(Account)
            .where(Support.proposal == proposal, Account.state == AccountState.ACTIVE))


_of_city = Prepared(_online)
_of_district = Prepared(lambda proposal, district: _online(proposal).where(Account.district == district))


def supported_until(proposal: Proposal) -> datetime | None:
    """Return the end of the last day on which support is collected; None before a proposal is submitted."""
    begun, days = proposal.submitted_at, timedelta(days=proposal.pool.edition.support_days)
    return clock.end_of(clock.local(begun).date() + days) if begun else None


def _own(model: Any, proposal: Proposal, account: Account) -> Any:
    return (model.proposal == proposal) & (model.account == account)


def _refusal(proposal: Proposal, account: Account | None, now: datetime, authorship: Any = None) -> SupportRefused | None:
    until, pool = supported_until(proposal), proposal.pool
    rules = (
        (until is None or proposal.state not in SUPPORTED_IN, SupportRefused()),
        (until and now > until, SupportRefused(TOO_LATE)),
        (authorship, SupportRefused(OWN)),
        (account and pool.district_id not in (None, account.district_id), SupportRefused(ELSEWHERE, district=pool.name)),
        (account and account.state != AccountState.ACTIVE, SupportRefused(UNDER_CHECK)))
    return next((refusal for is_broken, refusal in rules if is_broken), None)


def support(account: Account, proposal: Proposal, *, now: datetime) -> None:
    """Note a resident's support, once however often it is given; raise SupportRefused."""
    with transaction():
        proposal, account = proposal.held(), account.held()
        if refusal := _refusal(proposal, account, now, Authorship.get_or_none(_own(Authorship, proposal, account))):
            raise refusal
        Support.add({"proposal": proposal.id, "account": account.id, "created_at": now}, new_only=True)


def take_back(account: Account, proposal: Proposal, *, now: datetime) -> None:
    """Forget a resident's support; raise SupportRefused when it is collected no more."""
    with transaction():
        if refusal := _refusal(proposal.held(), None, now):
            raise refusal
        Support.delete().where(_own(Support, proposal, account)).execute()


def follow(account: Account, proposal: Proposal) -> None:
    """Let a resident get letters about what becomes of a proposal."""
    Follow.add({"proposal": proposal.id, "account": account.id}, new_only=True)


def unfollow(account: Account, proposal: Proposal) -> None:
    """Send a resident no more letters about a proposal."""
    Follow.delete().where(_own(Follow, proposal, account)).execute()


def invitations(proposal: Proposal, *, now: datetime) -> list[Invitation]:
    """Return the invitations to a proposal that wait for an answer."""
    return list(Invitation.select().where(Invitation.proposal == proposal, Invitation.created_at > now - INVITATION_LIVES)
                .order_by(Invitation.id))


def invite(proposal: Proposal, email: str, *, now: datetime) -> None:
    """Ask somebody by a letter to become a co-author.

    Raises MoveForbidden once a proposal is assessed, InvitationRefused, and TooMany after ten letters of an author in a day.
    """
    token = crypto.new_token()
    hashed, day = crypto.hash_token(token), clock.start_of(clock.local(now).date())
    with transaction():
        require(proposal.held().state in JOINED_IN, MoveForbidden)
        known, waiting = authors(proposal), invitations(proposal, now=now)
        require(email not in [author.account.email for author in known], InvitationRefused(KNOWN))
        require(email not in [invitation.email for invitation in waiting], InvitationRefused(INVITED))
        require(len(known) - 1 + len(waiting) < MOST_COAUTHORS, InvitationRefused(FULL))
        lead = known[0].account
        count_sending(f"coauthors:{lead.uid}", day, MOST_INVITATIONS_A_DAY, refusal=TOO_MANY_LETTERS)
        count_sending("invited:" + crypto.keyed_hash("index", "invited", email), day, MOST_TO_ONE_A_DAY, refusal=TOO_MANY_LETTERS)
        Invitation.create(proposal=proposal, email=email, token_hash=hashed, created_at=now)
        enqueue(MessageChannel.MAIL, "coauthor_invited", key=f"coauthor:{hashed}", recipient=email, language=lead.language,
                now=now, inviter=lead.name, path=f"/projekty/wspolautor/{token}")


def withdraw_invitation(proposal: Proposal, token_hash: str) -> None:
    """Take an invitation back, which its token_hash names; do nothing when it is answered."""
    Invitation.delete().where(Invitation.proposal == proposal, Invitation.token_hash == token_hash).execute()


def find_invitation(token: str, *, now: datetime) -> Invitation:
    """Return an invitation, with its proposal, by the token of its link; raise LinkUnknown."""
    return require(Invitation.select(Invitation, Proposal).join(Proposal).where(
        Invitation.token_hash == crypto.hash_token(token), Invitation.created_at > now - INVITATION_LIVES,
        Proposal.state.in_(JOINED_IN)).first(), LinkUnknown)


def join(token: str, account: Account, *, shows_name: bool, now: datetime) -> None:
    """Make whoever has the link of an invitation a co-author, whose own support counts no more.

    Raises LinkUnknown, and InvitationRefused for an author of the proposal.
    """
    with transaction():
        proposal, account = find_invitation(token, now=now).proposal.held(), account.held()
        find_invitation(token, now=now).delete_instance()  # Looked for again: another may have been faster.
        author = {"proposal": proposal.id, "account": account.id, "accepted_at": now, "shows_name": shows_name}
        require(Authorship.add(author, new_only=True), InvitationRefused)
        Support.delete().where(_own(Support, proposal, account)).execute()


def decline(token: str, *, now: datetime) -> None:
    """Answer an invitation with no; raise LinkUnknown."""
    withdraw_invitation((found := find_invitation(token, now=now)).proposal, found.token_hash)


def leave(account: Account, proposal: Proposal) -> None:
    """Let a co-author go; raise NotFound for anybody else, the lead author too."""
    require(Authorship.delete().where(_own(Authorship, proposal, account), ~Authorship.is_lead).execute(), NotFound)


def set_consent(account: Account, proposal: Proposal, *, shows_name: bool) -> None:
    """Show the public an author's name beside the proposal, or not; raise NotFound for who is no author."""
    require(Authorship.update(shows_name=shows_name).where(_own(Authorship, proposal, account)).execute(), NotFound)
