"""The panel's first page: what waits for the officer, and the preview of the portal as on another date."""

from datetime import datetime
from typing import Any

from flask import Flask, redirect, request, session, url_for
from flask_admin import AdminIndexView, expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user
from peewee import fn
from wtforms.validators import DataRequired

from portal import clock
from portal.access import lead_on
from portal.admin import labels
from portal.admin.guard import Guarded
from portal.admin.proposal import ProposalView, reasons, waits
from portal.admin.removal_desk import overdue, waits_for_officers
from portal.config import settings
from portal.forms.base import BaseForm
from portal.forms.fields_typed import CityMomentField
from portal.models import CaseState, Edition, Message, MessageState, Proposal, Publication, RemovalCase, Role, SendCount
from portal.models.removal import ENDED
from portal.services import results, results_publication, staff_codes

MAY_PREVIEW = (Role.COORDINATOR, Role.ADMINISTRATOR)
KEPT_AS = "preview"


class PreviewForm(BaseForm):
    """The moment that the portal is to be shown as on."""

    moment = CityMomentField(_l("Date and time"), validators=[DataRequired(_l("Enter a date and time."))])


def previewed() -> datetime | None:
    """Return the moment that this officer chose to see the portal as on."""
    allowed = KEPT_AS in session and current_user.officer is not None and current_user.officer.role in MAY_PREVIEW
    return datetime.fromisoformat(session[KEPT_AS]) if allowed else None


def apply_preview() -> None:
    """Set the clock of a residents' page that such an officer reads; every other request has the real time."""
    clock.show_as_on(None)
    if request.method == "GET" and not request.path.startswith(("/admin", "/static")):
        clock.show_as_on(previewed())


def sms_cap_reached() -> bool:
    """Tell whether today's text messages are used up."""
    today = clock.start_of(clock.local(clock.now()).date())
    return SendCount.select().where(SendCount.scope == "portal", SendCount.window == today,
                                    SendCount.sent >= settings.sms_daily_cap).exists()


def waiting_cases(role: Role) -> list[tuple[str, int, str]]:
    """Return what waits in the claims about accounts for somebody of this role: its name, how many, the address of the list."""
    if role not in (Role.REMOVALS, Role.COORDINATOR):
        return []
    cards = [(_("Cases that wait for officers"), waits_for_officers(), {"flt_due_at": "ours"}),
             (_("Overdue cases"), overdue(), {"flt_due_at": "overdue"}),
             (_("Removals that wait for approval"), RemovalCase.state == CaseState.REQUESTED, {"flt_state": "requested"})]
    found = RemovalCase.select(*[fn.COUNT(RemovalCase.id).filter(which) for _name, which, _query in cards]).where(
        RemovalCase.state.not_in(ENDED)).tuples().get()
    counted = [(name, number, url_for("panel_removals.index_view", **query))
               for (name, _which, query), number in zip(cards, found, strict=True)]
    return counted if role == Role.REMOVALS else counted[2:]


def waiting_results(role: Role) -> list[tuple[str, int, str]]:
    """Return what waits in the publication of results for this officer, as waiting_cases() does."""
    if role not in (Role.COORDINATOR, Role.ADMINISTRATOR):
        return []
    kept, address = Publication.select().join(Edition), url_for("panel_results.index_view")
    corrections = kept.where(results_publication.IN_FORCE, Publication.removed > 0).count()
    asked = kept.where(Publication.kept_at > Edition.voting_to, Publication.approved_by.is_null()).count()
    found = [(_("Corrections of results that wait"), corrections, address),
             (_("Publications of results that wait for approval"), asked, address)]
    return found if role == Role.COORDINATOR else found[1:]


def waiting_projects(role: Role) -> list[tuple[str, int, str]]:
    """Return what waits in the assessment for this officer, as waiting_cases() does."""
    return [(label, Proposal.select().where(waits(reason)).count(), url_for("panel_proposals.index_view", flt_due_at=reason))
            for reason, label in (reasons() if role in ProposalView.roles else ())]


class Dashboard(Guarded, AdminIndexView):  # type: ignore[misc]
    """Open to every officer; what it links to is not."""

    roles = tuple(Role)
    restricted = {"start_preview": MAY_PREVIEW}

    @expose("/")
    def index(self) -> Any:
        return self._show(PreviewForm(formdata=None))

    def _show(self, form: PreviewForm) -> Any:
        tables = [item for item in self.admin.menu()[1:] if item.is_accessible() and item.is_visible()]
        officer, edition = current_user.officer, Edition.current()
        return self.render("admin/index.html", form=form, tables=tables, role=dict(labels.ROLES)[officer.role],
                           may_preview=self.may("start_preview"), sms_cap_reached=sms_cap_reached(),
                           waiting_cases=waiting_cases(officer.role), waiting_projects=waiting_projects(officer.role),
                           waiting_results=waiting_results(officer.role),
                           recovery_codes=staff_codes.codes_left(officer),
                           failed=Message.select().where(Message.state == MessageState.FAILED).count(),
                           sees_messages=any(item.get_url() == self.get_url("panel_messages.index_view") for item in tables),
                           shown_edition=edition, turnout=results.turnout(edition).total if edition else 0)

    @expose("/podglad", methods=("POST",))
    def start_preview(self) -> Any:
        form = PreviewForm()
        if not form.validate():
            return self._show(form)
        session[KEPT_AS] = form.moment.data.isoformat()
        return redirect(self.get_url(".index"))

    @expose("/podglad/koniec", methods=("POST",))
    def stop_preview(self) -> Any:
        session.pop(KEPT_AS, None)
        return lead_on(".index", _("The portal shows the present again."))


def init_app(app: Flask) -> None:
    app.before_request(apply_preview)
    app.teardown_request(lambda _error: clock.show_as_on(None))
    app.jinja_env.globals["previewed"] = previewed
