"""What every template knows: the site, the edition, the visitor's language, addresses of assets, and the layout's parts."""

import hashlib
from dataclasses import dataclass, fields
from functools import cache as once
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from markupsafe import Markup

from portal import cache, clock
from portal.config import settings
from portal.errors import N_
from portal.i18n import LANGUAGES, day, language
from portal.models.edition import Edition, Phase
from portal.services import proposals_draft, voting

BUILD = Path(__file__).with_name("static") / "build"
TOKEN, ADDRESS = cache.blank("token"), cache.blank("address")
MAIN_MENU = (("/projekty", N_("Projects")), ("/glosowanie", N_("Voting")))
ACCOUNT_MENU = (("/moje-konto", N_("Overview")), ("/moje-konto/projekty", N_("Your projects")), ("/glosowanie", N_("Voting")),
                ("/moje-konto/dane", N_("Update my data")), ("/moje-konto/haslo", N_("Password")),
                ("/moje-konto/sesje", N_("Your sessions")), ("/moje-konto/moje-dane", N_("My data")))
Menu = tuple[tuple[str, str], ...]


class Site:
    """The settings that pages show, as templates read them."""

    name = property(lambda self: settings.site_name)
    city = property(lambda self: settings.city)
    contact_email = property(lambda self: settings.contact_email)
    office_address = property(lambda self: settings.office_address)
    office_hours = property(lambda self: settings.office_hours)


SITE = Site()


@once
def asset(name: str) -> str:
    """Return the address of a built asset, with a fingerprint of its content."""
    digest = hashlib.sha256((BUILD / name).read_bytes()).hexdigest()[:10]
    return f"/static/build/{name}?v={digest}"


def current_edition() -> Edition | None:
    """Return the edition that pages speak of now, from the cache unless an officer looks at another date."""
    now = clock.now()
    if clock.is_previewing():
        return Edition.current(now)
    return cache.remember("edition", lambda: Edition.current(now))


def open_edition() -> Edition | None:
    """Return the edition that takes proposals now, from the cache."""
    return cache.remember("open edition", lambda: proposals_draft.open_edition(clock.now()))


def calendar_line() -> str:
    """Say in a sentence what the edition's calendar means today."""
    edition, now = current_edition(), clock.now()
    if edition is None:
        return ""
    phase = edition.phase(now)
    if phase is Phase.VOTING:
        return _("Voting is open until %(day)s.", day=day(edition.voting_to))
    if phase is Phase.PROPOSALS:
        return _("Proposals are taken until %(day)s.", day=day(edition.proposals_to))
    if phase is Phase.COUNTING:
        return _("Voting has ended. Results will be announced on %(day)s.", day=day(edition.results_on))
    if phase is Phase.RESULTS:
        return _("Results of %(edition)s have been announced.", edition=edition.name)
    return _("Voting begins on %(day)s.", day=day(edition.voting_from))


def ballot_reminder() -> bool:
    """Tell whether a choice waits to be cast; asked only on pages of people who are logged in, outside the ballot itself."""
    edition = current_edition()
    return bool(edition and current_user.account and not request.path.startswith("/glosowanie")
                and edition.phase(clock.now()) is Phase.VOTING and voting.load_draft(current_user.account, edition))


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of the layout (layouts/parts.html)."""

    head: Markup
    top: Markup
    account_menu: Markup
    footer: Markup
    session: Markup


def _section(menu: Menu) -> tuple[str, str]:
    """Return the address of a menu under which the page lies, and how it is marked there."""
    here = request.path
    section = max((href for href, _label in menu if f"{here}/".startswith(f"{href}/")), key=len, default="")
    return section, "page" if here == section else "true"


def _main_menu() -> Menu:
    edition = current_edition()
    return MAIN_MENU + (((f"/wyniki/{edition.code}", N_("Results")),) if edition else ())


class View(NamedTuple):
    """All that the layout depends on."""

    lang: str
    account: bool  # Whether it shows who looks.
    kind: str  # Who looks: "stranger", "resident" or "officer".
    ends: tuple[int, bool] | None  # When the session ends.
    main: tuple[str, str]  # The page marked in each menu.
    own: tuple[str, str]


def current_view(*, account: bool = True) -> View:
    """Return what the layout depends on here; without ``account`` nobody is asked who looks."""
    kind, ends = "stranger", None
    if account and current_user.is_authenticated:
        kind, ends = "officer" if current_user.officer else "resident", current_user.ends
    return View(language(), account, kind, ends, _section(_main_menu()), _section(ACCOUNT_MENU))


def layout(*, account: bool = True) -> Layout:
    """Return the layout's parts, which are made once a second for all people of a kind in a section, not once for each page.

    The visitor's token and the page's address are set in afterwards.
    """
    if "layout" in g:
        return g.layout  # type: ignore[no-any-return]
    view = current_view(account=account)

    def make() -> Layout:
        parts = current_app.jinja_env.get_template("layouts/parts.html").make_module({
            **view._asdict(), "site": SITE, "languages": LANGUAGES, "main_menu": _main_menu(), "own_menu": ACCOUNT_MENU,
            "line": calendar_line(), "token": TOKEN, "address": ADDRESS})
        return Layout(**{part.name: getattr(parts, part.name)() for part in fields(Layout)})
    made = make() if clock.is_previewing() else cache.remember(("layout", view), make)
    token = generate_csrf() if view.kind != "stranger" else ""
    readable = request.method in {"GET", "HEAD"} or request.url_rule and "GET" in (request.url_rule.methods or ())
    here = quote(request.path if readable else "/")
    g.layout = Layout(made.head, made.top.replace(TOKEN, token), made.account_menu, made.footer.replace(ADDRESS, here),
                      made.session.replace(TOKEN, token))
    return g.layout  # type: ignore[no-any-return]


def _context() -> dict[str, Any]:
    return {"site": SITE, "edition": current_edition(), "lang": language()}


def init_app(app: Flask) -> None:
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    parts = {package: PackageLoader(package) for package in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    app.jinja_loader = ChoiceLoader([app.jinja_loader, PrefixLoader(parts)])  # type: ignore[list-item]
    app.jinja_env.globals.update(asset=asset, layout=layout, open_edition=open_edition, calendar_line=calendar_line,
                                 ballot_reminder=ballot_reminder)
    app.context_processor(_context)
