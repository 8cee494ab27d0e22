"""What every template knows: the site, the edition, the visitor's language, addresses of assets, and the layout's parts."""

import hashlib
from functools import cache as once
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, current_app, request
from flask_babel import gettext as _
from flask_login import current_user
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from portal import cache, clock
from portal.config import settings
from portal.errors import N_
from portal.i18n import LANGUAGES, day, language
from portal.models.edition import Edition, Phase
from portal.services import voting

BUILD = Path(__file__).with_name("static") / "build"
TOKEN_HERE, ADDRESS_HERE = "the-csrf-token-of-this-visitor", "the-address-of-this-page"
MAIN_MENU = (("/projekty", N_("Projects")), ("/glosowanie", N_("Voting")))
ACCOUNT_MENU = (("/moje-konto", N_("Overview")), ("/glosowanie", N_("Voting")))
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


def _ballot_reminder() -> bool:
    """Tell whether a choice waits to be cast; asked only on pages of people who are logged in, outside the ballot itself."""
    edition = current_edition()
    return bool(edition and current_user.account and not request.path.startswith("/glosowanie")
                and edition.phase(clock.now()) is Phase.VOTING and voting.load_draft(current_user.account, edition))


def _menu(part: str) -> Menu:
    """Return the addresses and labels that a part of the layout lists."""
    edition = current_edition() if part == "header" else None
    results = ((f"/wyniki/{edition.code}", N_("Results")),) if edition else ()
    return {"header": MAIN_MENU + results, "account_menu": ACCOUNT_MENU}.get(part, ())


@pass_context
def shared(context: Context, part: str, *, account: bool = True) -> Markup:
    """Return a part of the layout that is the same for all people of a kind in a section, made once a second for all of them.

    The visitor's token and the page's address are set in afterwards. Without ``account`` the header asks nobody who looks.
    """
    kind = "stranger"
    if account and part == "header" and current_user.is_authenticated:
        kind = "officer" if current_user.officer else "resident"
    menu, here = _menu(part), request.path
    section = max((href for href, _label in menu if f"{here}/".startswith(f"{href}/")), key=len, default="")

    def make() -> Markup:
        parts = current_app.jinja_env.get_template("layouts/parts.html").make_module({
            "site": SITE, "lang": language(), "languages": LANGUAGES, "account": account, "kind": kind, "menu": menu,
            "section": section, "mark": "page" if here == section else "true", "line": calendar_line(), "token": TOKEN_HERE,
            "address": ADDRESS_HERE})
        written: Markup = getattr(parts, part)()
        return written
    key = part, language(), account, kind, section, here == section
    text = make() if clock.is_previewing() else cache.remember(key, make)
    if TOKEN_HERE in text:
        text = text.replace(TOKEN_HERE, context["csrf_token"]())
    return text.replace(ADDRESS_HERE, quote(here if request.method == "GET" else "/"))


def _context() -> dict[str, Any]:
    return {"site": SITE, "edition": current_edition(), "lang": language()}


def init_app(app: Flask) -> None:
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    parts = {package: PackageLoader(package) for package in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    app.jinja_loader = ChoiceLoader([app.jinja_loader, PrefixLoader(parts)])  # type: ignore[list-item]
    app.jinja_env.globals.update(asset=asset, shared=shared, calendar_line=calendar_line, ballot_reminder=_ballot_reminder)
    app.context_processor(_context)
