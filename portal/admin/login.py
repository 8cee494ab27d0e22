"""The panel's own login: password and authenticator code. A resident's session never opens the panel, and vice versa.

/admin/logowanie → /admin/ → /admin/wyloguj
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock
from portal.access import open_form, safe_next_url
from portal.errors import N_, LoginRefused
from portal.extensions import limiter, named_email
from portal.forms.staff import PanelLoginForm
from portal.services import login

pages = Blueprint("panel_login", __name__, url_prefix="/admin")
REFUSED = N_("The e-mail address, the password or the code is not right.")


@pages.route("/logowanie", methods=["GET", "POST"])
@open_form
@limiter.limit("60 per 10 minutes", methods=["POST"])
@limiter.limit("10 per 5 minutes", methods=["POST"], key_func=named_email)
def log_in() -> Any:
    if current_user.officer:
        return redirect(safe_next_url(url_for("admin.index")))
    form = PanelLoginForm()
    if form.validate_on_submit():
        try:
            token = login.log_in_officer(str(form.email.data), str(form.password.data), str(form.code.data),
                                         now=clock.now(), user_agent=request.user_agent.string)
            access.leave()
            access.enter(token)
            return redirect(safe_next_url(url_for("admin.index")))
        except LoginRefused:
            form.refuse(LoginRefused(REFUSED))
    return render_template("admin/login.html", form=form), 400 if form.errors else 200


@pages.post("/wyloguj")
@open_form
def log_out() -> Any:
    access.leave()
    flash(_("You are logged out."), "success")
    return redirect(url_for("panel_login.log_in"))
