"""The audit log and its daily digests, to read."""

from typing import Any

from flask_babel import lazy_gettext as _l
from peewee import JOIN

from portal import i18n
from portal.admin import labels
from portal.admin.base import PanelView, holds, of_row
from portal.admin.filters import Filter, period
from portal.models import AuditEntry, Officer, Role

Acting, Concerned = Officer.alias(), Officer.alias()


def with_name(_view: Any, _context: Any, row: Any, name: str) -> str:
    """Show an id, and before that of an officer the name."""
    known = getattr(row, f"{name}_name")
    return f"{known} ({getattr(row, name)})" if known else getattr(row, name)


def id_of(column: Any, name: Any, officer: Any) -> Filter:
    """Return the filter by an id, or by the name of the officer who has it."""
    return Filter(column, name, lambda value: column.contains(value) | holds(value, officer.name))


class AuditView(PanelView):
    """What officers did and what touched an account's security."""

    roles = (Role.ADMINISTRATOR,)
    can_export = True
    column_list = ("sequence", "at", "actor", "action", "subject", "detail")
    column_sortable_list = ("sequence", "actor", "action", "subject")
    column_default_sort = ("sequence", True)
    column_formatters_export = {"actor": with_name, "subject": with_name}
    column_formatters = {**column_formatters_export, "action": of_row(lambda row: labels.in_words("audit", row.action)),
                         "detail": of_row(lambda row: "" if row.detail == "{}" else row.detail)}
    column_filters = (id_of(AuditEntry.actor, _l("Actor"), Acting), labels.worded(AuditEntry.action, _l("Action"), "audit"),
                      id_of(AuditEntry.subject, _l("Subject"), Concerned), *period(AuditEntry.at))
    column_export_list = column_labels = {
        "sequence": _l("No."), "at": _l("When"), "actor": _l("Actor"), "action": _l("Action"), "subject": _l("Subject"),
        "detail": _l("Detail"), "previous": _l("Hash of the entry before"), "hash": _l("Hash")}

    def get_query(self) -> Any:
        return (super().get_query().select_extend(Acting.name.alias("actor_name"), Concerned.name.alias("subject_name"))
                .join(Acting, JOIN.LEFT_OUTER, on=AuditEntry.actor == "officer:" + Acting.uid)
                .join_from(AuditEntry, Concerned, JOIN.LEFT_OUTER, on=AuditEntry.subject == "officer:" + Concerned.uid).objects())


class DigestView(PanelView):
    """How far the log had come at the end of each day, as everybody reads it on the public page."""

    roles = (Role.ADMINISTRATOR,)
    can_export = True
    column_sortable_list = ("day", "entries")
    column_default_sort = ("day", True)
    column_formatters = {"day": of_row(lambda row: i18n.day(row.day))}
    column_formatters_export = {"day": of_row(lambda row: row.day.isoformat())}
    column_labels = {"day": _l("Day"), "entries": _l("Entries"), "hash": _l("Hash of the last entry")}
