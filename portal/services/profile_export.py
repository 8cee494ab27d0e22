"""All that the portal holds of one resident, as plain data to take away; never how anybody voted."""

from datetime import datetime
from typing import Any

from portal.models.account import Account
from portal.models.audit import AuditEntry
from portal.models.ballot import BallotDraft
from portal.models.edition import Edition
from portal.models.login import Session
from portal.models.message import TO_OFFICERS, Message
from portal.models.profile import EmailChange, PhoneChange
from portal.models.proposal import Proposal
from portal.models.support import Authorship, Follow, Support
from portal.services import voting
from portal.services.proposals import texts_of
from portal.services.registration import REGISTRATION_LIVES

Rows = list[dict[str, Any]]


def export(account: Account, *, now: datetime) -> dict[str, Any]:
    """Return the resident's own data, ready to be written as JSON; moments are UTC, the PESEL is masked."""
    subject = f"account:{account.uid}"
    entries = list(AuditEntry.select().where((AuditEntry.subject == subject) | (AuditEntry.actor == subject))
                   .order_by(AuditEntry.sequence))
    return {
        "exported_at": _moment(now),
        "account": _account(account),
        "district": {"number": account.district.number, "name": account.district.name},
        "consents": _consents(account, entries),
        "waiting_changes": _changes(account),
        "sessions": [{"device": session.user_agent, "logged_in_at": _moment(session.created_at),
                      "last_used_at": _moment(session.seen_at)}
                     for session in Session.select().where(Session.account == account).order_by(Session.id)],
        "ballots": [{"edition": edition.name, "channel": ballot.channel, "state": ballot.state}
                    for edition, ballot in voting.own_ballots(account, Edition.select().order_by(Edition.voting_from))],
        "unfinished_ballots": [{"edition": draft.edition.name, "saved_at": _moment(draft.updated_at)}
                               for draft in BallotDraft.select().where(BallotDraft.account == account)],
        **_projects(account),
        "messages": _messages(account),
        "audit": [{"at": _moment(entry.at), "action": entry.action, "by": "you" if entry.actor == subject
                   else entry.actor.partition(":")[0]} for entry in entries],
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


def _account(account: Account) -> dict[str, Any]:
    told = ("email", "phone", "given_name", "family_name", "street", "postcode", "language", "state")
    return {**{name: getattr(account, name) for name in told}, "pesel": account.masked_pesel or None,
            "birth_date": account.birth_date.isoformat(), "created_at": _moment(account.created_at),
            "email_confirmed_at": _moment(account.email_confirmed_at)}


def _consents(account: Account, entries: list[AuditEntry]) -> dict[str, Any]:
    """Return what the resident has agreed to and since when, as far as that is known."""
    changed = [entry.at for entry in entries if entry.action == "notices changed"]
    return {"privacy_notice_read_at": _moment(account.created_at),
            "news": {"wanted": account.wants_news, "set_at": _moment(changed[-1] if changed else account.created_at)}}


def _changes(account: Account) -> Rows:
    return [{"what": what, "new": getattr(change, what), "asked_at": _moment(change.created_at)}
            for what, kind in (("phone", PhoneChange), ("email", EmailChange))
            for change in kind.select().where(kind.account == account)]


def _projects(account: Account) -> dict[str, Rows]:
    """Return what the resident has written, supported and followed; amounts in grosze."""
    def own(model: Any) -> Any:
        return model.select(model, Proposal).join(Proposal).where(model.account == account).order_by(model.id)
    return {
        "projects": [{"number": row.proposal.number, "state": row.proposal.state, "first_author": row.is_lead,
                      "joined_at": _moment(row.accepted_at), "name_shown": row.shows_name, **texts_of(row.proposal)}
                     for row in own(Authorship)],
        "supports": [{"project": str(row.proposal), "given_at": _moment(row.created_at)} for row in own(Support)],
        "followed": [{"project": str(row.proposal)} for row in own(Follow)],
    }


def _messages(account: Account) -> Rows:
    """Return the messages to the own address and number since the registration; an earlier owner's are nobody else's business."""
    own = (Message.recipient.in_((account.email, account.phone)), Message.template.not_in(TO_OFFICERS),
           Message.created_at > account.created_at - REGISTRATION_LIVES)
    return [{"channel": message.channel, "template": message.template, "state": message.state,
             "written_at": _moment(message.created_at), "sent_at": _moment(message.sent_at)}
            for message in Message.select().where(*own).order_by(Message.id)]
