"""The removal of an account with its votes: one officer asks for it with the password, another approves it or returns it.

Its protocol goes as a PDF into the city's file: who claimed, who decided and how, what went and what could not go.
"""

import json
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import force_locale, gettext as _, lazy_gettext as _l
from flask_login import current_user

from portal import clock, i18n
from portal.admin import labels
from portal.errors import NoSuchAccount, StepForbidden, require
from portal.forms.removal_desk import ApprovalForm, RequestForm, ReturnForm
from portal.models import BallotState, Deed, Edition, RemovalCase, RemovalStep
from portal.models.removal import LEADS
from portal.services import removal, removal_case, results_publication
from portal.services.removal_approval import approve_removal, request_removal, requested_extent, return_request

Row = tuple[str, Any, list[str]]


def rows(extent: removal.Extent, names: dict[str, Any]) -> list[Row]:
    """Return the parts of an extent as officers read them: the name of a part, its label and a line for each thing in it."""
    editions = {edition.code: edition.name for edition in Edition.select(Edition.code, Edition.name)}
    lines = {
        **{name: [str(number)] for name in removal.COUNTED_ONLY if (number := getattr(extent, name))},
        "ballots": [editions.get(code, code) + (": " + _("void") if state == BallotState.VOID else "")
                    for code, state in extent.ballots],  # That it is under check follows from the request.
        "proposals": [f"{number}: {labels.FATES[fate]}" for number, fate in extent.proposals],
        **{name: [editions.get(code, code) for code in getattr(extent, name)] for name in labels.STAYS}}
    return [(name, label, lines.get(name, [])) for name, label in names.items()]


def both_sides(extent: removal.Extent) -> dict[str, list[Row]]:
    return {"goes": rows(extent, labels.GOES), "stays": rows(extent, labels.STAYS)}


def differences(requested: removal.Extent, present: removal.Extent) -> list[tuple[Any, list[str], list[str]]]:
    """Return what would go now and was not asked for, or the other way round: a label, what was asked for, what is."""
    changed = present.changes(requested)
    seen = [(label, [_("as at the request")], [_("different now")]) for name, label in labels.UNSEEN.items() if name in changed]
    pairs = zip(*[rows(extent, labels.GOES | labels.STAYS) for extent in (requested, present)], strict=True)
    return seen + [(label, before, now) for (name, label, before), (_name, _label, now) in pairs if name in changed]


def make_protocol(case: RemovalCase) -> bytes:
    """Return the protocol of a case that ended with a removal, in the city's language."""
    from portal.paper import Paper  # fpdf2 takes 25 MB of every process that has loaded it.

    told = json.loads(case.protocol or "{}")
    extent, at = removal.Extent(**told["extent"]), datetime.fromisoformat(told["removed_at"])
    touched = Edition.select().where(Edition.code.in_([code for code, _state in extent.ballots]))
    with force_locale(i18n.DEFAULT):
        paper = Paper(_("Case %(number)s, page %(page)s of %(pages)s", number=told["number"], page="{page}", pages="{nb}"))
        return paper.print(
            "admin/removal/protocol.html", told=told, proofs=dict(labels.PROOFS), deeds=dict(labels.DEEDS), **both_sides(extent),
            announced=[edition.name for edition in touched if results_publication.is_public(edition, now=at)])


class Approvals:
    """What leads from a confirmed identity to the removal and its protocol; for a view of cases."""

    @action("remove", _l("Delete account with votes"))
    def remove_chosen(self, ids: list[str]) -> Any:
        if len(ids) == 1:
            return redirect(self.get_url(".remove_view", id=ids[0]))
        flash(_("Choose one case: each removal is looked at by itself."), "error")
        return None

    @expose("/usuniecie/", methods=("GET", "POST"))
    def remove_view(self) -> Any:
        return self.take(RequestForm(), request_removal, self._show_extent, _(
            "The removal is asked for. Another officer has to approve it; until then the account is frozen."))

    def _show_extent(self, case: RemovalCase, form: RequestForm, status: int) -> Any:
        """Return the page with what would go and what would stay."""
        account = removal_case.found_account(case)
        if case.state not in LEADS[Deed.REQUESTED][0] or account is None:
            return self.lead_to(case, _((StepForbidden if account else NoSuchAccount).message), "error")
        extent = removal.find_extent(account, now=clock.now())
        if status != 400:
            form.seen.data = extent.digest()
        return self.render("admin/removal/preview.html", model=case, account=account, form=form, **both_sides(extent)), status

    @expose("/zatwierdzenie/", methods=("GET", "POST"))
    def approve_view(self) -> Any:
        return self.take(ApprovalForm(), approve_removal, self._show_request, _(
            "The account is deleted together with its votes. Both sides get an e-mail."))

    @expose("/zwrot/", methods=("POST",))
    def return_view(self) -> Any:
        own = self.find().requested_by_id == current_user.officer.id
        done = _("The request is withdrawn, and nothing was deleted. The account stays frozen.") if own else _(
            "The request is returned, and nothing was deleted. The account stays frozen.")
        return self.take(ReturnForm(), return_request, self._show_request, done, to_list=True)

    def _show_request(self, case: RemovalCase, form: ApprovalForm | ReturnForm, status: int) -> Any:
        """Return the page with what was asked for beside what would go now."""
        if case.state not in LEADS[Deed.REMOVED][0]:
            return self.lead_to(case, _(StepForbidden.message), "error")
        approval, returning = [form if isinstance(form, kind) else kind(formdata=None, data={"version": case.version})
                               for kind in (ApprovalForm, ReturnForm)]
        account, requested = removal_case.found_account(case), requested_extent(case)
        last, own = {step.deed: step for step in RemovalStep.of_case(case)}, case.requested_by_id == current_user.officer.id
        if own:
            returning.words.label.text = _("Why you withdraw it")
        return self.render(
            "admin/removal/approval.html", model=case, account=account, form=form, approval=approval, returning=returning,
            asked_at=last[Deed.REQUESTED].at, confirmed=last.get(Deed.CONFIRMED), own=own, **both_sides(requested),
            differences=differences(requested, removal.find_extent(account, now=clock.now())) if account else []), status

    @expose("/protokol/", methods=("POST",))
    def protocol_view(self) -> Any:
        case = self.find()
        require(case.protocol, StepForbidden)
        paper, name = make_protocol(case), f"{case.number.replace('/', '-')}.pdf"
        removal_case.note_view(case, current_user.officer, "protocol printed", now=clock.now())
        return Response(paper, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
