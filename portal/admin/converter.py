"""Makes the form fields of a view from the columns of its model."""

from typing import Any

from flask_admin.contrib.peewee.form import CustomModelConverter
from peewee import BigIntegerField, CharField, DecimalField, ForeignKeyField, IntegerField, TextField
from wtforms.validators import InputRequired, Length

from portal.admin.fields import NumberField, RowField
from portal.forms import fields, validators
from portal.forms.fields_typed import CityMomentField, MoneyField
from portal.models.fields import MomentField, SealedField

LONGEST_TEXT = 10_000


class Converter(CustomModelConverter):
    """Makes the form fields of a view, with labels from its columns and limits from the database's."""

    def __init__(self, view: Any, additional: Any = None) -> None:
        super().__init__(view, additional)
        ours = {SealedField: self.refuse, MomentField: self.make(CityMomentField), BigIntegerField: self.make(MoneyField),
                DecimalField: self.make(NumberField), ForeignKeyField: self.choose_row}
        self.converters = {**ours, **self.converters, **ours}  # Ours stand first and win.

    def convert(self, model: Any, field: Any, field_args: Any) -> Any:
        choices = (self.view.column_choices or {}).get(field.name)
        args = {"label": self.view.column_labels.get(field.name), "validators": limits(field), "filters": [fields.tidy]}
        return super().convert(model, field, args | ({"choices": choices} if choices else {}) | (field_args or {}))

    @staticmethod
    def make(kind: Any) -> Any:
        taken = ("label", "validators", "default", "description")
        return lambda _model, field, **known: (field.name, kind(**{name: known[name] for name in taken}))

    @staticmethod
    def choose_row(_model: Any, field: Any, *, label: Any, description: Any, **_rest: Any) -> Any:
        return field.name, RowField(label, model=field.rel_model, blank=field.null, description=description)

    @staticmethod
    def refuse(_model: Any, field: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"{field.name} is sealed and cannot be in a form")


def limits(field: Any) -> list[Any]:
    """Return what the database would refuse, so that the form says it first."""
    if isinstance(field, CharField | TextField):
        return [validators.clean_text, Length(max=getattr(field, "max_length", None) or LONGEST_TEXT)]
    if not isinstance(field, IntegerField | DecimalField):
        return []
    within = [] if isinstance(field, BigIntegerField | DecimalField) else [validators.Within(0, 2**31 - 1)]
    return within if field.null else [InputRequired(), *within]
