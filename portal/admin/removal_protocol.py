"""The protocol of a removal as a PDF for the city's file: who claimed, who decided and how, what went and what could not go."""

import json
from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import i18n
from portal.admin import labels
from portal.admin.removal_approval import rows
from portal.models.edition import Edition, Phase
from portal.models.removal import RemovalCase
from portal.paper import Paper
from portal.services.removal import Extent


def moment(written: str) -> str:
    return i18n.moment(datetime.fromisoformat(written))


def make_protocol(case: RemovalCase) -> bytes:
    """Return the protocol of a case that ended with a removal, in the city's language."""
    told = json.loads(case.protocol or "{}")
    extent, at = Extent(**told["extent"]), datetime.fromisoformat(told["removed_at"])
    touched = Edition.select().where(Edition.code.in_([code for code, _state in extent.ballots]))
    with force_locale(i18n.DEFAULT):
        paper = Paper(_("Case %(number)s, page %(page)s of %(pages)s", number=told["number"], page="{page}", pages="{nb}"))
        return paper.print(
            "admin/removal/protocol.html", told=told, moment=moment, proofs=dict(labels.PROOFS), deeds=dict(labels.DEEDS),
            goes=rows(extent, labels.GOES), stays=rows(extent, labels.STAYS),
            announced=[edition.name for edition in touched if edition.phase(at) is Phase.RESULTS])
