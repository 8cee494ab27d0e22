"""Proposals: the queue of their assessment, and what the coordinator corrects; states change only through services."""

from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user
from peewee import JOIN, SQL, fn

from portal import clock
from portal.admin import labels
from portal.admin.assessment import deadline
from portal.admin.base import money, of_row
from portal.admin.edition import editions, pool_name
from portal.admin.fields import PanelForm
from portal.admin.filters import OneOf
from portal.admin.implementation import COORDINATED, StagesPage
from portal.errors import N_
from portal.models import Card, CostItem, District, Edition, Pool, Proposal, ProposalState, Role
from portal.models.fields import MomentField
from portal.services import assessment
from portal.services.proposals_catalogue import CATEGORIES


def reasons() -> list[tuple[str, str]]:
    """Return for what reasons proposals can wait for this officer, with their names."""
    found = [("new", _("Submitted projects"))] if assessment.unit_of(current_user.officer) is None else []
    found += [("mine", _("Projects with cards to fill in")), ("overdue", _("Projects with overdue cards"))]
    return [*found, ("ready", _("Projects to decide on"))] if current_user.officer.role == Role.COORDINATOR else found


def cards_that_wait(what: Any, *conditions: Any) -> Any:
    """Select something of the officer's own cards of a proposal in the query around; all of them are a coordinator's."""
    own = () if current_user.officer.role == Role.COORDINATOR else (Card.unit == current_user.officer.unit_id,)
    return Card.select(what).where(Card.proposal == Proposal.id, assessment.is_waiting(), *own, *conditions)


def waits(reason: str) -> Any:
    """Return the condition on proposals that wait for this officer for one of these reasons."""
    if reason == "new":
        return Proposal.state == ProposalState.SUBMITTED
    if reason == "ready":
        unfilled = fn.EXISTS(Card.select(Card.id).where(Card.proposal == Proposal.id, Card.filled_at.is_null()))
        decided = (Proposal.state == ProposalState.IN_ASSESSMENT) & ~unfilled
        return decided | (Proposal.state == ProposalState.PROTESTED) | (Proposal.correct_until < clock.now())
    return fn.EXISTS(cards_that_wait(Card.id, *([Card.due_at < clock.now()] if reason == "overdue" else [])))


def pools() -> list[tuple[Any, str]]:
    found = (Pool.select(Pool, Edition, District).join(Edition).switch(Pool).join(District, JOIN.LEFT_OUTER)
             .order_by(Edition.voting_from.desc(), Pool.district.is_null(False), District.number))
    return [(pool.id, f"{pool.edition}: {pool_name(pool)}") for pool in found]


class ProposalView(StagesPage):
    """What residents proposed, for coordinators; verifiers see what their unit is asked about, or the formal side of all.

    An estimate's rows make the cost, so a proposal that has them keeps it.
    """

    roles = (Role.VERIFIER, Role.COORDINATOR)
    restricted = dict.fromkeys(("edit_view", "export", "assign_view", "action_view", *COORDINATED), (Role.COORDINATOR,))
    can_edit = can_export = True
    column_list = ("number", "title", "pool", "state", "due_at", "cost")
    column_export_list = ("number", "title", "pool", "summary", "place", "cost", "state")
    column_sortable_list = ("number", "title", "state", "due_at", "cost")
    column_default_sort = ("due_at", False)
    column_searchable_list = ("number", "title")
    column_choices = {"state": labels.PROPOSAL_STATES}
    column_filters = (
        OneOf(Pool.edition, _l("Edition"), editions), OneOf(Proposal.pool, _l("Pool"), pools), "state",
        OneOf(Proposal.categories, _l("Category"), lambda: [(name, _(label)) for name, label in CATEGORIES.items()],
              Proposal.categories.contains), OneOf(Card.due_at, _l("Only"), reasons, waits))
    column_formatters = {"cost": money, "pool": of_row(lambda row: pool_name(row.pool)),
                         "due_at": of_row(lambda row: row.due_at and deadline(row.due_at))}
    column_labels = {
        "number": _l("Number"), "title": _l("Title"), "pool": _l("Pool"), "cost": _l("Cost in zł"), "state": _l("State"),
        "due_at": _l("Cards due"), "summary": _l("Short description"), "description": _l("Description"),
        "justification": _l("Justification"), "place": _l("Place"), "beneficiaries": _l("Beneficiaries")}
    form_columns = ("title", "summary", "description", "justification", "place", "beneficiaries", "cost")
    refusals = {"proposal_cost_is_not_negative": ("cost", N_("The cost must not be negative."))}

    def get_query(self) -> Any:
        due = fn.COALESCE(cards_that_wait(fn.MIN(Card.due_at)), None).converter(MomentField().python_value).alias("due_at")
        query = (super().get_query().select_extend(Pool, Edition, District, due).join(Pool).join(Edition)
                 .switch(Pool).join(District, JOIN.LEFT_OUTER))
        officer = current_user.officer
        if officer.role == Role.COORDINATOR:
            return query.where(Proposal.state != ProposalState.DRAFT)
        own = Proposal.id.in_(Card.select(Card.proposal).where(Card.unit == officer.unit_id))
        return query.where(own if officer.unit_id else Proposal.state != ProposalState.DRAFT)

    def order(self, name: str, descending: bool) -> list[Any]:
        by_day = [SQL(f"due_at {'DESC' if descending else 'ASC'} NULLS LAST")]
        return by_day if name == "due_at" else super().order(name, descending)

    def may_edit(self, row: Proposal) -> bool:
        return super().may_edit(row) and row.state != ProposalState.DRAFT and clock.now() < row.pool.edition.voting_from

    def narrow(self, form: PanelForm, row: Proposal) -> None:
        if CostItem.select().where(CostItem.proposal == row).exists():
            del form.cost
