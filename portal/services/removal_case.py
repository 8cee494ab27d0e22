"""Cases of wrongly registered accounts as officers decide on them, up to the claimant's identity (then removal_approval)."""

from datetime import datetime
from typing import Any

from portal.database import lock, transaction
from portal.errors import CaseChanged, NoSuchAccount, StepForbidden, require
from portal.messaging.outbox import enqueue
from portal.models import Account, Deed, MessageChannel, Officer, RemovalCase, RemovalStep
from portal.models.removal import ENDED, LEADS
from portal.services import audit, removal, removal_evidence


def found_account(case: RemovalCase) -> Account | None:
    """Return the account on the PESEL of a case, if there is one; who has registered since the claim is another matter."""
    wanted = Account.pesel_index == case.pesel_index, Account.created_at <= case.created_at
    return Account.get_or_none(*wanted) if case.pesel_index else None


def other_cases(case: RemovalCase) -> list[RemovalCase]:
    """Return the other cases of the same PESEL: for officers, never for claimants."""
    return list(RemovalCase.select().where(RemovalCase.pesel_index == case.pesel_index, RemovalCase.id != case.id)
                .order_by(RemovalCase.id)) if case.pesel_index else []


def account_of(case: RemovalCase) -> Account:
    """Return the account on the PESEL of a case; raise NoSuchAccount."""
    return require(found_account(case), NoSuchAccount)


def ask_for_more(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Ask the claimant for what is missing; raise CaseChanged, StepForbidden."""
    with transaction():
        advance(case, Deed.MORE_ASKED, officer=officer, words=words, version=version, now=now)
        write_claimant(case, "claim_more_needed", now, words=words)


def confirm_identity(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Note that the claimant is the person of the PESEL, and destroy the scans; raise CaseChanged, StepForbidden."""
    with transaction():
        removal_evidence.destroy(case)
        advance(case, Deed.CONFIRMED, officer=officer, words=words, version=version, now=now)
        write_claimant(case, "claim_confirmed", now)


def refuse(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """End a case without a removal, tell the claimant why and give a frozen account back; raise CaseChanged, StepForbidden."""
    with transaction():
        queue_up(case)
        removal_evidence.destroy(case)
        account = found_account(case)
        if account and all(other.state in ENDED for other in other_cases(case)):
            removal.unfreeze_account(account, now=now)
        advance(case, Deed.REFUSED, officer=officer, words=words, version=version, now=now, closed_at=now)
        write_claimant(case, "claim_refused", now, words=words)


def freeze(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Shut the account out while officers are in doubt; raise CaseChanged, StepForbidden, NoSuchAccount."""
    with transaction():
        queue_up(case)
        require(removal.freeze_account(account_of(case), now=now), StepForbidden)
        advance(case, Deed.FROZEN, officer=officer, words=words, version=version, now=now)


def unfreeze(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Give a frozen account back to its holder; raise CaseChanged, StepForbidden, NoSuchAccount."""
    with transaction():
        queue_up(case)
        require(removal.unfreeze_account(account_of(case), now=now), StepForbidden)
        advance(case, Deed.UNFROZEN, officer=officer, words=words, version=version, now=now)


def queue_up(case: RemovalCase) -> None:
    """Let one decision at a time pass on the cases of a PESEL, until the caller's transaction ends."""
    lock(f"removal of {case.pesel_index}")


def note_view(case: RemovalCase, officer: Officer, what: str, *, now: datetime, **detail: Any) -> None:
    """Keep in the audit log that an officer has looked at what is sealed: ``scan viewed``, ``PESEL revealed``."""
    audit.record(what, actor=officer, subject=case, now=now, **detail)


def advance(case: RemovalCase, deed: Deed, *, now: datetime, officer: Officer | None = None, words: str = "",
            version: int | None = None, **values: Any) -> None:
    """Take a case one step on, in the caller's transaction, and note it in its history and in the audit log.

    Whoever changes an account does so before, as its holder does: the log is the last that anybody waits for. The version is that
    of the case which the officer has seen. Raises CaseChanged when there is another by now, StepForbidden in another state.
    """
    sources, target = LEADS[deed]
    values |= {"state": target} if target else {}
    known = [RemovalCase.version == version] if version is not None else []
    done = (RemovalCase.update(version=RemovalCase.version + 1, **values)
            .where(RemovalCase.id == case.id, RemovalCase.state.in_(sources), *known).execute())
    current = RemovalCase.get_by_id(case.id)
    require(done, CaseChanged if version is not None and current.version != version else StepForbidden)
    case.__data__.update(current.__data__)
    note_step(case, deed, officer, words or None, now)


def note_step(case: RemovalCase, deed: Deed, officer: Officer | None, words: str | None, now: datetime) -> None:
    """Note a step in the history of a case and in the audit log, in the caller's transaction."""
    RemovalStep.create(case=case, at=now, deed=deed, officer=officer, words=words)
    audit.record(f"removal case {deed.replace('_', ' ')}", actor=officer or "claimant", subject=case, now=now)


def write_claimant(case: RemovalCase, template: str, now: datetime, **payload: Any) -> None:
    """Write to a claimant, with the link to the status page, in the caller's transaction."""
    enqueue(MessageChannel.MAIL, template, key=f"{template}:{case.number}:{case.version}", recipient=case.email, now=now,
            language=case.language, name=case.name, number=case.number, path=f"/zgloszenie-konta/{case.secret}", **payload)
