"""Removal of an account together with its votes: asked for by one officer, approved by another, done in one transaction."""

import json
from datetime import datetime
from typing import Any

from portal.database import transaction
from portal.errors import CaseChanged, SecondOfficerNeeded, StepForbidden, require
from portal.models import Account, Ballot, CaseState, Deed, Edition, Officer, RemovalCase, RemovalStep
from portal.models.ballot import COUNTING
from portal.services import audit, removal, removal_evidence, results_publication
from portal.services.account import write
from portal.services.removal_case import account_of, advance, queue_up, write_claimant


def request_removal(case: RemovalCase, officer: Officer, *, seen: str, version: int, now: datetime) -> None:
    """Ask a second officer to approve the removal of the account with its votes; the account is frozen from now on.

    ``seen`` is the digest of the extent that the officer was shown. Raises CaseChanged, StepForbidden, NoSuchAccount.
    """
    with transaction():
        queue_up(case)
        account = account_of(case)
        shown = removal.find_extent(account, now=now)
        require(shown.digest() == seen, CaseChanged)
        removal.freeze_account(account, now=now)
        extent = removal.find_extent(account_of(case), now=now)._replace(sessions=shown.sessions, drafts=shown.drafts)
        advance(case, Deed.REQUESTED, officer=officer, version=version, now=now, requested_by=officer,
                extent=json.dumps(extent._asdict()))


def return_request(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Give a request back unapproved, with the reasons; raise CaseChanged, StepForbidden."""
    with transaction():
        advance(case, Deed.RETURNED, officer=officer, words=words, version=version, now=now, requested_by=None, extent="")


def requested_extent(case: RemovalCase) -> removal.Extent:
    """Return what the request has shown that would go."""
    return removal.Extent(**json.loads(case.extent))


def approve_removal(case: RemovalCase, officer: Officer, *, version: int, now: datetime) -> None:
    """Delete the account together with its votes, as another officer has asked; do nothing when that is done already.

    All of it goes in one transaction, or nothing. Raises SecondOfficerNeeded, StepForbidden, NoSuchAccount, and CaseChanged when
    anything is another than the request has shown.
    """
    with transaction():
        queue_up(case)
        current = RemovalCase.get_by_id(case.id)
        if current.state == CaseState.REMOVED:
            return
        require(current.requested_by_id != officer.id, SecondOfficerNeeded)
        require(current.state == CaseState.REQUESTED, StepForbidden)
        account, requested = account_of(current), requested_extent(current)
        require(not removal.find_extent(account, now=now).changes(requested), CaseChanged)
        # Else its holder, or another case of the same person, was a moment faster.
        gone = require(removal.take_account(account, now=now), CaseChanged)
        cast = removal.cast_ballots(gone, now=now)
        remove_counted(cast)
        removal_evidence.destroy(case)
        advance(case, Deed.REMOVED, officer=officer, version=version, now=now, closed_at=now, approved_by=officer,
                protocol=json.dumps(_protocol(current, account, requested, officer, now)))
        write(account, "account_removed", now=now)
        write_claimant(case, "claim_removed", now, may_vote=bool(Edition.in_voting(now)))
        audit.record("account removed with its votes", actor=officer, subject=gone, now=now, case=case.number, ballots=len(cast))


def remove_counted(ballots: list[tuple[Edition, Ballot]]) -> None:
    """Delete ballots, in the caller's transaction, and note where published results count them."""
    removal.remove_ballots(ballots)
    for edition, ballot in ballots:
        if ballot.state in COUNTING:
            results_publication.note_removed(edition)


def _protocol(case: RemovalCase, account: Account, extent: removal.Extent, officer: Officer, now: datetime) -> dict[str, Any]:
    """Return what the protocol for the file says: who asked, who decided and how, what went, and what could not be removed."""
    return {
        "number": case.number, "opened_at": case.created_at.isoformat(), "removed_at": now.isoformat(), "proof": case.proof,
        "claimant": case.name, "pesel": case.masked_pesel, "account": account.uid, "holder": account.name, "email": account.email,
        "registered_at": account.created_at.isoformat(), "requested_by": str(case.requested_by), "approved_by": officer.name,
        "steps": [{"at": step.at.isoformat(), "deed": step.deed, "officer": str(step.officer), "words": step.words or ""}
                  for step in RemovalStep.of_case(case) if step.officer] + [
                      {"at": now.isoformat(), "deed": Deed.REMOVED, "officer": str(officer), "words": ""}],
        "extent": extent._asdict(), "editions": {edition.code: edition.name for edition in Edition.select()}}
