"""The assessment of proposals: units and their cards, and every change of a proposal's state and texts."""

from enum import StrEnum

from peewee import JOIN, SQL, BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from portal.models.base import BaseModel, Named, Prepared, rules
from portal.models.edition import Edition
from portal.models.fields import MomentField, WordField
from portal.models.proposal import BEFORE_BALLOT, Proposal, ProposalState
from portal.models.staff import Officer, Unit

S = ProposalState


# What changes the state of a proposal; each is kept as its name in small letters.
Move = StrEnum("Move", """
    SUBMITTED RETURNED CORRECTED TAKEN_UP ADMITTED REFUSED PROTESTED PROTEST_ACCEPTED PROTEST_REJECTED
    DRAWN FUNDED NOT_FUNDED STARTED DONE ABANDONED WITHDRAWN""")
# From which states each move is possible, and to which it leads. There is no other way from state to state.
LEADS: dict[Move, tuple[tuple[ProposalState, ...], ProposalState]] = {
    Move.SUBMITTED: ((S.DRAFT,), S.SUBMITTED),
    Move.RETURNED: ((S.SUBMITTED,), S.RETURNED),
    Move.CORRECTED: ((S.RETURNED,), S.SUBMITTED),
    Move.TAKEN_UP: ((S.SUBMITTED, S.RETURNED), S.IN_ASSESSMENT),  # As it is, once the time for corrections is over.
    Move.ADMITTED: ((S.IN_ASSESSMENT,), S.ADMITTED),
    Move.REFUSED: ((S.IN_ASSESSMENT,), S.REFUSED),
    Move.PROTESTED: ((S.REFUSED,), S.PROTESTED),
    Move.PROTEST_ACCEPTED: ((S.PROTESTED,), S.ADMITTED),
    Move.PROTEST_REJECTED: ((S.PROTESTED,), S.REFUSED),
    Move.DRAWN: ((S.ADMITTED,), S.ON_BALLOT),
    Move.FUNDED: ((S.ON_BALLOT,), S.FUNDED),
    Move.NOT_FUNDED: ((S.ON_BALLOT,), S.NOT_FUNDED),
    Move.STARTED: ((S.FUNDED,), S.IN_PROGRESS),
    Move.DONE: ((S.IN_PROGRESS,), S.DONE),
    Move.ABANDONED: ((S.FUNDED, S.IN_PROGRESS), S.ABANDONED),
    Move.WITHDRAWN: (BEFORE_BALLOT, S.WITHDRAWN)}


class Criterion(Named):
    """A question of an edition's cards: of the formal one, or of those that units fill in."""

    named_by = "question"
    edition = ForeignKeyField(Edition, backref="criteria", on_delete="CASCADE")
    is_formal = BooleanField()
    position = IntegerField()
    question = CharField(max_length=300)


class Card(BaseModel):
    """One opinion on a proposal: the formal one, which no unit gives, or that of a unit. Amounts in grosze."""

    proposal = ForeignKeyField(Proposal, backref="cards", on_delete="CASCADE")
    unit = ForeignKeyField(Unit, null=True, backref="cards", on_delete="RESTRICT")
    due_at = MomentField(index=True)
    reminded_at = MomentField(null=True)
    is_positive = BooleanField(null=True)
    words = TextField(default="")
    cost = BigIntegerField(null=True)
    running_cost = BigIntegerField(null=True)  # Of a year.
    officer = ForeignKeyField(Officer, null=True, backref="cards", on_delete="RESTRICT")
    filled_at = MomentField(null=True)
    unit_id: int | None

    Meta = rules(unique=("proposal", "unit"), card_costs_are_not_negative="cost >= 0 AND running_cost >= 0",
                 card_filled_in_says_yes_or_no="(filled_at IS NULL) = (is_positive IS NULL)",
                 card_filled_in_names_its_officer="(filled_at IS NULL) = (officer_id IS NULL)")

    # The cards that are filled in of the proposal with this id, with their units.
    opinions = Prepared(lambda proposal: Card.select(Card, Unit).join(Unit, JOIN.LEFT_OUTER).where(
        Card.proposal == proposal, Card.filled_at.is_null(False)).order_by(Card.id)).all


Card.add_index(Card.index(Card.proposal, unique=True, where=SQL("unit_id IS NULL"), name="card_formal_is_one_per_proposal"))


class Answer(BaseModel):
    """What a card says about a criterion; the question is kept as it was then."""

    card = ForeignKeyField(Card, backref="answers", on_delete="CASCADE")
    question = CharField(max_length=300)
    answer = CharField(max_length=10)

    Meta = rules(unique=("card", "question"), answer_is_known="answer IN ('yes', 'no', 'unneeded')")


class Transition(BaseModel):
    """One change of a proposal's state: who, when and why. What concerns the public, everybody reads."""

    proposal = ForeignKeyField(Proposal, backref="transitions", on_delete="CASCADE")
    at = MomentField()
    move = WordField(Move, max_length=20)
    officer = ForeignKeyField(Officer, null=True, backref="transitions", on_delete="RESTRICT")  # None: author or portal.
    words = TextField(default="")

    # The history of the proposal with this id, each step with the name of its officer.
    of_proposal = Prepared(lambda proposal: Transition.select(Transition, Officer.id, Officer.name).join(
        Officer, JOIN.LEFT_OUTER).where(Transition.proposal == proposal).order_by(Transition.id)).all


class Revision(BaseModel):
    """The texts of a proposal as they were submitted, or stood when it was returned (JSON, see services/proposals.py)."""

    proposal = ForeignKeyField(Proposal, backref="revisions", on_delete="CASCADE")
    at = MomentField()
    texts = TextField()
