"""Cases of wrongly registered accounts: their list, and claims that are made in person."""

from typing import Any

from flask_admin import expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user
from peewee import Case, fn

from portal import clock
from portal.admin import labels
from portal.admin.account import PeselReveal
from portal.admin.base import PanelView, of_row
from portal.admin.filters import OneOf, period
from portal.admin.removal_approval import Approvals
from portal.admin.removal_desk import CasePage, deadline, overdue, standing, waits_for_officers
from portal.forms.removal_desk import WalkInForm
from portal.models import CaseState, Evidence, RemovalCase, Role
from portal.models.removal import ENDED
from portal.services import removal_claim


def age(case: RemovalCase) -> str:
    """Write for how many days a case has been open."""
    return str((clock.local(case.closed_at or clock.now()).date() - clock.local(case.created_at).date()).days)


def in_state(state: str) -> Any:
    """Return the condition on cases in a state; the open ones that wait for a document stand apart."""
    if state == labels.NO_DOCUMENT[0]:
        return (RemovalCase.state == CaseState.OPEN) & removal_claim.waits_for_person()
    found = RemovalCase.state == state
    return found & waits_for_officers() if state == CaseState.OPEN else found


def unended(which: str) -> Any:
    """Return the condition on cases that are not ended; of these the ones that wait for officers, or do so for too long."""
    return {"open": RemovalCase.state.not_in(ENDED), "ours": waits_for_officers(), "overdue": overdue()}[which]


class RemovalView(CasePage, Approvals, PeselReveal, PanelView):
    """What officers for removals work on, and of that what a coordinator approves."""

    roles = (Role.REMOVALS, Role.COORDINATOR)
    restricted = dict.fromkeys(
        ("create_view", "action_view", "decide_view", "scan_view", "reveal_view", "remove_view"), (Role.REMOVALS,))
    can_create, create_label, search_label = True, _l("New case at the office"), _l("Case number")
    column_list = ("number", "name", "state", "created_at", "due_at", "proof", "pages", "others")
    column_sortable_list = ("state", "created_at", "due_at")
    column_searchable_list = ("number",)
    column_default_sort = ("due_at", False)
    column_choices = {"proof": labels.PROOFS}
    column_formatters = {"state": of_row(standing), "created_at": of_row(age), "due_at": of_row(deadline),
                         "pages": of_row(lambda case: case.pages or None), "others": of_row(lambda case: case.others or None)}
    column_filters = (
        OneOf(RemovalCase.state, _l("State"), lambda: [labels.NO_DOCUMENT, *labels.CASE_STATES], in_state), "proof",
        OneOf(RemovalCase.due_at, _l("Only"), lambda: [
            ("open", _("Open cases")), ("ours", _("Cases that wait for officers")), ("overdue", _("Overdue cases"))], unended),
        *period(RemovalCase.created_at))
    column_labels = {"number": _l("Number"), "name": _l("Claimant"), "state": _l("State"), "created_at": _l("Age in days"),
                     "due_at": _l("Deadline"), "proof": _l("Proof of identity"), "pages": _l("Pages of scan"),
                     "others": _l("Other cases of this PESEL")}

    def get_query(self) -> Any:
        other = RemovalCase.alias()
        pages = Evidence.select(fn.COUNT(Evidence.id)).where(Evidence.case == RemovalCase.id)
        others = other.select(fn.COUNT(other.id)).where(other.pesel_index == RemovalCase.pesel_index, other.id != RemovalCase.id)
        query = super().get_query().select_extend(RemovalCase.name, pages.alias("pages"), others.alias("others"),
                                                  removal_claim.waits_for_person().alias("waits"))
        to_approve = (RemovalCase.state == CaseState.REQUESTED) | (RemovalCase.approved_by == current_user.officer)
        return query.where(to_approve) if current_user.officer.role == Role.COORDINATOR else query

    def get_one(self, id: Any) -> Any:  # noqa: A002 (the name is Flask-Admin's)
        """Return the whole case, with what is sealed in it."""
        whole = RemovalCase.select(RemovalCase, removal_claim.waits_for_person().alias("waits"))
        return super().get_one(id) and whole.where(RemovalCase.id == id).get()

    def order(self, name: str, descending: bool) -> list[Any]:
        undecided_first = [Case(None, [(RemovalCase.state.in_(ENDED), 1)], 0)] if name == "due_at" and not descending else []
        return [*undecided_first, *super().order(name, descending)]

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        form = WalkInForm()
        if form.validate_on_submit():
            case = removal_claim.open_case(form.claim(), address="", now=clock.now(), officer=current_user.officer)
            return self.lead_to(case, _("The case %(number)s is open.", number=case.number))
        page = self.render("admin/removal/walk_in.html", form=form, return_url=self.get_url(".index_view"))
        return page, 400 if form.errors else 200
