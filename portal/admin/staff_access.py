"""What officers do with their own access: password, recovery codes, sessions; and the password once more before what matters.

/admin/moj-dostep/ → /admin/moj-dostep/haslo, /admin/moj-dostep/kody, /admin/moj-dostep/sesje, and /admin/potwierdz/ → back
"""

from typing import Any

from flask import redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock
from portal.access import lead_on, safe_next_url
from portal.admin.guard import Guarded
from portal.errors import LoginRefused, TooMany
from portal.forms.staff import PanelPasswordForm, PanelProofForm
from portal.models import Role, Session
from portal.services import login, staff, staff_codes
from portal.services.login_device import device_words


def proved(form: PanelProofForm) -> bool:
    """Tell whether a form holds the officer's own password, or let it say why not."""
    with form.refusing(LoginRefused, TooMany, beside=form.password):
        login.prove(current_user.session, str(form.password.data), address=request.remote_addr or "", now=clock.now())
    return not form.errors


class Personal(Guarded, BaseView):  # type: ignore[misc]
    """A page of every officer, reached from the officer's name instead of the menu of tables."""

    roles = tuple(Role)

    def is_visible(self) -> bool:
        return False


class OwnAccess(Personal):
    """The own password, recovery codes and sessions."""

    fresh_login = {"renew_codes"}

    @expose("/")
    def index(self) -> Any:
        return self.render("admin/own_access.html", left=staff_codes.codes_left(current_user.officer), words=device_words,
                           sessions=Session.of(current_user.officer, clock.now()))

    @expose("/haslo", methods=("GET", "POST"))
    def change_password(self) -> Any:
        session, form, now = current_user.session, PanelPasswordForm(current_user.officer), clock.now()
        if form.validate_on_submit():
            with form.refusing(LoginRefused, TooMany, beside=form.current_password):
                proven = login.prove(session, form.current_password.data, address=request.remote_addr or "", now=now)
                staff.change_password(proven, form.password.data, session=session, now=now)
                access.remember_device(login.device_tokens(session, access.browser()))
                return lead_on(".index", _("Your password is changed. All your other sessions have ended."))
        return self.render("admin/own_password.html", form=form), 400 if form.errors else 200

    @expose("/kody", methods=("GET", "POST"))
    def renew_codes(self) -> Any:
        if request.method == "POST":
            codes = staff.renew_recovery_codes(current_user.officer, now=clock.now())
            return self.render("admin/recovery_codes.html", codes=codes, officer=current_user.officer)
        return self.render("admin/renew_codes.html", left=staff_codes.codes_left(current_user.officer))

    @expose("/sesje", methods=("POST",))
    def end_other_sessions(self) -> Any:
        staff.end_other_sessions(current_user.officer, session=current_user.session, now=clock.now())
        return lead_on(".index", _("All your other sessions have ended."))


class Proof(Personal):
    """The password once more: an open panel on somebody's desk is not enough for what matters much."""

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        form = PanelProofForm()
        if form.validate_on_submit() and proved(form):
            return redirect(safe_next_url(url_for("admin.index")))
        return self.render("admin/proof.html", form=form), 400 if form.errors else 200
