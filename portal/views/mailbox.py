"""Development only: the mailbox where messages land without a gateway, how to log in to the demo, and every component of pages.

/dev/poczta, /dev/styl
"""

from flask import render_template

from portal import markdown
from portal.access import Pages, open_form
from portal.forms.registration import RegistrationForm
from portal.forms.removal import ClaimForm
from portal.messaging import mailbox
from portal.services.pages import SHIPPED

pages = Pages("mailbox", __name__)


@pages.get("/dev/poczta", guard=open_form)
def read_mailbox() -> str:
    return render_template("mailbox/read_mailbox.html", letters=mailbox.read(), officers=mailbox.officers_codes())


@pages.get("/dev/styl", guard=open_form)
def show_style() -> str:
    text = (SHIPPED / "pl" / "jak-liczymy-glosy.md").read_text("utf-8").split("\n\n", 2)[2]
    forms = RegistrationForm(), ClaimForm(prefix="x-")
    for form in forms:
        form.validate()  # Nothing is filled in: every field shows what is wrong.
    return render_template("mailbox/show_style.html", forms=forms, prose=markdown.render(text, {}))
