"""The home page, the way to contact the city, and the language switch.

/ → /kontakt → /jezyk/<code>
"""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for

from portal.access import open_form, public_page, safe_next_url
from portal.config import settings
from portal.i18n import COOKIE, LANGUAGES
from portal.models import Pool, Proposal
from portal.templating import current_edition

pages = Blueprint("home", __name__)
YEAR = 365 * 24 * 3600


@pages.get("/")
@public_page
def show_home() -> str:
    edition = current_edition()
    proposals, pools = Proposal.public(edition), Pool.select().where(Pool.edition == edition)
    return render_template("home/show_home.html", proposals=list(proposals.limit(6)), count=proposals.count(), pools=list(pools))


@pages.get("/kontakt")
@public_page
def contact() -> str:
    return render_template("home/contact.html")


@pages.get("/jezyk/<code>")
@open_form
def switch_language(code: str) -> Any:
    if code not in LANGUAGES:
        abort(404)
    response = redirect(safe_next_url(url_for("home.show_home")))
    response.set_cookie(COOKIE, code, max_age=YEAR, samesite="Lax", httponly=True, secure=not settings.development)
    return response
