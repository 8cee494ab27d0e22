"""The home page and the language switch.

/ → /jezyk/<code>
"""

from typing import Any
from urllib.parse import quote, unquote

from flask import abort, redirect, render_template, url_for

from portal.access import Pages, came_from, open_form, public_page, safe_next_url
from portal.config import settings
from portal.i18n import COOKIE, LANGUAGES
from portal.models import Pool, Proposal
from portal.templating import current_edition, current_pages

pages = Pages("home", __name__)


@pages.get("/", guard=public_page)
def show_home() -> str:
    edition = current_edition()
    proposals, pools = Proposal.public(edition), Pool.select().where(Pool.edition == edition)
    news = [version for version in current_pages() if version.page.is_news]
    return render_template("home/show_home.html", proposals=list(proposals.limit(6)), count=proposals.count(), pools=list(pools),
                           news=news[:3])


@pages.get("/jezyk/<code>", guard=open_form)
def switch_language(code: str) -> Any:
    if code not in LANGUAGES:
        abort(404)
    here, before = safe_next_url(url_for("home.show_home")), came_from()
    response = redirect(f"{here}?{before.query}" if before.query and quote(unquote(before.path)) == quote(here) else here)
    response.set_cookie(COOKIE, code, max_age=365 * 24 * 3600, samesite="Lax", httponly=True, secure=not settings.development)
    return response
