"""Officers: an administrator makes their access, changes their role and ends it, but never their own."""

from typing import Any

import segno
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from peewee import IntegrityError

from portal import clock
from portal.admin import labels
from portal.admin.base import PanelView
from portal.admin.changes import actor
from portal.admin.filters import OneOf
from portal.forms.staff import OfficerForm
from portal.models.login import Session
from portal.models.staff import Officer, Role
from portal.services.staff import create_officer


class OfficerView(PanelView):
    """Staff accounts; a new officer's password and authenticator secret are shown once."""

    roles = (Role.ADMINISTRATOR,)
    can_create = can_edit = True
    column_list = ("name", "email", "role", "active", "created_at")
    column_details_list = column_list
    column_sortable_list = ("name", "email", "role", "active", "created_at")
    column_default_sort = ("name", False)
    column_searchable_list = ("name", "email")
    column_choices = {"role": labels.ROLES}
    column_filters = (OneOf(Officer.role, _l("Role"), lambda: labels.ROLES),)
    column_labels = {"name": _l("Name"), "email": _l("E-mail address"), "role": _l("Role"), "active": _l("May log in"),
                     "created_at": _l("Created")}
    form_columns = ("name", "role", "active")
    form_args = {"active": {"description": _l("Without this mark the officer is logged out at once, everywhere.")}}

    def may_edit(self, row: Officer) -> bool:
        return row.uid != current_user.officer.uid

    def save_related(self, row: Officer, _changed: list[str]) -> None:
        if not row.active:
            Session.delete().where(Session.officer == row).execute()

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        form = OfficerForm(labels.ROLES)
        if form.validate_on_submit():
            try:
                made = create_officer(form.email.data, name=form.name.data, role=Role(form.role.data), actor=actor(),
                                      now=clock.now())
                return self.render("admin/enrolment.html", made=made, code=segno.make(made.otpauth).svg_data_uri(scale=5))
            except IntegrityError:
                form.email.errors = [*form.email.errors, _("There already is an officer with this address.")]
        return self.render(self.create_template, form=form, return_url=self.get_url(".index_view"))
