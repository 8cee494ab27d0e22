"""The removal of an account with its votes: one officer asks for it with the password, another approves it or returns it."""

from typing import Any

from flask import flash, redirect
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal import clock
from portal.admin import labels
from portal.admin.labels import GOES, STAYS, UNSEEN
from portal.admin.removal_desk import refusal
from portal.admin.staff_access import proved
from portal.errors import NoSuchAccount, StepForbidden
from portal.forms.removal_desk import ApprovalForm, RequestForm, ReturnForm
from portal.models.ballot import BallotState
from portal.models.edition import Edition
from portal.models.removal import LEADS, Deed, RemovalCase, RemovalStep
from portal.services import removal, removal_case
from portal.services.removal import Extent
from portal.services.removal_approval import approve_removal, request_removal, requested_extent, return_request

Row = tuple[str, Any, list[str]]


def rows(extent: Extent, names: dict[str, Any]) -> list[Row]:
    """Return the parts of an extent as officers read them: the name of a part, its label and a line for each thing in it."""
    editions = {edition.code: edition.name for edition in Edition.select(Edition.code, Edition.name)}
    fates = dict(labels.FATES)
    lines = {
        **{name: [str(number)] for name in ("sessions", "drafts", "supports") if (number := getattr(extent, name))},
        "ballots": [editions.get(code, code) + (": " + _("void") if state == BallotState.VOID else "")
                    for code, state in extent.ballots],  # That it is under check follows from the request.
        "proposals": [f"{number}: {fates[fate]}" for number, fate in extent.proposals],
        **{name: [editions.get(code, code) for code in getattr(extent, name)] for name in STAYS},
    }
    return [(name, label, lines.get(name, [])) for name, label in names.items()]


def differences(requested: Extent, present: Extent) -> list[tuple[Any, list[str], list[str]]]:
    """Return what would go now and was not asked for, or the other way round: a label, what was asked for, what is."""
    changed = present.changes(requested)
    seen = [(label, [_("as at the request")], [_("different now")]) for name, label in UNSEEN.items() if name in changed]
    pairs = zip(*[rows(extent, GOES | STAYS) for extent in (requested, present)], strict=True)
    return seen + [(label, before, now) for (name, label, before), (_name, _label, now) in pairs if name in changed]


class Approvals:
    """What leads from a confirmed identity to the removal; for a view of cases."""

    @action("remove", _l("Delete account with votes"))
    def remove_chosen(self, ids: list[str]) -> Any:
        if len(ids) == 1:
            return redirect(self.get_url(".remove_view", id=ids[0]))
        flash(_("Choose one case: each removal is looked at by itself."), "error")
        return None

    @expose("/usuniecie/", methods=("GET", "POST"))
    def remove_view(self) -> Any:
        case, form, status = self.find(), RequestForm(), 0
        if form.validate_on_submit() and proved(form):
            status = refusal(form, request_removal, case, seen=form.seen.data)
            if not status:
                return self._lead_to(case, _("The removal is asked for. Another officer has to approve it; until then the "
                                             "account is frozen."))
            case = self.find()
        account = removal_case.found_account(case)
        if case.state not in LEADS[Deed.REQUESTED][0] or account is None:
            return self._lead_to(case, _((StepForbidden if account else NoSuchAccount).message), "error")
        extent = removal.find_extent(account, now=clock.now())
        if status or not form.errors:
            form.version.data, form.seen.data = case.version, extent.digest()
        page = self.render("admin/removal/preview.html", model=case, account=account, form=form, goes=rows(extent, GOES),
                           stays=rows(extent, STAYS))
        return page, status or (400 if form.errors else 200)

    @expose("/zatwierdzenie/", methods=("GET", "POST"))
    def approve_view(self) -> Any:
        case, form, status = self.find(), ApprovalForm(), 0
        if form.validate_on_submit() and proved(form):
            status = refusal(form, approve_removal, case)
            if not status:
                return self._lead_to(case, _("The account is deleted together with its votes. Both sides get a letter."))
        return self._show_request(form, status)

    @expose("/zwrot/", methods=("POST",))
    def return_view(self) -> Any:
        case, form, status = self.find(), ReturnForm(), 0
        if form.validate():
            own, status = case.requested_by_id == current_user.officer.id, refusal(form, return_request, case, form.words.data)
            if not status:
                return self._lead_to(None, _("The request is withdrawn, and nothing was deleted. The account stays frozen.")
                                     if own else _("The request is returned, and nothing was deleted. The account stays frozen."))
        return self._show_request(form, status)

    def _show_request(self, form: ApprovalForm | ReturnForm, status: int) -> Any:
        """Return the page with what was asked for beside what would go now."""
        case = self.find()
        if case.state not in LEADS[Deed.REMOVED][0]:
            return self._lead_to(case, _(StepForbidden.message), "error")
        approval = form if isinstance(form, ApprovalForm) else ApprovalForm(formdata=None)
        returning = form if isinstance(form, ReturnForm) else ReturnForm(formdata=None)
        for shown in (approval, returning):
            if status or not shown.errors:
                shown.version.data = case.version
        account, requested = removal_case.found_account(case), requested_extent(case)
        last, own = {step.deed: step for step in RemovalStep.of_case(case)}, case.requested_by_id == current_user.officer.id
        if own:
            returning.words.label.text = _("Why you withdraw it")
        page = self.render(
            "admin/removal/approval.html", model=case, account=account, form=form, approval=approval, returning=returning,
            asked_at=last[Deed.REQUESTED].at, confirmed=last.get(Deed.CONFIRMED), own=own, goes=rows(requested, GOES),
            stays=rows(requested, STAYS),
            differences=differences(requested, removal.find_extent(account, now=clock.now())) if account else [])
        return page, status or (400 if form.errors else 200)

    def _lead_to(self, case: RemovalCase | None, message: str, category: str = "success") -> Any:
        flash(message, category)
        return redirect(self.get_url(".details_view", id=case.id) if case else self.get_url(".index_view"))
