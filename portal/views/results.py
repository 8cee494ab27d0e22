"""Turnout and results of an edition.

/wyniki/<code>
"""

from flask import Blueprint, render_template
from flask_babel import gettext as _

from portal import clock
from portal.access import public_page
from portal.errors import NotFound, require
from portal.i18n import day
from portal.models.edition import Edition, Phase
from portal.services import results, results_publication
from portal.services.results_publication import Published

pages = Blueprint("results", __name__, url_prefix="/wyniki")


@pages.get("/<code>")
@public_page
def show_results(code: str) -> str:
    edition = require(Edition.get_or_none(Edition.code == code), NotFound)
    phase = edition.phase(clock.now())
    told = (results_publication.published(edition, now=clock.present()) if phase is Phase.RESULTS
            else Published([], results.turnout(edition)))
    tables = [(_("Turnout by day"), _("Day"), [(day(on), voters) for on, voters in told.turnout.by_day]),
              (_("Turnout by district"), _("District"), told.turnout.by_district)]
    return render_template("results/show_results.html", shown=edition, phase=phase, told=told, turnout_tables=tables)
