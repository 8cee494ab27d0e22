"""What a change of somebody's account or access leaves behind: an entry in the audit log, and a letter."""

from datetime import datetime
from typing import Any

from portal import crypto
from portal.messaging.outbox import enqueue
from portal.models import Account, MessageChannel, Officer
from portal.services import audit

Person = Account | Officer
OFFICERS_READ = "pl"  # The city's own language.


def record(person: Person, action: str, now: datetime, *, actor: str | Officer = "", **detail: Any) -> None:
    """Write into the audit log what was done to a person's account or access, by its owner unless an actor is named."""
    audit.record(action, actor=actor or person, subject=person, now=now, **detail)


def write(person: Person, template: str, *, now: datetime, key: str = "", **payload: Any) -> None:
    """Write to the address that a person had when it was read, in the caller's transaction; of one key only once."""
    name, language = (person.given_name, person.language) if isinstance(person, Account) else (person.name, OFFICERS_READ)
    enqueue(MessageChannel.MAIL, template, key=f"{template}:{key or crypto.new_token(16)}", recipient=person.email,
            language=language, now=now, name=name, **payload)
