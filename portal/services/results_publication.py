"""Results as they stand published, and their correction after ballots were removed.

The count is made anew from the ballots whenever somebody looks. Before a ballot goes that published results count, they are kept.
From its removal on they are in force in the place of the count, until a coordinator approves their correction, or voting is
prolonged. Nobody corrects results alone: the removal itself took two officers.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import JOIN

from portal import crypto
from portal.database import transaction
from portal.errors import N_, CaseChanged, require
from portal.models.district import District
from portal.models.edition import Edition, Phase, Pool
from portal.models.proposal import Proposal
from portal.models.results import Publication
from portal.models.staff import Officer
from portal.services import audit, results
from portal.services.counting import Entry, Outcome, Reason
from portal.services.results import PoolResult, Turnout

# Of a query that joins Edition: what is published in the place of the count. What was kept before a prolongation is out of date.
IN_FORCE = (Publication.kept_at > Edition.voting_to) & ((Publication.removed > 0) | Publication.corrected_at.is_null(False))


class Published(NamedTuple):
    """What everybody reads: results and turnout, and since when and by how many ballots they are corrected."""

    results: list[PoolResult]
    turnout: Turnout
    corrected_at: datetime | None = None
    corrected: int = 0


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


def keep_published(edition: Edition, *, now: datetime, anew: bool = False) -> None:
    """Keep what the published results of an edition say, before a ballot of it is removed; do nothing before they are published.

    Results that are kept already are counted again when they are not in force and ``anew`` asks for it, and when voting was
    prolonged since.
    """
    if edition.phase(now) is not Phase.RESULTS:
        return
    kept: Publication | None = Publication.get_or_none(Publication.edition == edition)
    if kept and kept.kept_at > edition.voting_to and (kept.removed or kept.corrected_at or not anew):
        return
    count = _count(edition, now)
    with transaction():
        if kept:
            Publication.delete().where(_unchanged(kept)).execute()
        Publication.add({"edition": edition.id, "results": count, "kept_at": now}, new_only=True)


def note_removed(edition: Edition) -> None:
    """Note that the published results of an edition, if they are kept, count a ballot that was removed just now."""
    (Publication.update(removed=Publication.removed + 1)
     .where(Publication.edition == edition, Publication.kept_at > edition.voting_to).execute())


def published(edition: Edition, *, now: datetime) -> Published:
    """Return the results of an edition as they are announced; raise ResultsSecret before voting has ended, by the real moment."""
    kept = _in_force(edition)
    if kept is None:
        return Published(results.count_edition(edition, now=now), results.turnout(edition))
    told = json.loads(kept.results)
    return Published(list(_read_pools(edition, told["pools"])), _read_turnout(told["turnout"]), kept.corrected_at, kept.corrected)


def find_correction(edition: Edition, *, now: datetime) -> Correction | None:
    """Return what would change if published results were corrected; None when no ballot was removed from them."""
    kept = _in_force(edition)
    if kept is None or not kept.removed:
        return None
    counted = results.count_edition(edition, now=now)
    before = {result.pool.id: result for result in _read_pools(edition, json.loads(kept.results)["pools"])}
    return Correction(kept.removed, [_compare(before[after.pool.id], after) for after in counted if after.pool.id in before],
                      _digest(kept, _write(counted, results.turnout(edition))))


def approve_correction(edition: Edition, officer: Officer, *, seen: str, now: datetime) -> None:
    """Let published results say what the ballots that are left add up to.

    ``seen`` is the digest of the correction that the officer was shown; raises CaseChanged when it is another by now.
    """
    kept, count = _in_force(edition), _count(edition, now)
    if kept is None or not kept.removed or not crypto.same(_digest(kept, count), seen):
        raise CaseChanged(CHANGED)
    with transaction():
        done = Publication.update(results=count, corrected=Publication.corrected + kept.removed, removed=0, corrected_at=now,
                                  corrected_by=officer)
        # Else a ballot was removed, or another officer corrected them, since the ballots were counted.
        require(done.where(_unchanged(kept)).execute(), CaseChanged(CHANGED))
        audit.record("results corrected", actor=f"officer:{officer.uid}", subject=f"edition:{edition.code}", now=now,
                     ballots=kept.removed)


CHANGED = N_("The count was changed after you opened this page. Nothing was done. Look at the correction as it stands now.")


def _in_force(edition: Edition) -> Publication | None:
    return Publication.select().join(Edition).where(Publication.edition == edition, IN_FORCE).first()


def _unchanged(kept: Publication) -> Any:
    """Say that nothing has become of what was read: every correction adds to the number of corrected ballots."""
    return ((Publication.id == kept.id) & (Publication.kept_at == kept.kept_at) & (Publication.removed == kept.removed)
            & (Publication.corrected == kept.corrected))


def _count(edition: Edition, now: datetime) -> str:
    return _write(results.count_edition(edition, now=now), results.turnout(edition))


def _digest(kept: Publication, count: str) -> str:
    return crypto.keyed_hash("index", "correction-seen", str(kept.id), str(kept.removed), count)


def _compare(before: PoolResult, after: PoolResult) -> Effect:
    were, are = ({outcome.entry.id: (place, outcome.funded) for place, outcome in enumerate(result.outcomes, 1)}
                 for result in (before, after))
    changed = [(after.proposals[key], were[key], are[key]) for key in are if key in were and were[key] != are[key]]
    return Effect(after.pool,
                  funded=[proposal for proposal, was, now in changed if now[1] and not was[1]],
                  not_funded=[proposal for proposal, was, now in changed if was[1] and not now[1]],
                  moved=[(proposal, was[0], now[0]) for proposal, was, now in changed if was[0] != now[0]])


def _write(counted: list[PoolResult], turnout: Turnout) -> str:
    """Write results as JSON: per pool the outcomes by their numbers, points as text; turnout by day and the districts' ids."""
    return json.dumps({
        "pools": {str(result.pool.id): [
            [entry.id, entry.cost, str(entry.points), entry.voters, entry.top_marks, outcome.reason, outcome.missing,
             outcome.excluded_by] for outcome in result.outcomes for entry in (outcome.entry,)] for result in counted},
        "turnout": [turnout.total, [[day.isoformat(), voters] for day, voters in turnout.by_day],
                    [[district.id, voters] for district, voters in turnout.by_district]],
    }, ensure_ascii=False)


def _read_pools(edition: Edition, told: dict[str, list[list[Any]]]) -> Iterator[PoolResult]:
    pools = {str(pool.id): pool for pool in Pool.select(Pool, District).join(District, JOIN.LEFT_OUTER)
             .where(Pool.edition == edition)}
    proposals: dict[int, dict[str, Proposal]] = {pool.id: {} for pool in pools.values()}
    for proposal in Proposal.select().where(Proposal.pool.in_(list(pools.values()))):
        proposals[proposal.pool_id][str(proposal.number)] = proposal
    for key, outcomes in told.items():
        yield PoolResult(pools[key], [
            Outcome(Entry(number, cost, Decimal(points), voters, top_marks), Reason(reason), missing, excluded_by)
            for number, cost, points, voters, top_marks, reason, missing, excluded_by in outcomes], proposals[pools[key].id])


def _read_turnout(told: list[Any]) -> Turnout:
    total, by_day, by_district = told
    districts = {district.id: district for district in District.select().where(District.id.in_([key for key, _ in by_district]))}
    return Turnout(total, [(date.fromisoformat(day), voters) for day, voters in by_day],
                   [(districts[key], voters) for key, voters in by_district])
