"""Who may enter: the person behind the cookie, the guards of the views, and where a login may lead."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, make_response, redirect, request, session, url_for
from flask_login import AnonymousUserMixin, UserMixin, current_user, login_user, logout_user

from portal import cache, clock
from portal.extensions import login_manager
from portal.i18n import choose_language
from portal.models.login import Session
from portal.services import login

View = Callable[..., Any]


class Visitor(UserMixin):  # type: ignore[misc]
    """The person of a living session: a resident (account) or an officer."""

    def __init__(self, token: str, row: Session) -> None:
        self.token, self.session, self.account, self.officer = token, row, row.account, row.officer

    def get_id(self) -> str:
        return self.token


class Stranger(AnonymousUserMixin):  # type: ignore[misc]
    """Somebody without a session."""

    session = account = officer = None


def _load_visitor(token: str) -> Visitor | None:
    row = login.find_session(token, now=clock.now())
    return Visitor(token, row) if row else None


def enter(token: str) -> None:
    """Begin the browser's session anew for a person who has just logged in."""
    session.clear()
    visitor = _load_visitor(token)
    if visitor:
        login_user(visitor)


def leave() -> None:
    """End the session here and in the database."""
    if current_user.is_authenticated:
        login.log_out(current_user.session)
    logout_user()
    session.clear()


def public_page(view: View) -> View:
    """Open a page to anyone; for people without a session it comes from the cache, with an ETag and without a cookie."""
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
            return view(*args, **kwargs)
        response = cache.remember(("page", request.full_path, choose_language()), lambda: _finished(view(*args, **kwargs)))
        copy = Response(response.data, response.status, mimetype=response.mimetype, headers=response.headers)
        return copy.make_conditional(request)
    guarded.guard = "public"  # type: ignore[attr-defined]
    return guarded


def _finished(answer: Any) -> Response:
    response = make_response(answer)
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Vary"] = "Cookie"
    response.add_etag()
    return response


def open_form(view: View) -> View:
    """Open a page with a form to anyone; it is never cached."""
    view.guard = "form"  # type: ignore[attr-defined]
    return view


def resident_required(view: View) -> View:
    """Let residents in; send everyone else to the login and back afterwards."""
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_user.account is None:
            target = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("login.log_in", next=target))
        return view(*args, **kwargs)
    guarded.guard = "resident"  # type: ignore[attr-defined]
    return guarded


def officer_required(*roles: str) -> Callable[[View], View]:
    """Let officers of these roles in; to everyone else the page does not exist."""
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if current_user.officer is None or current_user.officer.role not in roles:
                abort(404)
            return view(*args, **kwargs)
        guarded.guard = "officer"  # type: ignore[attr-defined]
        return guarded
    return decorate


def safe_next_url(default: str) -> str:
    """Return where the visitor wanted to go, if that is a page of this portal."""
    target = request.args.get("next", "")
    parts = urlsplit(target) if target.isprintable() else urlsplit("")
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return target if inside and "\\" not in target else default


def init_app(app: Flask) -> None:
    login_manager.session_protection = None  # Sessions are rows of ours; an address may change on a train.
    login_manager.anonymous_user = Stranger
    login_manager.user_loader(_load_visitor)
    login_manager.init_app(app)
