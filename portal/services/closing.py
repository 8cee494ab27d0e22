"""The close of a vote: what ballots were then, fixed for everybody to compare, and the end of the key that ties them to persons.

Commitments are published while people vote, so that everybody finds the own ballot among them, unchanged. When voting has ended,
the digests of that list and of all votes cast online are kept for good. Ballots cast online can only become fewer from then on,
when a removal takes one, and the page of the open data says by how many. Paper ballots that were handed in before the end may be
typed in later, so the digests leave paper out: its sheets are in the protocols of the voting points.
"""

from datetime import datetime, timedelta
from typing import Any

from portal import clock, crypto
from portal.database import database, on_sqlite, transaction
from portal.errors import N_, PhaseClosed, SecondOfficerNeeded, StepForbidden, require
from portal.models import Ballot, BallotDraft, Channel, Closing, Edition, Officer, RemovalCase, Role
from portal.models.ballot import COUNTING
from portal.models.removal import ENDED
from portal.services import audit, open_data, results_publication

GRACE = timedelta(minutes=15)  # Who casts in the last second may still stand in line.
KEY_KEPT = timedelta(days=30)  # From the publication of the results on: so long ballots may have to be found and removed.


def online(edition: Edition) -> Any:
    """Select the ballots of an edition that were cast online and count."""
    return Ballot.select().where(Ballot.edition == edition, Ballot.channel == Channel.ONLINE, Ballot.state.in_(COUNTING))


def commitments(edition: Edition, *, now: datetime) -> str:
    """Return the commitments of ballots cast before the present hour, sorted, a line each: nobody can watch a single cast."""
    full = online(edition).where(Ballot.cast_at < clock.hour_of(now), Ballot.commitment.is_null(False))
    return "".join(f"{found}\n" for found in sorted(full.select(Ballot.commitment).scalars()))


def choices(edition: Edition) -> str:
    """Return the votes cast online, sorted: a line ``pool:project=points,...`` for each ballot and pool, ``*`` is citywide."""
    return "".join(sorted(f"{pool.name or '*'}:{','.join(map('='.join, zip(numbers.split(','), points.split(','))))}\n"
                          for pool in edition.pools for _, numbers, points, *_ in open_data.read_votes(pool, (Channel.ONLINE,))))


def closing_of(edition: Edition) -> Closing | None:
    """Return what was kept at the close; what was before voting was prolonged is out of date."""
    return Closing.get_or_none(Closing.edition == edition, Closing.closed_at > edition.voting_to)


def close(edition: Edition, *, actor: str, now: datetime) -> None:
    """Keep the digests of an edition whose voting has ended, once; raise PhaseClosed before that."""
    require(not edition.archived and now > edition.voting_to + GRACE, PhaseClosed(N_("Wait 15 minutes after the end of voting.")))
    if closing_of(edition):
        return
    kept = {"ballots": online(edition).count(), "choices": crypto.digest(choices(edition)),
            "commitments": crypto.digest(commitments(edition, now=edition.voting_to + timedelta(hours=1)))}
    with transaction():
        Closing.delete().where(Closing.edition == edition, Closing.closed_at <= edition.voting_to).execute()
        BallotDraft.delete().where(BallotDraft.edition == edition).execute()
        if Closing.add({"edition": edition.id, "closed_at": now, **kept}, new_only=True):
            audit.record("voting closed", actor=actor, subject=edition, now=now, **kept)
    forget_order()


def ask_publication(edition: Edition, officer: Officer, *, seen: str, now: datetime) -> None:
    """Ask for the publication of a count as results_publication does, after fixing the state at the close if need be."""
    require(officer.role == Role.COORDINATOR, StepForbidden(N_("A coordinator has to ask for the publication first.")))
    close(edition, actor=f"officer:{officer.uid}", now=now)
    results_publication.ask_publication(edition, officer, seen=seen, now=now)


def look_after(*, now: datetime) -> None:
    """Close every edition whose voting has ended, and make the files of open data once its results are published."""
    for edition in Edition.select().where(~Edition.archived, Edition.voting_to < now - GRACE):
        close(edition, actor="system", now=now)
        if results_publication.is_public(edition, now=now):
            open_data.make_files(edition, now=now)


def forget_order() -> None:
    """Write all ballots and choices anew, in the order of their random ids and as if they had come at once.

    PostgreSQL keeps otherwise in which order they came, and that a ballot came with a letter to its voter. SQLite's tables have
    no order but that of the ids.
    """
    for table, column in (("ballot", "state"), ("choice", "points")) if not on_sqlite() else ():
        with transaction():
            database.execute_sql(f"UPDATE {table} SET {column} = {column}")
        database.execute_sql(f"CLUSTER {table} USING {table}_pkey")


def end_key(edition: Edition, officer: Officer, *, seen: str, now: datetime) -> None:
    """Ask for the end of an edition's ballot key; if another officer has asked for it, destroy it.

    Then nobody can ever tell again whose a ballot is, not even with the database and its backups. ``seen`` is the edition's code,
    as the officer typed it. Raises StepForbidden, SecondOfficerNeeded.
    """
    variable = crypto.keyring.variable(edition.ballot_key)
    claims = RemovalCase.select().where(RemovalCase.state.not_in(ENDED)).exists()
    require(seen == edition.code, StepForbidden(N_("This is not the code of the edition.")))
    require(not variable, StepForbidden(
        N_("The key comes from the environment. Have %(name)s taken out of it on every machine first."), name=variable))
    require(not claims and results_publication.is_public(edition, now=now - KEY_KEPT), StepForbidden(
        N_("The key is needed until the results have been published for 30 days and all claims about accounts have ended.")))
    with transaction():
        kept = require(closing_of(edition), StepForbidden(N_("Wait 15 minutes after the end of voting."))).held()
        require(not kept.key_destroyed_at, StepForbidden(N_("The key is destroyed already.")))
        require(kept.key_asked_by_id or officer.role == Role.COORDINATOR, StepForbidden(N_("A coordinator has to ask first.")))
        require(kept.key_asked_by_id != officer.id, SecondOfficerNeeded(
            N_("You asked for this yourself: a second officer has to approve it.")))
        step = "destroyed" if kept.key_asked_by_id else "asked"
        Closing.update({f"key_{step}_at": now, f"key_{step}_by": officer}).where(Closing.id == kept.id).execute()
        audit.record(f"ballot key {step}", actor=officer, subject=edition, now=now)
        if step == "destroyed":
            Ballot.update(network=None).where(Ballot.edition == edition).execute()
            crypto.keyring.destroy(edition.ballot_key)
