"""The panel's own login: password and authenticator code. A resident's session never opens the panel, and vice versa.

/admin/logowanie → /admin/ → /admin/wyloguj, and from an invitation /admin/dostep/<token> → /admin/logowanie
"""

from typing import Any

import segno
from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock
from portal.access import lead_on, limited_form, open_form, safe_next_url
from portal.errors import N_, CodeRefused, LoginRefused, Throttled
from portal.forms.staff import EnrolmentForm, PanelLoginForm
from portal.services import login, staff, staff_codes

pages = Blueprint("panel_login", __name__, url_prefix="/admin")
REFUSED = N_("The e-mail address, the password or the code is not right.")


@pages.route("/logowanie", methods=["GET", "POST"])
@open_form
def log_in() -> Any:
    if current_user.officer:
        return redirect(safe_next_url(url_for("admin.index")))
    form = PanelLoginForm()
    if form.validate_on_submit():
        try:
            token = login.log_in_officer(str(form.email.data), str(form.password.data), str(form.code.data),
                                         now=clock.now(), browser=access.browser())
            if current_user.account:
                access.leave()
            access.enter(token)
            return redirect(safe_next_url(url_for("admin.index")))
        except (LoginRefused, Throttled) as error:
            form.refuse(error if isinstance(error, Throttled) else LoginRefused(REFUSED))
            return render_template("admin/login.html", form=form), error.status, error.headers
    return render_template("admin/login.html", form=form), 400 if form.errors else 200


@pages.route("/dostep/<token>", methods=["GET", "POST"])
@limited_form(60)
def enrol(token: str) -> Any:
    officer = staff.find_enrolment(token, now=clock.now())
    form = EnrolmentForm(officer)
    if form.validate_on_submit():
        with form.refusing(CodeRefused, beside=form.code):
            codes = staff.enrol(token, form.password.data, form.code.data, now=clock.now())
            return render_template("admin/recovery_codes.html", codes=codes, officer=officer)
    drawing = segno.make(staff_codes.otpauth(officer)).svg_data_uri(scale=5, light="white")
    return render_template("admin/enrolment.html", form=form, officer=officer, drawing=drawing), 400 if form.errors else 200


@pages.post("/wyloguj")
@open_form
def log_out() -> Any:
    access.leave()
    return lead_on("panel_login.log_in", _("You are logged out."))
