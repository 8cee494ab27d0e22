"""Turnout and results of an edition, as a whole and pool by pool.

/wyniki, /wyniki/<code> → /wyniki/<code>/<pool>
"""

from flask import render_template, url_for

from portal import clock
from portal.access import Pages, public_page
from portal.errors import N_, NotFound, ResultsSecret, require
from portal.models import Edition
from portal.services import proposals_catalogue, results, results_publication
from portal.templating import counted_edition

pages = Pages("results", __name__, url_prefix="/wyniki")
NONE_YET = N_("There are no results here. Perhaps nobody has voted yet.")
Contests = dict[str, tuple[results.PoolResult, results.PoolResult]]  # By the pool's key, with the comparison.


@pages.app_template_global()
def results_are_public(edition: Edition) -> bool:
    return results_publication.is_public(edition, now=clock.now())


def _find(code: str) -> tuple[Edition, results_publication.Published, Contests]:
    """Return what everybody may know of an edition: until its results are published, the turnout."""
    edition = require(Edition.get_or_none(Edition.code == code) if code else counted_edition(), NotFound(NONE_YET))
    try:
        told = results_publication.published(edition, now=clock.now())
    except ResultsSecret:
        return edition, results_publication.Published([], [], results.turnout(edition)), {}
    keys = {name: key for key, name in proposals_catalogue.pools(edition).items()}
    return edition, told, {keys[pair[0].pool.name]: pair for pair in zip(told.results, told.comparison)}


@pages.get("/<code>", guard=public_page)
def show_results(code: str) -> str:
    edition, told, contests = _find(code)
    others = Edition.select().where(Edition.voting_to < clock.now(), Edition.id != edition.id).order_by(Edition.voting_to.desc())
    return render_template("results/show_results.html", shown=edition, others=others, phase=edition.phase(clock.now()), told=told,
                           contests=contests)


pages.add_url_rule("", "show_results", defaults={"code": ""})


@pages.get("/<code>/<pool>", guard=public_page)
def show_pool(code: str, pool: str) -> str:
    edition, told, contests = _find(code)
    result, other = require(contests.get(pool), NotFound)
    bars = [(result.proposals[each.entry.id].title, each.entry.points, each.funded) for each in result.outcomes]
    places = [(won.latitude, won.longitude, won.title, url_for("proposals.show_proposal", slug=won.slug))
              for won in result.winners if won.latitude is not None and won.longitude is not None]
    return render_template("results/show_pool.html", shown=edition, told=told, result=result, other=other, bars=bars,
                           places=places)
