"""The catalogue of an edition in memory: its proposals as plain values, found by words, filtered, sorted and compared.

An edition has a few thousand of them, and no database folds Polish letters as people type them.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from peewee import JOIN

from portal.errors import N_
from portal.models import Category, District, Edition, Pool, Proposal, ProposalState as S

STATES: dict[str, str] = {
    S.DRAFT: N_("Draft"), S.SUBMITTED: N_("Submitted"), S.RETURNED: N_("Returned for correction"),
    S.IN_ASSESSMENT: N_("Being assessed"), S.ADMITTED: N_("Admitted"), S.REFUSED: N_("Refused"), S.PROTESTED: N_("Under protest"),
    S.ON_BALLOT: N_("On the ballot"), S.FUNDED: N_("Funded"), S.NOT_FUNDED: N_("Not funded"),
    S.IN_PROGRESS: N_("Being carried out"), S.DONE: N_("Done"), S.ABANDONED: N_("Abandoned"), S.WITHDRAWN: N_("Withdrawn")}
CATEGORIES: dict[str, str] = {
    Category.ACCESSIBILITY: N_("Accessibility"), Category.COMMUNITY: N_("Community"), Category.CULTURE: N_("Culture"),
    Category.EDUCATION: N_("Education"), Category.ENVIRONMENT: N_("Environment"), Category.GREENERY: N_("Greenery"),
    Category.HEALTH: N_("Health"), Category.MOBILITY: N_("Transport"), Category.SAFETY: N_("Safety"), Category.SPORT: N_("Sport")}
CITYWIDE = "miasto"  # The pool of the whole city, as addresses call it.
POOL_ORDER = (Pool.district.is_null(False), District.number.is_null(), District.number, District.name)
NEAR, ALIKE, MOST_ALIKE = 300, .15, 5  # Metres; share of common words; most named.
STEM, ENDING = 5, 3  # Letters that inflection keeps, and those that it may add.


class Entry(NamedTuple):
    """A proposal as lists show it: cost in grosze; pool as addresses name it; words as the search compares them."""

    slug: str
    number: str
    title: str
    summary: str
    state: str
    cost: int
    latitude: float | None
    longitude: float | None
    submitted_at: datetime | None
    categories: tuple[str, ...]
    pool: str
    pool_name: str | None  # None: citywide.
    words: str


class Filters(NamedTuple):
    """What somebody looks for; empty or None: anything. Costs in grosze, ``sort`` one of ORDERS."""

    words: str = ""
    pool: str = ""
    category: str = ""
    state: str = ""
    cost_from: int | None = None
    cost_to: int | None = None
    sort: str = ""


# Without any of these: what fits the words best, else citywide first and in the order of the lot.
ORDERS: dict[str, tuple[str, Callable[[Entry], Any]]] = {
    "najnowsze": (N_("Newest first"), lambda entry: -entry.submitted_at.timestamp() if entry.submitted_at else 0),
    "najtansze": (N_("Lowest cost first"), lambda entry: entry.cost),
    "najdrozsze": (N_("Highest cost first"), lambda entry: -entry.cost),
    "tytul": (N_("By title"), lambda entry: entry.words)}


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return the words of a text without case, accents and signs, each with a blank before it."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("ł", "l"))
    return "".join(f" {word}" for word in re.findall(r"\w+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def _mark(number: str) -> str:
    """Return a number, or whole parts of one, as they stand among the words of an entry."""
    marked = f".{number.casefold().replace('/', '.').strip('.')}."
    return marked if "." in marked[1:-1] else f" {marked}"  # Without a dot it has to be the whole.


def _pool(number: int | None, name: str | None) -> str:
    return str(number or fold(name)[1:].replace(" ", "-")) if name else CITYWIDE


def pools_of(edition: Edition) -> Any:
    """Select an edition's pools with their districts, the citywide one first."""
    return Pool.select(Pool, District).join(District, JOIN.LEFT_OUTER).where(Pool.edition == edition).order_by(*POOL_ORDER)


def pools(edition: Edition) -> dict[str, str | None]:
    """Return the names of an edition's pools, by what addresses call them; None names the citywide one, which comes first."""
    return {_pool(number, name): name for number, name in pools_of(edition).select(District.number, District.name).tuples()}


