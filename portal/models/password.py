"""Links that set a new password."""

from peewee import CharField

from portal.models.profile import Change


class PasswordReset(Change):
    """The one link of an account that sets a new password; used, replaced or made void, its row is gone."""

    token_hash = CharField(max_length=64, unique=True)
