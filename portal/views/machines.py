"""What other machines tell the portal and ask it.

/hooks/sms/<secret>: the gateway's delivery reports of text messages; sms.send() hands it this address with each message
/healthz (the process answers), /readyz (so does the database, and it is up to date)
"""

import logging
from typing import Any

from flask import abort, request
from peewee import PeeweeException

from portal import clock, crypto, database
from portal.access import Pages, machine, open_form
from portal.extensions import csrf
from portal.messaging import outbox, sms

log = logging.getLogger(__name__)
pages = Pages("machines", __name__)
csrf.exempt(pages)  # No browser comes here with a session that another site could use: the secret is what lets a caller in.


@pages.route("/hooks/sms/<secret>", guard=machine, methods=["GET", "POST"])
def report_sms(secret: str) -> Any:
    """Note what became of messages, and answer OK, else the gateway repeats its report; what is unknown is no reason to.

    The gateway reports by GET. That it writes here is harmless: no page links here, and a repetition changes nothing.
    """
    if not crypto.same(secret, sms.report_secret()):
        abort(404)
    reports = list(sms.read_reports(request.values))
    with database.transaction():
        new = sum(outbox.note_report(report, now=clock.now()) for report in reports)
    log.info("the text message gateway sent %d reports, %d of them new", len(reports), new)  # Whose, the log need not know.
    return "OK", {"Content-Type": "text/plain"}


@pages.get("/healthz", guard=open_form)
def alive() -> Any:
    return "ok", {"Content-Type": "text/plain"}


@pages.get("/readyz", guard=open_form)
def ready() -> Any:
    try:
        missing = "migrations" if database.pending() else ""
    except PeeweeException:
        missing = "database"
    return missing or "ok", 503 if missing else 200, {"Content-Type": "text/plain"}
