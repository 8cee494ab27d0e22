"""Login and logout of residents, and their sessions.

/logowanie → /moje-konto → /moje-konto/sesje → /wyloguj; in a tab of its own /moje-konto/sesje/przedluz
"""

from typing import Any
from urllib.parse import urlsplit

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import access, clock, i18n, stencil
from portal.access import Pages, lead_on, open_form, resident_required, safe_next_url
from portal.errors import LoginRefused, Throttled
from portal.forms.login import LoginForm
from portal.models import Session
from portal.services import login
from portal.services.login_device import device_words

pages = Pages("login", __name__)


@pages.form("/logowanie", guard=open_form)
def log_in() -> Any:
    if current_user.account:
        return redirect(safe_next_url(url_for("profile.overview")))
    form = LoginForm()
    if form.validate_on_submit():
        with form.refusing(LoginRefused, Throttled):
            access.enter(login.log_in(form.email.data, form.password.data, browser=access.browser(), now=clock.now()))
            return redirect(safe_next_url(url_for("profile.overview")))
    return render_template("login/log_in.html", form=form, throttled=isinstance(form.refusal, Throttled)), *form.answer


@pages.post("/wyloguj", guard=open_form)
def log_out() -> Any:
    access.leave()
    return lead_on("home.show_home", _("You are logged out."))


@pages.get("/moje-konto/sesje", guard=resident_required)
def list_sessions() -> Any:
    own, rows = {}, []
    for at, one in enumerate(Session.of(current_user.account, clock.now())):
        device = device_words(one.user_agent)
        own |= {f"device_{at}": device, f"since_{at}": i18n.moment(one.created_at), f"used_{at}": i18n.moment(one.seen_at),
                f"uid_{at}": one.uid}
        rows.append((bool(device), one.id == current_user.session.id))
    return stencil.render("login/list_sessions.html", own, rows=tuple(rows))


@pages.post("/moje-konto/sesje/<uid>/zakoncz", guard=resident_required)
def end_session(uid: str) -> Any:
    login.end_session(current_user.account, uid)
    return lead_on("login.list_sessions", _("The session has ended."))


@pages.post("/moje-konto/sesje/zakoncz-inne", guard=resident_required)
def end_other_sessions() -> Any:
    login.end_sessions(current_user.account, but=current_user.session)
    return lead_on("login.list_sessions", _("All your other sessions have ended."))


@pages.post("/moje-konto/sesje/przedluz", guard=open_form)
def extend_session() -> Any:
    """Tell until when the session of a resident or an officer goes on; that this request used it has put its end off."""
    if not current_user.is_authenticated:
        in_panel = urlsplit(request.referrer or "").path.startswith("/admin")
        return render_template("login/session_over.html", login_url="/admin/logowanie" if in_panel else "/logowanie"), 409
    return render_template("login/session_extended.html")
