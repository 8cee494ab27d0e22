"""For the machines that watch the portal.

/healthz (the process answers) → /readyz (so does the database, and it is up to date)
"""

from typing import Any

from peewee import PeeweeException

from portal import database
from portal.access import Pages, open_form

pages = Pages("health", __name__)


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
