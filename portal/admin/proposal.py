"""Proposals: the coordinator corrects their texts before voting; states change only through services."""

from typing import Any

from flask_babel import lazy_gettext as _l
from peewee import JOIN

from portal import clock
from portal.admin import labels
from portal.admin.base import PanelView, money
from portal.admin.edition import editions, pool_name
from portal.admin.fields import PanelForm
from portal.admin.filters import OneOf, Through
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.proposal import CostItem, Proposal
from portal.models.staff import Role

TEXTS = ("title", "summary", "description", "justification", "place", "beneficiaries")


class ProposalView(PanelView):
    """What residents proposed. An estimate's rows make the cost, so a proposal that has them keeps it."""

    roles = (Role.COORDINATOR,)
    can_edit = can_export = True
    column_list = ("number", "title", "pool", "cost", "state")
    column_details_list = ("number", "pool", *TEXTS, "categories", "cost", "state", "ballot_order")
    column_export_list = ("number", "title", "pool", "summary", "place", "cost", "state")
    column_sortable_list = ("number", "title", "cost", "state")
    column_searchable_list = ("number", "title")
    column_choices = {"state": labels.PROPOSAL_STATES}
    column_filters = (
        Through(Proposal.pool, _l("Edition"), editions, through=Pool.edition),
        OneOf(Proposal.state, _l("State"), lambda: labels.PROPOSAL_STATES),
    )
    column_formatters = {"cost": money, "pool": lambda view, context, row, name: pool_name(view, context, row.pool, name)}
    column_labels = {
        "number": _l("Number"), "title": _l("Title"), "pool": _l("Pool"), "cost": _l("Cost in zł"), "state": _l("State"),
        "summary": _l("Short description"), "description": _l("Description"), "justification": _l("Justification"),
        "place": _l("Place"), "beneficiaries": _l("Beneficiaries"), "categories": _l("Categories"),
        "ballot_order": _l("Order on the ballot"),
    }
    form_columns = (*TEXTS, "cost")
    refusals = {"proposal_cost_is_not_negative": ("cost", _l("The cost must not be negative."))}

    def get_query(self) -> Any:
        return (super().get_query().select_extend(Pool, Edition, District).join(Pool).join(Edition)
                .switch(Pool).join(District, JOIN.LEFT_OUTER))

    def may_edit(self, row: Proposal) -> bool:
        return clock.now() < row.pool.edition.voting_from

    def narrow(self, form: PanelForm, row: Proposal) -> None:
        if CostItem.select().where(CostItem.proposal == row).exists():
            del form.cost
