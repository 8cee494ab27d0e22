"""Registration, and the button that confirms the e-mail address."""

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
    submit = fields.submit(_l("Register and send me a code"))

    def validate_password(self, field: Field) -> None:
        validators.refuse_guessable(field.data or "", [self.given_name.data, self.family_name.data, self.email.data])

    def applicant(self) -> Applicant:
        """Return what a valid form tells, the password only as its hash."""
        return Applicant(
            email=self.email.data, phone=self.phone.data, given_name=self.given_name.data, family_name=self.family_name.data,
            pesel=self.given_pesel, birth_date=self.born.isoformat(), district=int(self.district.data), street=self.street.data,
            postcode=self.postcode.data, password_hash=crypto.hash_password(self.password.data),
            wants_news=bool(self.wants_news.data), language=language())


class ConfirmEmailForm(BaseForm):
    """A button that confirms an e-mail address."""

    submit = fields.submit(_l("Confirm this address"))
