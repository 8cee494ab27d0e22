"""Corrections of an account's data that wait for their confirmation, one of each kind per account."""

from peewee import CharField, ForeignKeyField

from portal.models.account import Account
from portal.models.base import BaseModel, check
from portal.models.code import AwaitsCode
from portal.models.fields import MomentField


class PhoneChange(AwaitsCode):
    """A new phone number that waits for the code sent to it."""

    account = ForeignKeyField(Account, unique=True, backref="phone_changes", on_delete="CASCADE")
    account_id: int

    class Meta:
        constraints = [check("phone_change_tries_are_at_most_five", "tries BETWEEN 0 AND 5")]

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
