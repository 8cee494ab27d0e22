"""Development only: the mailbox where messages land without a gateway, and how to log in to the demo.

/dev/poczta
"""

from flask import Blueprint, render_template

from portal.access import open_form
from portal.messaging import mailbox

pages = Blueprint("mailbox", __name__)


@pages.get("/dev/poczta")
@open_form
def read_mailbox() -> str:
    return render_template("mailbox/read_mailbox.html", letters=mailbox.read(), officers=mailbox.officers_codes())
