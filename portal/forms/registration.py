"""Registration, the code that comes by text message, and the button that confirms the e-mail address."""

from flask_babel import lazy_gettext as _l
from wtforms import Field

from portal import crypto
from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.forms.profile import AddressFields, IdentityFields, NameFields
from portal.i18n import language
from portal.services.registration import Applicant


class RegistrationForm(NameFields, IdentityFields, AddressFields, BaseForm):
    """Everything that an account needs, asked once."""

    email = fields.email()
    phone = fields.phone()
    password = fields.new_password()
    notice = fields.checkbox(_l("I have read how my data are used"),
                             required=_l("Please read how your data are used and tick the box."))
    wants_news = fields.checkbox(_l("Send me news about the participatory budget (you can change this at any time)"))

    def validate_password(self, field: Field) -> None:
        validators.refuse_guessable(field.data or "", [self.given_name.data, self.family_name.data, self.email.data])

    def applicant(self) -> Applicant:
        """Return what a valid form tells, the password only as its hash."""
        as_typed = ("email", "phone", "given_name", "family_name", "street", "postcode", "wants_news")
        return Applicant(**{name: self.data[name] for name in as_typed}, pesel=self.given_pesel, birth_date=self.born.isoformat(),
                         district=int(self.district.data), password_hash=crypto.hash_password(self.password.data),
                         language=language())


class CodeForm(BaseForm):
    """The six digits of the text message."""

    code = fields.code(_l("Code from the text message"), hint=_l("Six digits; spaces do not matter."))


class NumberForm(BaseForm):
    """The number that a code should have gone to; the one before is never shown in full."""

    phone = fields.phone()


class ConfirmEmailForm(BaseForm):
    """The button that confirms an e-mail address; a token is all that it sends."""
