"""Login and logout of residents.

/logowanie → /moje-konto → /wyloguj
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock
from portal.access import open_form, safe_next_url
from portal.errors import LoginRefused
from portal.extensions import limiter, named_email
from portal.forms.login import LoginForm
from portal.services import login

pages = Blueprint("login", __name__)


@pages.route("/logowanie", methods=["GET", "POST"])
@open_form
@limiter.limit("60 per 10 minutes", methods=["POST"])
@limiter.limit("10 per 5 minutes", methods=["POST"], key_func=named_email)
def log_in() -> Any:
    if current_user.account:
        return redirect(safe_next_url(url_for("profile.overview")))
    form = LoginForm()
    if form.validate_on_submit():
        try:
            token = login.log_in(form.email.data, form.password.data, now=clock.now(),
                                 user_agent=request.user_agent.string)
            access.enter(token)
            return redirect(safe_next_url(url_for("profile.overview")))
        except LoginRefused as error:
            form.refuse(error)
    return render_template("login/log_in.html", form=form), 400 if form.errors else 200


@pages.post("/wyloguj")
@open_form
def log_out() -> Any:
    access.leave()
    flash(_("You are logged out."), "success")
    return redirect(url_for("home.show_home"))
