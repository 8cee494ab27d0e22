"""Links that set a new password."""

from peewee import CharField, ForeignKeyField

from portal.models.account import Account
from portal.models.base import BaseModel
from portal.models.fields import MomentField


class PasswordReset(BaseModel):
    """The one link of an account that sets a new password; used, replaced or made void, its row is gone."""

    account = ForeignKeyField(Account, unique=True, backref="password_resets", on_delete="CASCADE")
    token_hash = CharField(max_length=64, unique=True)
    created_at = MomentField(index=True)
    account_id: int
