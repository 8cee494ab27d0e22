"""Corrections of an account's data that wait for their confirmation, one of each kind per account."""

from datetime import datetime

from peewee import CharField, ForeignKeyField

from portal.models.account import Account
from portal.models.base import BaseModel, Prepared, check
from portal.models.code import AwaitsCode
from portal.models.fields import MomentField


class PhoneChange(AwaitsCode):
    """A new phone number that waits for the code sent to it."""

    account = ForeignKeyField(Account, unique=True, backref="phone_changes", on_delete="CASCADE")
    account_id: int

    class Meta:
        constraints = [check("phone_change_tries_are_at_most_five", "tries BETWEEN 0 AND 5")]

    @classmethod
    def of_account(cls, account: Account, since: datetime) -> "PhoneChange | None":
        """Return the number of an account that waits since a moment or later."""
        change: PhoneChange | None = _phone_of.first(account.id, since)
        return change

    @property
    def binding(self) -> str:
        return f"phone-change:{self.account_id}"


class EmailChange(BaseModel):
    """A new e-mail address that waits for the link sent to it to be opened."""

    account = ForeignKeyField(Account, unique=True, backref="email_changes", on_delete="CASCADE")
    email = CharField(max_length=254)
    token_hash = CharField(max_length=64, unique=True)
    created_at = MomentField(index=True)
    account_id: int

    class Meta:
        constraints = [check("email_change_email_is_lower_case", "email = lower(email)")]

    @classmethod
    def of_account(cls, account: Account, since: datetime) -> "EmailChange | None":
        """Return the address of an account that waits since a moment or later."""
        change: EmailChange | None = _email_of.first(account.id, since)
        return change


_phone_of = Prepared(lambda account, since: PhoneChange.select().where(PhoneChange.account == account,
                                                                       PhoneChange.created_at > since))
_email_of = Prepared(lambda account, since: EmailChange.select().where(EmailChange.account == account,
                                                                       EmailChange.created_at > since))
