"""Residents' accounts, to read: the PESEL masked and shown only for a reason, nothing else sealed, nothing to change."""

from typing import Any

from flask import redirect
from flask_admin import expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user

from portal import clock
from portal.admin import labels
from portal.admin.base import PanelView
from portal.admin.edition import districts
from portal.admin.filters import OneOf
from portal.forms.removal_desk import RevealForm
from portal.models import Account, District, Role
from portal.services import audit


class PeselReveal:
    """Shows the PESEL number of a row in full, once and for a reason, which the audit log keeps."""

    @expose("/pesel/", methods=("GET", "POST"))
    def reveal_view(self) -> Any:
        row, form = self.find(), RevealForm()
        back = self.get_url(".details_view", id=row.id)
        if row.pesel is None:
            return redirect(back)
        shown = form.validate_on_submit()
        if shown:
            audit.record("PESEL revealed", actor=current_user.officer, subject=row, reason=form.reason.data, now=clock.now())
        page = self.render("admin/removal/pesel.html", form=form, row=row, pesel=row.pesel if shown else "", back=back)
        return page, 400 if form.errors else 200


class AccountView(PeselReveal, PanelView):
    """Who is registered, for those who help residents."""

    roles = (Role.REMOVALS, Role.ADMINISTRATOR, Role.CLERK)
    restricted = {"reveal_view": (Role.REMOVALS, Role.ADMINISTRATOR)}
    column_list = ("name", "email", "masked_pesel", "district", "state")
    column_sortable_list = ("email", "state")
    column_searchable_list = ("email", "given_name", "family_name")
    column_choices = {"state": labels.ACCOUNT_STATES}
    column_filters = ("state", OneOf(Account.district, _l("District"), districts))
    column_labels = {
        "name": _l("Name"), "email": _l("E-mail address"), "email_confirmed_at": _l("Address confirmed"),
        "masked_pesel": _l("PESEL"), "district": _l("District"), "state": _l("State"), "created_at": _l("Registered")}

    def get_query(self) -> Any:
        return super().get_query().select_extend(Account.pesel, District).join(District)

    def row_steps(self, row: Account) -> dict[str, Any]:
        return {} if row.pesel is None else {"reveal_view": _("Show the PESEL number")}
