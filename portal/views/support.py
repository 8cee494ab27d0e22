"""What residents do about a proposal on its page: support it, follow it, and be its author or not.

/projekty/<slug>/poparcie and the like; /projekty/wspolautor/<token>, to which a letter invites
"""

from functools import partial
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access import Pages, lead_on, resident_form
from portal.errors import N_, InvitationRefused, SupportRefused
from portal.forms.proposals import JoinForm
from portal.models.proposal import PUBLIC
from portal.services import support

pages = Pages("support", __name__, url_prefix="/projekty")
DEEDS = {
    "popieram": (lambda *who: support.support(*who, now=clock.now()), N_("You support this project. Thank you.")),
    "cofam-poparcie": (lambda *who: support.take_back(*who, now=clock.now()), N_("You do not support this project any more.")),
    "obserwuje": (support.follow, N_("We will write to you about what becomes of this project.")),
    "nie-obserwuje": (support.unfollow, N_("We will not write to you about this project any more.")),
    "pokazuje-nazwisko": (partial(support.set_consent, shows_name=True), N_("Your name is shown beside the project.")),
    "ukrywam-nazwisko": (partial(support.set_consent, shows_name=False), N_("Your name is no longer shown beside the project.")),
    "odchodze": (support.leave, N_("You are not an author of this project any more."))}


@pages.post(f"/<slug>/<any({', '.join(map(repr, DEEDS))}):deed>", guard=resident_form)
def decide(slug: str, deed: str) -> Any:
    """Do what a button on the page of a proposal says."""
    proposal, (do, done) = support.find_proposal(current_user.account, slug), DEEDS[deed]
    public = proposal.state in PUBLIC  # A draft has no page that its co-authors can read.
    back = partial(lead_on, "proposals.show_proposal", slug=slug) if public else partial(lead_on, "proposals_draft.list_own")
    try:
        do(current_user.account, proposal)
        return back(_(done))
    except SupportRefused as error:
        return back(_(error.message, **error.params), "error")


@pages.form("/wspolautor/<token>", guard=resident_form)
def answer_invitation(token: str) -> Any:
    invitation, form, now = support.find_invitation(token, now=clock.now()), JoinForm(), clock.now()
    if form.validate_on_submit():
        with form.refusing(InvitationRefused):
            if form.decline.data:
                support.decline(token, now=now)
                return lead_on("proposals_draft.list_own", _("You have declined the invitation."))
            support.join(token, current_user.account, shows_name=form.shows_name.data, now=now)
            return lead_on("proposals_draft.list_own", _("You are a co-author of the project now."))
    lead = support.authors(invitation.proposal)[0].account
    page = render_template("support/answer_invitation.html", form=form, proposal=invitation.proposal, lead=lead)
    return page, 400 if form.errors else 200
