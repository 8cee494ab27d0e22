"""The page of a case: what is claimed beside what is known, decisions on it, and its scans."""

from base64 import b64encode
from typing import Any

from flask import flash, redirect
from flask_admin import expose
from flask_admin.helpers import get_redirect_target
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock, i18n
from portal.admin import labels
from portal.errors import CaseChanged, NoSuchAccount, SecondOfficerNeeded, StepForbidden
from portal.forms.removal_desk import DECISIONS, DecisionForm
from portal.models.account import Account, AccountState
from portal.models.removal import ENDED, LEADS, UNDECIDED, CaseState, Deed, Evidence, RemovalCase, RemovalStep
from portal.services import removal_case, removal_evidence
from portal.services.removal_claim import waits_for_person

DECIDE = {Deed.MORE_ASKED: removal_case.ask_for_more, Deed.CONFIRMED: removal_case.confirm_identity,
          Deed.FROZEN: removal_case.freeze, Deed.UNFROZEN: removal_case.unfreeze, Deed.REFUSED: removal_case.refuse}
ONLY_IN = {Deed.FROZEN: AccountState.ACTIVE, Deed.UNFROZEN: AccountState.FROZEN}


def offered(case: RemovalCase, account: Account | None) -> list[Deed]:
    """Return what can be decided on a case as it and the account on its PESEL stand."""
    return [deed for deed in DECISIONS if case.state in LEADS[deed][0]
            and (deed not in ONLY_IN or account is not None and account.state == ONLY_IN[deed])]


def waits_for_officers() -> Any:
    """Return the condition on cases with which officers can go on."""
    return RemovalCase.state.not_in(ENDED) & ~waits_for_person()


def overdue() -> Any:
    """Return the condition on cases whose deadline officers, and not their claimants, have let pass."""
    return waits_for_officers() & (RemovalCase.due_at < clock.now())


def standing(case: Any) -> str:
    """Write the state of a case of the list, whose query tells whether it ``waits`` for the person."""
    label = labels.NO_DOCUMENT[1] if case.waits and case.state == CaseState.OPEN else dict(labels.CASE_STATES)[case.state]
    return str(label)


def deadline(case: Any) -> str:
    """Write until which day officers decide, and that it is over."""
    late = case.state not in ENDED and not case.waits and case.due_at < clock.now()
    return _("%(day)s, overdue", day=i18n.day(case.due_at)) if late else i18n.day(case.due_at)


def alike(case: RemovalCase, account: Account | None) -> set[str]:
    """Return what a claim and an account have in common that strikes the eye."""
    if account is None:
        return set()
    pairs = {"email": (case.email, account.email), "name": (case.name, account.name)}
    return {what for what, (claimed, known) in pairs.items() if " ".join((claimed or "").split()).casefold() == known.casefold()}


def refusal(form: Any, step: Any, case: RemovalCase, *words: str, **seen: Any) -> int:
    """Take a step on the state of a case that a form has shown; return 0, or the status of its refusal, which the form tells."""
    try:
        step(case, current_user.officer, *words, **seen, version=form.version.data, now=clock.now())
        return 0
    except (CaseChanged, StepForbidden, NoSuchAccount, SecondOfficerNeeded) as error:
        form.refuse(error)
        return error.status


class CasePage:
    """What officers for removals do with one case; for a view of cases."""

    @expose("/details/")
    def details_view(self) -> Any:
        return self._show(self.find(), DecisionForm(formdata=None))

    def _show(self, case: RemovalCase, form: DecisionForm, status: int = 0) -> Any:
        account, works = removal_case.found_account(case), self.may("decide_view")
        deeds = offered(case, account) if works else []
        form.offer(deeds)
        if status or not form.errors:
            form.version.data = case.version
        page = self.render(
            "admin/removal/case.html", model=case, account=account, form=form, works=works, steps=RemovalStep.of_case(case),
            hints={deed: DECISIONS[deed][1] for deed in deeds}, others=removal_case.other_cases(case),
            due=deadline(case), standing=standing(case), alike=alike(case, account),
            pages=Evidence.select().where(Evidence.case == case).count(), undecided=case.state in UNDECIDED,
            languages=i18n.LANGUAGES,
            names={name: dict(getattr(labels, name)) for name in ("ACCOUNT_STATES", "CASE_STATES", "PROOFS", "DEEDS")},
            return_url=get_redirect_target() or self.get_url(".index_view"))
        return page, status or (400 if form.errors else 200)

    @expose("/decyzja/", methods=("POST",))
    def decide_view(self) -> Any:
        case, form, status = self.find(), DecisionForm(), 0
        if form.validate():
            deed = Deed(form.deed.data)
            status = refusal(form, DECIDE[deed], case, form.words.data)
            if not status:
                flash(_("Noted: %(what)s.", what=dict(labels.DEEDS)[deed]), "success")
                return redirect(self.get_url(".details_view", id=case.id))
        return self._show(self.find(), form, status)

    @expose("/skan/", methods=("POST",))
    def scan_view(self) -> Any:
        case = self.find()
        pages = [b64encode(page).decode() for page in removal_evidence.show(case)]
        removal_case.note_view(case, current_user.officer, "scan viewed", now=clock.now(), pages=len(pages))
        return self.render("admin/removal/scan.html", model=case, pages=pages)
