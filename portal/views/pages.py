"""What editors write: FAQ, guides, regulations and the contact, each with its label and history; news; and the search.

/faq, /kontakt, /strony/<slug> → /strony/<slug>/historia; /aktualnosci; /szukaj
"""

from flask import render_template, request

from portal import cache, clock
from portal.access import Pages, public_page
from portal.difference import paragraphs
from portal.errors import NotFound, require
from portal.i18n import language
from portal.models import PageVersion
from portal.models.page import OWN_ADDRESSES
from portal.services import pages as written, proposals_catalogue
from portal.templating import current_edition, current_pages, prose

pages = Pages("pages", __name__)
MOST_LETTERS, MOST_FOUND = 100, 20


def _history(slug: str) -> list[PageVersion]:
    return require(written.history(slug, language(), now=clock.now()), NotFound)


@pages.get("/strony/<slug>", guard=public_page)
def show_page(slug: str) -> str:
    versions = _history(slug)
    first = versions[-1].published_at
    return render_template("pages/show_page.html", page=versions[0].page, version=versions[0], first=first,
                           prose=prose(versions[0], first), shown=current_edition() if slug == "kalendarz" else None)


for name in OWN_ADDRESSES:
    pages.add_url_rule(f"/{name}", "show_page", defaults={"slug": name})


@pages.get("/strony/<slug>/historia", guard=public_page)
def show_history(slug: str) -> str:
    versions = _history(slug)
    steps = [(version, before and cache.same(("changes", before.id, version.id), lambda pair=(before, version): [
        *paragraphs(*(each.whole for each in pair))])) for version, before in zip(versions, [*versions[1:], None])]
    return render_template("pages/show_history.html", page=versions[0].page, version=versions[0], steps=steps)


@pages.get("/aktualnosci", guard=public_page)
def list_news() -> str:
    return render_template("pages/list_news.html", news=[version for version in current_pages() if version.page.is_news])


@pages.get("/szukaj", guard=public_page)
def find() -> str:
    typed, edition = request.args.get("q", "").strip()[:MOST_LETTERS], current_edition()
    entries = cache.remember(("entries", edition.id), lambda: proposals_catalogue.load(edition)) if edition and typed else []
    public = [version for version in current_pages() if version.page.is_news or version.page.position]  # Others: for officers.
    projects, words = proposals_catalogue.find(entries, typed)
    return render_template("pages/find.html", typed=typed, found=written.search(public, typed) if typed else [],
                           projects=proposals_catalogue.best_first(projects, words)[:MOST_FOUND], count=len(projects))
