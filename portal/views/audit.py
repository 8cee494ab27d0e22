"""The daily digests of the audit log, for everybody to keep.

/dziennik
"""

from flask import render_template

from portal.access import Pages, public_page
from portal.services import audit

pages = Pages("audit", __name__, url_prefix="/dziennik")
MOST_DAYS = 400


@pages.get("", guard=public_page)
def list_digests() -> str:
    return render_template("audit/list_digests.html", digests=audit.list_digests(MOST_DAYS))
