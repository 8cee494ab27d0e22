"""The filter form of a list: a field each, plain HTML, the same on both databases."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import flash, request
from flask_admin.contrib.peewee.filters import BasePeeweeFilter
from flask_babel import gettext as _, lazy_gettext as _l

from portal import clock

Choices = Callable[[], Sequence[tuple[Any, Any]]]


class Filter(BasePeeweeFilter):  # type: ignore[misc]
    """One field of the filter form, by default a text that a column holds."""

    kind, suffix = "search", ""

    def __init__(self, column: Any, name: Any) -> None:
        super().__init__(column, name)
        self.key = f"flt_{column.name}{self.suffix}"

    def apply(self, query: Any, value: Any) -> Any:
        return query.where(self.column.contains(value))


class OneOf(Filter):
    """A choice from a list, which may be made anew for every page."""

    kind = "select"

    def __init__(self, column: Any, name: Any, choices: Choices) -> None:
        super().__init__(column, name)
        self._choices = choices

    def choices(self) -> list[tuple[str, Any]]:
        return [(str(value), label) for value, label in self._choices()]

    def clean(self, value: str) -> str:
        if value not in dict(self.choices()):
            raise ValueError
        return value

    def apply(self, query: Any, value: str) -> Any:
        return query.where(self.column == value)


class Since(Filter):
    """The first day of a period, on the city's calendar."""

    kind, suffix = "date", "_from"

    def clean(self, value: str) -> date:
        day = date.fromisoformat(value)
        if not 2000 <= day.year <= 2100:
            raise ValueError
        return day

    def apply(self, query: Any, value: date) -> Any:
        return query.where(self.column >= clock.start_of(value))


class Until(Since):
    """The last day of a period."""

    suffix = "_to"

    def apply(self, query: Any, value: date) -> Any:
        return query.where(self.column <= clock.end_of(value))


def period(column: Any) -> tuple[Since, Until]:
    return Since(column, _l("From day")), Until(column, _l("To day"))


class Filters:
    """Reads a view's filters from one field each, instead of Flask-Admin's rows that a script adds.

    A column's name among them stands for a choice of its values, as the column is labelled and they are named in the list.
    """

    def _refresh_filters_cache(self) -> None:
        self._filters = [self._choice_of(given) if isinstance(given, str) else given for given in self.column_filters or ()]
        self._filter_groups = self._filter_args = None

    def _choice_of(self, name: str) -> OneOf:
        return OneOf(getattr(self.model, name), self.column_labels[name], lambda: self.column_choices[name])

    def _get_list_extra_args(self) -> Any:
        known = super()._get_list_extra_args()  # type: ignore[misc]
        known.extra_args = {}  # What the list does not know, it does not carry into its links.
        return known

    def _get_list_filter_args(self) -> list[tuple[int, str, str]]:
        chosen = []
        for index, wanted in enumerate(self._filters or ()):
            value = request.args.get(wanted.key, "").strip()
            if value and wanted.validate(value):
                chosen.append((index, wanted.key, value))
            elif value:
                flash(_("The filter “%(name)s” was left out: its value makes no sense.", name=wanted.name), "error")
        return chosen

    def _get_filters(self, filters: Any) -> dict[str, str]:
        return {key: value for _index, key, value in filters or ()}
