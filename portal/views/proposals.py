"""The public catalogue.

/projekty → /projekty/<slug>
"""

from flask import Blueprint, render_template, request

from portal.access import public_page
from portal.errors import NotFound
from portal.models.district import District
from portal.models.edition import Pool
from portal.models.proposal import Proposal
from portal.templating import current_edition

pages = Blueprint("proposals", __name__, url_prefix="/projekty")


@pages.get("")
@public_page
def list_proposals() -> str:
    """List an edition's proposals, of one pool when asked (?pula=miasto or a district's number)."""
    edition = current_edition()
    chosen = request.args.get("pula", "")
    query = Proposal.public(edition) if edition else Proposal.select().where(False)
    if chosen == "miasto":
        query = query.where(Pool.district.is_null())
    elif chosen.isdecimal() and chosen.isascii() and len(chosen) < 4:
        query = query.where(Pool.district == District.get_or_none(District.number == int(chosen)))
    districts = District.of_city()
    return render_template("proposals/list_proposals.html", proposals=list(query), chosen=chosen, districts=list(districts))


@pages.get("/<slug>")
@public_page
def show_proposal(slug: str) -> str:
    proposal = Proposal.published(slug)
    if proposal is None:
        raise NotFound
    return render_template("proposals/show_proposal.html", proposal=proposal, costs=list(proposal.cost_items))
