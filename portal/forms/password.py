"""A resident's password: changed, forgotten, set anew."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field

from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.models.account import Account


class OfAccount:
    """What a form knows of an account, whose own words a new password must not hold."""

    def __init__(self, account: Account, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._account = account

    def validate_new_password(self, field: Field) -> None:
        account = self._account
        validators.refuse_guessable(field.data or "", [account.given_name, account.family_name, account.email])


class NewPasswordForm(OfAccount, BaseForm):
    """A new password."""

    new_password = fields.new_password(_l("New password"))
    submit = fields.submit(_l("Set the new password"))


class ChangePasswordForm(OfAccount, BaseForm):
    """The current password and a new one."""

    current_password = fields.current_password(_l("Current password"))
    new_password = fields.new_password(_l("New password"))
    submit = fields.submit(_l("Change the password"))


class AskResetForm(BaseForm):
    """The e-mail address to which the link for a new password goes."""

    email = fields.email()
    submit = fields.submit(_l("Send me the link"))
