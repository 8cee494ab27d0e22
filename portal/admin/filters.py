"""The filter form of a list: a field each, plain HTML, the same on both databases."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from operator import eq
from typing import Any

from flask import flash, request
from flask_admin.contrib.peewee.filters import BasePeeweeFilter
from flask_babel import gettext as _, lazy_gettext as _l

from portal import clock

Choices = Callable[[], Sequence[tuple[Any, Any]]]
Condition = Callable[[Any], Any]


class Filter(BasePeeweeFilter):  # type: ignore[misc]
    """One field of the filter form, by default a text that a column holds."""

    kind = "search"

    def __init__(self, column: Any, name: Any, condition: Condition | None = None, suffix: str = "") -> None:
        super().__init__(column, name)
        self.key, self._condition = f"flt_{column.name}{suffix}", condition or column.contains

    def apply(self, query: Any, value: Any) -> Any:
        return query.where(self._condition(value))


class OneOf(Filter):
    """A choice from a list, which may be made anew for every page; by default of what a column is."""

    kind = "select"

    def __init__(self, column: Any, name: Any, choices: Choices, condition: Condition | None = None) -> None:
        super().__init__(column, name, condition or partial(eq, column))
        self._choices = choices

    def choices(self) -> list[tuple[str, Any]]:
        return [(str(value), label) for value, label in self._choices()]

    def clean(self, value: str) -> str:
        if value not in dict(self.choices()):
            raise ValueError
        return value


class Day(Filter):
    """A day on the city's calendar."""

    kind = "date"

    def clean(self, value: str) -> date:
        day = date.fromisoformat(value)
        if not 2000 <= day.year <= 2100:
            raise ValueError
        return day


def period(column: Any) -> tuple[Day, Day]:
    """Return the filters of a moment by the first and the last day of a period."""
    return (Day(column, _l("From day"), lambda first: column >= clock.start_of(first), "_from"),
            Day(column, _l("To day"), lambda last: column <= clock.end_of(last), "_to"))


class Filters:
    """Reads a view's filters from one field each, instead of Flask-Admin's rows that a script adds.

    A column's name among them stands for a choice of its values, as the column is labelled and they are named in the list.
    """

    def _refresh_filters_cache(self) -> None:
        self._filters = [OneOf(getattr(self.model, given), self.column_labels[given], partial(self.column_choices.get, given))
                         if isinstance(given, str) else given for given in self.column_filters or ()]
        self._filter_groups = self._filter_args = None

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
