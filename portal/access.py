"""Who may enter: the person behind the cookie, the guards of the views, and where a login may lead."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial, wraps
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from flask import (Blueprint, Flask, Response, abort, after_this_request, current_app, flash, make_response, redirect, request,
                   session, url_for)
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin, UserMixin, current_user, login_user, logout_user

from portal import clock
from portal.config import settings
from portal.errors import TooMany
from portal.extensions import limiter, login_manager
from portal.models import Session
from portal.models.login import ABSOLUTE, IDLE
from portal.services import login
from portal.services.login_device import Browser

View = Callable[..., Any]
Guard = Callable[[View], View]
ENDED = "_ended_id"
KNOWN_FOR = timedelta(days=400)  # As long as browsers keep a cookie: from edition to edition.
FORM_AROUND_FILES = 64 * 1024
WARN_BEFORE = timedelta(minutes=2)


class Visitor(UserMixin):  # type: ignore[misc]
    """The person of a living session: a resident (account) or an officer."""

    def __init__(self, token: str, row: Session) -> None:
        self.id, self.session, self.account, self.officer = token, row, row.account, row.officer

    @property
    def ends(self) -> tuple[int, bool]:
        """Return in how many minutes to warn that the session ends, and whether using it does not put that off (12 hours)."""
        minutes = max(0, (self.session.ends_at() - WARN_BEFORE - clock.present()) // timedelta(minutes=1))
        return minutes, bool(self.session.created_at + ABSOLUTE < self.session.seen_at + IDLE)


class Stranger(AnonymousUserMixin):  # type: ignore[misc]
    """Somebody without a session."""

    session = account = officer = None


def _load_visitor(token: str) -> Visitor | None:
    row = login.find_session(token, now=clock.now())
    return Visitor(token, row) if row else None


def browser() -> Browser:
    """Return what is known of the browser that asks."""
    tokens = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    return Browser(request.remote_addr or "", request.user_agent.string, tokens)


def enter(token: str) -> None:
    """Begin the browser's session anew for a person who has just logged in, and make the browser a known device.

    Who logs in again after the own session has ended keeps its form token, so that what was typed in another tab can be sent.
    """
    before, form_token = session.get("_user_id") or session.get(ENDED, ""), session.get("csrf_token")
    session.clear()
    visitor = _load_visitor(token)
    if visitor:
        if form_token and login.was_same_person(before, visitor.session):
            session["csrf_token"] = form_token
        login_user(visitor)
        remember_device(login.device_tokens(visitor.session, browser()))


def remember_device(tokens: str) -> None:
    """Let the answer set the long-lived cookie by which the browser is a known device (see services/login_throttle.py)."""
    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(current_app.config["DEVICE_COOKIE_NAME"], tokens, max_age=KNOWN_FOR, httponly=True, samesite="Lax",
                            secure=not settings.development)
        return response


def leave() -> None:
    """End the session here and in the database."""
    if current_user.is_authenticated:
        login.log_out(current_user.session, now=clock.now())
    logout_user()
    session.clear()


def _mark(view: View, **marks: Any) -> View:
    """Note something on a view, for what runs before it and for who checks the list of routes."""
    vars(view).update(marks)
    return view


class Pages(Blueprint):
    """The pages of a topic. Beside the address of each stands who may enter: one of the guards below."""

    def route(self, rule: str, *, guard: Guard, **options: Any) -> Guard:  # type: ignore[override]
        register = super().route(rule, **options)
        return lambda view: register(guard(view))

    def form(self, rule: str, *, guard: Guard) -> Guard:
        """Register a page that is shown, and sent back to its own address."""
        return self.route(rule, guard=guard, methods=["GET", "POST"])


def public_page(view: View) -> View:
    """Open a page to anyone; to people without a session it goes with an ETag and without a cookie, see cache.PublicPages."""
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        response = make_response(view(*args, **kwargs))
        if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
            response.headers.update({"Cache-Control": "public, max-age=0, must-revalidate", "Vary": "Cookie, Accept-Encoding"})
            response.add_etag()
        return response
    return _mark(guarded, guard="public")


def open_form(view: View) -> View:
    """Open a page with a form to anyone; it is never cached."""
    return _mark(view, guard="form")


def limited_form(per_hour: int) -> Guard:
    """Open a page with a form to anyone; it can be sent so often from an address, but not as often as a program would."""
    return lambda view: open_form(limiter.limit(f"{per_hour} per hour", methods=["POST"])(view))


def accepts_files(most: int, size: int) -> Guard:
    """Let a view be sent so many files of so many bytes; all others get no more than config.MAX_CONTENT_LENGTH."""
    return partial(_mark, most_bytes=most * size + FORM_AROUND_FILES)


def machine(view: View) -> View:
    """Open an address to a machine, which proves itself by a secret in the address: it has no session and so no CSRF token."""
    return _mark(view, guard="machine")


def resident_required(view: View) -> View:
    """Let residents in; send everyone else to the login and back afterwards."""
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return to_login("login.log_in") if current_user.account is None else view(*args, **kwargs)
    return _mark(guarded, guard="resident")


def to_login(endpoint: str) -> Any:
    """Send somebody to a login, and afterwards to the page that was asked for, or the one whose form was sent."""
    if not current_user.is_authenticated and "_user_id" in session:
        session[ENDED] = session.pop("_user_id")
        flash(_("Your session has ended because nothing happened for a while. Log in again to go on; "
                "what was not saved yet has to be chosen or typed anew."), "warning")
    asked = request.full_path.rstrip("?") if request.method == "GET" else urlunsplit(("", "", *came_from()[2:4], "")) or None
    return redirect(url_for(endpoint, next=asked))


def resident_form(view: View) -> View:
    """Let residents in to a form, which can be sent often, but not as often as a program would."""
    return resident_required(limiter.limit("120 per hour", methods=["POST"])(view))


def came_from() -> SplitResult:
    """Return the address of the page that led here; an empty one for what is no address."""
    with suppress(ValueError):
        return urlsplit(request.referrer or "")
    return urlsplit("")


def safe_next_url(default: str) -> str:
    """Return where the visitor wanted to go, if that is a page of this portal."""
    target = request.args.get("next", "")
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside else default


def lead_on(endpoint: str, said: str, kind: str = "success", **values: Any) -> Any:
    """Lead to the page where things go on, which says first what was done, or why not."""
    flash(said, kind)
    return redirect(url_for(endpoint, **values))


def send_again(service: Callable[..., object], *whom: Any, said: str, then: str, **values: str) -> Any:
    """Have a code or a link sent once more, and lead on to a page that says so, or that it was asked for too often."""
    try:
        service(*whom, **values, now=clock.now())
        return lead_on(then, said)
    except TooMany as error:
        return lead_on(then, _(error.message), "error")


def _refuse_unprintable_addresses() -> None:
    """Answer 404 to an address with NUL or other controls, which leads nowhere and which PostgreSQL cannot even look up."""
    if not request.path.isprintable() or b"%00" in request.query_string:
        abort(404)


def _limit_body(endpoint: str | None, _values: object) -> None:
    """Set the limit of the view before anything, the check of the form's token too, reads the body."""
    request.max_content_length = getattr(current_app.view_functions.get(endpoint or ""), "most_bytes", None)


def init_app(app: Flask) -> None:
    app.url_value_preprocessor(_limit_body)  # These run before all functions of before_request.
    app.before_request(_refuse_unprintable_addresses)
    login_manager.session_protection = None  # Sessions are rows of ours; an address may change on a train.
    login_manager.anonymous_user = Stranger
    login_manager.user_loader(_load_visitor)
    login_manager.init_app(app)
