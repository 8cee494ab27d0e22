"""What becomes of projects after a vote: the coordinator takes over its results, and tells how the work goes on."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access import accepts_files, lead_on
from portal.admin.assessment import ProposalPage, attempt, step
from portal.admin.assessment_edition import Assessed
from portal.files import MOST_BYTES
from portal.forms.assessment import MoveForm
from portal.forms.base import BaseForm
from portal.forms.implementation import StageForm
from portal.models import Edition, Move, Pool, Proposal, ProposalState
from portal.models.assessment import LEADS
from portal.services import implementation

COORDINATED = ("stage_view", "end_view", "remove_view")


class Settled(Assessed):
    """An edition's results as its projects' states; the table of editions builds on it."""

    def row_steps(self, row: Edition) -> dict[str, Any]:
        waiting = Proposal.select().join(Pool).where(Pool.edition == row, Proposal.state == ProposalState.ON_BALLOT)
        settled = {"settle_view": _("Apply the results")} if row.results_on <= clock.now() and waiting.exists() else {}
        return super().row_steps(row) | settled

    @expose("/rozstrzygniecie/", methods=("GET", "POST"))
    def settle_view(self) -> Any:
        edition, form = self.find(), BaseForm()
        status = attempt(form, implementation.settle, edition)
        if status is None:
            return lead_on(".index_view", _("The results are applied."))
        return self.render("admin/implementation/settle.html", model=edition, form=form), status


class StagesPage(ProposalPage):
    """What is told of a proposal that is carried out; the list of proposals builds on it."""

    def steps(self, proposal: Proposal) -> dict[str, Any]:
        known = super().steps(proposal)
        ends = [move for move in (Move.DONE, Move.ABANDONED) if proposal.state in LEADS[move][0]]
        return {**known, **(dict.fromkeys(COORDINATED[:2], ends) if ends and self.may("end_view") else {})}

    stage_view = accepts_files(3, MOST_BYTES)(step("stage_view", "/etap/", StageForm, implementation.post_stage))
    end_view = step("end_view", "/koniec/", MoveForm, implementation.end)

    @expose("/usun-etap/", methods=("POST",))
    def remove_view(self) -> Any:
        proposal = self.find()
        for stage in proposal.stages:
            if str(stage.id) == request.form.get("stage"):
                implementation.remove_stage(stage, current_user.officer, now=clock.now())
                flash(_("The stage is removed."), "success")
        return redirect(self.get_url(".details_view", id=proposal.id))
