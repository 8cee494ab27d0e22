"""Officers: an administrator invites them, changes their role, renews and ends their access, but never the own."""

from typing import Any

from flask import abort, request
from flask_admin import expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user
from peewee import JOIN, IntegrityError, fn

from portal import clock, i18n
from portal.access import lead_on
from portal.admin import labels
from portal.admin.base import PanelView, of_row
from portal.forms.staff import OfficerForm
from portal.models import AuditEntry, Officer, Role, Unit
from portal.models.fields import MomentField
from portal.services import staff


def state(row: Officer) -> str:
    """Say in words how far an officer's access is."""
    if not row.active:
        return _("Access ended")
    if row.enrolment_expires_at is None:
        return _("Has access")
    said = _("Invited until %(moment)s") if row.enrolment_expires_at > clock.now() else _("Invitation expired")
    return said % {"moment": i18n.moment(row.enrolment_expires_at)}


class OfficerView(PanelView):
    """Staff accounts; passwords and authenticators are their owners' own affair, which no administrator sees."""

    roles = (Role.ADMINISTRATOR,)
    can_create = can_edit = True
    fresh_login = {"create_view", "edit_view", "renew_view"}
    column_list = column_details_list = ("name", "email", "role", "unit_name", "state", "logged_in_at", "created_at")
    column_sortable_list = ("name", "email", "role", "created_at")
    column_default_sort = ("name", False)
    column_searchable_list = ("name", "email")
    column_choices = {"role": labels.ROLES}
    column_filters = ("role",)
    column_formatters = {"state": of_row(state)}
    column_labels = {"name": _l("Name"), "email": _l("E-mail address"), "role": _l("Role"), "active": _l("May log in"),
                     "state": _l("State"), "unit": _l("Unit"), "unit_name": _l("Unit"),
                     "logged_in_at": _l("Last login"), "created_at": _l("Created")}
    form_columns = ("name", "role", "unit", "active")
    form_args = {"unit": {"description": _l("Whose cards a verifier fills in. None: the formal ones.")},
                 "active": {"description": _l("Without this mark the officer is logged out at once, everywhere.")}}

    def get_query(self) -> Any:
        logins = (AuditEntry.select(AuditEntry.actor, fn.MAX(AuditEntry.at).alias("at"))
                  .where(AuditEntry.action == "officer logged in").group_by(AuditEntry.actor).alias("logins"))
        unit = Unit.select(Unit.name).where(Unit.id == Officer.unit)
        return (super().get_query().select_extend(logins.c.at.converter(MomentField().python_value).alias("logged_in_at"),
                                                  unit.alias("unit_name"))
                .join(logins, JOIN.LEFT_OUTER, on=logins.c.actor == "officer:" + Officer.uid).objects())

    def may_edit(self, row: Officer) -> bool:
        return row.uid != current_user.officer.uid

    def row_steps(self, row: Officer) -> dict[str, Any]:
        return {"renew_view": _("Invite again")} if row.active and self.may_edit(row) else {}

    def save_related(self, row: Officer, changed: list[str]) -> None:
        if "active" in changed and not row.active:
            staff.end_access(row, actor=current_user.officer, now=clock.now())
        elif "role" in changed:
            staff.keep_an_administrator()

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        form = OfficerForm()
        form.role.choices = labels.ROLES
        if form.validate_on_submit():
            try:
                return self._invited(staff.create_officer(form.email.data, name=form.name.data, role=Role(form.role.data),
                                                          actor=current_user.officer, now=clock.now()))
            except IntegrityError:
                form.email.errors = [*form.email.errors, _("There already is an officer with this address.")]
        return self.render(self.create_template, form=form, return_url=self.get_url(".index_view"))

    @expose("/renew/", methods=("GET", "POST"))
    def renew_view(self) -> Any:
        row = self.get_one(request.args.get("id"))
        if row is None or not self.row_steps(row):
            abort(404)
        if request.method == "POST":
            return self._invited(staff.renew_access(row, actor=current_user.officer, now=clock.now()))
        return self.render("admin/renew_access.html", model=row)

    def _invited(self, invitation: staff.Invitation) -> Any:
        return lead_on(".index_view", _("An invitation is on its way to %(email)s. It is valid until %(moment)s.",
                                        email=invitation.officer.email, moment=i18n.moment(invitation.expires_at)))
