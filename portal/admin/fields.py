"""The panel's form of a row, and fields of our column types: numbers, choices of rows."""

import hashlib
import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from peewee import Model
from wtforms import HiddenField, SelectField

from portal.forms.base import BaseForm
from portal.forms.fields_typed import TypedField


class PanelForm(BaseForm):
    """A form of one row; ``version`` tells which state of the row the officer has seen."""

    version = HiddenField()

    def version_of(self, row: Model) -> str:
        """Return a hash of what the row holds in this form's columns."""
        seen = {name: row.__data__[name] for name in self._fields if name in row.__data__}
        return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()


class NumberField(TypedField):
    """A number with a decimal comma or point."""

    def written(self, value: Any) -> str:
        return "" if value is None else f"{Decimal(value).normalize():f}".replace(".", ",")

    def read(self, typed: str) -> Decimal:
        plain = re.sub(r"\s", "", typed).replace(",", ".")
        if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,4})?", plain, re.ASCII):
            raise ValueError(_("Enter a number like 12 or 12,5."))
        return Decimal(plain)


class RowField(SelectField):
    """A choice of a row of another table, read anew for every form."""

    def __init__(self, label: Any, model: type[Model], blank: bool, **kwargs: Any) -> None:
        empty = [("", "–")] if blank else []
        super().__init__(label, coerce=self.key_of, **kwargs, choices=lambda: empty + [
            (str(row.id), str(row)) for row in model.offered()])

    @staticmethod
    def key_of(value: Any) -> int | None:
        return value.id if isinstance(value, Model) else int(value) if value else None
