"""Editions and their pools: the calendar, the numbers and the money. The coordinator sets them before voting begins."""

from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from peewee import JOIN
from wtforms.validators import InputRequired, Regexp

from portal import clock, crypto
from portal.admin import labels
from portal.admin.assessment_edition import Managed, editions
from portal.admin.base import money, of_row
from portal.admin.fields import PanelForm
from portal.admin.filters import OneOf
from portal.admin.implementation import Settled
from portal.errors import N_, PortalError
from portal.forms import validators
from portal.models import Ballot, District, Edition, Pool

DAYS = ("support_days", "assessment_days", "protest_days")
FIXED_BY_BALLOTS = ("voting_from", "citywide_picks", "district_picks", "all_required", "minimum_age", "count_rule")
# What can stand in an address and in the name of a key.
CODE = Regexp(r"[0-9a-z]+(-[0-9a-z]+)*\Z", message=_l("Use small letters a–z, digits and hyphens only."))
LAST_SECOND = _l("Included to the last second: for the end of a day enter 23:59:59.")


def districts() -> list[tuple[str, str]]:
    return [(district.id, str(district)) for district in District.select().order_by(District.number, District.name)]


class DistrictView(Managed):
    """The districts; residents live in those that have a number."""

    column_sortable_list = ("number", "name")
    column_default_sort = ("number", False)
    column_searchable_list = ("name",)
    form_columns = column_labels = {"number": _l("District's number"), "name": _l("District's name")}
    refusals = {"district_number": ("number", N_("There already is a district with this number.")),
                "district_name": ("name", N_("There already is a district with this name."))}


class EditionView(Settled):
    """One year's budget. Its key is made with it; what ballots depend on stays as it was when the first one came."""

    fresh_login = {"edit_view", "draw_view", "settle_view"}  # The dates decide an election.
    column_list = ("code", "name", "voting_from", "voting_to", "results_on", "archived")
    column_sortable_list = ("code", "voting_from", "voting_to", "results_on")
    column_default_sort = ("voting_from", True)
    column_searchable_list = ("code", "name")
    column_choices = {"count_rule": labels.COUNT_RULES}
    form_columns = {
        "code": _l("Code"), "name": _l("Edition's name"), "proposals_from": _l("Projects are submitted from"),
        "proposals_to": _l("Projects are submitted to"), "corrections_to": _l("Corrections to"),
        "admitted_on": _l("List of admitted projects on"), "protests_to": _l("Protests to"), "voting_from": _l("Voting from"),
        "voting_to": _l("Voting to"), "results_on": _l("Results on"), "citywide_picks": _l("Citywide picks"),
        "district_picks": _l("District picks"), "all_required": _l("All picks are required"), "minimum_age": _l("Minimum age"),
        "supporters_required": _l("Supporters required"), "support_days": _l("Days to collect support"),
        "assessment_days": _l("Days for a unit's card"), "protest_days": _l("Days for a protest"),
        "count_rule": _l("Rule of the count")}
    column_labels = {**form_columns, "lot_seed": _l("Seed of the lot for ties"),
                     "order_seed": _l("Seed of the order on the ballot"), "drawn_at": _l("Order drawn"),
                     "archived": _l("Imported from open data")}
    form_args = {"code": {"validators": [CODE], "description": _l("For addresses, for example 2027. Cannot be changed later.")},
                 **dict.fromkeys(("proposals_to", "voting_to"), {"description": LAST_SECOND}),
                 **dict.fromkeys(DAYS, {"validators": [InputRequired(), validators.Within(1, 365)]})}
    refusals = {
        "edition_code": ("code", N_("There already is an edition with this code.")),
        "edition_voting_ends_after_it_begins": ("voting_to", N_("Voting must end after it begins.")),
        "edition_results_follow_voting": ("results_on", N_("Results must not come before the end of voting.")),
        "edition_proposals_end_after_they_begin": ("proposals_to", N_("Submitting projects must end after it begins.")),
        "edition_picks_are_few": ("citywide_picks", N_("There can be from 0 to 20 citywide and from 0 to 20 district picks.")),
        "edition_minimum_age_is_an_age": ("minimum_age", N_("The minimum age must be from 0 to 120."))}

    def may_edit(self, row: Edition) -> bool:
        return not row.archived

    def narrow(self, form: PanelForm, row: Edition) -> None:
        del form.code
        if Ballot.select().where(Ballot.edition == row).exists():
            for name in FIXED_BY_BALLOTS:
                del form[name]

    def on_model_change(self, _form: Any, row: Edition, is_created: bool) -> None:
        if is_created:
            row.lot_seed = crypto.new_token(16)
            crypto.keyring.create(row.ballot_key)
        elif Ballot.select().where(Ballot.edition == row).exists() and row.voting_to < Edition.get_by_id(row.id).voting_to:
            raise PortalError(N_("Voting that has ballots can be prolonged but not shortened: its end opens the count."))


def pool_name(pool: Pool) -> str:
    return str(pool.district or _("Citywide"))


class PoolView(Managed):
    """The money of one contest; it stands once voting has begun."""

    column_sortable_list = ("budget", "min_cost", "max_cost")
    column_filters = (OneOf(Pool.edition, _l("Edition"), editions), OneOf(Pool.district, _l("District"), districts))
    column_formatters = {"budget": money, "min_cost": money, "max_cost": money, "district": of_row(pool_name)}
    form_columns = column_labels = {
        "edition": _l("Edition"), "district": _l("District"), "budget": _l("Budget in zł"),
        "min_cost": _l("Lowest cost of a project in zł"), "max_cost": _l("Highest cost of a project in zł"),
        "minimum_points": _l("Points needed to win")}
    form_args = {"district": {"description": _l("None: the citywide pool.")}}
    refusals = {"pool_edition_id": ("district", N_("This edition already has a pool for this district.")),
                "pool_citywide_is_one": ("district", N_("This edition already has its citywide pool.")),
                "pool_cost_limits_are_in_order": ("max_cost", N_("The highest cost must not be below the lowest."))}

    def get_query(self) -> Any:
        return super().get_query().select_extend(Edition, District).join(Edition).switch(Pool).join(District, JOIN.LEFT_OUTER)

    def may_edit(self, row: Pool) -> bool:
        return clock.now() < row.edition.voting_from

    def on_model_change(self, _form: Any, row: Pool, is_created: bool) -> None:
        if is_created and not self.may_edit(row):
            raise PortalError(N_("Voting in this edition has begun already, so no pool can be added."))

    def narrow(self, form: PanelForm, _row: Pool) -> None:
        del form.edition, form.district
