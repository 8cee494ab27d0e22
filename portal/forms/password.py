"""A resident's password: changed, forgotten, set anew."""

from flask_babel import lazy_gettext as _l
from wtforms import Field

from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.models import Account, Officer


class OwnWordsRefused:
    """Refuses a password that others would guess first, such as one's own name."""

    def __init__(self, person: Account | Officer) -> None:
        super().__init__()
        names = [person.given_name, person.family_name] if isinstance(person, Account) else [person.name]
        self._own_words = [*names, person.email]

    def validate_new_password(self, field: Field) -> None:
        validators.refuse_guessable(field.data or "", self._own_words)

    validate_password = validate_new_password  # So the panel's forms call the field.


class NewPasswordForm(OwnWordsRefused, BaseForm):
    """A new password."""

    new_password = fields.new_password(_l("New password"))


class ChangePasswordForm(OwnWordsRefused, BaseForm):
    """The current password and a new one."""

    current_password = fields.current_password(_l("Current password"))
    new_password = fields.new_password(_l("New password"))


class AskResetForm(BaseForm):
    """The e-mail address to which the link for a new password goes."""

    email = fields.email()
