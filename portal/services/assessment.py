"""The assessment of proposals: what verifiers check, units say on their cards, and coordinator and council decide."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from portal import clock
from portal.database import transaction
from portal.errors import N_, MoveForbidden, NotFound, require
from portal.models import Answer, Card, Criterion, Edition, Move, Officer, Proposal, ProposalState, Role
from portal.services import account, audit, support
from portal.services.proposals import TEXTS, advance, keep_revision

CRITERIA = Path(__file__).with_name("assessment_criteria.json")
CORRECTABLE = {*TEXTS, "costs", "attachments"}
ASSIGNED_IN = (ProposalState.SUBMITTED, ProposalState.IN_ASSESSMENT)
DECISIONS = (Move.TAKEN_UP, Move.ADMITTED, Move.REFUSED, Move.PROTEST_ACCEPTED, Move.PROTEST_REJECTED)
REMINDED_BEFORE = timedelta(days=3)
WORDS_NEEDED = N_("Write the reasons.")
CORRECTION_NEEDED = N_("Mark what is to be corrected, and set a day to come, within the time for corrections and before voting.")
SUPPORT_GOES_ON = N_("The project has %(found)d of %(needed)d supporters, and the time for support is not over yet.")
SUPPORTERS_MISSING = N_("The project has %(found)d of %(needed)d supporters: it cannot be admitted.")
CORRECTION_GOES_ON = N_("The time for corrections is not over yet.")
CARDS_MISSING = N_("This cannot be decided yet: the formal card has to be filled in; an admission needs a positive one, and the "
                   "cards of all units.")


def seed_criteria(edition: Edition) -> None:
    """Give a new edition the usual questions of the formal card and of the units' cards."""
    Criterion.add(*[{"edition": edition.id, "is_formal": name == "formal", "position": position, "question": question}
                    for name, questions in json.loads(CRITERIA.read_text("utf-8")).items()
                    for position, question in enumerate(questions, 1)])


def unit_of(officer: Officer) -> int | None:
    """Return the id of the unit whose cards an officer fills in; None for who sees to the formal side of proposals."""
    return officer.unit_id if officer.role == Role.VERIFIER else None


def filled_in(unit: int | None) -> tuple[ProposalState, ...]:
    """Return the states of proposals in which the card of a unit, or the formal one, can be filled in."""
    return ASSIGNED_IN[1:] if unit else ASSIGNED_IN


def is_waiting() -> Any:
    """Return the condition on cards, of proposals in the same query, that can be filled in and are not."""
    formal = Card.unit.is_null() & Proposal.state.in_(filled_in(None))
    return Card.filled_at.is_null() & (formal | Proposal.state.in_(filled_in(1)))


def questions_of(proposal: Proposal, unit: int | None) -> dict[str, str]:
    """Return what the card of a unit, or the formal one, asks: its questions by their ids."""
    asked = Criterion.select().where(Criterion.edition == proposal.pool.edition, Criterion.is_formal == (unit is None))
    return {str(row.id): row.question for row in asked.order_by(Criterion.position, Criterion.id)}


def return_for_correction(proposal: Proposal, officer: Officer, *, words: str, parts: Collection[str], until: datetime,
                          version: int, now: datetime) -> None:
    """Give a proposal back to its author, who may change these parts until a moment; raise ProposalChanged, MoveForbidden."""
    names = ",".join(parts)
    require(words, MoveForbidden(WORDS_NEEDED))
    latest = proposal.pool.edition.corrections_to or proposal.pool.edition.voting_from
    require(set(names.split(",")) <= CORRECTABLE and now < until <= latest, MoveForbidden(CORRECTION_NEEDED))
    with transaction():
        keep_revision(proposal.held(), now=now)
        advance(proposal, Move.RETURNED, officer=officer, words=words, version=version, now=now, to_correct=names,
                correct_until=until)


def count_paper(proposal: Proposal, officer: Officer, *, number: int, now: datetime) -> None:
    """Note how many supporters stand on the paper lists of a proposal; raise MoveForbidden once it is assessed."""
    with transaction():
        require(proposal.held().state in support.SUPPORTED_IN, MoveForbidden)
        Proposal.update(on_paper=number).where(Proposal.id == proposal.id).execute()
        audit.record("paper list counted", actor=officer, subject=proposal, now=now, number=number)


def assign(proposals: Sequence[Proposal], officer: Officer, *, units: Sequence[int], now: datetime) -> None:
    """Ask units, by their ids, for cards on those proposals that are to be assessed; who was asked before is not asked again."""
    with transaction():
        # All are held first: the log is the last that anybody waits for.
        for row in [row.held() for row in sorted(proposals, key=lambda row: int(row.id))]:
            if row.state in ASSIGNED_IN and _add_cards(row, units, now):
                audit.record("proposal assigned", actor=officer, subject=row, now=now, units=list(units))


