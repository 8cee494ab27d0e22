"""Registration of a resident.

/rejestracja → /rejestracja/kod (its state alone: /rejestracja/kod/stan; another code: /rejestracja/kod/nowy; to another number:
/rejestracja/numer) → /rejestracja/gotowe, and from the e-mail /rejestracja/adres/<token>
"""

from typing import Any

from flask import get_template_attribute, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from portal import clock
from portal.access import Pages, lead_on, limited_form, open_form, send_again
from portal.errors import CodeRefused, PeselTaken, RegistrationUnknown, TooMany, require
from portal.forms.registration import CodeForm, ConfirmEmailForm, NumberForm, RegistrationForm
from portal.services import code, registration

pages = Pages("registration", __name__, url_prefix="/rejestracja")
TOKEN, DONE = "registration", "registered"


@pages.form("", guard=limited_form(30))
def register() -> Any:
    form = RegistrationForm()
    if form.validate_on_submit():
        with form.refusing(TooMany, beside=form.phone):
            session[TOKEN] = registration.begin_registration(form.applicant(), address=request.remote_addr or "", now=clock.now())
            return redirect(url_for("registration.enter_code"))
    return render_template("registration/register.html", form=form), 400 if form.errors else 200


@pages.form("/kod", guard=limited_form(60))
def enter_code() -> Any:
    registration.find_registration(session.get(TOKEN, ""), now=clock.now())
    form = CodeForm()
    if form.validate_on_submit():
        try:
            registration.confirm_registration(session[TOKEN], form.code.data, now=clock.now())
            session[DONE] = bool(session.pop(TOKEN))
            return redirect(url_for("registration.finished"))
        except CodeRefused as error:
            form.refuse(error, form.code if _standing().tries_left else None)
        except PeselTaken:
            session.pop(TOKEN)
            return render_template("registration/pesel_taken.html"), PeselTaken.status
    return render_template("registration/enter_code.html", form=form, standing=_standing()), 400 if form.errors else 200


def _standing() -> code.Standing:
    """Return how it stands with the code of this browser's registration."""
    return code.standing(registration.find_registration(session.get(TOKEN, ""), now=clock.now()), now=clock.now())


@pages.get("/kod/stan", guard=open_form)
def code_state() -> Any:
    """Answer with what has become of the text message, for the page to show without being loaded again."""
    return get_template_attribute("components/code.html", "sms_state")(_standing())


@pages.post("/kod/nowy", guard=limited_form(30))
def resend_code() -> Any:
    return send_again(registration.resend_code, session.get(TOKEN, ""), address=request.remote_addr or "",
                      said=_("A new code is on its way. The earlier one no longer works."), then="registration.enter_code")


@pages.form("/numer", guard=limited_form(30))
def correct_number() -> Any:
    registration.find_registration(session.get(TOKEN, ""), now=clock.now())
    form = NumberForm()
    if form.validate_on_submit():
        with form.refusing(TooMany, beside=form.phone):
            registration.resend_code(session[TOKEN], address=request.remote_addr or "", now=clock.now(), phone=form.phone.data)
            return lead_on("registration.enter_code", _("A code is on its way to this number. The earlier one no longer works."))
    return render_template("registration/correct_number.html", form=form), 400 if form.errors else 200


@pages.get("/gotowe", guard=open_form)
def finished() -> Any:
    """Say the same to everybody whose code was right; that an e-mail address had an account is told to that address alone."""
    require(session.pop(DONE, False), RegistrationUnknown)
    return render_template("registration/finished.html")


@pages.form("/adres/<token>", guard=open_form)
def confirm_email(token: str) -> Any:
    form = ConfirmEmailForm()
    if form.validate_on_submit():
        registration.confirm_email(token, now=clock.now())
        return lead_on("home.show_home", _("Thank you, your e-mail address is confirmed."))
    return render_template("registration/confirm_email.html", form=form)
