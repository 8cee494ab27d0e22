"""Reports of accounts that somebody else has registered on one's PESEL; nobody needs an account for them.

/zgloszenie-konta → /zgloszenie-konta/<secret>, where the case is followed; from there scans go to /skan and words to /odpowiedz
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock, crypto
from portal.access import accepts_files, open_form
from portal.errors import EvidenceRefused, OwnAccount, StepForbidden, TooMany
from portal.extensions import limiter
from portal.files import MOST_BYTES, Fault
from portal.forms.base import BaseForm
from portal.forms.removal import MOST_FILES, AnswerForm, ClaimForm, ScanForm
from portal.models.edition import Phase
from portal.models.removal import UNDECIDED, CaseState, Deed, RemovalCase, RemovalStep
from portal.services import removal_case, removal_evidence
from portal.templating import current_edition

pages = Blueprint("removal", __name__, url_prefix="/zgloszenie-konta")
OPENED = "case opened"
NOT_TOLD = (Deed.FROZEN, Deed.UNFROZEN)  # They concern the account's holder.
DECIDED = (CaseState.CONFIRMED, CaseState.REQUESTED)  # The next step is the officers'.
WORDS_TOLD = (Deed.MORE_ASKED, Deed.REFUSED)  # The others are notes of officers, or the claimant's own.


@pages.route("", methods=["GET", "POST"])
@open_form
@limiter.limit("30 per hour", methods=["POST"])
def open_case() -> Any:
    form, is_own = ClaimForm(), False
    if form.validate_on_submit():
        try:
            _refuse_own_account(form.pesel.data)
            case, secret = removal_case.open_case(form.claim(), address=request.remote_addr or "", now=clock.now())
            session[OPENED] = case.number
            return redirect(url_for("removal.show_case", secret=secret))
        except OwnAccount as error:
            is_own = True
            form.refuse(error, form.pesel)
        except TooMany as error:
            form.refuse(error)
    return render_template("removal/open_case.html", form=form, is_own=is_own), 400 if form.errors else 200


def _refuse_own_account(pesel: str) -> None:
    """Tell who is logged in that the PESEL is that of the own account; of any other nobody is told."""
    if current_user.account and current_user.account.pesel_index == crypto.blind_index("pesel", pesel):
        raise OwnAccount


@pages.get("/<secret>")
@open_form
def show_case(secret: str) -> Any:
    return _page(secret)


def _page(secret: str, form: BaseForm | None = None) -> Any:
    """Show how it stands with a case; a form with errors stands in the place of the empty one."""
    case = removal_case.find_case(secret)
    steps = case.steps.where(RemovalStep.deed.not_in(NOT_TOLD)).order_by(RemovalStep.id)
    told = {(step.at, step.deed): step.words if step.deed in WORDS_TOLD else None for step in steps}  # An upload is one step.
    at_office = steps.where(RemovalStep.deed == Deed.OPENED, RemovalStep.officer.is_null(False)).exists()
    scanned, answered = case.evidence.count(), any(deed == Deed.ANSWERED for _at, deed in told)
    acting = case.state in DECIDED or case.state == CaseState.OPEN and (at_office or scanned or answered)
    edition, now, undecided = current_edition(), clock.now(), case.state in UNDECIDED
    forms = {"scan": ScanForm(formdata=None), "answer": AnswerForm(formdata=None)} if undecided else {}
    if form:
        forms["scan" if isinstance(form, ScanForm) else "answer"] = form
    return render_template(
        "removal/show_case.html", case=case, secret=secret, told=told, form=form, **forms, undecided=undecided,
        scanned=scanned, at_office=at_office, acting=acting, late=acting and now > case.due_at, opened=_just_opened(case),
        may_vote=bool(edition and edition.phase(now) is Phase.VOTING)), 400 if form else 200


def _just_opened(case: RemovalCase) -> bool:
    return session.get(OPENED) == case.number and bool(session.pop(OPENED))


@pages.route("/<secret>/skan", methods=["GET", "POST"])
@open_form
@accepts_files(MOST_FILES, MOST_BYTES)
@limiter.limit("60 per hour", methods=["POST"])
def add_scan(secret: str) -> Any:
    if request.method != "POST":  # A page with mistakes is loaded anew, or in another language.
        return redirect(url_for("removal.show_case", secret=secret))
    case, form = _find_undecided(secret), ScanForm()
    if form.validate_on_submit():
        if kept := _keep_files(case, form):
            flash(_("We have received: %(files)s", files=", ".join(kept)), "success")
        if not form.errors:
            return redirect(url_for("removal.show_case", secret=secret))
    return _page(secret, form)


def _find_undecided(secret: str) -> RemovalCase:
    """Return a case that still takes scans and words; raise StepForbidden before any file is looked at."""
    case = removal_case.find_case(secret)
    if case.state not in UNDECIDED:
        raise StepForbidden
    return case


def _keep_files(case: RemovalCase, form: ScanForm) -> list[str]:
    """Keep each file that can be used, say of each other one why not, and return the names of those that were kept.

    Who has to come later, or sends a file that takes too long, is told which files were not looked at.
    """
    kept, left, now = [], list(form.chosen()), clock.now()
    try:
        with removal_evidence.turn():
            while left:
                removal_evidence.count_try(case, address=request.remote_addr or "", now=now)
                name, file = left.pop(0)
                try:
                    removal_case.add_evidence(case, removal_evidence.read(file.read(MOST_BYTES + 1), name), now=now)
                    kept.append(name)
                except EvidenceRefused as error:
                    form.refuse_file(name, error)
                    if left and error.message == removal_evidence.WORDS[Fault.TOO_SLOW]:
                        raise EvidenceRefused(removal_evidence.NOT_LOOKED_AT) from None
    except (EvidenceRefused, TooMany) as error:
        form.refuse_file(", ".join(name for name, _file in left), error)
    return kept


@pages.route("/<secret>/odpowiedz", methods=["GET", "POST"])
@open_form
@limiter.limit("60 per hour", methods=["POST"])
def add_answer(secret: str) -> Any:
    if request.method != "POST":
        return redirect(url_for("removal.show_case", secret=secret))
    case, form = _find_undecided(secret), AnswerForm()
    if form.validate_on_submit():
        removal_case.answer(case, form.words.data, now=clock.now())
        flash(_("We have received your message."), "success")
        return redirect(url_for("removal.show_case", secret=secret))
    return _page(secret, form)


@pages.errorhandler(StepForbidden)
def lead_to_case(_error: StepForbidden) -> Any:
    """Show how the case stands to somebody who sends something after officers have decided."""
    flash(_("Officers have decided in the meantime, so nothing more can be added. Nothing of what you have just sent was kept."),
          "error")
    return redirect(url_for("removal.show_case", **(request.view_args or {})))