def fill_card(proposal: Proposal, officer: Officer, *, answers: Mapping[str, str], is_positive: bool, words: str,
              cost: int | None, running_cost: int | None, now: datetime) -> None:
    """Write down the opinion of the officer's unit, or the formal one, anew until it is decided on; amounts in grosze.

    Answers (yes, no, unneeded) stand by the ids of the questions. Raises NotFound when the unit was not asked, MoveForbidden in
    another state, without an answer to each question, or when a negative opinion has no words.
    """
    unit = unit_of(officer)
    require(is_positive or words, MoveForbidden(WORDS_NEEDED))
    with transaction():
        proposal, questions = proposal.held(), questions_of(proposal, unit)
        require(proposal.state in filled_in(unit) and set(answers) == set(questions), MoveForbidden)
        if unit is None:
            _add_cards(proposal, [None], now)
        card: Card = require(Card.get_or_none(Card.proposal == proposal, Card.unit == unit), NotFound)
        Card.update(officer=officer, is_positive=is_positive, words=words, cost=cost, running_cost=running_cost,
                    filled_at=now).where(Card.id == card.id).execute()
        Answer.delete().where(Answer.card == card).execute()
        for question, answer in {question: answers[id] for id, question in questions.items()}.items():  # Two may be alike.
            Answer.add({"card": card.id, "question": question, "answer": answer})
        Proposal.update(version=Proposal.version + 1).where(Proposal.id == proposal.id).execute()  # Decisions rest on cards.
        audit.record("card filled in", actor=officer, subject=proposal, now=now, unit=unit)


def decide(proposal: Proposal, officer: Officer, *, move: Move, words: str, version: int, now: datetime) -> None:
    """Take a proposal up, admit or refuse it, or note what the council says of a protest; the words are published.

    What has too few supporters, or is not corrected, is taken up when the time for that is over, and can be refused then. Raises
    ProposalChanged, and MoveForbidden without enough supporters, cards or words; an admission needs words where somebody advises
    against it.
    """
    fixed: dict[str, Any] = {}
    with transaction():
        held = proposal.held()
        cards = list(Card.select().where(Card.proposal == held))
        found, needed = support.count_supporters(held), held.pool.edition.supporters_required
        require(found >= needed or move != Move.ADMITTED, MoveForbidden(SUPPORTERS_MISSING, found=found, needed=needed))
        if move == Move.TAKEN_UP:
            until = support.supported_until(held)
            require(found >= needed or until and now > until, MoveForbidden(SUPPORT_GOES_ON, found=found, needed=needed))
            require(held.state != ProposalState.RETURNED or now > held.correct_until, MoveForbidden(CORRECTION_GOES_ON))
            _add_cards(held, [None], now)
            fixed = {"supporters": found, "to_correct": None, "correct_until": None}
        elif move in (Move.ADMITTED, Move.REFUSED):
            formal = [card for card in cards if not card.unit_id and card.filled_at]
            complete = all(card.filled_at for card in cards) and all(card.is_positive for card in formal)
            require(formal and (complete or move == Move.REFUSED), MoveForbidden(CARDS_MISSING))
        agreed = move == Move.ADMITTED and all(card.is_positive for card in cards)
        require(move in DECISIONS and (words or agreed or move == Move.TAKEN_UP), MoveForbidden(WORDS_NEEDED))
        advance(proposal, move, officer=officer, words=words, version=version, now=now, **fixed)


def remind(*, now: datetime) -> int:
    """Write once about each card that is due within three days to the verifiers of its unit; return how many letters."""
    with transaction():
        waiting = Card.select(Card.id).join(Proposal).where(is_waiting(), Card.due_at <= now + REMINDED_BEFORE)
        noted = Card.update(reminded_at=now).where(Card.reminded_at.is_null(), Card.id.in_(waiting)).returning(Card.unit)
        due = Counter(card.unit_id for card in noted.execute())
        told = [each for each in Officer.select().where(Officer.role == Role.VERIFIER, Officer.active) if due[each.unit_id]]
        for officer in told:
            account.write(officer, "cards_due", number=due[officer.unit_id], path="/admin/projekty/?flt_due_at=mine", now=now)
    return len(told)


def _add_cards(proposal: Proposal, units: Sequence[int | None], now: datetime) -> int:
    """Add those cards that are missing; they are due on the same day."""
    due = clock.end_of(clock.local(now).date() + timedelta(days=proposal.pool.edition.assessment_days))
    return sum(Card.add({"proposal": proposal.id, "unit": unit, "due_at": due}, new_only=True) for unit in units)
