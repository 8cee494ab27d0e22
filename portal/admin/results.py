"""Published results that count ballots removed since: the coordinator looks at what changes and approves the correction."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from peewee import JOIN

from portal import clock
from portal.admin.base import PanelView
from portal.errors import CaseChanged
from portal.models.edition import Edition
from portal.models.results import Publication
from portal.models.staff import Officer, Role
from portal.services import results_publication


def state(_view: Any, _context: Any, row: Publication, _name: str) -> str:
    return _("Waits for a correction") if row.removed else _("Corrected")


class ResultsView(PanelView):
    """Editions whose published results wait for a correction or were corrected."""

    roles = (Role.COORDINATOR,)
    fresh_login = {"correct_view"}
    column_list = ("edition", "state", "removed", "corrected", "corrected_at")
    column_details_list = (*column_list, "corrected_by")
    column_default_sort = ("removed", True)
    column_formatters = {"state": state}
    column_labels = {
        "edition": _l("Edition"), "state": _l("State"), "removed": _l("Ballots removed but still counted in the results"),
        "corrected": _l("Ballots taken out of the results"), "corrected_at": _l("Corrected at"),
        "corrected_by": _l("Correction approved by"),
    }

    def get_query(self) -> Any:
        wanted = [field for field in Publication._meta.sorted_fields if field is not Publication.results]
        return (Publication.select(*wanted, Edition, Officer.id, Officer.name).join(Edition).switch(Publication)
                .join(Officer, JOIN.LEFT_OUTER)
                .where(results_publication.IN_FORCE))

    def row_links(self, row: Publication) -> list[tuple[str, Any]]:
        return [(self.get_url(".correct_view", id=row.id), _("See the correction"))] if row.removed else []

    @expose("/korekta/", methods=("GET", "POST"))
    def correct_view(self) -> Any:
        row, now, seen = self.find(), clock.now(), request.form.get("seen", "")
        if request.method == "POST":
            try:
                results_publication.approve_correction(row.edition, current_user.officer, seen=seen, now=now)
                flash(_("The published results are corrected."), "success")
                return redirect(self.get_url(".index_view"))
            except CaseChanged as error:
                flash(_(error.message), "error")
        correction = results_publication.find_correction(row.edition, now=now)
        if correction is None:
            return redirect(self.get_url(".details_view", id=row.id))
        return self.render("admin/results_correction.html", edition=row.edition, correction=correction)
