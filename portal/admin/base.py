"""The safe base of every table of the panel: closed until a view opens it, and what it does not switch on does not exist."""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from flask import abort, request
from flask_admin.contrib.peewee import ModelView
from flask_babel import gettext as _

from portal import clock, i18n
from portal.access import lead_on
from portal.admin.changes import Changes
from portal.admin.converter import Converter
from portal.admin.fields import PanelForm
from portal.admin.filters import Filters
from portal.admin.guard import Guarded
from portal.models.fields import SealedField
from portal.services.open_data import cell

SECRETS = {"password_hash", "email_token_hash", "pesel_index", "enrolment_hash", "secret_hash"}
SWITCHES = {"create_view": "can_create", "edit_view": "can_edit", "delete_view": "can_delete", "export": "can_export",
            "details_view": "can_view_details", "action_view": "_actions", "ajax_lookup": "form_ajax_refs",
            "ajax_update": "column_editable_list"}


def holds(word: str, *columns: Any) -> Any:
    """Return the condition that a column holds a word in any of the ways to write it that SQLite's LIKE, which folds only ASCII,
    tells apart.
    """
    spellings = {word, word.lower(), word.upper(), word.capitalize()}
    return reduce(or_, [column.contains(spelling) for column in columns for spelling in spellings])


def shown(value: Any) -> Any:
    """Return a column's value as people read it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return i18n.moment(value) if isinstance(value, datetime) else value


def of_row(write: Callable[[Any], Any]) -> Any:
    """Return the formatter of a column that shows what a function writes of a row."""
    return lambda _view, _context, row, _name: write(row)


def money(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Show a column of grosze in zł."""
    value = getattr(row, name)
    return None if value is None else i18n.money(value)


class PanelView(Guarded, Filters, Changes, ModelView):  # type: ignore[misc]
    """A table of the panel. A view names its roles and columns, and switches on what its roles may do."""

    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    create_label = search_label = None
    action_delete = None
    column_labels: dict[str, Any] = {}
    column_sortable_list: tuple[str, ...] = ()
    column_default_sort = ("id", True)
    column_type_formatters = column_type_formatters_detail = {object: lambda _view, value, _name: shown(value)}
    column_type_formatters_export = {object: lambda _view, value, _name: "" if value is None else shown(value)}
    form_columns: Collection[str] = ()
    form_base_class = PanelForm
    model_form_converter = Converter
    page_size = 50
    export_max_rows = 10_000
    edit_template = create_template = "admin/model/form.html"

    def may(self, name: str) -> bool:
        """Tell whether the view has switched a function on and this officer may use it."""
        return super().may(name) and (name not in SWITCHES or bool(getattr(self, SWITCHES[name])))

    def scaffold_list_columns(self) -> list[str]:
        """Return the columns of lists and details that a view does not name: all that have labels, in their order."""
        return list(self.column_labels)

    def scaffold_form(self) -> Any:
        return super().scaffold_form() if self.form_columns else self.form_base_class

    def get_query(self) -> Any:
        """Select the rows that this view may see, without sealed and secret columns."""
        fields = self.model._meta.sorted_fields
        return self.model.select(*[field for field in fields if not isinstance(field, SealedField) and field.name not in SECRETS])

    def get_one(self, id: Any) -> Any:  # noqa: A002 (the name is Flask-Admin's)
        if not re.fullmatch("[0-9]{1,18}", str(id), re.ASCII):
            return None
        return self.get_query().where(self.model._meta.primary_key == int(id)).first()

    def get_list(self, page: Any, sort_column: Any, sort_desc: Any, search: Any, filters: Any, page_size: Any = None) -> Any:
        query = self.get_query()
        for word in (search or "").split()[:5] if self._search_fields else ():
            query = query.where(holds(word, *self._search_fields))
        for index, _name, value in filters or ():
            query = self._filters[index].apply(query, self._filters[index].clean(value))
        count, size = query.count(), page_size or self.page_size
        chosen = (sort_column, bool(sort_desc)) if sort_column in self._sortable_columns else self.column_default_sort
        query = query.order_by(*self.order(*chosen), self.model._meta.primary_key.desc())
        page = min(max(page or 0, 0), max(count - 1, 0) // size)
        return count, list(query.limit(size).offset(page * size))

    def order(self, name: str, descending: bool) -> list[Any]:
        """Return by what the list is sorted when a column is chosen for it."""
        field = getattr(self.model, name)
        return [field.desc() if descending else field]

    def find(self) -> Any:
        """Return the row that the address names, or lead back to the list when it is not there, or not there for this officer."""
        row = self.get_one(request.args.get("id"))
        if row is None:
            abort(lead_on(".index_view", _("This entry does not exist, or it is not for you any more."), "error"))
        return row

    def row_steps(self, _row: Any) -> dict[str, Any]:
        """Return the views of what can be done with a row beside reading and editing it, with what they are called."""
        return {}

    def row_links(self, row: Any) -> list[tuple[str, Any]]:
        """Return addresses and names of what this officer can do with a row."""
        return [(self.get_url(f".{view}", id=row.id), label) for view, label in self.row_steps(row).items() if self.may(view)]

    def is_action_allowed(self, _name: str) -> bool:
        return self.may("action_view")

    def delete_model(self, _row: Any) -> Any:
        """Refuse: rows go away only through a service, which a view that switches deletion on calls here."""
        abort(404)

    def get_export_value(self, model: Any, name: Any) -> str:
        """Return a cell that no spreadsheet takes for a formula."""
        return cell(super().get_export_value(model, name))

    def get_export_name(self, export_type: str = "csv") -> str:
        return f"{self.endpoint}-{clock.local(clock.now()):%Y-%m-%d}.{export_type}"
