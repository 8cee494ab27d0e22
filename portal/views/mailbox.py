"""Development only: the mailbox where messages land without a gateway, and how to log in to the demo.

/dev/poczta
"""

from flask import render_template

from portal.access import Pages, open_form
from portal.messaging import mailbox

pages = Pages("mailbox", __name__)


@pages.get("/dev/poczta", guard=open_form)
def read_mailbox() -> str:
    return render_template("mailbox/read_mailbox.html", letters=mailbox.read(), officers=mailbox.officers_codes())
