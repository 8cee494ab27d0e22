"""What officers fill in about proposals: decisions, corrections to ask for, supporters on paper, units to ask, the lot's seed.

The fields are named as the services name what they take; the words beside choices stand in templates/admin/proposal/parts.html.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, FormField, IntegerField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional, Regexp

from portal import clock
from portal.forms import fields
from portal.forms.base import BaseForm
from portal.forms.fields_typed import MoneyField
from portal.forms.removal_desk import OfCase
from portal.forms.staff import for_panel
from portal.forms.validators import Within
from portal.models import Card, Unit
from portal.services.assessment import WORDS_NEEDED

LONGEST_WORDS, MOST_ON_PAPER, LAST_DAY = 5_000, 10_000, date(2100, 12, 31)
ANSWERS = [SelectChoice("yes", _l("Yes")), SelectChoice("no", _l("No")), SelectChoice("unneeded", _l("Not applicable"))]
PARTS = ("title", "summary", "description", "justification", "place", "latitude,longitude", "beneficiaries", "categories",
         "availability", "universal,universal_why", "costs", "attachments")


class MoveForm(OfCase, BaseForm):
    """A decision on a proposal, of those that can be taken now; whether it needs words the service says."""

    move = RadioField(_l("Decision"), validators=[InputRequired(_l("Choose what you decide."))])
    words = for_panel(fields.long_text(_l("Reasons"), most=LONGEST_WORDS))

    def __init__(self, moves: Sequence[str], **known: Any) -> None:
        super().__init__(**known)
        self.move.choices = moves


class CorrectionForm(OfCase, BaseForm):
    """What the author of a proposal is asked to correct, and until the end of which day."""

    parts = SelectMultipleField(_l("What is to be corrected"), choices=PARTS,
                                validators=[DataRequired(_l("Mark what is to be corrected."))])
    until = DateField(_l("Last day for the correction"), validators=[InputRequired(_l("Set the last day."))],
                      filters=[lambda day: day and clock.end_of(min(day, LAST_DAY))])
    words = for_panel(fields.long_text(_l("What the author should know"), most=LONGEST_WORDS, required=_l(WORDS_NEEDED)))


class CardForm(BaseForm):
    """An opinion on a proposal; the questions are those of its edition (see card_form)."""

    is_positive = RadioField(_l("Opinion"), choices=[SelectChoice(True, _l("Positive")), SelectChoice(False, _l("Negative"))],
                             coerce=lambda value: {"True": True, "False": False}.get(str(value)),
                             validators=[InputRequired(_l("Say whether the opinion is positive."))])
    words = for_panel(fields.long_text(_l("Reasons"), most=LONGEST_WORDS))
    cost = MoneyField(_l("Cost by your estimate in zł"), validators=[Optional()])
    running_cost = MoneyField(_l("Cost of a year's upkeep in zł"), validators=[Optional()])


def card_form(questions: dict[str, str], card: Card | None) -> CardForm:
    """Return the form of a card: questions by their ids, with what is on it so far."""
    given = {row.question: row.answer for row in card.answers} if card else {}
    asked = {id: RadioField(question, choices=ANSWERS, default=given.get(question),
                            validators=[InputRequired(_l("Choose an answer."))]) for id, question in questions.items()}
    kind = type("CardForm", (CardForm,), {"answers": FormField(type("Answers", (Form,), asked), _l("Questions"))})
    kind.answers.creation_counter = 0  # type: ignore[attr-defined]  # Before the opinion, as on the page.
    return kind(data=card.__data__ if card else {})


class PaperForm(BaseForm):
    """How many supporters an officer has counted on the paper lists."""

    number = IntegerField(_l("Valid entries on the paper lists"),
                          validators=[InputRequired(_l("Enter how many.")), Within(0, MOST_ON_PAPER)])


class AssignForm(BaseForm):
    """The units whose opinion is asked for."""

    units = SelectMultipleField(_l("Units"), coerce=int, validators=[DataRequired(_l("Choose at least one unit."))],
                                choices=lambda: [SelectChoice(row.id, row.name) for row in Unit.select().order_by(Unit.name)])


class DrawForm(BaseForm):
    """The seed of the lot."""

    seed = for_panel(fields.text(_l("Seed of the lot"), most=100, required=_l("Enter the seed."), checks=(
        Regexp("[ -~]*$", message=_l("Use only letters without accents, digits and symbols: anybody can type them.")),)))
