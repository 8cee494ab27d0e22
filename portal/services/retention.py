"""Retention: what nobody needs any more is removed, by one table of rules.

Each rule says what goes, how long after which moment, and why then. The audit log and accounts stay. Of a case first the scans
go, then what the person told, last the case itself; one that has not ended stays. When the rules are through, files without
a row are swept up.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import chunked

from portal.database import on_sqlite, transaction
from portal.models import (Attachment, BallotDraft, Edition, EmailChange, Evidence, FileKind, Invitation, Job, Message,
                           MessageState, Officer, PasswordReset, PhoneChange, Pool, Proposal, ProposalState, Registration,
                           RemovalCase, RemovalStep, SendCount, Session, Support, Throttle)
from portal.models.base import BaseModel
from portal.models.login import ABSOLUTE, IDLE
from portal.services import attachment, audit, login_throttle, password, removal_evidence, staff, support
from portal.services.profile import CHANGE_LIVES
from portal.services.registration import REGISTRATION_LIVES
from portal.services.removal_evidence import SCANS_KEPT

SUPPORTS_KEPT = timedelta(days=90)
WORDS_KEPT = timedelta(days=90)  # As long as somebody may ask the officers why they decided so.
SWEPT = (removal_evidence.STORE, attachment.STORE)  # What keeps files beside the database.
FINISHED = (MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED)
BATCH = 250  # Rows of one transaction: some 8 ms on SQLite, for which others who write may have to wait.


class Rule(NamedTuple):
    """Which rows of a table go, how long after what and why then; or which fields of them are emptied, when they stay."""

    what: str
    model: type[BaseModel]
    after: timedelta
    since: str
    why: str
    when: str | Callable[[datetime], Any] = "created_at"  # The moment's column, or the condition for what lies so long ago.
    empties: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return str(self.model._meta.table_name)

    def due(self, ago: datetime) -> Any:
        """Return the condition for a row whose moment is not later than this one."""
        return getattr(self.model, self.when) <= ago if isinstance(self.when, str) else self.when(ago)

    def applies(self, now: datetime) -> Any:
        """Return the condition for a row that is due now; one whose first field is empty already is not."""
        due = self.due(now - self.after)
        return due & getattr(self.model, self.empties[0]).is_null(False) if self.empties else due


RULES = (
    Rule("registrations not confirmed", Registration, REGISTRATION_LIVES, "they were begun", "no code confirms them any more"),
    Rule("phone changes not confirmed", PhoneChange, CHANGE_LIVES, "they were asked for", "no code confirms them any more"),
    Rule("e-mail changes not confirmed", EmailChange, CHANGE_LIVES, "they were asked for", "no link confirms them any more"),
    Rule("links for a new password", PasswordReset, password.LINK_LIVES, "they were sent", "they open nothing any more"),
    # The panel tells by the date, which stays, that the invitation has expired.
    Rule("links that invite officers", Officer, staff.ENROLMENT_LIVES, "they were sent", "they open nothing any more",
         lambda ago: Officer.enrolment_expires_at <= ago + staff.ENROLMENT_LIVES, empties=("enrolment_hash",)),
    # A form left open over an evening is still given back to the same person.
    Rule("sessions", Session, timedelta(hours=12), "they ended", "until then they tell whether the same person logs in again",
         lambda ago: (Session.seen_at <= ago - IDLE) | (Session.created_at <= ago - ABSOLUTE)),
    # No more than 13 are counted where an hour makes up for one, no more than 38 elsewhere.
    Rule("counts of failed logins", Throttle, timedelta(hours=13), "the longest wait", "time has made up for every failure",
         lambda ago: Throttle.failed_at <= ago - login_throttle.LONGEST),
    # No allowance lasts longer than a day, and one day of the year has 25 hours.
    Rule("counts of what was sent", SendCount, timedelta(hours=48), "their window began", "no allowance looks at them any more",
         "window"),
    # Long enough to answer whoever asks whether a letter went out.
    Rule("messages sent, delivered or failed", Message, timedelta(days=90), "they were written",
         "nobody asks about them any more", lambda ago: (Message.created_at <= ago) & Message.state.in_(FINISHED)),
    Rule("long work of officers", Job, timedelta(days=90), "it ended", "nobody asks about it any more", "ended_at"),
    # Who casts in the last second may still stand in line.
    Rule("choices never cast", BallotDraft, timedelta(hours=1), "the end of voting", "nobody can cast them any more",
         lambda ago: BallotDraft.edition.in_(Edition.select(Edition.id).where(Edition.voting_to <= ago))),
    Rule("supports of proposals", Support, SUPPORTS_KEPT, "the results", "they have served their purpose",
         lambda ago: Support.proposal.in_(Proposal.select().join(Pool).join(Edition).where(Edition.results_on <= ago))),
    Rule("lists of supporters on paper", Attachment, SUPPORTS_KEPT, "the results", "they have served their purpose",
         lambda ago: (Attachment.kind == FileKind.PAPER_LIST) & Attachment.proposal.in_(
             Proposal.select().join(Pool).join(Edition).where(Edition.results_on <= ago))),
    # Until the next edition, into which an author can copy them.
    Rule("projects never submitted", Proposal, timedelta(days=365), "the last day for it", "their authors have left them",
         lambda ago: (Proposal.state == ProposalState.DRAFT) & Proposal.pool.in_(
             Pool.select(Pool.id).join(Edition).where(Edition.proposals_to <= ago))),
    Rule("invitations of co-authors", Invitation, support.INVITATION_LIVES, "they were sent", "they open nothing any more"),
    Rule("scans of documents", Evidence, SCANS_KEPT, "they came in", "whoever needs one asks for it again", "uploaded_at"),
    Rule("what claimants told", RemovalCase, WORDS_KEPT, "the end of their case", "the decision stands without it",
         "closed_at", empties=("name", "pesel", "pesel_index", "email", "story", "protocol")),
    Rule("words in the history of cases", RemovalStep, WORDS_KEPT, "the end of the case", "the decision stands without them",
         lambda ago: RemovalStep.case.in_(RemovalCase.select(RemovalCase.id).where(RemovalCase.closed_at <= ago)),
         empties=("words",)),
    # The numbers of a year's cases begin anew after the last that may have one of them is gone.
    Rule("cases that have ended", RemovalCase, timedelta(days=366), "their end", "nobody comes back to them any more",
         "closed_at"))


def count_due(rule: Rule, *, now: datetime) -> int:
    """Return how many rows a rule would remove."""
    return int(rule.model.select().where(rule.applies(now)).count())


def remove_due(*, actor: str, now: datetime, done: Callable[[Rule, int], None] = lambda rule, rows: None) -> tuple[int, int]:
    """Remove what every rule says, in small transactions, and tell of each rule how many rows it has removed.

    Then sweep up the files; return how many went and how many are lost. When something breaks in the middle, what is removed by
    then stays removed and is recorded, and the next run goes on.
    """
    removed: Counter[str] = Counter()
    try:
        for rule in RULES:
            before = removed[rule.table]
            # Looked for outside of the transaction: going through a big table holds nobody up.
            for batch in chunked(sorted(rule.model.select(rule.model.id).where(rule.applies(now)).scalars()), BATCH):
                removed[rule.table] += _remove(rule, batch, now)
            done(rule, removed[rule.table] - before)
        strays, lost = (sum(both) for both in zip(*(kind.sweep(now=now) for kind in SWEPT)))
        removed["files"] = strays
    finally:
        if removed.total():
            audit.record("expired data removed", actor=actor, subject="portal", now=now, **(+removed))  # What is above zero.
    return strays, lost


def _remove(rule: Rule, batch: list[int], now: datetime) -> int:
    """Remove those of these rows that are still due, and leave alone, until the next run, what somebody is just changing."""
    model = rule.model
    rows = model.id.in_(batch) & rule.applies(now)
    with transaction():
        if not on_sqlite():  # Who waits for nobody cannot wait in a ring.
            rows = model.id.in_(model.select(model.id).where(rows).for_update(skip_locked=True))
        return int((model.update(dict.fromkeys(rule.empties)) if rule.empties else model.delete()).where(rows).execute())
