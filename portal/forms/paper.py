"""What officers type in of a paper ballot: its person, its number, its marks, or why it is invalid."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, FormField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import TextInput

from portal import crypto
from portal.errors import BallotInvalid, PortalError
from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.forms.fields_typed import PolishDateField
from portal.forms.staff import for_panel
from portal.models import Account, District, Edition, InvalidReason
from portal.services import paper, voting

MOST_SHEETS = 99_999
REASONS = [(InvalidReason.TOO_MANY, _l("Wrong number of projects")), (InvalidReason.UNREADABLE, _l("Cannot be read")),
           (InvalidReason.UNSIGNED, _l("Not signed")), (InvalidReason.UNIDENTIFIED, _l("Identity not confirmed")),
           (InvalidReason.LATE, _l("Handed in late")), (InvalidReason.ALREADY_VOTED, _l("The person had voted already"))]


class SheetForm(BaseForm):
    """A sheet; the marks are those of its edition (see sheet_form)."""

    marks: FormField
    pesel = for_panel(fields.pesel())
    birth_date = PolishDateField(_l("Date of birth"), widget=TextInput(), description=_l("For example 24.12.1990."),
                                 validators=[Optional(), validators.plausible_birth_date], render_kw={"autocomplete": "off"})
    given_name = for_panel(fields.text(_l("First name"), most=100))
    family_name = for_panel(fields.text(_l("Last name"), most=100))
    number = IntegerField(_l("Number of the sheet"), validators=[
        InputRequired(_l("Enter the number that is stamped on the sheet.")), validators.Within(1, MOST_SHEETS)])
    district = SelectField(_l("District"), coerce=lambda value: int(value) if value else None,
                           validators=[InputRequired(_l("Choose the district of the sheet."))])
    reason = SelectField(_l("Is the sheet invalid?"), default="",
                         choices=[SelectChoice(*row) for row in (("", _l("No")), *REASONS)])

    def person(self) -> Account | None:
        """Return who has shown a document, if that is told, as an account that is not stored."""
        pesel, names = self.pesel.data, {name: self[name].data or "" for name in ("given_name", "family_name")}
        born = validators.birth_date_of(pesel) if pesel else self.birth_date.data if all(names.values()) else None
        index = crypto.blind_index("pesel", pesel) if pesel else None
        return Account(birth_date=born, pesel_index=index, **names) if born else None

    def entry(self, edition: Edition) -> paper.Entry:
        """Return what is typed of the sheet."""
        if self.reason.data:
            return paper.Entry(None, {}, self.reason.data)
        contests = voting.ballot_paper(edition, District.get_by_id(self.district.data))
        self._marks = {slot.name: self.marks.form[paper.field_of(slot)] for contest in contests for slot in contest.slots}
        return paper.Entry(self.district.data, paper.read_numbers(contests, self.marks.data))

    def refuse(self, error: PortalError, field: Field | None = None) -> None:
        """Show each broken rule of the ballot beside the mark that it belongs to."""
        for fault in error.params["faults"] if isinstance(error, BallotInvalid) else [error]:
            super().refuse(fault, self._marks.get(fault.params["slot"]) if isinstance(fault, BallotInvalid) else field)


def sheet_form(edition: Edition, *, asks_person: bool = False, **known: Any) -> SheetForm:
    """Return the form of an edition's sheet, of its first entry with the person; what is invalid needs no district."""
    kinds = {"c": (_l("Citywide, %(points)s points"), edition.citywide_picks),
             "d": (_l("District, %(points)s points"), edition.district_picks)}
    marks = {f"{kind}{points}": for_panel(fields.text(label % {"points": points}, most=60))
             for kind, (label, picks) in kinds.items() for points in range(picks, 0, -1)}
    form: SheetForm = type("SheetForm", (SheetForm,), {"marks": FormField(type("Marks", (Form,), marks))})(data=known)
    form.district.choices = [SelectChoice("", "–"), *(SelectChoice(row.id, str(row)) for row in District.of_city())]
    for name in () if asks_person else ("pesel", "birth_date", "given_name", "family_name"):
        del form[name]
    if form.reason.data:
        form.district.validators = [Optional()]
    return form
