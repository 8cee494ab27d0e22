"""The assessment: what each step needs, what it leaves behind, and whose each card is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from huey import MemoryHuey

from portal import clock
from portal.errors import MoveForbidden, NotFound, ProposalChanged
from portal.messaging import worker
from portal.models import Answer, AuditEntry, Card, Criterion, Edition, Message, Officer, Proposal, Revision, Support, Transition
from portal.models.assessment import Move
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment, proposals, proposals_draft
from tests.factories import make_account, make_district, make_officer
from tests.services import raw
from tests.services.assessing import fill, in_state, make_assessing, make_draft, make_unit
from tests.services.drafts import make_author, make_submitted, pool_of
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
SUBMITTED, TAKEN_UP = ProposalState.SUBMITTED, ProposalState.IN_ASSESSMENT


def verifier(name: str | None = None, **given: Any) -> Officer:
    return make_officer(Role.VERIFIER, unit=make_unit(name) if name else None, **given)


def decide(proposal: Proposal, move: Move, now: datetime, words: str = "") -> None:
    assessment.decide(proposal, make_officer(Role.COORDINATOR), move=move, words=words, now=now,
                      version=Proposal.get_by_id(proposal.id).version)


def refused(proposal: Proposal, move: Move, now: datetime, words: str = "") -> str:
    """Return why a decision is refused, which leaves everything as it was."""
    officer, kept = make_officer(Role.COORDINATOR), raw.everything()
    with pytest.raises(MoveForbidden) as refusal:
        assessment.decide(proposal, officer, move=move, words=words, version=Proposal.get_by_id(proposal.id).version, now=now)
    assert raw.everything() == kept
    return refusal.value.message


def assign(proposal: Proposal, *names: str, now: datetime) -> None:
    assessment.assign([proposal], make_officer(Role.COORDINATOR), units=[make_unit(name).id for name in names], now=now)


def actions(proposal: Proposal) -> list[tuple[str, dict[str, Any]]]:
    entries = AuditEntry.select().where(AuditEntry.subject == f"proposal:{proposal.uid}").order_by(AuditEntry.sequence)
    return [(entry.action, json.loads(entry.detail)) for entry in entries]


@pytest.mark.parametrize(("online", "on_paper", "enough"), [(15, None, True), (14, None, False), (4, 11, True), (4, 10, False),
                                                            (0, 15, True)])
def test_assessment_begins_with_enough_supporters_and_fixes_their_number(
        now: datetime, online: int, on_paper: int | None, enough: bool) -> None:
    proposal = in_state(SUBMITTED, now, make_assessing(supporters_required=15), on_paper=on_paper)
    for _ in range(online):
        Support.create(proposal=proposal, account=make_account(make_district()), created_at=now)
    if not enough:
        assert refused(proposal, Move.TAKEN_UP, now) == assessment.SUPPORT_GOES_ON
        return
    decide(proposal, Move.TAKEN_UP, now)
    Support.delete().execute()
    assert Proposal.get().supporters == online + (on_paper or 0)
    card = Card.get()
    assert (card.unit_id, card.filled_at, card.due_at) == (None, None, clock.end_of(clock.local(now).date() + timedelta(days=30)))


def test_what_has_too_few_supporters_can_only_be_refused_and_not_before_its_time_is_over(now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now, make_assessing(supporters_required=15), on_paper=14), verifier()
    until = clock.end_of(clock.local(now).date() + timedelta(days=7))
    assert refused(proposal, Move.TAKEN_UP, until) == assessment.SUPPORT_GOES_ON
    decide(proposal, Move.TAKEN_UP, until + timedelta(seconds=1))
    fill(proposal, officer, until)
    assert refused(proposal, Move.ADMITTED, until) == assessment.SUPPORTERS_MISSING
    decide(proposal, Move.REFUSED, until, words="Zabrakło jednego podpisu.")
    assert Proposal.get().state == "refused"


def test_what_is_not_corrected_in_time_is_taken_up_as_it_is(now: datetime) -> None:
    proposal, until = in_state(ProposalState.RETURNED, now), now + timedelta(days=3)
    assert refused(proposal, Move.TAKEN_UP, until) == assessment.CORRECTION_GOES_ON
    decide(proposal, Move.TAKEN_UP, until + timedelta(seconds=1))
    stored = Proposal.get()
    assert (stored.state, stored.to_correct, stored.correct_until) == ("in_assessment", None, None)


def test_a_return_keeps_what_the_proposal_said_and_opens_just_what_is_marked(now: datetime) -> None:
    proposal, officer, until = in_state(SUBMITTED, now, title="Dawny tytuł"), verifier(), now + timedelta(days=5)
    assessment.return_for_correction(proposal, officer, words="Popraw tytuł.", parts=["title", "latitude,longitude", "costs"],
                                     until=until, version=proposal.version, now=now)
    Proposal.update(title="Nowy tytuł").execute()
    stored = Proposal.get()
    assert (stored.state, stored.to_correct, stored.correct_until) == ("returned", "title,latitude,longitude,costs", until)
    assert json.loads(Revision.select().order_by(Revision.id.desc()).get().texts)["title"] == "Dawny tytuł"
    letter = json.loads(Message.select().order_by(Message.id.desc()).get().payload)
    assert (letter["words"], letter["until"]) == ("Popraw tytuł.", clock.local(until).date().isoformat())


@pytest.mark.parametrize(("words", "parts", "days", "message"), [
    ("", ["title"], 1, assessment.WORDS_NEEDED), ("x", [], 1, assessment.CORRECTION_NEEDED),
    ("x", ["state"], 1, assessment.CORRECTION_NEEDED), ("x", ["title", "cost"], 1, assessment.CORRECTION_NEEDED),
    ("x", ["title"], 0, assessment.CORRECTION_NEEDED), ("x", ["title"], -1, assessment.CORRECTION_NEEDED),
    ("x", ["title"], 400, assessment.CORRECTION_NEEDED)])
def test_a_return_needs_words_known_parts_and_time(now: datetime, words: str, parts: list[str], days: int, message: str) -> None:
    proposal, officer = in_state(SUBMITTED, now), verifier()
    kept = raw.everything()
    with pytest.raises(MoveForbidden) as refusal:
        assessment.return_for_correction(proposal, officer, words=words, parts=parts, until=now + timedelta(days=days),
                                         version=proposal.version, now=now)
    assert refusal.value.message == message and raw.everything() == kept


def test_all_that_authors_fill_in_can_be_returned_for_correction() -> None:
    assert {*proposals.TEXTS, "costs", "attachments"} == assessment.CORRECTABLE
    assert len(",".join(assessment.CORRECTABLE)) <= Proposal.to_correct.max_length


@pytest.mark.parametrize("state", ProposalState)
def test_supporters_on_paper_are_counted_while_support_is_collected(now: datetime, state: ProposalState) -> None:
    proposal, officer = in_state(state, now), verifier()
    if state in {ProposalState.SUBMITTED, ProposalState.RETURNED}:
        assessment.count_paper(proposal, officer, number=7, now=now)
        assert Proposal.get().on_paper == 7 and actions(proposal)[-1] == ("paper list counted", {"number": 7})
    else:
        with pytest.raises(MoveForbidden):
            assessment.count_paper(proposal, officer, number=7, now=now)
        assert Proposal.get().on_paper is None


def test_units_are_asked_once_each_for_what_is_to_be_assessed(now: datetime) -> None:
    edition = make_assessing(assessment_days=14)
    rows = [in_state(state, now, edition) for state in (TAKEN_UP, SUBMITTED, ProposalState.RETURNED, ProposalState.DRAFT)]
    units, officer = [make_unit(name) for name in ("Zarząd Dróg", "Zarząd Zieleni")], make_officer(Role.COORDINATOR)
    wanted = [unit.id for unit in units]
    for asked, known in ((wanted[:1], 2), (wanted, 4), (wanted, 4)):
        assessment.assign(rows, officer, units=asked, now=now)
        assert Card.select().where(Card.unit.is_null(False)).count() == known
    cards = Card.select().where(Card.unit.is_null(False))
    assert sorted((card.proposal_id, card.unit_id) for card in cards) == sorted(
        (row.id, unit.id) for row in rows[:2] for unit in units)
    assert {card.due_at for card in cards} == {clock.end_of(clock.local(now).date() + timedelta(days=14))}
    assert [action for action in actions(rows[0]) if action[0] == "proposal assigned"] == [
        ("proposal assigned", {"units": wanted[:1]}), ("proposal assigned", {"units": wanted})]


def test_units_asked_at_once_get_one_card_each(now: datetime) -> None:
    first, second = (in_state(TAKEN_UP, now) for _ in range(2))
    units, officer = [make_unit("Zarząd Dróg").id], make_officer(Role.COORDINATOR)
    results = at_once(*[lambda rows=rows: assessment.assign(rows, officer, units=units, now=now)
                        for rows in ([first, second], [second, first], [second])])
    assert count_of(type(None), results) == 3
    assert sorted(card.proposal_id for card in Card.select().where(Card.unit.is_null(False))) == sorted([first.id, second.id])


def test_a_card_keeps_the_opinion_and_the_questions_as_they_were(now: datetime) -> None:
    edition = make_assessing()
    assessment.seed_criteria(edition)
    proposal, officer = in_state(TAKEN_UP, now, edition), verifier("Zarząd Zieleni")
    assign(proposal, "Zarząd Zieleni", now=now)
    asked = assessment.questions_of(proposal, officer.unit_id)
    answers = {**dict.fromkeys(asked, "yes"), next(iter(asked)): "unneeded"}
    fill(proposal, officer, now, answers=answers, words="Zgoda.", cost=12_000_00, running_cost=500_00)
    card = fill(proposal, officer, now, answers=answers, words="Zgoda pod warunkiem.", cost=None, running_cost=500_00)
    Criterion.update(question="Zmienione?").execute()
    assert (card.is_positive, card.words, card.cost, card.running_cost, card.officer, card.filled_at) == (
        True, "Zgoda pod warunkiem.", None, 500_00, officer, now)
    kept = {row.question: row.answer for row in Answer.select().where(Answer.card == card)}
    assert kept == {question: answers[id] for id, question in asked.items()}
    assert actions(proposal)[-2:] == [("card filled in", {"unit": officer.unit_id})] * 2


def test_a_card_needs_an_answer_to_each_question_and_reasons_against(now: datetime) -> None:
    edition = make_assessing()
    assessment.seed_criteria(edition)
    proposal, officer = in_state(SUBMITTED, now, edition), verifier()
    asked = dict.fromkeys(assessment.questions_of(proposal, None), "yes")
    kept = raw.everything()
    for answers in ({}, dict(list(asked.items())[1:]), {**asked, "0": "yes"}):
        with pytest.raises(MoveForbidden):
            fill(proposal, officer, now, answers=answers)
    with pytest.raises(MoveForbidden) as refusal:
        fill(proposal, officer, now, answers=asked, is_positive=False)
    assert refusal.value.message == assessment.WORDS_NEEDED and raw.everything() == kept
    assert fill(proposal, officer, now, answers=asked, is_positive=False, words="Nie.").is_positive is False


def test_a_verifier_fills_in_the_card_of_the_own_unit_alone(now: datetime) -> None:
    proposal = in_state(SUBMITTED, now)
    decide(proposal, Move.TAKEN_UP, now)
    assign(proposal, "Zarząd Zieleni", now=now)
    with pytest.raises(NotFound):
        fill(proposal, verifier("Zarząd Dróg"), now)
    assert not Card.select().where(Card.filled_at.is_null(False)).exists()
    mine = fill(proposal, verifier("Zarząd Zieleni"), now)
    assert list(Card.select().where(Card.filled_at.is_null(False))) == [mine] and mine.unit.name == "Zarząd Zieleni"
    formal = fill(proposal, verifier(), now)
    again = fill(proposal, make_officer(Role.COORDINATOR), now, is_positive=False, words="Nie.")
    assert formal.id == again.id and formal.unit_id is None


def test_a_coordinator_sees_to_the_formal_side_whatever_the_unit(now: datetime) -> None:
    proposal, unit = in_state(TAKEN_UP, now), make_unit("Zarząd Zieleni")
    assign(proposal, unit.name, now=now)
    assert fill(proposal, make_officer(Role.COORDINATOR, unit=unit), now).unit_id is None


@pytest.mark.parametrize("state", ProposalState)
@pytest.mark.parametrize("unit", [None, "Zarząd Zieleni"])
def test_cards_are_filled_in_until_the_decision(now: datetime, state: ProposalState, unit: str | None) -> None:
    proposal, officer = in_state(state, now), verifier(unit)
    if unit:
        Card.create(proposal=proposal, unit=officer.unit, due_at=now)
    if state in assessment.filled_in(officer.unit_id):
        assert fill(proposal, officer, now).filled_at == now
    else:
        before = list(Card.select().where(Card.officer == officer))
        with pytest.raises(MoveForbidden):
            fill(proposal, officer, now)
        assert list(Card.select().where(Card.officer == officer)) == before
    assert set(assessment.filled_in(None)) == {SUBMITTED, TAKEN_UP} and assessment.filled_in(1) == (TAKEN_UP,)


def taken_up(now: datetime) -> Proposal:
    proposal = in_state(SUBMITTED, now)
    decide(proposal, Move.TAKEN_UP, now)
    return proposal


def test_nothing_is_decided_without_the_formal_card(now: datetime) -> None:
    proposal = taken_up(now)
    for move in (Move.ADMITTED, Move.REFUSED):
        assert refused(proposal, move, now, "słowa") == assessment.CARDS_MISSING
    assign(proposal, "Zarząd Dróg", now=now)
    fill(proposal, verifier("Zarząd Dróg"), now, is_positive=False, words="Nie.")
    assert refused(proposal, Move.REFUSED, now, "słowa") == assessment.CARDS_MISSING


def test_admission_needs_a_positive_formal_card_and_the_cards_of_all_units(now: datetime) -> None:
    proposal = taken_up(now)
    fill(proposal, verifier(), now, is_positive=False, words="Brak zgody.")
    assert refused(proposal, Move.ADMITTED, now, "słowa") == assessment.CARDS_MISSING
    fill(proposal, verifier(), now)
    assign(proposal, "Zarząd Dróg", "Zarząd Zieleni", now=now)
    fill(proposal, verifier("Zarząd Dróg"), now)
    assert refused(proposal, Move.ADMITTED, now, "słowa") == assessment.CARDS_MISSING
    fill(proposal, verifier("Zarząd Zieleni"), now)
    decide(proposal, Move.ADMITTED, now)
    assert Proposal.get().state == "admitted"


def test_a_unit_that_advises_against_is_overruled_with_words_only(now: datetime) -> None:
    proposal = taken_up(now)
    fill(proposal, verifier(), now)
    assign(proposal, "Zarząd Dróg", now=now)
    fill(proposal, verifier("Zarząd Dróg"), now, is_positive=False, words="Za wąski chodnik.")
    assert refused(proposal, Move.ADMITTED, now) == assessment.WORDS_NEEDED
    decide(proposal, Move.ADMITTED, now, "Chodnik zostanie poszerzony.")
    assert Transition.get(Transition.move == Move.ADMITTED).words == "Chodnik zostanie poszerzony."


@pytest.mark.parametrize(("state", "move"), [(TAKEN_UP, Move.REFUSED), (ProposalState.PROTESTED, Move.PROTEST_ACCEPTED),
                                             (ProposalState.PROTESTED, Move.PROTEST_REJECTED)])
def test_refusals_and_the_councils_decisions_need_words(now: datetime, state: ProposalState, move: Move) -> None:
    assert refused(in_state(state, now), move, now) == assessment.WORDS_NEEDED


def test_a_refusal_does_not_wait_for_units(now: datetime) -> None:
    proposal = taken_up(now)
    fill(proposal, verifier(), now)
    assign(proposal, "Zarząd Dróg", now=now)
    decide(proposal, Move.REFUSED, now, "Grunt prywatny.")
    assert Proposal.get().state == "refused"


def test_a_unit_asked_while_the_coordinator_decides_is_not_passed_over(now: datetime) -> None:
    for _ in range(5):
        proposal, officer, unit = in_state(TAKEN_UP, now), make_officer(Role.COORDINATOR), make_unit("Zarząd Dróg").id
        at_once(lambda: assessment.assign([proposal], officer, units=[unit], now=now),
                lambda: assessment.decide(proposal, officer, move=Move.ADMITTED, words="", version=proposal.version, now=now))
        asked = Card.select().where(Card.proposal == proposal, Card.unit == unit).exists()
        assert asked is not (Proposal.get_by_id(proposal.id).state == "admitted")


def test_a_new_edition_gets_the_usual_questions(now: datetime) -> None:
    edition = make_assessing()
    assessment.seed_criteria(edition)
    proposal = make_draft(edition)
    formal, of_units = (list(assessment.questions_of(proposal, unit).values()) for unit in (None, 1))
    assert (len(formal), len(of_units)) == (8, 10) and not set(formal) & set(of_units)
    assert all(question.startswith("Czy ") and question.endswith("?") for question in formal + of_units)
    assert not assessment.questions_of(make_draft(), None)
    assert Edition.get_by_id(edition.id).criteria.count() == 18


def letters() -> list[tuple[str, int]]:
    return sorted((message.recipient, json.loads(message.payload)["number"])
                  for message in Message.select().where(Message.template == "cards_due"))


def test_units_are_reminded_once_of_cards_that_are_due_or_overdue(now: datetime) -> None:
    edition = make_assessing(assessment_days=10)
    greens, roads = verifier("Zarząd Zieleni"), verifier("Zarząd Dróg")
    verifier("Zarząd Zieleni", active=False)
    make_officer(Role.CLERK, unit=make_unit("Zarząd Zieleni"))
    rows = [in_state(TAKEN_UP, now, edition) for _ in range(3)]
    for row in rows:
        assign(row, "Zarząd Zieleni", "Zarząd Dróg", now=now)
        fill(row, roads, now)
    fill(rows[0], greens, now)
    due = clock.end_of(clock.local(now).date() + timedelta(days=10))
    assert assessment.remind(now=due - timedelta(days=3, seconds=1)) == 0
    assert assessment.remind(now=due - timedelta(days=3)) == 1
    assert assessment.remind(now=due + timedelta(days=2)) == 0
    assert letters() == [(greens.email, 2)]
    assert json.loads(Message.get(Message.template == "cards_due").payload)["path"] == "/admin/projekty/?flt_due_at=mine"


def test_verifiers_of_no_unit_are_reminded_of_formal_cards(now: datetime) -> None:
    formal = verifier()
    verifier("Zarząd Zieleni")
    proposal = taken_up(now)
    assert assessment.remind(now=now + timedelta(days=40)) == 1 and letters() == [(formal.email, 1)]
    assert Proposal.get_by_id(proposal.id).state == TAKEN_UP


@pytest.mark.parametrize("state", ProposalState)
def test_nobody_is_reminded_of_what_cannot_be_filled_in(now: datetime, state: ProposalState) -> None:
    proposal, officer = in_state(state, now), verifier("Zarząd Zieleni")
    Card.create(proposal=proposal, unit=officer.unit, due_at=now - timedelta(days=1))
    assert assessment.remind(now=now) == (state == TAKEN_UP)


def test_the_worker_reminds_every_night(app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    formal, queue = verifier(), MemoryHuey(results=False)
    taken_up(now)
    monkeypatch.setattr(worker, "make_queue", lambda: queue)
    worker.init_app(app)
    (task,) = (task for task in queue.read_periodic(datetime(2026, 7, 15, 1, 30)) if task.name == "remove_what_is_due")
    with time_machine.travel(datetime(2026, 7, 15, 1, 30, tzinfo=UTC), tick=False):
        queue.execute(task)
    assert letters() == [(formal.email, 1)]


def test_workers_at_the_same_hour_remind_once(now: datetime) -> None:
    verifier()
    taken_up(now)
    with time_machine.travel(now + timedelta(days=40), tick=False):
        results = at_once(*[lambda: assessment.remind(now=clock.now())] * 3)
    assert sorted(results) == [0, 0, 1] and len(letters()) == 1


def test_what_the_author_or_a_unit_writes_meanwhile_is_seen_before_a_decision(now: datetime) -> None:
    author, edition = make_author(now, supporters_required=0)
    proposal = make_submitted(author, pool_of(edition), now)
    fill(proposal, verifier(), now)
    seen, officer = Proposal.get().version, make_officer(Role.COORDINATOR)
    proposals_draft.save(Proposal.get(), {"title": "Co innego"}, now=now)
    with pytest.raises(ProposalChanged):
        assessment.decide(proposal, officer, move=Move.TAKEN_UP, words="", version=seen, now=now)
    assert Card.get().filled_at is None and Proposal.get().version == seen + 1
    fill(proposal, verifier(), now)
    assert Proposal.get().version == seen + 2
