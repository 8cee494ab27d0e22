"""Long work that the worker does: imports of open data begin here, the rest where it belongs; each has a page that tells how far
it is.
"""

import json
from typing import Any

from flask import get_template_attribute
from flask_admin import expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user

from portal import clock
from portal.access import accepts_files, lead_on
from portal.admin.base import PanelView
from portal.errors import Conflict
from portal.forms.jobs import MOST_BYTES, MOST_FILES, ImportForm
from portal.models import Job, JobKind, JobState, Officer, Role
from portal.services import jobs

KINDS = {JobKind.IMPORT: _l("Import of open data"), JobKind.EXPORT: _l("Files of open data"), JobKind.COUNT: _l("Count"),
         JobKind.MAILING: _l("E-mails with news")}
STATES = {JobState.WAITING: _l("waits for the worker"), JobState.RUNNING: _l("under way"), JobState.DONE: _l("done"),
          JobState.FAILED: _l("failed")}


def start(kind: JobKind, about: str, data: str | None = None) -> Any:
    """Ask the worker for a piece of work in the name of this officer, and lead to the page that tells how far it is."""
    job = jobs.ask(kind, current_user.officer, about=about, data=data, now=clock.now())
    return lead_on("panel_jobs.details_view", _("The work has begun. You can leave this page; it goes on."), id=job.id)


class JobView(PanelView):
    """What was asked for, the newest first."""

    roles = (Role.EDITOR, Role.COORDINATOR, Role.ADMINISTRATOR)
    restricted = {"create_view": (Role.COORDINATOR,)}
    fresh_login = {"create_view"}
    can_create = True
    create_label = _l("Import open data")
    column_list = ("kind", "about", "state", "officer", "created_at", "ended_at")
    column_choices = {"kind": list(KINDS.items()), "state": list(STATES.items())}
    column_filters = ("kind", "state")
    column_labels = {"kind": _l("Work"), "about": _l("About"), "state": _l("State"), "officer": _l("Officer"),
                     "created_at": _l("Asked for at"), "ended_at": _l("Ended at")}

    def get_query(self) -> Any:
        query = Job.select(*jobs.WITHOUT_DATA, Officer).join(Officer)
        return query if current_user.officer.role != Role.EDITOR else query.where(Job.kind == JobKind.MAILING)

    @expose("/new/", methods=("GET", "POST"))
    @accepts_files(MOST_FILES, MOST_BYTES)
    def create_view(self) -> Any:
        form = ImportForm()
        if form.validate_on_submit():
            with form.refusing(Conflict):
                jobs.check_may_import(now=clock.now())
                return start(JobKind.IMPORT, form.code.data, form.given)
        return self.render("admin/jobs/import.html", form=form), 400 if form.errors else 200

    @expose("/details/")
    def details_view(self) -> Any:
        return self.render("admin/jobs/job.html", known=self.known())

    @expose("/stan/")
    def state_view(self) -> Any:
        return get_template_attribute("admin/jobs/parts.html", "how_far")(**self.known())

    def known(self) -> dict[str, Any]:
        job = self.find()
        said, params = json.loads(job.said or '["", {}]')
        return {"job": job, "kind": KINDS[job.kind], "state": STATES[job.state], "progress": jobs.progress_of(job),
                "said": said and _(said, **params)}
