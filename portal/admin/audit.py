"""The audit log, to read."""

from flask_babel import lazy_gettext as _l

from portal.admin.base import PanelView
from portal.admin.filters import Filter, Since, Until
from portal.models.audit import AuditEntry
from portal.models.staff import Role


class AuditView(PanelView):
    """What officers did and what touched an account's security."""

    roles = (Role.ADMINISTRATOR,)
    can_export = True
    column_list = column_export_list = ("sequence", "at", "actor", "action", "subject", "detail")
    column_details_list = (*column_list, "previous", "hash")
    column_sortable_list = ("sequence", "actor", "action", "subject")
    column_default_sort = ("sequence", True)
    column_filters = (
        Filter(AuditEntry.actor, _l("Actor")),
        Filter(AuditEntry.action, _l("Action")),
        Filter(AuditEntry.subject, _l("Subject")),
        Since(AuditEntry.at, _l("From day"), "_from"),
        Until(AuditEntry.at, _l("To day"), "_to"),
    )
    column_labels = {
        "sequence": _l("No."), "at": _l("When"), "actor": _l("Actor"), "action": _l("Action"), "subject": _l("Subject"),
        "detail": _l("Detail"), "previous": _l("Hash of the entry before"), "hash": _l("Hash"),
    }
