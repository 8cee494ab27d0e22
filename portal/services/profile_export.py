"""All that the portal holds of one resident, as plain data to take away; never how anybody voted."""

import json
from datetime import date, datetime
from typing import Any

from portal.models import (Account, AuditEntry, Authorship, BallotDraft, Edition, EmailChange, Follow, Message, PhoneChange,
                           Proposal, Session, Support)
from portal.models.message import TO_OFFICERS
from portal.services import proposals, registration, voting_person

TOLD = ("email", "phone", "given_name", "family_name", "street", "postcode", "language", "state", "birth_date", "created_at",
        "email_confirmed_at")


def export(account: Account, *, now: datetime) -> dict[str, Any]:
    """Return the resident's own data, ready to be written as JSON; moments are UTC, the PESEL is masked, amounts in grosze."""
    subject, registered = f"account:{account.uid}", account.created_at
    entries = list(AuditEntry.select().where((AuditEntry.subject == subject) | (AuditEntry.actor == subject))
                   .order_by(AuditEntry.sequence))
    news_set = [entry.at for entry in entries if entry.action == "notices changed"]
    # An earlier owner's messages at the address and number are nobody else's business.
    messages = Message.select().where(Message.recipient.in_((account.email, account.phone)), Message.template.not_in(TO_OFFICERS),
                                      Message.created_at > registered - registration.REGISTRATION_LIVES)
    held = {
        "exported_at": now,
        "account": {**{name: getattr(account, name) for name in TOLD}, "pesel": account.masked_pesel or None},
        "district": {"number": account.district.number, "name": account.district.name},
        "consents": {"privacy_notice_read_at": registered,  # As far as it is known since when.
                     "news": {"wanted": account.wants_news, "set_at": news_set[-1] if news_set else registered}},
        "waiting_changes": [{"what": what, "new": getattr(change, what), "asked_at": change.created_at}
                            for what, kind in (("phone", PhoneChange), ("email", EmailChange)) for change in _own(kind, account)],
        "sessions": [{"device": session.user_agent, "logged_in_at": session.created_at, "last_used_at": session.seen_at}
                     for session in _own(Session, account)],
        "ballots": [{"edition": edition.name, "channel": ballot.channel, "state": ballot.state}
                    for edition, ballot in voting_person.own_ballots(account, Edition.select().order_by(Edition.voting_from))],
        "unfinished_ballots": [{"edition": row.edition.name, "saved_at": row.updated_at} for row in _own(BallotDraft, account)],
        "projects": [{"number": row.proposal.number, "state": row.proposal.state, "first_author": row.is_lead,
                      "joined_at": row.accepted_at, "name_shown": row.shows_name, **proposals.texts_of(row.proposal)}
                     for row in _own(Authorship, account, Proposal)],
        "supports": [{"project": str(row.proposal), "given_at": row.created_at} for row in _own(Support, account, Proposal)],
        "followed": [{"project": str(row.proposal)} for row in _own(Follow, account, Proposal)],
        "messages": [{"channel": message.channel, "template": message.template, "state": message.state,
                      "written_at": message.created_at, "sent_at": message.sent_at} for message in messages.order_by(Message.id)],
        "audit": [{"at": entry.at, "action": entry.action, "by": "you" if entry.actor == subject
                   else entry.actor.partition(":")[0]} for entry in entries]}
    return dict(json.loads(json.dumps(held, default=_written)))


def _written(value: date) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()


def _own(model: Any, account: Account, *joined: Any) -> Any:
    """Return the account's rows, the oldest first, each with the row of the joined model that it belongs to."""
    query = model.select(model, *joined).where(model.account == account).order_by(model.id)
    return query.join(*joined) if joined else query
