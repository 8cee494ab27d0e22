"""The public catalogue of an edition, as list, map, print and file, the projects in it, and the lot that orders them.

/projekty → /projekty/mapa.json, /projekty.csv → /projekty/<slug>; /losowanie/<code>
"""

import csv
import io
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from flask import Response, get_template_attribute, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup, escape

from portal import cache, clock, stencil
from portal.access import Pages, public_page
from portal.config import settings
from portal.errors import NotFound, require
from portal.forms.fields_typed import grosze
from portal.i18n import language
from portal.models import Attachment, Authorship, Card, CostItem, Edition, FileKind, Move, Proposal, ProposalState, Transition
from portal.models.assessment import LEADS
from portal.services import attachment, implementation, proposals, proposals_catalogue, proposals_lot, support
from portal.services.open_data import cell
from portal.services.proposals_catalogue import CATEGORIES, ORDERS, STATES, Entry, Filters
from portal.templating import current_edition

pages = Pages("proposals", __name__)
ON_PAGE, MOST_LETTERS = 24, 100
UNDECIDED = (ProposalState.SUBMITTED, ProposalState.RETURNED, ProposalState.IN_ASSESSMENT, ProposalState.WITHDRAWN)
TOLD = set(Move) - {Move.RETURNED, Move.CORRECTED}  # What everybody reads of a proposal's history.
WITH_WORDS = TOLD - {Move.SUBMITTED, Move.PROTESTED, Move.WITHDRAWN}  # Of these, with the words: those of the city.


@pages.app_template_filter()
def category_name(name: str) -> str:
    return _(CATEGORIES.get(name, name))  # Imported editions have their own.


@pages.app_template_filter()
def state_name(name: str) -> str:
    return _(STATES[name])


class Look(NamedTuple):
    """What somebody looks for in the catalogue, and what is found."""

    edition: Edition | None
    choices: dict[str, dict[str, str]]  # The values that a filter can have, with their names.
    asked: dict[str, str]
    found: list[Entry]

    def address(self, path: str = "/projekty", **changes: Any) -> str:
        """Return the address of the same with something changed."""
        query = urlencode({name: value for name, value in {**self.asked, **changes}.items() if value})
        query = query.replace(quote_plus(cache.blank("words")), cache.blank("query"))
        return f"{path}?{query}" if query else path


def _load(edition: Edition) -> tuple[list[Entry], dict[str, dict[str, str]]]:
    """Return what the catalogue of an edition lists, and the values of its filters in the reader's language."""
    entries = proposals_catalogue.load(edition)
    used = {entry.state for entry in entries}, {name for entry in entries for name in entry.categories}
    return entries, {
        "pula": {key: name or _("Citywide projects") for key, name in proposals_catalogue.pools(edition).items()},
        "kategoria": {name: category_name(name) for name in sorted(used[1])},
        "stan": {name: state_name(name) for name in STATES if name in used[0]},
        "sortuj": {key: _(name) for key, (name, _key) in ORDERS.items()}, "widok": {"mapa": _("Map"), "druk": _("To print")}}


def _look() -> Look:
    """Read the address; what makes no sense in it is as if it were not there."""
    newest, current = Edition.select().order_by(Edition.voting_from.desc()), current_edition()
    editions = cache.remember("editions", lambda: {row.code: row for row in newest})
    edition = editions.get(request.args.get("edycja", ""), current)
    if edition is None:
        return Look(None, {}, {}, [])
    entries, filters = cache.remember(("catalogue", edition.id, language()), lambda: _load(edition))
    choices = {"edycja": {code: row.name for code, row in editions.items() if row != current}, **filters}
    given = {name: request.args.get(name, "").strip()[:MOST_LETTERS] for name in (*choices, "szukaj", "od", "do")}
    costs = {name: grosze(given[name]) for name in ("od", "do")}
    asked = {name: value for name, value in given.items()
             if value and value in choices.get(name, [value]) and costs.get(name, 0) is not None}
    words, pool, category, state, sort = (asked.get(name, "") for name in ("szukaj", "pula", "kategoria", "stan", "sortuj"))
    wanted = Filters(words, pool, category, state, costs["od"], costs["do"], sort)
    return Look(edition, choices, asked, proposals_catalogue.search(entries, wanted))


