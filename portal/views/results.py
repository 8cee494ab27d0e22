"""Turnout and results of an edition.

/wyniki/<code>
"""

from flask import Blueprint, render_template
from flask_babel import gettext as _

from portal import clock
from portal.access import public_page
from portal.errors import NotFound
from portal.i18n import day
from portal.models.edition import Edition, Phase
from portal.services import results

pages = Blueprint("results", __name__, url_prefix="/wyniki")


@pages.get("/<code>")
@public_page
def show_results(code: str) -> str:
    edition = Edition.get_or_none(Edition.code == code)
    if edition is None:
        raise NotFound
    phase = edition.phase(clock.now())
    counted = results.count_edition(edition, now=clock.present()) if phase is Phase.RESULTS else []
    turnout = results.turnout(edition)
    tables = [(_("Turnout by day"), _("Day"), [(day(on), voters) for on, voters in turnout.by_day]),
              (_("Turnout by district"), _("District"), turnout.by_district)]
    return render_template("results/show_results.html", shown=edition, phase=phase, results=counted, turnout=turnout,
                           turnout_tables=tables)
