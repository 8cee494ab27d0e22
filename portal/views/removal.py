"""Reports of accounts that somebody else has registered on one's PESEL; nobody needs an account for them.

/zgloszenie-konta → /zgloszenie-konta/<secret>, where the case is followed; from there scans go to /skan and words to /odpowiedz
"""

from typing import Any

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access import Pages, accepts_files, lead_on, limited_form, open_form
from portal.errors import OwnAccount, StepForbidden, TooMany, require
from portal.files import MOST_BYTES
from portal.forms.base import BaseForm
from portal.forms.removal import MOST_FILES, AnswerForm, ClaimForm, ScanForm
from portal.models import Deed, Edition, RemovalCase, RemovalStep
from portal.models.removal import UNDECIDED
from portal.services import removal_claim

pages = Pages("removal", __name__, url_prefix="/zgloszenie-konta")
OPENED = "case opened"
FORMS = {"scan": ScanForm, "answer": AnswerForm}
NOT_TOLD = (Deed.FROZEN, Deed.UNFROZEN)  # They concern the account's holder.
WORDS_TOLD = (Deed.MORE_ASKED, Deed.REFUSED)  # The others are notes of officers, or the claimant's own.


@pages.form("", guard=limited_form(30))
def open_case() -> Any:
    form, is_own = ClaimForm(), False
    if form.validate_on_submit():
        try:
            case = removal_claim.open_case(
                form.claim(), address=request.remote_addr or "", now=clock.now(), visitor=current_user.account)
            session[OPENED] = case.number
            return redirect(url_for("removal.show_case", secret=case.secret))
        except (OwnAccount, TooMany) as error:
            is_own = isinstance(error, OwnAccount)
            form.refuse(error, form.pesel if is_own else None)
    return render_template("removal/open_case.html", form=form, is_own=is_own), 400 if form.errors else 200


@pages.get("/<secret>", guard=open_form)
def show_case(secret: str, form: BaseForm | None = None) -> Any:
    """Show how it stands with a case; a form with errors stands in the place of the empty one."""
    case, now = removal_claim.find_case(secret), clock.now()
    steps = [step for step in RemovalStep.of_case(case) if step.deed not in NOT_TOLD]
    told = {(step.at, step.deed): step.words if step.deed in WORDS_TOLD else None for step in steps}  # An upload is one step.
    undecided, waits = case.state in UNDECIDED, removal_claim.is_waiting(case)
    forms = {name: form if isinstance(form, kind) else kind(formdata=None) for name, kind in FORMS.items() if undecided}
    return render_template(
        "removal/show_case.html", case=case, secret=secret, told=told, form=form, **forms, undecided=undecided,
        scanned=case.evidence.count(), at_office=steps[0].officer is not None, waits=waits, late=not waits and now > case.due_at,
        opened=session.get(OPENED) == case.number and bool(session.pop(OPENED)),  # Only the first time that the page is shown.
        may_vote=bool(Edition.in_voting(now))), 400 if form else 200


@pages.form("/<secret>/skan", guard=limited_form(60))
@accepts_files(MOST_FILES, MOST_BYTES)
def add_scan(secret: str) -> Any:
    case, form = _find_undecided(secret), ScanForm()
    if form.validate_on_submit():
        kept, refused = removal_claim.add_files(case, list(form.chosen()), address=request.remote_addr or "", now=clock.now())
        form.refuse_files(refused)
        if kept:
            flash(_("We have received: %(files)s", files=", ".join(kept)), "success")
        if not form.errors:
            return redirect(url_for("removal.show_case", secret=secret))
    return show_case(secret, form)


def _find_undecided(secret: str) -> RemovalCase:
    """Return a case that takes what is sent to it; raise StepForbidden, before any file is looked at, when it is decided."""
    if request.method != "POST":  # A page with mistakes is loaded anew, or in another language.
        abort(redirect(url_for("removal.show_case", secret=secret)))
    case = removal_claim.find_case(secret)
    require(case.state in UNDECIDED, StepForbidden)
    return case


@pages.form("/<secret>/odpowiedz", guard=limited_form(60))
def add_answer(secret: str) -> Any:
    case, form = _find_undecided(secret), AnswerForm()
    if form.validate_on_submit():
        with form.refusing(TooMany, beside=form.words):
            removal_claim.answer(case, form.words.data, now=clock.now())
            return lead_on("removal.show_case", _("We have received your message."), secret=secret)
    return show_case(secret, form)


@pages.errorhandler(StepForbidden)
def lead_to_case(_error: StepForbidden) -> Any:
    """Show how the case stands to somebody who sends something after officers have decided."""
    return lead_on("removal.show_case", _(
        "Officers have decided in the meantime, so nothing more can be added. Nothing of what you have just sent was kept."),
        "error", **(request.view_args or {}))
