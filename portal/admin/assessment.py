"""What officers do with a proposal: its page, the steps that are possible from there, and which proposals wait for whom."""

from base64 import b64encode
from typing import Any

from flask import abort, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user

from portal import clock, i18n
from portal.access import lead_on
from portal.admin.assessment_changes import differences
from portal.admin.base import PanelView
from portal.admin.staff_access import proved
from portal.errors import Conflict, FileUnusable, MoveForbidden, ProposalChanged, SecondOfficerNeeded
from portal.forms.assessment import AssignForm, CardForm, CorrectionForm, MoveForm, PaperForm, card_form
from portal.forms.base import BaseForm
from portal.models import Card, FileKind, Move, Proposal, ProposalState, Role, Transition
from portal.models.assessment import LEADS
from portal.services import assessment, attachment, audit, proposals, support


def deadline(moment: Any) -> str:
    """Write until which day something is due, and that it is over."""
    return _("%(day)s, overdue", day=i18n.day(moment)) if moment < clock.now() else i18n.day(moment)


def own_card(*, proposal: Proposal, **_known: Any) -> CardForm:
    """Return the form of the officer's card of a proposal, with what is on it so far."""
    unit = assessment.unit_of(current_user.officer)
    return card_form(assessment.questions_of(proposal, unit), Card.get_or_none(Card.proposal == proposal, Card.unit == unit))


def attempt(form: BaseForm, act: Any, *given: Any) -> int | None:
    """Do what a form says, if it was sent and is right; return None when that is done, else the status of the form's page."""
    if not form.validate_on_submit() or "password" in form and not proved(form):
        return 400 if form.errors else 200
    try:
        told = {name: value for name, value in form.data.items() if name not in ("csrf_token", "password")}
        act(*given, current_user.officer, **told, now=clock.now())
        return None
    except (Conflict, FileUnusable, SecondOfficerNeeded) as error:
        about = {assessment.WORDS_NEEDED: "words", assessment.CORRECTION_NEEDED: "until"}.get(error.message, "")
        form.refuse(error, form[about] if about in form else None)
        return error.status


def step(name: str, url: str, make: Any, act: Any) -> Any:
    """Return a view of this name that takes a step with a proposal, see ProposalPage.take()."""
    def view(self: "ProposalPage") -> Any:
        return self.take(name, make, act)
    view.__name__ = name
    return expose(url, methods=("GET", "POST"))(view)


class ProposalPage(PanelView):
    """What officers do with a proposal; the list of proposals builds on it."""

    def steps(self, proposal: Proposal) -> dict[str, Any]:
        """Return the steps that this officer can take with a proposal, by the names of their views; of decisions, which."""
        unit, coordinates = assessment.unit_of(current_user.officer), current_user.officer.role == Role.COORDINATOR
        open_to = [move for move in assessment.DECISIONS if coordinates or unit is None and move == Move.TAKEN_UP]
        corrected = proposal.state == ProposalState.RETURNED and clock.now() <= proposal.correct_until
        found = {"card_view": proposal.state in assessment.filled_in(unit),
                 "assign_view": coordinates and proposal.state in assessment.ASSIGNED_IN,
                 "correct_view": unit is None and proposal.state in LEADS[Move.RETURNED][0],
                 "paper_view": unit is None and proposal.state in support.SUPPORTED_IN,
                 "decide_view": [move for move in open_to if proposal.state in LEADS[move][0] and not corrected]}
        return {name: possible for name, possible in found.items() if possible}

    def take(self, step: str, make: Any, act: Any, **shown: Any) -> Any:
        """Show the form of a step, made of what is known, or do what it says and go back to the proposal."""
        proposal = self.find()
        steps = self.steps(proposal)
        if step not in steps:
            return lead_on(".details_view", _(MoveForbidden.message), "error", id=proposal.id)
        form = make(proposal=proposal, moves=steps[step], version=request.args.get("version", proposal.version),
                    number=proposal.on_paper)
        status = attempt(form, act, proposal)
        if status is None:
            return lead_on(".details_view", _("Saved."), id=proposal.id)
        if status == ProposalChanged.status and "version" in form:
            form.version.data = Proposal.get_by_id(proposal.id).version
        return self.render("admin/proposal/step.html", model=proposal, form=form, step=step, **shown), status

    card_view = step("card_view", "/karta/", own_card, assessment.fill_card)
    correct_view = step("correct_view", "/poprawki/", CorrectionForm, assessment.return_for_correction)
    paper_view = step("paper_view", "/papier/", PaperForm, assessment.count_paper)
    decide_view = step("decide_view", "/decyzja/", MoveForm, assessment.decide)

    @expose("/lista/", methods=("POST",))
    def list_view(self) -> Any:
        proposal = self.find()
        if assessment.unit_of(current_user.officer):
            abort(404)
        pages = [b64encode(attachment.read(row)).decode() for row in attachment.of_proposal(proposal, FileKind.PAPER_LIST)]
        audit.record("paper list viewed", actor=current_user.officer, subject=proposal, now=clock.now(), pages=len(pages))
        return self.render("admin/proposal/paper.html", model=proposal, pages=pages)

    @action("assign", _l("Ask units for cards"))
    def assign_chosen(self, ids: list[str]) -> Any:
        ids = [one for one in ids if (row := self.get_one(one)) and "assign_view" in self.steps(row)]
        return redirect(self.get_url(".assign_view", id=ids)) if ids else lead_on(
            ".index_view", _("Select at least one project that can be sent to units now."), "error")

    @expose("/jednostki/", methods=("GET", "POST"))
    def assign_view(self) -> Any:
        rows = [row for row in map(self.get_one, request.args.getlist("id")[:self.page_size]) if row]
        return self.take("assign_view", AssignForm, lambda _one, *by, **told: assessment.assign(rows, *by, **told), rows=rows)

    @expose("/details/")
    def details_view(self) -> Any:
        proposal = self.find()
        since, changed = differences(proposal)
        return self.render(
            "admin/proposal/proposal.html", model=proposal, steps=self.steps(proposal), since=since, changed=changed,
            deadline=deadline, authors=proposals.authors(proposal), supporters=support.count_supporters(proposal), leads=LEADS,
            sees_lists=assessment.unit_of(current_user.officer) is None, history=Transition.of_proposal(proposal.id),
            return_url=self.get_save_return_url(proposal))
