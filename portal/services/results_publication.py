"""Results as they are published by two officers, and their correction after ballots were removed.

One officer asks, another one approves exactly the same count. It is kept, and from the edition's day of results on everybody
reads it. Ballots removed since change nothing until a coordinator approves the correction; nobody corrects results alone, since
the removal itself took two officers. When voting is prolonged, all of it begins anew. Imported editions show their count.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from portal import cache, crypto
from portal.database import transaction
from portal.errors import N_, CaseChanged, PhaseClosed, ResultsSecret, SecondOfficerNeeded, StepForbidden, require
from portal.models import (Ballot, BallotState, CountRule, District, Edition, Officer, Phase, Pool, Proposal, Publication, Sheet,
                           VotingPoint)
from portal.models.paper import UNFINISHED
from portal.services import audit, results
from portal.services.counting import Entry, Outcome, Reason
from portal.services.proposals_catalogue import pools_of
from portal.services.results import PoolResult, Turnout

# Of a query that joins Edition: what two officers have published. What was published before a prolongation is out of date.
IN_FORCE = (Publication.kept_at > Edition.voting_to) & Publication.approved_by.is_null(False)
SHOWN = (Proposal.id, Proposal.pool, Proposal.number, Proposal.slug, Proposal.title, Proposal.state, Proposal.latitude,
         Proposal.longitude)
CHANGED = N_("The count was changed after it was made. Nothing was done. Look at it as it stands now, or have the ballots "
             "counted anew.")


class Published(NamedTuple):
    """What everybody reads: results, those by the other rule, turnout, and since when and by how many ballots it is corrected."""

    results: list[PoolResult]
    comparison: list[PoolResult]
    turnout: Turnout
    corrected_at: datetime | None = None
    corrected: int = 0


class Counted(NamedTuple):
    """A count that is to be published: its digest, how many ballots are under check, and who asked for its publication."""

    told: Published
    digest: str
    under_check: int
    asked_by: Officer | None


class Effect(NamedTuple):
    """What a correction does to one pool.

    For the secrecy of the ballot it says which projects change between funded and not funded and which their place, never points:
    those before and after differ by what the removed ballot chose.
    """

    pool: Pool
    funded: list[Proposal]
    not_funded: list[Proposal]
    moved: list[tuple[Proposal, int, int]]  # With the place before and after, from 1.

    @property
    def is_none(self) -> bool:
        return not (self.funded or self.not_funded or self.moved)


class Correction(NamedTuple):
    """What changes when published results follow the ballots that are left; ``digest`` tells whether that is still so."""

    ballots: int
    effects: list[Effect]
    digest: str


def find_counted(edition: Edition, *, now: datetime, found: str = "") -> Counted | None:
    """Return what officers would publish now, None when that is done; raise ResultsSecret during voting.

    ``found`` is a count that was made before: whether it still holds, asking for its publication and approving that tell.
    """
    if _in_force(edition).exists():
        return None
    count, kept = found or count_anew(edition, now), Publication.get_or_none(Publication.edition == edition)
    checked = Ballot.select().where(Ballot.edition == edition, Ballot.state == BallotState.UNDER_CHECK).count()
    asked_by = kept.asked_by if kept and kept.results == count else None
    return Counted(_read(edition, count), crypto.digest(count), checked, asked_by)


def ask_publication(edition: Edition, officer: Officer, *, seen: str, now: datetime) -> None:
    """Ask another officer to publish the count of an edition; an earlier request for another count is forgotten.

    ``seen`` is the digest of the count that the officer was shown. Raises CaseChanged when it is another by now or is published,
    StepForbidden while sheets of paper wait for an officer, ResultsSecret while voting goes on, PhaseClosed for an imported
    edition.
    """
    require(not edition.archived, PhaseClosed)
    with transaction():
        _check_sheets(edition)
        count = count_anew(edition, now)
        require(crypto.same(crypto.digest(count), seen) and not _in_force(edition).exists(), CaseChanged(CHANGED))
        outdated = Publication.approved_by.is_null() | (Publication.kept_at <= edition.voting_to)
        Publication.delete().where(Publication.edition == edition, outdated).execute()
        row = {"edition": edition.id, "results": count, "kept_at": now, "asked_by": officer.id}
        require(Publication.add(row, new_only=True), CaseChanged(CHANGED))
        audit.record("publication asked for", actor=officer, subject=edition, now=now, digest=seen)


def _check_sheets(edition: Edition) -> None:
    """Raise StepForbidden while sheets wait for an officer: once results are published, nobody could finish them."""
    waiting = Sheet.select().join(VotingPoint).where(VotingPoint.edition == edition, Sheet.state.in_(UNFINISHED)).count()
    require(not waiting, StepForbidden(
        N_("Paper ballots that wait for the second entry or a decision: %(number)d. Finish them first."), number=waiting))


def approve_publication(edition: Edition, officer: Officer, *, seen: str, now: datetime) -> None:
    """Publish the count of an edition that another officer has asked for, and let its ballots be counted ones.

    The row is held while the ballots are counted: a removal that is not in the count waits, and is noted as one from published
    results. Raises CaseChanged when the count is not the one that was asked for and shown, StepForbidden while sheets wait for an
    officer, SecondOfficerNeeded.
    """
    with transaction():
        kept = require(Publication.get_or_none(Publication.edition == edition), CaseChanged(CHANGED)).held()
        _check_sheets(edition)
        count = count_anew(edition, now)
        require(kept.results == count and not kept.approved_by and crypto.same(crypto.digest(count), seen), CaseChanged(CHANGED))
        require(kept.asked_by != officer, SecondOfficerNeeded(
            N_("You have asked for the publication of these results: another officer has to approve it.")))
        Publication.update(approved_by=officer, kept_at=now, removed=0).where(Publication.id == kept.id).execute()
        counted = (Ballot.update(state=BallotState.COUNTED)
                   .where(Ballot.edition == edition, Ballot.state == BallotState.RECORDED).execute())
        audit.record("results published", actor=officer, subject=edition, now=now, digest=seen, ballots=counted)


def note_removed(edition: Edition) -> None:
    """Note that the results of an edition, if they are published, count a ballot that was removed just now."""
    (Publication.update(removed=Publication.removed + 1)
     .where(Publication.edition == edition, Publication.kept_at > edition.voting_to).execute())


def is_public(edition: Edition, *, now: datetime) -> bool:
    """Tell whether everybody may read the results: from their day on, when two officers have published them by then."""
    return edition.phase(now) is Phase.RESULTS and (
        edition.archived or _in_force(edition).where(Publication.kept_at <= now).exists())


def published(edition: Edition, *, now: datetime) -> Published:
    """Return the results of an edition as they are published; raise ResultsSecret before that."""
    require(is_public(edition, now=now), ResultsSecret(N_("The results are not published yet.")))
    if edition.archived:  # It changes only by the import of more pools or ballots.
        size = Ballot.select().where(Ballot.edition == edition).count(), edition.pools.count()
        return _read(edition, cache.same(("count", *edition.__data__.values(), *size), lambda: count_anew(edition, now)))
    kept = _in_force(edition).get()
    return _read(edition, kept.results)._replace(corrected_at=kept.corrected_at, corrected=kept.corrected)


def find_correction(edition: Edition, *, now: datetime) -> Correction | None:
    """Return what would change if published results were corrected; None when no ballot was removed from them."""
    kept = _in_force(edition).first()
    if kept is None or not kept.removed:
        return None
    count = count_anew(edition, now)
    before = {result.pool.id: result for result in _read(edition, kept.results).results}
    return Correction(kept.removed, [_compare(before[after.pool.id], after) for after in _read(edition, count).results
                                     if after.pool.id in before], _digest(kept, count))


def approve_correction(edition: Edition, officer: Officer, *, seen: str, now: datetime) -> None:
    """Let published results say what the ballots that are left add up to.

    ``seen`` is the digest of the correction that the officer was shown; raises CaseChanged when it is another by now.
    """
    kept, count = _in_force(edition).first(), count_anew(edition, now)
    require(kept and kept.removed and crypto.same(_digest(kept, count), seen), CaseChanged(CHANGED))
    with transaction():
        done = Publication.update(results=count, corrected=Publication.corrected + kept.removed, removed=0, corrected_at=now,
                                  corrected_by=officer)
        # Else a ballot was removed, or another officer corrected them, since the ballots were counted: each adds to a number.
        unchanged = (getattr(Publication, name) == getattr(kept, name) for name in ("id", "kept_at", "removed", "corrected"))
        require(done.where(*unchanged).execute(), CaseChanged(CHANGED))
        audit.record("results corrected", actor=officer, subject=edition, now=now, ballots=kept.removed)


def find_asked(edition: Edition) -> Publication | None:
    """Return the count whose publication an officer has asked for and another one has to approve."""
    waits = Publication.approved_by.is_null(), Publication.kept_at > edition.voting_to
    return Publication.get_or_none(Publication.edition == edition, *waits)


def _in_force(edition: Edition) -> Any:
    return Publication.select().join(Edition).where(Publication.edition == edition, IN_FORCE)


def count_anew(edition: Edition, now: datetime, progress: Callable[[int, int], None] = lambda done, total: None) -> str:
    """Count an edition by its own rule and by the other one, and write that as JSON; raise ResultsSecret during voting.

    ``progress`` is told how many parts of that are done, of how many.
    """
    progress(0, 3)
    other = next(rule for rule in CountRule if rule != edition.count_rule)
    told: dict[str, Any] = {"results": _write(results.count_edition(edition, now=now))}
    progress(1, 3)
    told.update(comparison=_write(results.count_edition(edition, now=now, rule=other)), turnout=results.turnout(edition))
    progress(2, 3)
    return json.dumps(told, ensure_ascii=False, default=lambda it: it.id if isinstance(it, District) else it.isoformat())


def _digest(kept: Publication, count: str) -> str:
    return crypto.keyed_hash("index", "correction-seen", str(kept.id), str(kept.removed), count)


def _compare(before: PoolResult, after: PoolResult) -> Effect:
    were, are = ({outcome.entry.id: (place, outcome.funded) for place, outcome in enumerate(result.outcomes, 1)}
                 for result in (before, after))
    changed = [(after.proposals[key], were[key], are[key]) for key in are if key in were and were[key] != are[key]]
    return Effect(after.pool, funded=[proposal for proposal, was, now in changed if now[1] and not was[1]],
                  not_funded=[proposal for proposal, was, now in changed if was[1] and not now[1]],
                  moved=[(proposal, was[0], now[0]) for proposal, was, now in changed if was[0] != now[0]])


def _write(counted: list[PoolResult]) -> dict[str, Any]:
    """Return per pool how many voted and were served, and the outcomes by their numbers, points as text."""
    return {str(result.pool.id): [result.voters, result.served, [
        [entry.id, entry.cost, str(entry.points), entry.voters, entry.top_marks, outcome.reason, outcome.missing,
         outcome.excluded_by] for outcome in result.outcomes for entry in (outcome.entry,)]] for result in counted}


def _read(edition: Edition, count: str) -> Published:
    told, pools = json.loads(count), {str(pool.id): pool for pool in pools_of(edition)}
    proposals: dict[int, dict[str, Proposal]] = {pool.id: {} for pool in pools.values()}
    for proposal in Proposal.select(*SHOWN).where(Proposal.pool.in_(list(pools.values()))):
        proposals[proposal.pool_id][str(proposal.number)] = proposal
    total, by_day, by_district, by_channel, by_age = told["turnout"]
    districts = {district.id: district for district in District.select().where(District.id.in_([key for key, _ in by_district]))}
    turnout = Turnout(total, [(date.fromisoformat(day), voters) for day, voters in by_day],
                      [(districts[key], voters) for key, voters in by_district], [*map(tuple, by_channel)], [*map(tuple, by_age)])
    counted, comparison = (list(_read_pools(told[part], pools, proposals)) for part in ("results", "comparison"))
    return Published(counted, comparison, turnout)


def _read_pools(told: dict[str, Any], pools: dict[str, Pool], proposals: dict[int, dict[str, Proposal]]) -> Iterator[PoolResult]:
    for key, (all_voters, served, outcomes) in told.items():
        yield PoolResult(pools[key], [
            Outcome(Entry(number, cost, Decimal(points), voters, top_marks), Reason(reason), *why)
            for number, cost, points, voters, top_marks, reason, *why in outcomes], proposals[pools[key].id], all_voters, served)
