"""Residents' accounts, to read: the PESEL masked, nothing sealed, nothing to change."""

from typing import Any

from flask_babel import lazy_gettext as _l
from peewee import JOIN

from portal.admin import labels
from portal.admin.base import PanelView
from portal.admin.edition import districts
from portal.admin.filters import OneOf
from portal.models.account import Account
from portal.models.district import District
from portal.models.staff import Role


class AccountView(PanelView):
    """Who is registered, for those who help residents."""

    roles = (Role.REMOVALS, Role.ADMINISTRATOR, Role.CLERK)
    column_list = ("name", "email", "masked_pesel", "district", "state")
    column_details_list = ("name", "email", "email_confirmed_at", "masked_pesel", "district", "state", "created_at")
    column_sortable_list = ("email", "state")
    column_searchable_list = ("email", "given_name", "family_name")
    column_choices = {"state": labels.ACCOUNT_STATES}
    column_filters = (OneOf(Account.state, _l("State"), lambda: labels.ACCOUNT_STATES),
                      OneOf(Account.district, _l("District"), districts))
    column_labels = {
        "name": _l("Name"), "email": _l("E-mail address"), "masked_pesel": _l("PESEL"), "district": _l("District"),
        "state": _l("State"), "email_confirmed_at": _l("Address confirmed"), "created_at": _l("Registered"),
    }

    def get_query(self) -> Any:
        wanted = (Account.id, Account.given_name, Account.family_name, Account.email, Account.email_confirmed_at,
                  Account.pesel, Account.state, Account.created_at, Account.district)
        return Account.select(*wanted, District).join(District, JOIN.LEFT_OUTER)
