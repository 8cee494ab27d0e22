"""Registration of a resident.

/rejestracja → /rejestracja/kod (its state alone: /rejestracja/kod/stan; another code: /rejestracja/kod/nowy; to another number:
/rejestracja/numer) → /rejestracja/gotowe, and from the e-mail /rejestracja/adres/<token>
"""

from typing import Any

from flask import Blueprint, flash, get_template_attribute, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from portal import clock
from portal.access import open_form
from portal.errors import CodeRefused, PeselTaken, RegistrationUnknown, TooMany, require
from portal.extensions import limiter
from portal.forms.code import CodeForm, NumberForm, ResendForm
from portal.forms.registration import ConfirmEmailForm, RegistrationForm
from portal.services import code, registration

pages = Blueprint("registration", __name__, url_prefix="/rejestracja")
TOKEN, DONE = "registration", "registered"


@pages.route("", methods=["GET", "POST"])
@open_form
@limiter.limit("30 per hour", methods=["POST"])
def register() -> Any:
    form = RegistrationForm()
    if form.validate_on_submit():
        try:
            session[TOKEN] = registration.begin_registration(
                form.applicant(), address=request.remote_addr or "", now=clock.now())
            return redirect(url_for("registration.enter_code"))
        except TooMany as error:
            form.refuse(error, form.phone)
    return render_template("registration/register.html", form=form), 400 if form.errors else 200


@pages.route("/kod", methods=["GET", "POST"])
@open_form
@limiter.limit("60 per hour", methods=["POST"])
def enter_code() -> Any:
    registration.find_registration(session.get(TOKEN, ""), now=clock.now())
    form = CodeForm()
    if form.validate_on_submit():
        try:
            registration.confirm_registration(session[TOKEN], form.code.data, now=clock.now())
        except CodeRefused as error:
            form.refuse(error, form.code if _standing().tries_left else None)
        except PeselTaken:
            session.pop(TOKEN)
            return render_template("registration/pesel_taken.html"), PeselTaken.status
        else:
            session.pop(TOKEN)
            session[DONE] = True
            return redirect(url_for("registration.finished"))
    return render_template("registration/enter_code.html", form=form, standing=_standing()), 400 if form.errors else 200


def _standing() -> code.Standing:
    """Return how it stands with the code of this browser's registration."""
    now = clock.now()
    return code.standing(registration.find_registration(session.get(TOKEN, ""), now=now), now=now)


@pages.get("/kod/stan")
@open_form
def code_state() -> Any:
    """Answer with what has become of the text message, for the page to show without being loaded again."""
    return get_template_attribute("components/code.html", "sms_state")(_standing())


@pages.post("/kod/nowy")
@open_form
@limiter.limit("30 per hour")
def resend_code() -> Any:
    form = ResendForm()
    if form.validate_on_submit():
        try:
            registration.resend_code(session.get(TOKEN, ""), address=request.remote_addr or "", now=clock.now())
            flash(_("A new code is on its way. The earlier one no longer works."), "success")
        except TooMany as error:
            flash(_(error.message), "error")
    return redirect(url_for("registration.enter_code"))


@pages.route("/numer", methods=["GET", "POST"])
@open_form
@limiter.limit("30 per hour", methods=["POST"])
def correct_number() -> Any:
    registration.find_registration(session.get(TOKEN, ""), now=clock.now())
    form = NumberForm()
    if form.validate_on_submit():
        try:
            registration.resend_code(
                session[TOKEN], address=request.remote_addr or "", now=clock.now(), phone=form.phone.data)
            flash(_("A code is on its way to this number. The earlier one no longer works."), "success")
            return redirect(url_for("registration.enter_code"))
        except TooMany as error:
            form.refuse(error, form.phone)
    return render_template("registration/correct_number.html", form=form), 400 if form.errors else 200


@pages.get("/gotowe")
@open_form
def finished() -> Any:
    """Say the same to everybody whose code was right; that an e-mail address had an account is told to that address alone."""
    require(session.pop(DONE, False), RegistrationUnknown)
    return render_template("registration/finished.html")


@pages.route("/adres/<token>", methods=["GET", "POST"])
@open_form
def confirm_email(token: str) -> Any:
    form = ConfirmEmailForm()
    if form.validate_on_submit():
        registration.confirm_email(token, now=clock.now())
        flash(_("Thank you, your e-mail address is confirmed."), "success")
        return redirect(url_for("home.show_home"))
    return render_template("registration/confirm_email.html", form=form)