def load(edition: Edition) -> list[Entry]:
    """Read all that an edition lists: citywide first, then by district, each pool in the order of the lot."""
    order = *POOL_ORDER, Proposal.ballot_order.is_null(), Proposal.ballot_order, Proposal.id
    rows = Proposal.public(edition).order_by(*order).select(
        Proposal.slug, Proposal.number, Proposal.title, Proposal.summary, Proposal.state, Proposal.cost, Proposal.latitude,
        Proposal.longitude, Proposal.submitted_at, Proposal.categories, Proposal.place, District.number, District.name)
    return [Entry._make((*shown, tuple(filter(None, map(str.strip, categories.split(",")))), _pool(number, name), name,
                         f"{fold(f'{shown[2]} {shown[3]} {place}')} {_mark(shown[1]).strip()}"))
            for *shown, categories, place, number, name in rows.tuples()]


def _having(entries: list[Any], words: list[str], number: str) -> list[Any]:
    if number:
        return [entry for entry in entries if number in entry.words or all(word in entry.words for word in words)]
    for word in words:
        entries = [entry for entry in entries if word in entry.words]
    return entries


def find(entries: Iterable[Any], typed: str) -> tuple[list[Any], list[str]]:
    """Return those whose ``words`` fit, and for what they were looked through.

    Each word begins a word of theirs, or is their number or a part of it (BO.D4, D4.7/26).

    A word that nothing begins with is looked for without its ending: who types "ławkami" means "ławki". Single letters tell
    nothing.
    """
    terms, words = [term for term in typed.split() if len(term) > 1 or term.isdigit()], list[str]()
    found = list(entries) if terms or not fold(typed).strip() else []
    for term in terms:
        whole = [f" {word}" for word in fold(term).split()] or [""]
        number = _mark(term) if re.search(r"\d", term) else ""
        for looked_for in (whole, [word[:max(STEM, len(word) - ENDING)] for word in whole]):
            fits = _having(found, looked_for, number)
            if fits:
                break
        found, words = fits, [*words, *looked_for]
    return found, words


def best_first(entries: Iterable[Any], words: list[str]) -> list[Any]:
    """Return what was found by words in the order of how early they stand in it: those of the title come first."""
    return sorted(entries, key=lambda entry: sum(map(entry.words.find, words)))


def search(entries: Iterable[Entry], filters: Filters) -> list[Entry]:
    """Return the entries that fit all filters, in their order."""
    found = list(entries)
    for name, value in (("pool", filters.pool), ("state", filters.state)):
        found = [entry for entry in found if getattr(entry, name) == value] if value else found
    if filters.category:
        found = [entry for entry in found if filters.category in entry.categories]
    if filters.cost_from is not None or filters.cost_to is not None:
        least, most = filters.cost_from or 0, math.inf if filters.cost_to is None else filters.cost_to
        found = [entry for entry in found if least <= entry.cost <= most]
    found, words = find(found, filters.words)
    if filters.sort in ORDERS:
        return sorted(found, key=ORDERS[filters.sort][1])
    return best_first(found, words) if words else found


def similar(entries: Iterable[Entry], title: str, summary: str, point: tuple[float, float] | None) -> list[Entry]:
    """Return up to five entries that say much the same or are within 300 m of a point (latitude, longitude), closest first."""
    def stems(text: str) -> set[str]:
        return {word[:STEM] for word in text.split() if len(word) >= STEM - 1}

    def likeness(entry: Entry) -> float:
        theirs = stems(fold(f"{entry.title} {entry.summary}"))
        shared = len(own & theirs) / len(own | theirs) if own & theirs else 0
        metres = math.inf
        if point and entry.latitude is not None and entry.longitude is not None:
            north, east = entry.latitude - point[0], (entry.longitude - point[1]) * math.cos(math.radians(point[0]))
            metres = 111_195 * math.hypot(north, east)
        return (shared if shared >= ALIKE else 0) + max(0, 1 - metres / NEAR)
    own = stems(fold(f"{title} {summary}"))
    scored = sorted(((likeness(entry), entry) for entry in entries), key=lambda pair: -pair[0])
    return [entry for score, entry in scored[:MOST_ALIKE] if score > 0]
