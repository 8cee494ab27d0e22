"""What other machines tell the portal.

/hooks/sms/<secret>: the gateway's delivery reports of text messages; sms.send() hands it this address with each message
"""

import logging
from typing import Any

from flask import abort, request

from portal import clock, crypto
from portal.access import Pages, machine
from portal.database import transaction
from portal.extensions import csrf
from portal.messaging import outbox, sms

log = logging.getLogger(__name__)
pages = Pages("hooks", __name__, url_prefix="/hooks")
csrf.exempt(pages)  # No browser comes here with a session that another site could use: the secret is what lets a caller in.


@pages.route("/sms/<secret>", guard=machine, methods=["GET", "POST"])
def report_sms(secret: str) -> Any:
    """Note what became of messages, and answer OK, else the gateway repeats its report; what is unknown is no reason to.

    The gateway reports by GET. That it writes here is harmless: no page links here, and a repetition changes nothing.
    """
    if not crypto.same(secret, sms.report_secret()):
        abort(404)
    reports = list(sms.read_reports(request.values))
    with transaction():
        new = sum(outbox.note_report(report, now=clock.now()) for report in reports)
    log.info("the text message gateway sent %d reports, %d of them new", len(reports), new)  # Whose, the log need not know.
    return "OK", {"Content-Type": "text/plain"}
