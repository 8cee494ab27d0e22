"""What every template knows: the site, the edition, the visitor's language, addresses of assets."""

import hashlib
from functools import cache as once
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from portal import cache, clock
from portal.config import settings
from portal.i18n import LANGUAGES, day, language
from portal.models.edition import Edition, Phase
from portal.services import voting

BUILD = Path(__file__).with_name("static") / "build"


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


def calendar_line(edition: Edition | None) -> str:
    """Say in a sentence what the edition's calendar means today."""
    if edition is None:
        return ""
    now = clock.now()
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


def _has_draft(edition: Edition | None) -> bool:
    """Tell whether a choice waits to be cast; asked only on pages of people who are logged in, outside the ballot itself."""
    return bool(edition and current_user.account and not request.path.startswith("/glosowanie")
                and edition.phase(clock.now()) is Phase.VOTING and voting.load_draft(current_user.account, edition))


def _context() -> dict[str, Any]:
    edition = current_edition()
    here = request.path if request.method == "GET" else "/"  # Where the language switch leads back to.
    return {
        "site": settings_shown(),
        "edition": edition,
        "lang": language(),
        "asset": asset,
        "calendar_line": calendar_line(edition),
        "ballot_reminder": _has_draft(edition),
        "results_url": url_for("results.show_results", code=edition.code) if edition else None,
        "languages": [(code, name, url_for("home.switch_language", code=code, next=here)) for code, name in LANGUAGES.items()],
        "account_menu": [("profile.overview", _("Overview")), ("voting.choose", _("Voting"))],
        "footer_links": [(url_for("home.contact"), _("Contact"))],
    }


def settings_shown() -> dict[str, str]:
    return {"name": settings.site_name, "city": settings.city, "contact_email": settings.contact_email,
            "office_address": settings.office_address, "office_hours": settings.office_hours}


def init_app(app: Flask) -> None:
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    parts = {package: PackageLoader(package) for package in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    app.jinja_loader = ChoiceLoader([app.jinja_loader, PrefixLoader(parts)])  # type: ignore[list-item]
    app.context_processor(_context)
