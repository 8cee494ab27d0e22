"""The page of a case: what is claimed beside what is known, decisions on it, and its scans."""

from base64 import b64encode
from datetime import datetime
from typing import Any

from flask_admin import expose
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock, i18n
from portal.access import lead_on
from portal.admin import assessment, labels
from portal.forms.removal_desk import DECISIONS, DecisionForm
from portal.models import Account, AccountState, CaseState, Deed, Officer, RemovalCase, RemovalStep
from portal.models.removal import ENDED, LEADS, UNDECIDED
from portal.services import removal_case, removal_claim, removal_evidence

DECIDE = {Deed.MORE_ASKED: removal_case.ask_for_more, Deed.CONFIRMED: removal_case.confirm_identity,
          Deed.FROZEN: removal_case.freeze, Deed.UNFROZEN: removal_case.unfreeze, Deed.REFUSED: removal_case.refuse}
ONLY_IN = {Deed.FROZEN: AccountState.ACTIVE, Deed.UNFROZEN: AccountState.FROZEN}


def offered(case: RemovalCase, account: Account | None) -> list[Deed]:
    """Return what can be decided on a case as it and the account on its PESEL stand."""
    return [deed for deed in DECISIONS if case.state in LEADS[deed][0]
            and (deed not in ONLY_IN or account is not None and account.state == ONLY_IN[deed])]


def waits_for_officers() -> Any:
    """Return the condition on cases with which officers can go on."""
    return RemovalCase.state.not_in(ENDED) & ~removal_claim.waits_for_person()


def overdue() -> Any:
    """Return the condition on cases whose deadline officers, and not their claimants, have let pass."""
    return waits_for_officers() & (RemovalCase.due_at < clock.now())


def standing(case: Any) -> str:
    """Write the state of a case of the list, whose query tells whether it ``waits`` for the person."""
    return str(labels.NO_DOCUMENT[1] if case.waits and case.state == CaseState.OPEN else dict(labels.CASE_STATES)[case.state])


def deadline(case: Any) -> str:
    """Write until which day officers decide, and that it is over."""
    return i18n.day(case.due_at) if case.state in ENDED or case.waits else assessment.deadline(case.due_at)


def alike(case: RemovalCase, account: Account | None) -> set[str]:
    """Return what a claim and an account have in common that strikes the eye."""
    if account is None:
        return set()
    pairs = {"email": (case.email, account.email), "name": (case.name, account.name)}
    return {what for what, (claimed, known) in pairs.items() if " ".join((claimed or "").split()).casefold() == known.casefold()}


def decide(case: RemovalCase, officer: Officer, *, deed: Deed, words: str, version: int, now: datetime) -> None:
    """Take the decision that a form names, see services/removal_case.py."""
    DECIDE[deed](case, officer, words, version=version, now=now)


class CasePage:
    """What officers for removals do with one case; for a view of cases."""

    def take(self, form: Any, step: Any, show: Any, done: str = "", to_list: bool = False) -> Any:
        """Take a step on the state of a case that its form has shown, or show the form's page.

        Unless only what was typed is wrong, the form is then about the case as it stands now.
        """
        case = self.find()
        status = assessment.attempt(form, step, case)
        if status is None:
            return self.lead_to(None if to_list else case, done)
        case = self.find()
        if status != 400:
            form.version.data = case.version
        return show(case, form, status)

    def lead_to(self, case: RemovalCase | None, message: str, category: str = "success") -> Any:
        """Go to the page of a case, or to the list, and say something there."""
        return lead_on(".details_view", message, category, id=case.id) if case else lead_on(".index_view", message, category)

    @expose("/details/")
    def details_view(self) -> Any:
        return self.take(DecisionForm(), decide, self._show_case)

    @expose("/decyzja/", methods=("POST",))
    def decide_view(self) -> Any:
        form = DecisionForm()
        return self.take(form, decide, self._show_case, _("Noted: %(what)s.", what=dict(labels.DEEDS).get(form.deed.data)))

    def _show_case(self, case: RemovalCase, form: DecisionForm, status: int) -> Any:
        account, works = removal_case.found_account(case), self.may("decide_view")
        possible = offered(case, account) if works else []
        form.deed.choices = [choice for choice in form.deed.choices if choice.value in possible]
        return self.render(
            "admin/removal/case.html", model=case, account=account, form=form, works=works, steps=RemovalStep.of_case(case),
            others=removal_case.other_cases(case), due=deadline(case), standing=standing(case), alike=alike(case, account),
            pages=case.evidence.count(), undecided=case.state in UNDECIDED,
            names={name: dict(getattr(labels, name)) for name in ("ACCOUNT_STATES", "CASE_STATES", "PROOFS", "DEEDS")},
            return_url=self.get_save_return_url(case)), status

    @expose("/skan/", methods=("POST",))
    def scan_view(self) -> Any:
        case = self.find()
        pages = [b64encode(page).decode() for page in removal_evidence.show(case)]
        removal_case.note_view(case, current_user.officer, "scan viewed", now=clock.now(), pages=len(pages))
        return self.render("admin/removal/scan.html", model=case, pages=pages)
