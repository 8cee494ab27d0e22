"""Drafts: begun, saved, complete or not, submitted once with the next number, corrected where that is asked for, copied."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from portal.errors import MoveForbidden, NotFound, PhaseClosed, ProposalIncomplete, TooMany
from portal.models import Account, Authorship, CostItem, Message, Pool, Proposal, Revision, Transition
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment, proposals, proposals_draft
from portal.services.proposals import TEXTS
from portal.services.proposals_draft import (SECTIONS, copy, correct, editable, open_edition, save, similar, start, submit,
                                             unfinished)
from tests.factories import make_account, make_district, make_edition, make_officer, make_pool, make_proposal
from tests.services.drafts import COMPLETE, DAY, kept, make_author, make_draft, make_open_edition, make_submitted, pool_of, reload
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
INSTANT = timedelta(microseconds=1)
EVERYTHING = {*TEXTS, "costs", "attachments"}
Author = tuple[Account, Pool]


@pytest.fixture
def author(now: datetime) -> Author:
    account, edition = make_author(now)
    return account, pool_of(edition)


@pytest.fixture
def draft(author: Author, now: datetime) -> Proposal:
    return make_draft(*author, now)


def give_back(proposal: Proposal, now: datetime, *fields: str) -> Proposal:
    assessment.return_for_correction(proposal, make_officer(Role.COORDINATOR), words="Proszę poprawić.", parts=fields,
                                     until=now + DAY, version=reload(proposal).version, now=now)
    return reload(proposal)


# Begun.

def test_draft_is_its_authors_and_nobody_else_finds_it(author: Author, now: datetime):
    draft = start(*author, "Ławki", now=now)
    assert (draft.state, draft.number, draft.slug, draft.title, draft.cost) == ("draft", draft.uid, draft.uid, "Ławki", 0)
    assert [(row.account, row.is_lead, row.shows_name) for row in Authorship.select()] == [(author[0], True, False)]
    assert proposals.own_proposal(author[0], draft.uid) == draft
    with pytest.raises(NotFound):
        proposals.own_proposal(make_account(author[0].district), draft.uid)
    assert [row for row, _ in proposals_draft.own_proposals(author[0])] == [draft]
    assert Message.select().count() == Transition.select().count() == 0


@pytest.mark.parametrize(("shift", "taken"), [(-DAY - INSTANT, False), (-DAY, True), (7 * DAY, True), (7 * DAY + INSTANT, False)])
def test_drafts_begin_while_the_edition_takes_proposals(author: Author, now: datetime, shift: timedelta, taken: bool):
    assert (open_edition(now + shift) is not None) == taken
    if taken:
        assert start(*author, "Ławki", now=now + shift)
    else:
        with pytest.raises(PhaseClosed, match="does not take projects now"):
            start(*author, "Ławki", now=now + shift)
        assert not Proposal.select().exists()


def test_archived_edition_takes_none(now: datetime):
    account, edition = make_author(now, archived=True)
    assert open_edition(now) is None
    with pytest.raises(PhaseClosed):
        start(account, pool_of(edition), "Ławki", now=now)


def test_person_has_five_drafts_at_most_however_they_come(author: Author, now: datetime):
    results = at_once(*[partial(start, *author, f"Ławki {number}", now=now) for number in range(8)])
    assert (count_of(Proposal, results), count_of(TooMany, results)) == (5, 3)
    start(make_account(author[0].district), author[1], "Drzewa", now=now)
    submit(make_complete(Proposal.select().first(), now), now=now)
    start(*author, "Jeszcze jeden", now=now)


def make_complete(draft: Proposal, now: datetime) -> Proposal:
    save(draft, COMPLETE, now=now)
    return draft


# Saved.

def test_what_is_saved_of_a_draft_is_kept_and_the_rest_stays(draft: Proposal, now: datetime):
    before = kept(draft)
    save(draft, {"title": "Drzewa", "costs": [("Drzewa", 1)]}, now=now)
    changed = {name for name, value in kept(draft).items() if value != before[name]}
    assert changed == {"title", "cost", "texts", "items"}
    assert (draft.title, reload(draft).cost, kept(draft)["items"]) == ("Drzewa", 1, [("Drzewa", 1)])
    save(draft, {}, now=now)
    save(draft, {"costs": []}, now=now)
    assert kept(draft)["items"] == [] and reload(draft).cost == 0
    assert not Revision.select().exists(), "what nobody has read yet needs no history"


def test_pool_changes_only_in_a_draft(draft: Proposal, now: datetime):
    other = make_pool(draft.pool.edition, make_district())
    save(draft, {"pool": other.id}, now=now)
    assert reload(draft).pool == draft.pool == other
    submit(draft, now=now)
    with pytest.raises(MoveForbidden):
        save(reload(draft), {"pool": pool_of(draft.pool.edition).id}, now=now)


@pytest.mark.parametrize("column", ["state", "number", "slug", "cost", "submitted_at", "ballot_order", "on_paper", "id"])
def test_nothing_but_texts_can_be_saved(draft: Proposal, now: datetime, column: str):
    before = kept(draft)
    with pytest.raises(MoveForbidden):
        save(draft, {"title": "Drzewa", column: 1}, now=now)
    assert kept(draft) == before


def test_somebody_decides_while_a_section_is_open(draft: Proposal, now: datetime):
    before = reload(draft)
    submit(draft, now=now)
    with pytest.raises(MoveForbidden):
        save(before, {"title": "Za późno", "costs": []}, now=now)
    assert reload(draft).title == COMPLETE["title"] and CostItem.select().count() == 2


def test_submitted_proposal_changes_while_the_edition_takes_any_and_keeps_what_it_was(draft: Proposal, now: datetime):
    submit(draft, now=now)
    assert editable(draft, now=now + 7 * DAY) == EVERYTHING and editable(draft, now=now + 7 * DAY + INSTANT) == set()
    save(draft, {"title": "Drzewa"}, now=now + 7 * DAY)
    assert [Revision.select().count(), reload(draft).title, reload(draft).number] == [2, "Drzewa", "BO.OM.1/26"]
    with pytest.raises(MoveForbidden):
        save(draft, {"title": "Krzewy"}, now=now + 7 * DAY + INSTANT)


@pytest.mark.parametrize("broken", [{"title": ""}, {"costs": []}, {"costs": [("Dużo", 100_000_01)]}, {"universal": None}])
def test_submitted_proposal_stays_complete(draft: Proposal, now: datetime, broken: dict[str, Any]):
    submit(draft, now=now)
    before = kept(draft)
    with pytest.raises(ProposalIncomplete) as refused:
        save(draft, broken, now=now)
    assert len(refused.value.params["sections"]) == 1
    assert kept(draft) == before and Revision.select().count() == 1


@pytest.mark.parametrize("state", [state for state in ProposalState if state not in ("draft", "submitted", "returned")])
def test_nothing_changes_in_any_other_state(draft: Proposal, now: datetime, state: ProposalState):
    Proposal.update(state=state, to_correct="title", correct_until=now + DAY).execute()
    assert editable(reload(draft), now=now) == set()


# Complete.

@pytest.mark.parametrize(("section", "changed"), [
    ("podstawy", {"title": ""}), ("podstawy", {"title": "x" * 151}), ("podstawy", {"summary": "x" * 59}),
    ("podstawy", {"categories": ""}), ("podstawy", {"categories": "a"}),
    ("podstawy", {"categories": "sport,health,safety,culture"}), ("miejsce", {"place": ""}), ("miejsce", {"place": "x" * 2001}),
    ("miejsce", {"latitude": None}), ("miejsce", {"longitude": None}),
    ("opis", {"description": ""}), ("opis", {"description": "x" * 10_001}), ("opis", {"justification": ""}),
    ("opis", {"justification": "x" * 4001}), ("opis", {"beneficiaries": ""}), ("opis", {"beneficiaries": "x" * 2001}),
    ("dostepnosc", {"availability": ""}), ("dostepnosc", {"availability": "x" * 2001}), ("dostepnosc", {"universal": None}),
    ("dostepnosc", {"universal": False}), ("dostepnosc", {"universal_why": "x" * 2001}), ("koszty", {"costs": []}),
    ("koszty", {"costs": [("Za tanio", 999_99)]}), ("koszty", {"costs": [("Za drogo", 20_000_01)]}),
    ("koszty", {"costs": [("Razem", 100_00)] * 21}),
])
def test_each_limit_belongs_to_its_section(now: datetime, section: str, changed: dict[str, Any]):
    account, edition = make_author(now)
    draft = make_draft(account, pool_of(edition, district=True), now, **changed)
    assert unfinished(draft) == [section]
    with pytest.raises(ProposalIncomplete) as refused:
        submit(draft, now=now)
    assert refused.value.params["sections"] == [section]
    assert reload(draft).state == ProposalState.DRAFT and not Transition.select().exists()


@pytest.mark.parametrize("changed", [
    {"title": "x" * 150}, {"summary": "ż" * 60}, {"summary": "ż" * 250}, {"categories": "sport"},
    {"categories": "sport,health,safety"},
    {"latitude": None, "longitude": None}, {"universal": False, "universal_why": "Schody."}, {"description": "x" * 10_000},
    {"costs": [("Najtaniej", 1_000_00)]}, {"costs": [("Najdrożej", 20_000_00)]}, {"costs": [("Razem", 1_000_00)] * 20}])
def test_what_just_keeps_to_the_limits_is_complete(now: datetime, changed: dict[str, Any]):
    account, edition = make_author(now)
    draft = make_draft(account, pool_of(edition, district=True), now, **changed)
    assert unfinished(draft) == []


def test_empty_draft_lacks_every_section_but_files(author: Author, now: datetime):
    assert unfinished(start(*author, "Ławki", now=now)) == [section for section in SECTIONS if section != "zalaczniki"]


# Submitted.

def test_submission_gives_number_address_history_and_a_letter(draft: Proposal, now: datetime):
    submit(draft, now=now)
    found = reload(draft)
    assert (found.state, found.number, found.slug, found.submitted_at, found.version) == (
        "submitted", "BO.OM.1/26", "bo-om-1-26-lawki-przy-szkole", now, 1)
    assert [(row.move, row.at, row.officer) for row in Transition.select()] == [(Move.SUBMITTED, now, None)]
    assert [(row.template, row.recipient) for row in Message.select()] == [
        ("proposal_moved", proposals.authors(found)[0].account.email)]
    assert Revision.select().count() == 1


@pytest.mark.parametrize(("shift", "taken"), [(7 * DAY, True), (7 * DAY + INSTANT, False)])
def test_last_second_counts(draft: Proposal, now: datetime, shift: timedelta, taken: bool):
    if taken:
        submit(draft, now=now + shift)
    else:
        with pytest.raises(PhaseClosed):
            submit(draft, now=now + shift)
    assert (reload(draft).state == ProposalState.SUBMITTED) == taken


def test_numbers_are_dense_in_each_pool_and_never_given_twice(now: datetime):
    account, edition = make_author(now)
    city, district = pool_of(edition), pool_of(edition, district=True)
    numbers = [make_submitted(account, pool, now).number for pool in (city, district, city, district, city)]
    assert numbers == ["BO.OM.1/26", "BO.D4.1/26", "BO.OM.2/26", "BO.D4.2/26", "BO.OM.3/26"]
    last = Proposal.get(Proposal.number == "BO.OM.3/26")
    proposals.withdraw(last, "", now=now)
    assert make_submitted(account, city, now).number == "BO.OM.4/26"
    for number in range(5, 11):
        assert make_submitted(account, city, now).number == f"BO.OM.{number}/26"
    assert make_submitted(account, city, now).number == "BO.OM.11/26", "ten comes after nine"


def test_drafts_submitted_at_once_get_one_number_each(author: Author, now: datetime):
    drafts = [make_draft(*author, now) for _time in range(5)]
    assert at_once(*[partial(submit, draft, now=now) for draft in drafts]) == [None] * 5
    assert {row.number for row in Proposal.select()} == {f"BO.OM.{number}/26" for number in range(1, 6)}


def test_draft_submitted_twice_is_one_proposal(draft: Proposal, now: datetime):
    results = at_once(*[partial(submit, reload(draft), now=now) for _time in range(4)])
    assert (count_of(type(None), results), count_of(MoveForbidden, results)) == (1, 3), results
    assert Proposal.get().number == "BO.OM.1/26"
    assert Transition.select().count() == Message.select().count() == Revision.select().count() == 1


def test_submission_and_saving_at_once_leave_no_incomplete_proposal(author: Author, now: datetime):
    for _time in range(3):
        draft = make_draft(*author, now)
        at_once(partial(submit, reload(draft), now=now), partial(save, reload(draft), {"summary": "", "costs": []}, now=now))
        assert reload(draft).state == ProposalState.DRAFT or unfinished(reload(draft)) == []
        Proposal.update(state=ProposalState.WITHDRAWN).where(Proposal.id == draft.id).execute()


def test_addresses_differ_even_of_the_same_words(author: Author, now: datetime):
    first = make_submitted(*author, now)
    other = make_pool(make_open_edition(now))
    second = make_submitted(author[0], other, now)
    assert first.number == second.number and first.slug != second.slug


# Corrected.

def test_only_marked_fields_can_be_corrected_until_the_day_set(draft: Proposal, now: datetime):
    submit(draft, now=now)
    returned = give_back(draft, now, "title", "costs")
    assert editable(returned, now=now + DAY) == {"title", "costs"} and editable(returned, now=now + DAY + INSTANT) == set()
    with pytest.raises(MoveForbidden):
        save(returned, {"title": "Drzewa", "summary": COMPLETE["summary"]}, now=now)
    save(returned, {"title": "Drzewa"}, now=now)
    correct(returned, now=now + DAY)
    found = reload(returned)
    assert (found.state, found.title, found.to_correct, found.correct_until) == ("submitted", "Drzewa", None, None)
    assert [row.move for row in Transition.select().order_by(Transition.id)] == [Move.SUBMITTED, Move.RETURNED, Move.CORRECTED]
    assert Revision.select().count() == 2, "officers see what it was and what it is"


@pytest.mark.parametrize(("marked", "open_too"), [
    (["latitude"], {"place", "latitude", "longitude"}), (["universal"], {"universal", "universal_why"}),
    (["attachments"], {"attachments"})])
def test_fields_that_belong_together_are_corrected_together(
        draft: Proposal, now: datetime, marked: list[str], open_too: set[str]):
    submit(draft, now=now)
    assert editable(give_back(draft, now, *marked), now=now) == open_too


def test_correction_in_time_and_complete_or_not_at_all(draft: Proposal, now: datetime):
    submit(draft, now=now)
    returned = give_back(draft, now, "title")
    save(returned, {"title": ""}, now=now)
    with pytest.raises(ProposalIncomplete):
        correct(returned, now=now)
    save(returned, {"title": "Drzewa"}, now=now)
    with pytest.raises(PhaseClosed, match="time for corrections is over"):
        correct(returned, now=now + DAY + INSTANT)
    assert reload(returned).state == ProposalState.RETURNED


@pytest.mark.parametrize("state", [ProposalState.SUBMITTED, ProposalState.IN_ASSESSMENT, ProposalState.ADMITTED])
def test_nothing_else_can_be_given_back(draft: Proposal, now: datetime, state: ProposalState):
    Proposal.update(state=state).execute()
    with pytest.raises(MoveForbidden):
        correct(reload(draft), now=now)


# Copied, compared.

def test_older_proposal_becomes_a_draft_of_the_edition_that_is_open(now: datetime):
    account, edition = make_author(now - 365 * DAY)
    old = make_submitted(account, pool_of(edition, district=True), now - 365 * DAY)
    new = make_open_edition(now)
    make_pool(new)
    same = make_pool(new, account.district)
    draft = copy(old, account, now=now)
    assert (draft.state, draft.pool, draft.uid != old.uid) == ("draft", same, True)
    assert proposals.texts_of(reload(draft)) == proposals.texts_of(old) and reload(draft).cost == old.cost
    assert reload(draft).submitted_at is None and unfinished(reload(draft)) == []
    Pool.delete().where(Pool.id == make_pool(make_edition()).id).execute()
    with pytest.raises(PhaseClosed):
        copy(old, account, now=now + 30 * DAY)


def test_proposal_of_a_district_without_money_is_copied_to_the_whole_city(now: datetime):
    account, edition = make_author(now)
    old = make_proposal(make_pool(make_edition(), make_district()), state=ProposalState.NOT_FUNDED)
    Authorship.create(proposal=old, account=account, is_lead=True, accepted_at=now)
    assert copy(old, account, now=now).pool == pool_of(edition)


def test_similar_and_near_proposals_of_the_edition_are_named(draft: Proposal, now: datetime):
    def other(**given: Any) -> str:
        return str(make_proposal(draft.pool, **{"state": "submitted", "title": "Rower", "summary": "x", **given}).slug)
    alike = other(title=draft.title, summary=draft.summary)
    near = other(latitude=draft.latitude + .001, longitude=draft.longitude)
    other(latitude=draft.latitude + .01, longitude=draft.longitude)
    other(title=draft.title, summary=draft.summary, state="draft")
    make_proposal(make_pool(make_edition()), state="submitted", title=draft.title, summary=draft.summary)
    assert [entry.slug for entry in similar(draft)] == [alike, near]
