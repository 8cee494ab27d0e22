"""Makes the form fields of a view from the columns of its model."""

from typing import Any

from flask_admin.contrib.peewee.form import CustomModelConverter
from peewee import AutoField, BigIntegerField, CharField, DecimalField, ForeignKeyField, IntegerField, TextField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.admin.fields import CityMomentField, NumberField, RowField
from portal.forms import validators
from portal.forms.fields_typed import MoneyField
from portal.models.fields import MomentField, SealedField

LONGEST_TEXT = 10_000
LARGEST = 2**31 - 1


class Within(NumberRange):
    """The range of a whole number; the original fails with one of hundreds of digits, which no float holds."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is not None:
            field.data = min(max(field.data, self.min - 1), self.max + 1)
        super().__call__(form, field)


class Converter(CustomModelConverter):
    """Makes the form fields of a view, with labels from its columns and limits from the database's."""

    def __init__(self, view: Any, additional: Any = None) -> None:
        super().__init__(view, additional)
        ours = {SealedField: self.refuse, MomentField: self.make(CityMomentField), BigIntegerField: self.make(MoneyField),
                DecimalField: self.make(NumberField), ForeignKeyField: self.choose_row, AutoField: self.handle_pk}
        self.converters = {**ours, **self.converters, **ours}  # Ours stand first and win.

    def convert(self, model: Any, field: Any, field_args: Any) -> Any:
        choices = (self.view.column_choices or {}).get(field.name)
        args = {"label": self.view.column_labels.get(field.name), "validators": limits(field), "filters": [as_stored]}
        return super().convert(model, field, args | ({"choices": choices} if choices else {}) | (field_args or {}))

    @staticmethod
    def make(kind: Any) -> Any:
        def field_of(_model: Any, field: Any, **kwargs: Any) -> Any:
            return field.name, kind(**{name: kwargs[name] for name in ("label", "validators", "default", "description")})
        return field_of

    @staticmethod
    def choose_row(_model: Any, field: Any, *, label: Any, description: Any, **_rest: Any) -> Any:
        return field.name, RowField(label, model=field.rel_model, blank=field.null, description=description)

    @staticmethod
    def refuse(_model: Any, field: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"{field.name} is sealed and cannot be in a form")


def as_stored(value: Any) -> Any:
    """Return a text without the margins and the line ends that browsers add."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def limits(field: Any) -> list[Any]:
    """Return what the database would refuse, so that the form says it first."""
    if isinstance(field, CharField | TextField):
        return [validators.clean_text, Length(max=getattr(field, "max_length", None) or LONGEST_TEXT)]
    if isinstance(field, BigIntegerField | DecimalField):
        return [] if field.null else [InputRequired()]
    if isinstance(field, IntegerField) and not isinstance(field, AutoField | ForeignKeyField):
        return ([] if field.null else [InputRequired()]) + [Within(min=0, max=LARGEST)]
    return []