def _part(macro: str, *given: Any, file: str = "proposals") -> Markup:
    return get_template_attribute(f"components/{file}.html", macro)(*given)


def _card(entry: Entry, with_state: bool, reader: str) -> Markup:
    """Return an entry as lists show it."""
    place, state = entry.pool_name or _("citywide"), entry.state if with_state else ""
    return cache.same((entry, with_state, reader), lambda: _part("proposal_card", entry, place, state))


@pages.get("/projekty", guard=public_page)
def list_proposals() -> bytes:
    look, view = _look(), request.args.get("widok")
    last = max(1, -(-len(look.found) // ON_PAGE))
    number, cards = min(max(1, request.args.get("strona", 1, type=int)), last), escape("")
    if view == "druk":
        cards = _part("proposal_table", look.found)
    elif view != "mapa":
        own, reader = len(look.choices.get("stan", ())) > 1, language()
        cards = cards.join([_card(entry, own, reader) for entry in look.found[(number - 1) * ON_PAGE:number * ON_PAGE]])
    words = look.asked.get("szukaj", "")
    asked = {**look.asked, **({"szukaj": cache.blank("words")} if words else {})}
    return stencil.render("proposals/list_proposals.html", {"words": words, "query": quote_plus(words), "cards": cards},
                          {"look": look._replace(asked=asked)}, looked_at=look.edition, asked=tuple(asked.items()),
                          found=len(look.found), number=number, last=last)


@pages.get("/projekty/mapa.json", guard=public_page)
def list_points() -> Response:
    """Answer with what map.js shows: latitude, longitude, title and address of each project that has a place."""
    return jsonify([(entry.latitude, entry.longitude, entry.title, f"/projekty/{entry.slug}") for entry in _look().found
                    if entry.latitude is not None and entry.longitude is not None])


@pages.get("/projekty.csv", guard=public_page)
def download_list() -> Response:
    look, file = _look(), io.StringIO()
    table = csv.writer(file, delimiter=";")
    table.writerow([_("Number"), _("Title"), _("Short description"), _("Where"), _("Categories"), _("State"), _("Cost in zł"),
                    _("Latitude"), _("Longitude"), _("Address")])
    for entry in look.found:
        table.writerow(map(cell, (
            entry.number, entry.title, entry.summary, entry.pool_name or _("citywide"),
            ", ".join(map(category_name, entry.categories)), state_name(entry.state), f"{entry.cost / 100:.2f}".replace(".", ","),
            *[str(degrees or "").replace(".", ",") for degrees in (entry.latitude, entry.longitude)],
            f"{settings.base_url}/projekty/{entry.slug}")))
    name = f"projekty-{look.edition.code if look.edition else ''}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + file.getvalue(), mimetype="text/csv", headers=headers)


def _body(proposal: Proposal, costs: list[CostItem], files: list[Attachment], authors: list[Authorship]) -> Markup:
    """Return what a proposal says."""
    rows = [tuple(row.__data__.values()) for row in (proposal, *costs, *files)]
    names = [(author.shows_name, author.account.name) for author in authors]
    said = language(), proposal.pool.name, proposal.pool.edition.name, *rows, *names
    return cache.same(said, lambda: _part("proposal_body", proposal, costs, files, authors, file="proposal"))


@pages.get("/projekty/<slug>", guard=public_page)
def show_proposal(slug: str) -> str:
    proposal, account = require(Proposal.published(slug), NotFound), current_user.account
    body = _body(proposal, proposal.costs, attachment.of_proposal(proposal, FileKind.ATTACHMENT), proposals.authors(proposal))
    return render_template(
        "proposals/show_proposal.html", proposal=proposal, body=body,
        cards=Card.opinions(proposal.id) if proposal.state not in UNDECIDED else [], stages=implementation.stages(proposal),
        history=[(LEADS[step.move][1], step) for step in Transition.of_proposal(proposal.id) if step.move in TOLD],
        with_words=WITH_WORDS, standing=support.standing(proposal, account, now=clock.now()), resident=account is not None,
        address=f"{settings.base_url}/projekty/{slug}")


@pages.get("/losowanie/<code>", guard=public_page)
def show_lot(code: str) -> str:
    edition = require(Edition.get_or_none(Edition.code == code), NotFound)
    return render_template("proposals/show_lot.html", drawn=edition, order=proposals_lot.order_of(edition))
