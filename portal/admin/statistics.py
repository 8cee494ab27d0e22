"""Statistics of the panel: turnout as it comes in, and doubtful patterns; nothing about choices, nothing to download."""

from typing import Any

from flask_admin import expose

from portal import clock
from portal.admin.base import PanelView
from portal.admin.results import ResultsView
from portal.models import Edition
from portal.services import statistics


class StatisticsView(PanelView):
    """Editions that vote or voted here, each with its statistics."""

    roles, column_labels = ResultsView.roles, ResultsView.column_labels
    column_list = ("name", "voting_to", "results_on")

    def get_query(self) -> Any:
        return Edition.select().where(~Edition.archived)

    @expose("/details/")
    def details_view(self) -> Any:
        edition, now = self.find(), clock.present()
        return self.render("admin/statistics.html", model=edition, rules=statistics, now=now,
                           **statistics.collect(edition, now=now))
