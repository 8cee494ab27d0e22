"""What the assessment of an edition rests on: its questions, the units of the offices, and at its end the lot."""

from typing import Any

from flask_admin import expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user

from portal import clock
from portal.access import lead_on
from portal.admin.assessment import attempt
from portal.admin.base import PanelView
from portal.admin.filters import OneOf
from portal.database import transaction
from portal.errors import N_
from portal.forms.assessment import DrawForm
from portal.models import Criterion, Edition, Role
from portal.services import assessment, audit, proposals_lot


def editions() -> list[tuple[str, str]]:
    return [(edition.id, str(edition)) for edition in Edition.select().order_by(Edition.voting_from.desc())]


class Managed(PanelView):
    """A table that coordinators keep."""

    roles = (Role.COORDINATOR,)
    can_create = can_edit = True


class UnitView(Managed):
    """The units of the city's offices that assess proposals."""

    form_columns = column_labels = {"name": _l("Unit's name")}
    column_sortable_list = column_searchable_list = ("name",)
    column_default_sort = ("name", False)
    refusals = {"unit_name": ("name", N_("There already is a unit with this name."))}


class CriterionView(Managed):
    """The questions of an edition's cards; cards that are filled in keep theirs."""

    can_delete = True
    column_sortable_list = ("position", "question")
    column_default_sort = ("position", False)
    column_filters = (OneOf(Criterion.edition, _l("Edition"), editions),)
    form_columns = column_labels = {"edition": _l("Edition"), "is_formal": _l("On the formal card"), "position": _l("Position"),
                                    "question": _l("Question")}

    def get_query(self) -> Any:
        return super().get_query().select_extend(Edition).join(Edition)

    def order(self, name: str, descending: bool) -> list[Any]:
        card = [Edition.voting_from.desc(), Criterion.is_formal.desc()] if name == "position" else []
        return [*card, *super().order(name, descending)]

    def delete_model(self, row: Criterion) -> bool:
        with transaction():
            audit.record("criterion deleted", actor=current_user.officer, subject=row.edition, now=clock.now(), text=row.question)
            return bool(row.delete_instance())


class Assessed(Managed):
    """An edition's questions, with which it begins, and its lot; the table of editions builds on it."""

    def row_steps(self, row: Edition) -> dict[str, Any]:
        drawable = row.order_seed is None and not row.archived and clock.now() < row.voting_from
        return {"draw_view": _("Draw the order")} if drawable else {}

    def save_related(self, row: Edition, changed: list[str]) -> None:
        if "code" in changed:
            assessment.seed_criteria(row)

    @expose("/losowanie/", methods=("GET", "POST"))
    def draw_view(self) -> Any:
        edition, form = self.find(), DrawForm()
        status = attempt(form, proposals_lot.draw_order, edition)
        if status is None:
            return lead_on(".details_view", _("The order on the ballot is drawn."), id=edition.id)
        return self.render("admin/proposal/lot.html", model=edition, form=form, return_url=self.get_url(".index_view")), status
