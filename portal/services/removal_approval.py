"""Removal of an account together with its votes: asked for by one officer, approved by another, done in one transaction."""

import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from portal.database import transaction
from portal.errors import CaseChanged, SecondOfficerNeeded, StepForbidden
from portal.models.account import Account
from portal.models.ballot import COUNTING
from portal.models.edition import Edition
from portal.models.removal import CaseState, Deed, RemovalCase, RemovalStep
from portal.models.staff import Officer
from portal.services import audit, removal, removal_evidence, results_publication
from portal.services.removal import Extent
from portal.services.removal_case import account_of, advance, found_account, queue_up, write_claimant, write_holder


def request_removal(case: RemovalCase, officer: Officer, *, seen: str, version: int, now: datetime) -> None:
    """Ask a second officer to approve the removal of the account with its votes; the account is frozen from now on.

    ``seen`` is the digest of the extent that the officer was shown. Raises CaseChanged, StepForbidden, NoSuchAccount.
    """
    _keep_published(account_of(case), now, anew=True)
    with transaction():
        queue_up(case)
        account = account_of(case)
        shown = removal.find_extent(account, now=now)
        if shown.digest() != seen:
            raise CaseChanged
        if removal.freeze_account(account, now=now):
            write_holder(account, "account_frozen", now)
        extent = replace(removal.find_extent(account_of(case), now=now), sessions=shown.sessions, drafts=shown.drafts)
        advance(case, Deed.REQUESTED, officer=officer, version=version, now=now, requested_by=officer,
                extent=json.dumps(asdict(extent)))


def return_request(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Give a request back unapproved, with the reasons; raise CaseChanged, StepForbidden."""
    with transaction():
        advance(case, Deed.RETURNED, officer=officer, words=words, version=version, now=now, requested_by=None, extent="")


def requested_extent(case: RemovalCase) -> Extent:
    """Return what the request has shown that would go."""
    return Extent(**json.loads(case.extent))


def approve_removal(case: RemovalCase, officer: Officer, *, version: int, now: datetime) -> None:
    """Delete the account together with its votes, as another officer has asked; do nothing when that is done already.

    All of it goes in one transaction, or nothing. Raises SecondOfficerNeeded, StepForbidden, NoSuchAccount, and CaseChanged when
    anything is another than the request has shown.
    """
    account = found_account(case)
    if account:
        _keep_published(account, now)
    with transaction():
        queue_up(case)
        current = RemovalCase.get_by_id(case.id)
        if current.state == CaseState.REMOVED:
            return
        if current.requested_by_id == officer.id:
            raise SecondOfficerNeeded
        if current.state != CaseState.REQUESTED:
            raise StepForbidden
        account = account_of(current)
        requested = requested_extent(current)
        if removal.find_extent(account, now=now).changes(requested):
            raise CaseChanged
        ballots = _remove(account, now)
        removal_evidence.destroy(case)
        advance(case, Deed.REMOVED, officer=officer, version=version, now=now, closed_at=now, approved_by=officer,
                protocol=json.dumps(_protocol(current, account, requested, officer, now)))
        write_holder(account, "account_removed", now)
        write_claimant(case, "claim_removed", now, may_vote=bool(Edition.in_voting(now)))
        audit.record("account removed with its votes", actor=f"officer:{officer.uid}", subject=f"account:{account.uid}", now=now,
                     case=case.number, ballots=ballots)


def _remove(account: Account, now: datetime) -> int:
    """Delete an account and the ballots cast from it; return how many these were."""
    gone = removal.take_account(account, now=now)
    if gone is None:  # Its holder, or another case of the same person, was a moment faster.
        raise CaseChanged
    ballots = removal.cast_ballots(gone, now=now)
    removal.remove_ballots([ballot for _edition, ballot in ballots])
    for edition, ballot in ballots:
        if ballot.state in COUNTING:
            results_publication.note_removed(edition)
    return len(ballots)


def _protocol(case: RemovalCase, account: Account, extent: Extent, officer: Officer, now: datetime) -> dict[str, Any]:
    """Return what the protocol for the file says: who asked, who decided and how, what went, and what could not be removed."""
    return {
        "number": case.number, "opened_at": case.created_at.isoformat(), "removed_at": now.isoformat(), "proof": case.proof,
        "claimant": case.name, "pesel": case.masked_pesel, "account": account.uid, "holder": account.name,
        "email": account.email, "registered_at": account.created_at.isoformat(),
        "requested_by": str(case.requested_by), "approved_by": officer.name,
        "steps": [{"at": step.at.isoformat(), "deed": step.deed, "officer": str(step.officer), "words": step.words or ""}
                  for step in RemovalStep.of_case(case) if step.officer] + [
                      {"at": now.isoformat(), "deed": Deed.REMOVED, "officer": str(officer), "words": ""}],
        "extent": asdict(extent), "editions": {edition.code: edition.name for edition in Edition.select()},
    }


def _keep_published(account: Account, now: datetime, *, anew: bool = False) -> None:
    """Keep the published results of the editions that lose a ballot: they change only when a coordinator approves it."""
    for edition, _ballot in removal.cast_ballots(account, now=now):
        results_publication.keep_published(edition, now=now, anew=anew)
