"""Published results stand until a coordinator approves their correction, which never tells how a removed ballot voted."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.errors import CaseChanged, ResultsSecret
from portal.models import AuditEntry, Ballot, Choice, Edition, Exclusion, Officer, Proposal, Publication
from portal.models.staff import Role
from portal.services import results, results_publication
from portal.services.results_publication import approve_correction, find_correction, keep_published, note_removed, published
from tests.factories import make_district, make_edition, make_officer, make_pool, make_proposal
from tests.services.test_results import contest, store

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture
def edition(now: datetime) -> Edition:
    """Results are out since yesterday: A, B and C in the citywide pool, an untouched one of a district, ballots of two days."""
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


def remove(edition: Edition, number: int, now: datetime) -> None:
    """Remove a ballot as the removal of an account does."""
    keep_published(edition, now=now)
    Ballot.delete().where(Ballot.edition == edition, Ballot.voter_key == f"{number:064d}").execute()
    note_removed(edition)


def seen(edition: Edition, now: datetime) -> Any:
    found = find_correction(edition, now=now)
    assert found
    return found


def counted(edition: Edition, now: datetime) -> tuple[Any, Any]:
    return results.count_edition(edition, now=now), results.turnout(edition)


def test_results_that_are_kept_say_exactly_what_was_counted(edition: Edition, now: datetime):
    live = counted(edition, now)
    keep_published(edition, now=now)
    Choice.delete().execute()
    Ballot.delete().execute()
    note_removed(edition)
    told = published(edition, now=now)
    assert (told.results, told.turnout) == live
    assert told.results[0].outcomes[0].entry.points == Decimal("7.5") and told.results[0].spent == 90_00
    assert (told.corrected_at, told.corrected) == (None, 0)


def test_without_anything_kept_the_count_itself_is_published(edition: Edition, now: datetime):
    Ballot.delete().where(Ballot.voter_key == f"{0:064d}").execute()
    told = published(edition, now=now)
    assert (told.results, told.turnout) == counted(edition, now)


def test_nothing_is_kept_before_results_are_published_or_told_before_voting_ends(now: datetime):
    for edition in (make_edition(), make_edition(open_now=False, results_on=now + DAY)):
        keep_published(edition, now=now)
        note_removed(edition)
        assert find_correction(edition, now=now) is None
    assert not Publication.select().exists()
    with pytest.raises(ResultsSecret):
        published(make_edition(), now=now)


def test_a_removal_changes_nothing_that_is_published(edition: Edition, now: datetime):
    before = published(edition, now=now)
    for number in (0, 3):
        remove(edition, number, now)
        assert published(edition, now=now) == before
    assert Publication.get().removed == 2


def test_what_is_kept_first_stays(edition: Edition, now: datetime):
    keep_published(edition, now=now)
    first = Publication.get().results
    Ballot.delete().where(Ballot.voter_key == f"{0:064d}").execute()
    keep_published(edition, now=now + DAY)
    assert (Publication.get().results, Publication.get().kept_at) == (first, now)


def test_what_is_kept_is_published_only_from_a_removal_on(edition: Edition, now: datetime):
    keep_published(edition, now=now)
    Choice.update(points=9).where(Choice.rank == 2).execute()  # Whatever made the count another: no removal did.
    told = published(edition, now=now)
    assert (told.results, told.turnout) == counted(edition, now)
    assert find_correction(edition, now=now) is None


def test_request_counts_anew_what_is_not_in_force_and_an_approval_does_not(
        edition: Edition, now: datetime, monkeypatch: pytest.MonkeyPatch):
    keep_published(edition, now=now)
    Choice.update(points=9).where(Choice.rank == 2).execute()
    live = counted(edition, now)
    keep_published(edition, now=now + DAY, anew=True)
    monkeypatch.setattr(results_publication, "_count", lambda *_args: pytest.fail("It is counted again."))
    remove(edition, 0, now + 2 * DAY)
    told = published(edition, now=now)
    assert (told.results, told.turnout) == live
    assert (Publication.get().kept_at, Publication.get().removed) == (now + DAY, 1)


@pytest.mark.parametrize("corrected", [False, True])
def test_what_is_in_force_is_not_counted_anew(edition: Edition, coordinator: Officer, now: datetime, corrected: bool):
    remove(edition, 0, now)
    if corrected:
        approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    before = published(edition, now=now)
    Choice.update(points=9).where(Choice.rank == 2).execute()
    keep_published(edition, now=now + DAY, anew=True)
    assert published(edition, now=now) == before and Publication.get().kept_at == now


def test_ballot_that_goes_while_a_request_counts_keeps_what_is_published(
        edition: Edition, now: datetime, monkeypatch: pytest.MonkeyPatch):
    keep_published(edition, now=now)
    before = published(edition, now=now)

    def count_too_late(*args: Any) -> str:
        monkeypatch.setattr(results_publication, "_count", count)
        remove(edition, 0, now)
        return count(*args)

    count = results_publication._count
    monkeypatch.setattr(results_publication, "_count", count_too_late)
    keep_published(edition, now=now + DAY, anew=True)
    assert published(edition, now=now + DAY) == before and Publication.get().removed == 1


def prolong(edition: Edition, to: datetime) -> Edition:
    """Prolong voting, as a coordinator can even when results are out."""
    Edition.update(voting_to=to, results_on=to + DAY).execute()
    return Edition.get()


@pytest.mark.parametrize("state", ["kept", "removed", "corrected"])
def test_voting_that_is_prolonged_ends_what_was_published_before(
        edition: Edition, coordinator: Officer, now: datetime, state: str):
    keep_published(edition, now=now)
    if state != "kept":
        remove(edition, 3, now)
    if state == "corrected":
        approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    edition, later, removed = prolong(edition, now + DAY), now + 3 * DAY, Publication.get().removed
    store(edition, Proposal.get(Proposal.number == "A"))
    note_removed(edition)  # While voting goes on: no published results count that ballot.
    assert Publication.get().removed == removed
    assert find_correction(edition, now=now) is None
    told = published(edition, now=later)
    assert (told.results, told.turnout, told.corrected_at) == (*counted(edition, later), None)
    remove(edition, 3, later)
    assert published(edition, now=later) == told
    correction = seen(edition, later)
    assert (correction.ballots, Publication.get().kept_at, Publication.get().corrected) == (1, later, 0)
    approve_correction(edition, coordinator, seen=correction.digest, now=later)
    assert published(edition, now=later).corrected == 1


def test_of_two_who_keep_at_once_the_first_wins(edition: Edition, now: datetime, monkeypatch: pytest.MonkeyPatch):
    keep_published(edition, now=now)
    first = Publication.get().results
    Ballot.delete().execute()
    monkeypatch.setattr(Publication, "get_or_none", lambda _condition: None)  # It was not there a moment ago.
    keep_published(edition, now=now)
    assert Publication.get().results == first


def test_what_is_kept_holds_numbers_alone(edition: Edition, now: datetime):
    keep_published(edition, now=now)
    told = json.loads(Publication.get().results)
    assert list(told) == ["pools", "turnout"]
    assert next(iter(told["pools"].values()))[0] == ["B", 6000, "7.5000", 3, 2, "funded", 0, None]
    assert told["turnout"][0] == 4


def test_correction_tells_what_is_funded_and_where_places_change_but_no_points(edition: Edition, now: datetime):
    remove(edition, 3, now)  # B and C lose; A is first now, excludes C and leaves no money for B.
    correction = seen(edition, now)
    changed, same = correction.effects
    assert correction.ballots == 1
    assert ([str(p.number) for p in changed.funded], [str(p.number) for p in changed.not_funded]) == (["A"], ["B", "C"])
    assert [(str(p.number), before, after) for p, before, after in changed.moved] == [("A", 2, 1), ("B", 1, 2)]
    assert same.is_none and not changed.is_none and same.pool.district_id
    assert not [name for name in dir(changed) + dir(correction) if "point" in name or "voter" in name]


def test_removal_that_changes_no_place_says_so(edition: Edition, now: datetime):
    store(edition, Proposal.get(Proposal.number == "B"))
    remove(edition, 4, now)  # B is the first without it too.
    assert [effect.is_none for effect in seen(edition, now).effects] == [True, True]


def test_approved_correction_is_published_and_says_so(edition: Edition, coordinator: Officer, now: datetime):
    remove(edition, 3, now)
    remove(edition, 2, now)
    approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    told = published(edition, now=now)
    assert (told.results, told.turnout) == counted(edition, now)
    assert (told.corrected_at, told.corrected, told.turnout.total) == (now, 2, 2)
    assert find_correction(edition, now=now) is None
    entry = AuditEntry.get()
    assert (entry.action, entry.actor) == ("results corrected", f"officer:{coordinator.uid}")
    assert entry.subject == f"edition:{edition.code}"
    assert json.loads(entry.detail) == {"ballots": 2}


def test_corrected_results_stand_until_they_are_corrected_again(edition: Edition, coordinator: Officer, now: datetime):
    remove(edition, 3, now)
    approve_correction(edition, coordinator, seen=seen(edition, now).digest, now=now)
    once = published(edition, now=now)
    remove(edition, 0, now)
    assert published(edition, now=now) == once
    approve_correction(edition, make_officer(Role.COORDINATOR), seen=seen(edition, now).digest, now=now + DAY)
    twice = published(edition, now=now)
    assert (twice.corrected_at, twice.corrected, twice.turnout.total) == (now + DAY, 2, 2)


@pytest.mark.parametrize("meanwhile", ["another removal", "another count", "another approval", "nonsense"])
def test_correction_is_approved_only_as_it_was_shown(edition: Edition, coordinator: Officer, now: datetime, meanwhile: str):
    remove(edition, 3, now)
    shown = seen(edition, now).digest
    if meanwhile == "another removal":
        remove(edition, 2, now)
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
    remove(edition, 3, now)
    shown, count = seen(edition, now).digest, results_publication._count

    def count_slowly(*args: Any) -> str:
        text = count(*args)
        note_removed(edition)
        return text

    monkeypatch.setattr(results_publication, "_count", count_slowly)
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen=shown, now=now)
    assert (Publication.get().removed, Publication.get().corrected_at) == (2, None)


def test_correction_and_another_removal_meanwhile_stop_the_approval_of_an_old_count(
        edition: Edition, coordinator: Officer, now: datetime, monkeypatch: pytest.MonkeyPatch):
    remove(edition, 3, now)
    shown, count = seen(edition, now).digest, results_publication._count

    def count_slowly(*args: Any) -> str:
        text = count(*args)
        monkeypatch.setattr(results_publication, "_count", count)
        approve_correction(edition, make_officer(Role.COORDINATOR), seen=shown, now=now)
        remove(edition, 2, now)
        return text

    monkeypatch.setattr(results_publication, "_count", count_slowly)
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen=shown, now=now)
    assert (Publication.get().removed, Publication.get().corrected) == (1, 1)
    assert seen(edition, now).ballots == 1


def test_nothing_is_to_be_corrected_without_a_removal(edition: Edition, coordinator: Officer, now: datetime):
    assert find_correction(edition, now=now) is None
    keep_published(edition, now=now)
    assert find_correction(edition, now=now) is None
    with pytest.raises(CaseChanged):
        approve_correction(edition, coordinator, seen="", now=now)
