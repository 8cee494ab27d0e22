"""Two officers publish results, which stand until a correction is approved; that never tells how a removed ballot voted."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from portal.errors import CaseChanged, PhaseClosed, ResultsSecret, SecondOfficerNeeded, StepForbidden
from portal.models import AuditEntry, Ballot, Choice, Edition, Exclusion, Officer, Proposal, Publication, Sheet, VotingPoint
from portal.models.ballot import BallotState
from portal.models.edition import CountRule
from portal.models.staff import Role
from portal.services import results, results_publication
from portal.services.results_publication import (approve_correction, approve_publication, ask_publication, find_correction,
                                                 find_counted, is_public, note_removed, published)
from tests.factories import make_district, make_edition, make_officer, make_pool, make_proposal
from tests.services.ballots import publish
from tests.services.parallel import at_once, count_of
from tests.services.test_results import contest, store

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture
def edition(now: datetime) -> Edition:
    """Voting ended yesterday: A, B and C in the citywide pool, an untouched one of a district, ballots of two days."""
    edition, district = make_edition(open_now=False), make_district()
    a, b, c = contest(edition, 60, 60, 30)
    Exclusion.create(first=a, second=c)
    make_proposal(make_pool(edition, district), number="D")
    store(edition, a, b, c)
    store(edition, a, c, district=district, at=edition.voting_from + DAY)
    store(edition, b, c, points=("2.5", "0.25"))
    store(edition, b, c)
    return edition


@pytest.fixture
def coordinator(now: datetime) -> Officer:
    return make_officer(Role.COORDINATOR)


def remove(edition: Edition, number: int) -> None:
    """Remove a ballot as the removal of an account does."""
    Ballot.delete().where(Ballot.edition == edition, Ballot.voter_key == f"{number:064d}").execute()
    note_removed(edition)


def seen(edition: Edition, now: datetime) -> Any:
    found = find_correction(edition, now=now)
    assert found
    return found


def digest(edition: Edition, now: datetime) -> str:
    found = find_counted(edition, now=now)
    assert found
    return found.digest


def counted(edition: Edition, now: datetime) -> tuple[Any, Any]:
    return results.count_edition(edition, now=now), results.turnout(edition)


def prolong(edition: Edition, to: datetime) -> Edition:
    """Prolong voting, as a coordinator can even when results are out."""
    Edition.update(voting_to=to, results_on=to + DAY).execute()
    return Edition.get()


# Publication

def test_results_are_published_when_a_second_officer_approves_them(edition: Edition, coordinator: Officer, now: datetime):
    store(edition, state=BallotState.UNDER_CHECK)
    store(edition, state=BallotState.VOID)
    other, live = make_officer(Role.ADMINISTRATOR), counted(edition, now)
    shown = find_counted(edition, now=now)
    assert shown and ((shown.told.results, shown.told.turnout), shown.under_check, shown.asked_by) == (live, 1, None)
    ask_publication(edition, coordinator, seen=shown.digest, now=now)
    assert not is_public(edition, now=now)
    with pytest.raises(ResultsSecret):
        published(edition, now=now)
    again = find_counted(edition, now=now)
    assert again and (again.asked_by, again.digest) == (coordinator, shown.digest)
    assert set(ballot.state for ballot in Ballot.select()) == {"recorded", "under_check", "void"}
    approve_publication(edition, other, seen=shown.digest, now=now)
    told = published(edition, now=now)
    assert (told.results, told.turnout) == live and find_counted(edition, now=now) is None
    assert sorted(ballot.state for ballot in Ballot.select()) == ["counted"] * 4 + ["under_check", "void"]
    entries = [(row.action, row.actor, row.subject, json.loads(row.detail)) for row in AuditEntry.select().order_by(
        AuditEntry.sequence)]
    assert entries == [
        ("publication asked for", f"officer:{coordinator.uid}", f"edition:{edition.code}", {"digest": shown.digest}),
        ("results published", f"officer:{other.uid}", f"edition:{edition.code}", {"digest": shown.digest, "ballots": 4})]


def test_nobody_publishes_results_alone(edition: Edition, coordinator: Officer, now: datetime):
    shown = digest(edition, now)
    with pytest.raises(CaseChanged):
        approve_publication(edition, coordinator, seen=shown, now=now)
    ask_publication(edition, coordinator, seen=shown, now=now)
    with pytest.raises(SecondOfficerNeeded):
        approve_publication(edition, coordinator, seen=shown, now=now)
    assert not is_public(edition, now=now)
    assert not Ballot.select().where(Ballot.state == BallotState.COUNTED).exists()


@pytest.mark.parametrize("meanwhile", ["a removal", "another count", "another seed", "nonsense"])
@pytest.mark.parametrize("step", ["asked", "approved"])
def test_only_what_was_shown_is_asked_for_and_published(
        edition: Edition, coordinator: Officer, now: datetime, step: str, meanwhile: str):
    shown, other = digest(edition, now), make_officer(Role.COORDINATOR)
    if step == "approved":
        ask_publication(edition, coordinator, seen=shown, now=now)
    if meanwhile == "a removal":
        remove(edition, 0)
    elif meanwhile == "another count":
        Choice.update(points=9).where(Choice.rank == 2).execute()
    elif meanwhile == "another seed":
        Edition.update(tie_order="lot", count_rule=CountRule.EQUAL_SHARES).execute()
        edition = Edition.get()
    else:
        shown = "zażółć"
    with pytest.raises(CaseChanged):
        (ask_publication if step == "asked" else approve_publication)(edition, other, seen=shown, now=now)
    assert not is_public(edition, now=now)
    ask_publication(edition, other, seen=digest(edition, now), now=now)
    approve_publication(edition, coordinator, seen=digest(edition, now), now=now)
    told = published(edition, now=now)
    assert (told.results, told.turnout) == counted(edition, now) and find_correction(edition, now=now) is None


def test_count_that_changed_has_to_be_asked_for_anew(edition: Edition, coordinator: Officer, now: datetime):
    ask_publication(edition, coordinator, seen=digest(edition, now), now=now)
    remove(edition, 0)
    shown = find_counted(edition, now=now)
    assert shown and shown.asked_by is None, "for this count nobody has"
    with pytest.raises(CaseChanged):
        approve_publication(edition, make_officer(Role.COORDINATOR), seen=shown.digest, now=now)
    assert not is_public(edition, now=now)


def test_results_wait_for_every_sheet_of_paper(edition: Edition, coordinator: Officer, now: datetime):
    point, ballot = VotingPoint.create(edition=edition, name="Filia"), Ballot.select().first()
    sheet = Sheet.create(point=point, number=1, ballot=ballot, state="differs", first_officer=coordinator)
    with pytest.raises(StepForbidden, match="wait for the second entry or a decision"):
        ask_publication(edition, coordinator, seen=digest(edition, now), now=now)
    Sheet.update(state="recorded").execute()
    ask_publication(edition, coordinator, seen=digest(edition, now), now=now)
    Sheet.update(state="entered").where(Sheet.id == sheet.id).execute()
    with pytest.raises(StepForbidden):
        approve_publication(edition, make_officer(Role.COORDINATOR), seen=digest(edition, now), now=now)
    assert not is_public(edition, now=now)


def test_results_asked_for_early_are_public_from_their_day_on(edition: Edition, now: datetime):
    Edition.update(results_on=now + DAY).execute()
    edition = Edition.get()
    publish(edition, now)
    assert [is_public(edition, now=moment) for moment in (now, now + DAY - timedelta(microseconds=1), now + DAY)] == [
        False, False, True]


def test_results_published_late_were_not_public_before(edition: Edition, coordinator: Officer, now: datetime):
    shown = digest(edition, now)
    ask_publication(edition, coordinator, seen=shown, now=now - DAY / 2)
    approve_publication(edition, make_officer(Role.COORDINATOR), seen=shown, now=now)
    assert not is_public(edition, now=now - timedelta(seconds=1)) and is_public(edition, now=now)


def test_nothing_is_asked_for_while_voting_goes_on_or_of_an_imported_edition(coordinator: Officer, now: datetime):
    edition, imported = make_edition(), make_edition(open_now=False, archived=True)
    for act in (find_counted, partial(ask_publication, officer=coordinator, seen="")):
        with pytest.raises(ResultsSecret):
            act(edition, now=now)
    with pytest.raises(PhaseClosed):
        ask_publication(imported, coordinator, seen=digest(imported, now), now=now)
    assert not Publication.select().exists() and is_public(imported, now=now)


def test_imported_edition_shows_its_count_and_counts_once(edition: Edition, now: datetime, monkeypatch: pytest.MonkeyPatch):
    Edition.update(archived=True).execute()
    edition = Edition.get()
    told = published(edition, now=now)
    assert (told.results, told.turnout) == counted(edition, now)
    with monkeypatch.context() as patched:
        patched.setattr(results_publication, "count_anew", None)
        assert published(edition, now=now) == told
    store(edition, Proposal.get(Proposal.number == "B"))
    assert published(edition, now=now).turnout.total == 5


def test_two_officers_who_ask_or_approve_at_once_do_it_once(edition: Edition, coordinator: Officer, now: datetime):
    shown, others = digest(edition, now), [make_officer(Role.COORDINATOR) for _ in range(4)]
    at_once(*[partial(ask_publication, edition, officer, seen=shown, now=now) for officer in others])
    assert Publication.select().count() == 1
    done = at_once(*[partial(approve_publication, edition, make_officer(Role.COORDINATOR), seen=shown, now=now)] * 4)
    assert count_of(CaseChanged, done) == 3 and is_public(edition, now=now)
    assert AuditEntry.select().where(AuditEntry.action == "results published").count() == 1


def test_ballot_that_goes_while_results_are_published_is_in_neither_or_noted(
        edition: Edition, coordinator: Officer, now: datetime):
    shown = digest(edition, now)
    ask_publication(edition, coordinator, seen=shown, now=now)
    approve = partial(approve_publication, edition, make_officer(Role.COORDINATOR), seen=shown, now=now)
    at_once(approve, partial(remove, edition, 0))
    if is_public(edition, now=now):
        assert published(edition, now=now).turnout.total == 4 and seen(edition, now).ballots == 1
    else:
        assert digest(edition, now) != shown


def test_comparison_is_the_count_by_the_other_rule(edition: Edition, now: datetime):
    for rule, other in ((CountRule.GREEDY, CountRule.EQUAL_SHARES), (CountRule.EQUAL_SHARES, CountRule.GREEDY)):
        Publication.delete().execute()
        Edition.update(count_rule=rule).execute()
        edition = Edition.get()
        publish(edition, now)
        told = published(edition, now=now)
        assert told.results == results.count_edition(edition, now=now, rule=rule)
        assert told.comparison == results.count_edition(edition, now=now, rule=other)


def test_what_is_kept_holds_numbers_alone(edition: Edition, now: datetime):
    publish(edition, now)
    told = json.loads(Publication.get().results)
    assert list(told) == ["results", "comparison", "turnout"]
    voters, served, outcomes = next(iter(told["results"].values()))
    assert (voters, served, outcomes[0]) == (4, 4, ["B", 6000, "7.5000", 3, 2, "funded", 0, None])
    assert told["turnout"][0] == 4


def test_published_results_say_what_was_counted_whatever_becomes_of_the_ballots(edition: Edition, now: datetime):
    live = counted(edition, now)
    publish(edition, now)
    Choice.delete().execute()
    Ballot.delete().execute()
    told = published(edition, now=now)
    assert (told.results, told.turnout) == live
    assert told.results[0].outcomes[0].entry.points == Decimal("7.5") and told.results[0].spent == 90_00
    assert (told.corrected_at, told.corrected) == (None, 0)


# Correction

def test_a_removal_changes_nothing_that_is_published(edition: Edition, now: datetime):
    publish(edition, now)
    before = published(edition, now=now)
    for number in (0, 3):
        remove(edition, number)
        assert published(edition, now=now) == before
    assert Publication.get().removed == 2


@pytest.mark.parametrize("state", ["published", "removed", "corrected"])
def test_voting_that_is_prolonged_ends_what_was_published_before(
        edition: Edition, coordinator: Officer, now: datetime, state: str):
    publish(edition, now)
    if state != "published":
        remove(edition, 3)
    if state == "corrected":
        approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    edition, later, removed = prolong(edition, now + DAY), now + 3 * DAY, Publication.get().removed
    store(edition, Proposal.get(Proposal.number == "A"))
    note_removed(edition)  # While voting goes on: no published results count that ballot.
    assert Publication.get().removed == removed
    assert find_correction(edition, now=now) is None and not is_public(edition, now=later)
    publish(edition, later)
    told = published(edition, now=later)
    assert (told.results, told.turnout, told.corrected_at) == (*counted(edition, later), None)
    remove(edition, 2)
    assert published(edition, now=later) == told
    correction = seen(edition, later)
    assert (correction.ballots, Publication.get().kept_at, Publication.get().corrected) == (1, later, 0)
    approve_correction(edition, coordinator, seen=correction.digest, now=later)
    assert published(edition, now=later).corrected == 1


def test_correction_tells_what_is_funded_and_where_places_change_but_no_points(edition: Edition, now: datetime):
    publish(edition, now)
    remove(edition, 3)  # B and C lose; A is first now, excludes C and leaves no money for B.
    correction = seen(edition, now)
    changed, same = correction.effects
    assert correction.ballots == 1
    assert ([str(p.number) for p in changed.funded], [str(p.number) for p in changed.not_funded]) == (["A"], ["B", "C"])
    assert [(str(p.number), before, after) for p, before, after in changed.moved] == [("A", 2, 1), ("B", 1, 2)]
    assert same.is_none and not changed.is_none and same.pool.district_id
    assert not [name for name in dir(changed) + dir(correction) if "point" in name or "voter" in name]


def test_removal_that_changes_no_place_says_so(edition: Edition, now: datetime):
    store(edition, Proposal.get(Proposal.number == "B"))
    publish(edition, now)
    remove(edition, 4)  # B is the first without it too.
    assert [effect.is_none for effect in seen(edition, now).effects] == [True, True]


def test_approved_correction_is_published_and_says_so(edition: Edition, coordinator: Officer, now: datetime):
    publish(edition, now)
    remove(edition, 3)
    remove(edition, 2)
    approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    told = published(edition, now=now)
    assert (told.results, told.turnout) == counted(edition, now)
    assert (told.corrected_at, told.corrected, told.turnout.total) == (now, 2, 2)
    assert find_correction(edition, now=now) is None
    entry = AuditEntry.select().order_by(AuditEntry.sequence.desc()).get()
    assert (entry.action, entry.actor) == ("results corrected", f"officer:{coordinator.uid}")
    assert entry.subject == f"edition:{edition.code}"
    assert json.loads(entry.detail) == {"ballots": 2}


def test_corrected_results_stand_until_they_are_corrected_again(edition: Edition, coordinator: Officer, now: datetime):
    publish(edition, now)
    remove(edition, 3)
    approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    once = published(edition, now=now)
    remove(edition, 0)
    assert published(edition, now=now) == once
    approve_correction(edition, make_officer(Role.COORDINATOR), seen=seen(edition, now).digest, now=now + DAY)
    twice = published(edition, now=now)
    assert (twice.corrected_at, twice.corrected, twice.turnout.total) == (now + DAY, 2, 2)


@pytest.mark.parametrize("meanwhile", ["another removal", "another count", "another approval", "nonsense"])
def test_correction_is_approved_only_as_it_was_shown(edition: Edition, coordinator: Officer, now: datetime, meanwhile: str):
    publish(edition, now)
    remove(edition, 3)
    shown = seen(edition, now).digest
    if meanwhile == "another removal":
        remove(edition, 2)
    elif meanwhile == "another count":
        Choice.update(points=9).where(Choice.rank == 2).execute()
    elif meanwhile == "another approval":
        approve_correction(edition, coordinator, seen=shown, now=now)
    else:
        shown = "zażółć"
    stored, entries = Publication.get().results, AuditEntry.select().count()
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen=shown, now=now)
    assert (Publication.get().results, AuditEntry.select().count()) == (stored, entries)


def test_ballot_that_goes_while_the_rest_is_counted_stops_the_approval(
        edition: Edition, coordinator: Officer, now: datetime, monkeypatch: pytest.MonkeyPatch):
    publish(edition, now)
    remove(edition, 3)
    shown, count = seen(edition, now).digest, results_publication.count_anew

    def count_slowly(*args: Any) -> str:
        text = count(*args)
        note_removed(edition)
        return text

    monkeypatch.setattr(results_publication, "count_anew", count_slowly)
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen=shown, now=now)
    assert (Publication.get().removed, Publication.get().corrected_at) == (2, None)


def test_correction_and_another_removal_meanwhile_stop_the_approval_of_an_old_count(
        edition: Edition, coordinator: Officer, now: datetime, monkeypatch: pytest.MonkeyPatch):
    publish(edition, now)
    remove(edition, 3)
    shown, count = seen(edition, now).digest, results_publication.count_anew

    def count_slowly(*args: Any) -> str:
        text = count(*args)
        monkeypatch.setattr(results_publication, "count_anew", count)
        approve_correction(edition, make_officer(Role.COORDINATOR), seen=shown, now=now)
        remove(edition, 2)
        return text

    monkeypatch.setattr(results_publication, "count_anew", count_slowly)
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen=shown, now=now)
    assert (Publication.get().removed, Publication.get().corrected) == (1, 1)
    assert seen(edition, now).ballots == 1


def test_nothing_is_to_be_corrected_without_a_removal(edition: Edition, coordinator: Officer, now: datetime):
    assert find_correction(edition, now=now) is None
    publish(edition, now)
    assert find_correction(edition, now=now) is None
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen="", now=now)
