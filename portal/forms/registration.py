"""Registration and the code that confirms it."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import ValidationError

from portal import crypto
from portal.config import settings
from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.i18n import language
from portal.models.district import District
from portal.services.registration import Applicant


class RegistrationForm(BaseForm):
    """Everything that an account needs, asked once."""

    given_name = fields.text(_l("First name"), most=100, required=_l("Enter your first name."), autocomplete="given-name",
                             checks=(validators.no_web_address,))
    family_name = fields.text(_l("Last name"), most=100, required=_l("Enter your last name."), autocomplete="family-name",
                              checks=(validators.no_web_address,))
    pesel = fields.text(
        _l("PESEL number"), most=20, checks=(validators.pesel,), inputmode="numeric", classes="govuk-input--width-10",
        hint=_l("It makes sure that everybody votes once. We keep it encrypted."))
    no_pesel = fields.checkbox(_l("I do not have a PESEL number"))
    birth_date = fields.date(_l("Date of birth"), checks=(validators.plausible_birth_date,),
                             hint=_l("Only if you give no PESEL number. For example 24.12.1990."))
    district = fields.choice(_l("District you live in"), required=_l("Choose the district you live in."),
                             hint=_l("You vote on the projects of this district and on citywide projects."))
    street = fields.text(_l("Street and number"), most=200, required=_l("Enter your street and number."),
                         autocomplete="street-address")
    postcode = fields.text(_l("Postcode"), most=10, required=_l("Enter your postcode."), autocomplete="postal-code",
                           checks=(validators.postcode,), inputmode="numeric", classes="govuk-input--width-10")
    email = fields.email()
    phone = fields.phone()
    password = fields.new_password()
    notice = fields.checkbox(_l("I have read how my data are used"),
                             required=_l("Please read how your data are used and tick the box."))
    wants_news = fields.checkbox(_l("Send me news about the participatory budget (you can change this at any time)"))
    submit = fields.submit(_l("Register and send me a code"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = [("", _("Choose…")), *((str(row.id), str(row)) for row in District.of_city())]
        if settings.pesel_mode == "off":
            del self.pesel
            self.birth_date.description = _("For example 24.12.1990.")
        if settings.pesel_mode != "required":
            del self.no_pesel

    def validate_password(self, field: Field) -> None:
        """Refuse a password that holds the own name or address, or the portal's name."""
        guess = (field.data or "").lower()
        words = [self.given_name.data, self.family_name.data, (self.email.data or "").partition("@")[0], settings.site_name]
        if any(word and len(word) >= 4 and word.lower() in guess for word in words):
            raise ValidationError(_("Do not use your name, your e-mail address or the name of the portal in the password."))

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        pesel = self.pesel.data if "pesel" in self else ""
        if "no_pesel" in self and not pesel and not self.no_pesel.data:
            self.pesel.errors = [*self.pesel.errors, _("Enter your PESEL number, or tick that you do not have one.")]
            return False
        if not pesel and self.birth_date.data is None:
            if not self.birth_date.errors:
                self.birth_date.errors = [_("Enter your date of birth.")]
            return False
        return valid

    def applicant(self) -> Applicant:
        """Return what a valid form tells, the password only as its hash."""
        pesel = (self.pesel.data or None) if "pesel" in self else None
        born = validators.birth_date_of(pesel) if pesel else self.birth_date.data
        return Applicant(
            email=self.email.data, phone=self.phone.data, given_name=self.given_name.data, family_name=self.family_name.data,
            pesel=pesel, birth_date=born.isoformat(), district=int(self.district.data), street=self.street.data,
            postcode=self.postcode.data, password_hash=crypto.hash_password(self.password.data),
            wants_news=bool(self.wants_news.data), language=language())


class CodeForm(BaseForm):
    """The six digits of the text message."""

    code = fields.code(_l("Code from the text message"), hint=_l("Six digits; spaces do not matter."))
    submit = fields.submit(_l("Confirm"))


class ResendForm(BaseForm):
    """A button that asks for another code."""

    submit = fields.submit(_l("Send a new code"))


class ConfirmEmailForm(BaseForm):
    """A button that confirms an e-mail address."""

    submit = fields.submit(_l("Confirm this address"))
