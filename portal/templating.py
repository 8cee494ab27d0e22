"""What every template knows: the site, the edition, the visitor's language, addresses of assets, and the layout's parts."""

import hashlib
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import cache as once
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from markupsafe import Markup

from portal import cache, clock, markdown
from portal.config import settings
from portal.errors import N_
from portal.i18n import day, language
from portal.models import Edition, PageVersion, Phase
from portal.services import pages as written, proposals_draft, voting

BUILD = Path(__file__).with_name("static") / "build"
TOKEN, ADDRESS = cache.blank("token"), cache.blank("address")
PARTS = ("head", "top", "account_menu", "footer", "session")  # Of the layout, each a macro of layouts/parts.html.
MAIN_MENU = (("/projekty", N_("Projects")), ("/glosowanie", N_("Voting")), ("/wyniki", N_("Results")),
             ("/aktualnosci", N_("News")), ("/faq", N_("Help")), ("/szukaj", N_("Search")))
ACCOUNT_MENU = (("/moje-konto", N_("Overview")), ("/moje-konto/projekty", N_("Your projects")), ("/glosowanie", N_("Voting")),
                ("/moje-konto/dane", N_("Update my data")), ("/moje-konto/haslo", N_("Password")),
                ("/moje-konto/sesje", N_("Your sessions")), ("/moje-konto/moje-dane", N_("My data")))
Menu = tuple[tuple[str, str], ...]


def site() -> SimpleNamespace:
    """Return the settings that pages show, as templates read them and texts of editors name them."""
    alike = ("city", "publisher", "contact_email", "contact_phone", "office_address", "controller", "dpo_email")
    return SimpleNamespace(**{name: getattr(settings, name) for name in alike}, name=settings.site_name, site=settings.site_name,
                           address=settings.base_url, office_hours=_("working days %(hours)s", hours=settings.office_hours))


@once
def asset(name: str) -> str:
    """Return the address of a built asset, with a fingerprint of its content."""
    return f"/static/build/{name}?v={hashlib.sha256((BUILD / name).read_bytes()).hexdigest()[:10]}"


def _known(key: Hashable, find: Callable[[datetime], Any]) -> Any:
    """Return what is found for this moment, from the cache unless an officer looks at another date."""
    now = clock.now()
    return find(now) if clock.is_previewing() else cache.remember(key, lambda: find(now))


def current_edition() -> Edition | None:
    """Return the edition that pages speak of now."""
    return _known("edition", Edition.current)  # type: ignore[no-any-return]


def counted_edition() -> Edition | None:
    """Return the edition whose turnout, results and open data the menus lead to."""
    return _known("counted edition", Edition.voted_last) or current_edition()


def open_edition() -> Edition | None:
    """Return the edition that takes proposals now."""
    return _known("open edition", proposals_draft.open_edition)  # type: ignore[no-any-return]


def current_pages() -> list[PageVersion]:
    """Return what the pages of editors say now, in the reader's language where they are in it."""
    return _known(("pages", language()), lambda now: written.current(language(), now=now))  # type: ignore[no-any-return]


def prose(version: PageVersion, first: datetime | None = None) -> markdown.Prose:
    """Return what a version looks like, with what its placeholders stand for; ``first``: when the page was published first."""
    updated = version.published_at or clock.now()
    return markdown.render(version.body, {**vars(site()), "published": day(first or updated), "updated": day(updated)})


def ballot_reminder() -> bool:
    """Tell whether a choice waits to be cast; asked only on pages of people who are logged in, outside the ballot itself."""
    edition = current_edition()
    return bool(edition and current_user.account and not request.path.startswith("/glosowanie")
                and edition.phase(clock.now()) is Phase.VOTING and voting.load_draft(current_user.account, edition))


def _section(menu: Menu) -> tuple[str, str]:
    """Return the address of a menu under which the page lies, and how it is marked there."""
    here = request.path
    section = max((href for href, _label in menu if f"{here}/".startswith(f"{href}/")), key=len, default="")
    return section, "page" if here == section else "true"


def _linked() -> Menu:
    """Return addresses and titles of the pages at the foot of every page."""
    placed = [version for version in current_pages() if version.page.position is not None]
    return tuple((each.page.address, each.title) for each in sorted(placed, key=lambda each: each.page.position))


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
    known = account and current_user.is_authenticated
    kind = "stranger" if not known else "officer" if current_user.officer else "resident"
    return View(language(), account, kind, current_user.ends if known else None, _section(MAIN_MENU), _section(ACCOUNT_MENU))


def layout(*, account: bool = True) -> dict[str, Markup]:
    """Return the layout's PARTS, which are made once a second for all people of a kind in a section, not once for each page.

    The visitor's token and the page's address are set in afterwards.
    """
    if "layout" in g:
        return g.layout  # type: ignore[no-any-return]
    view = current_view(account=account)

    def make() -> dict[str, Markup]:
        parts = current_app.jinja_env.get_template("layouts/parts.html").make_module({
            **_context(), **view._asdict(), "main_menu": MAIN_MENU, "own_menu": ACCOUNT_MENU,
            "linked": _linked(), "counted": counted_edition(), "token": TOKEN, "address": ADDRESS})
        return {part: getattr(parts, part)() for part in PARTS}
    made = make() if clock.is_previewing() else cache.remember(("layout", view), make)
    token = generate_csrf() if view.kind != "stranger" else ""
    readable = request.method in {"GET", "HEAD"} or request.url_rule and "GET" in (request.url_rule.methods or ())
    here = quote(request.path if readable else "/")
    g.layout = {part: text.replace(TOKEN, token).replace(ADDRESS, here) for part, text in made.items()}
    return g.layout  # type: ignore[no-any-return]


def _context() -> dict[str, Any]:
    return {"site": site(), "edition": current_edition(), "lang": language()}


def init_app(app: Flask) -> None:
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    parts = {package: PackageLoader(package) for package in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    app.jinja_loader = ChoiceLoader([app.jinja_loader, PrefixLoader(parts)])  # type: ignore[list-item]
    app.jinja_env.globals.update(asset=asset, layout=layout, open_edition=open_edition, ballot_reminder=ballot_reminder)
    app.context_processor(_context)
