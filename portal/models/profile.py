"""Corrections of an account's data that wait for their confirmation, one of each kind per account."""

from datetime import datetime
from functools import cache
from typing import Self

from peewee import CharField, ForeignKeyField

from portal.models.account import Account
from portal.models.base import BaseModel, Prepared, rules
from portal.models.code import AwaitsCode
from portal.models.fields import MomentField


class Change(BaseModel):
    """What an account has asked for, once of each kind, and has to confirm; no table of its own."""

    account = ForeignKeyField(Account, unique=True, on_delete="CASCADE")
    created_at = MomentField(index=True)
    account_id: int

    @classmethod
    def of_account(cls, account: Account, since: datetime) -> Self | None:
        """Return what an account has asked for since a moment or later."""
        return _of_account(cls).first(account.id, since)


class PhoneChange(Change, AwaitsCode):
    """A new phone number that waits for the code sent to it."""

    Meta = rules(phone_change_tries_are_at_most_five="tries BETWEEN 0 AND 5")

    @property
    def binding(self) -> str:
        return f"phone-change:{self.account_id}"


class EmailChange(Change):
    """A new e-mail address that waits for the link sent to it to be opened."""

    email = CharField(max_length=254)
    token_hash = CharField(max_length=64, unique=True)

    Meta = rules(email_change_email_is_lower_case="email = lower(email)")


@cache
def _of_account(kind: type[Change]) -> Prepared:
    return Prepared(lambda account, since: kind.select().where(kind.account == account, kind.created_at > since))
