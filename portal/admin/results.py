"""Results: two officers publish what was counted and at last end the ballot key; a coordinator corrects it meanwhile."""

from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user
from peewee import JOIN

from portal import clock
from portal.access import lead_on
from portal.admin.base import PanelView, of_row
from portal.admin.jobs import start
from portal.errors import Conflict, SecondOfficerNeeded
from portal.models import Edition, JobKind, Publication, Role
from portal.services import closing, jobs, results_publication

STATES = {"unpublished": _l("Not published"), "waiting": _l("Publication waits for approval"), "published": _l("Published"),
          "removed": _l("Waits for a correction"), "corrected": _l("Corrected")}


def state_of(row: Edition) -> str:
    """Tell how far the results of an edition have come, as STATES names it."""
    told = getattr(row, "told", None)
    if told is None or told.kept_at <= row.voting_to:
        return "unpublished"
    since = "removed" if told.removed else "corrected" if told.corrected_at else "published"
    return since if told.approved_by else "waiting"


class ResultsView(PanelView):
    """Editions whose voting has ended, with what became of their results."""

    roles = (Role.COORDINATOR, Role.ADMINISTRATOR)
    restricted = dict.fromkeys(("correct_view", "action_view"), (Role.COORDINATOR,))
    fresh_login = {"publish_view", "correct_view", "key_view"}
    column_list = ("name", "voting_to", "results_on", "state", "told.removed", "told.corrected", "told.corrected_at")
    column_default_sort = ("voting_to", True)
    column_formatters = {"state": of_row(lambda row: STATES[state_of(row)])}
    column_labels = {"name": _l("Edition"), "voting_to": _l("Voting to"), "results_on": _l("Results on"), "state": _l("State"),
                     "told.removed": _l("Ballots removed but still counted in the results"),
                     "told.corrected": _l("Ballots taken out of the results"), "told.corrected_at": _l("Corrected at"),
                     "told.kept_at": _l("Asked for or published at"), "told.asked_by": _l("Publication asked for by"),
                     "told.approved_by": _l("Publication approved by"), "told.corrected_by": _l("Correction approved by")}

    def get_query(self) -> Any:
        kept = [field for field in Publication._meta.sorted_fields if field is not Publication.results]
        ended = Edition.archived == False, Edition.voting_to < clock.now()  # noqa: E712
        return Edition.select(Edition, *kept).join(
            Publication, JOIN.LEFT_OUTER, on=Publication.edition == Edition.id, attr="told").where(*ended)

    def row_steps(self, row: Edition) -> dict[str, Any]:
        return {"unpublished": {"publish_view": _("Publish the results")}, "waiting": {"publish_view": _("See the request")},
                "removed": {"correct_view": _("See the correction")}}.get(state_of(row), {"key_view": _("The ballot key")})

    def row_links(self, row: Edition) -> list[tuple[str, Any]]:
        return [*super().row_links(row), (url_for("open_data.show_index", code=row.code), _("State at the close"))]

    def decide(self, act: Any, find: Any, template: str, done: str) -> Any:
        """Show what an officer decides on, or do it as it was shown; when there is nothing to decide, lead to what was done."""
        edition = self.find()
        if request.method == "POST":
            try:
                act(edition, current_user.officer, seen=request.form.get("seen", ""), now=clock.now())
                return lead_on(".index_view", done)
            except (Conflict, SecondOfficerNeeded) as error:
                flash(_(error.message, **error.params), "error")
        shown = find(edition, now=clock.now())
        return (self.render(template, model=edition, shown=shown) if shown
                else redirect(self.get_url(".details_view", id=edition.id)))

    @expose("/publikacja/", methods=("GET", "POST"))
    def publish_view(self) -> Any:
        edition = self.find()
        if "count" in request.form:
            return start(JobKind.COUNT, edition.code)
        asked, counted = results_publication.find_asked(edition), jobs.latest_count(edition)
        newest = counted if counted and not (asked and asked.kept_at > counted.ended_at) else None
        found = jobs.data_of(newest) if newest else asked.results if asked else ""
        if not found and state_of(edition) == "unpublished":
            return self.render("admin/results_count.html", model=edition)
        act, done = ((results_publication.approve_publication, _("The results are published.")) if "approve" in request.form else
                     (closing.ask_publication, _("Another officer has to approve the publication now.")))
        return self.decide(act, partial(results_publication.find_counted, found=found), "admin/results_publication.html", done)

    @action("files", _l("Make the files of open data"))
    def make_files(self, ids: list[str]) -> Any:
        edition = self.get_one(ids[0]) if len(ids) == 1 else None
        return start(JobKind.EXPORT, edition.code) if edition else lead_on(".index_view", _("Mark one edition."), "error")

    @expose("/korekta/", methods=("GET", "POST"))
    def correct_view(self) -> Any:
        return self.decide(results_publication.approve_correction, results_publication.find_correction,
                           "admin/results_correction.html", _("The published results are corrected."))

    @expose("/klucz/", methods=("GET", "POST"))
    def key_view(self) -> Any:
        kept = closing.closing_of(self.find())
        done = _("The ballot key is destroyed.") if kept and kept.key_asked_at else _("Another officer has to approve it now.")
        return self.decide(closing.end_key, lambda edition, now: kept, "admin/results_key.html", done)
