"""A resident's password.

/haslo/przypomnij → /haslo/wyslane, from the e-mail /haslo/nowe/<token> → /logowanie; logged in: /moje-konto/haslo
"""

from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock, stencil
from portal.access import Pages, lead_on, open_form, resident_required
from portal.errors import LoginRefused, ResetUnknown, Throttled, TooMany
from portal.forms.password import AskResetForm, ChangePasswordForm, NewPasswordForm
from portal.services import password
from portal.services.login_device import new_tokens

pages = Pages("password", __name__)
ASKED_FOR = "reset_asked_for"


@pages.form("/haslo/przypomnij", guard=open_form)
def ask_reset() -> Any:
    form = AskResetForm()
    if form.validate_on_submit():
        with form.refusing(TooMany, beside=form.email):
            password.ask_reset(form.email.data, address=request.remote_addr or "", now=clock.now())
            session[ASKED_FOR] = form.email.data
            return redirect(url_for("password.reset_asked"))
    return render_template("password/ask_reset.html", form=form), *form.answer


@pages.get("/haslo/wyslane", guard=open_form)
def reset_asked() -> Any:
    """Say the same whether or not there is an account."""
    return render_template("password/reset_asked.html", email=session.get(ASKED_FOR))


@pages.form("/haslo/nowe/<token>", guard=open_form)
def reset_password(token: str) -> Any:
    """Set a new password. The address, secret until it is used, stays with us: the page links to no other site, and the
    Referrer-Policy of every page, same-origin, keeps it from them (none at all would leave the form without its proof of origin).
    """
    try:
        account = password.find_reset(token, now=clock.now()).account
        form = NewPasswordForm(account)
        if form.validate_on_submit():
            account = password.reset_password(token, form.new_password.data, now=clock.now())
            access.remember_device(new_tokens(account, access.browser()))
            session.pop(ASKED_FOR, None)
            return lead_on("login.log_in", _("Your new password is set. Log in with it."))
    except ResetUnknown as error:
        return render_template("password/link_dead.html", error=error), error.status
    return render_template("password/reset_password.html", form=form, account=account), 400 if form.errors else 200


@pages.form("/moje-konto/haslo", guard=resident_required)
def change_password() -> Any:
    form, own = ChangePasswordForm(current_user.account), {"email": current_user.account.email}
    if form.validate_on_submit():
        with form.refusing(LoginRefused, Throttled, beside=form.current_password):
            account = password.change_password(current_user.session, form.current_password.data, form.new_password.data,
                                               address=request.remote_addr or "", now=clock.now())
            access.remember_device(new_tokens(account, access.browser()))
            return lead_on("password.change_password", _("Your password is changed. All your other sessions have ended."))
    if form.errors:
        return render_template("password/change_password.html", form=form, own=own), *form.answer
    return stencil.render_form("password/change_password.html", form, **own)
