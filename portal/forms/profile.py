"""The resident's own data, as registration asks for them and as they are corrected."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from portal import cache
from portal.config import settings
from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.i18n import LANGUAGES
from portal.models.account import Account
from portal.models.district import District


class NameFields:
    """First and last name."""

    given_name = fields.text(_l("First name"), most=100, required=_l("Enter your first name."), autocomplete="given-name",
                             checks=(validators.no_web_address,))
    family_name = fields.text(_l("Last name"), most=100, required=_l("Enter your last name."), autocomplete="family-name",
                              checks=(validators.no_web_address,))


class IdentityFields:
    """The PESEL number, or the date of birth of somebody without one."""

    pesel = fields.text(
        _l("PESEL number"), most=20, checks=(validators.pesel,), inputmode="numeric", classes="govuk-input--width-10",
        hint=_l("It makes sure that everybody votes once. We keep it encrypted."))
    no_pesel = fields.checkbox(_l("I do not have a PESEL number"))
    birth_date = fields.date(_l("Date of birth"), checks=(validators.plausible_birth_date,),
                             hint=_l("Only if you give no PESEL number. For example 24.12.1990."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.pesel_mode == "off":
            del self.pesel
            self.birth_date.description = _("For example 24.12.1990.")
        if settings.pesel_mode != "required":
            del self.no_pesel

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))  # type: ignore[misc]
        if "no_pesel" in self and not self.given_pesel and not self.no_pesel.data:
            self.pesel.errors = [*self.pesel.errors, _("Enter your PESEL number, or tick that you do not have one.")]
            return False
        if "birth_date" in self and not self.given_pesel and self.birth_date.data is None:
            if not self.birth_date.errors:
                self.birth_date.errors = [_("Enter your date of birth.")]
            return False
        return valid

    @property
    def given_pesel(self) -> str | None:
        return (self.pesel.data or None) if "pesel" in self else None

    @property
    def born(self) -> date:
        """The date of birth of a valid form: the one that the PESEL tells, whatever else was typed."""
        born: date = validators.birth_date_of(self.given_pesel) if self.given_pesel else self.birth_date.data
        return born


class AddressFields:
    """Where somebody lives."""

    district = fields.choice(_l("District you live in"), required=_l("Choose the district you live in."),
                             hint=_l("You vote on the projects of this district and on citywide projects."))
    street = fields.text(_l("Street and number"), most=200, required=_l("Enter your street and number."),
                         autocomplete="street-address")
    postcode = fields.text(_l("Postcode"), most=10, required=_l("Enter your postcode."), autocomplete="postal-code",
                           checks=(validators.postcode,), inputmode="numeric", classes="govuk-input--width-10")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        districts = cache.remember("districts", lambda: [(str(row.id), str(row)) for row in District.of_city()])
        self.district.choices = [("", _("Choose…")), *districts]


class Correction:
    """What the page of one datum says, and what its fields say by the names of the service's parameters."""

    heading: Any
    notes: tuple[Any, ...] = ()

    def answers(self) -> dict[str, Any]:
        return {name: field.data for name, field in self._fields.items() if name not in {"csrf_token", "password", "submit"}}


class NamesForm(NameFields, Correction, BaseForm):
    """The names, corrected."""

    heading = _l("Change your name")
    submit = fields.submit(_l("Save"))

    def __init__(self, account: Account) -> None:
        super().__init__(data={"given_name": account.given_name, "family_name": account.family_name})


class AddressForm(AddressFields, Correction, BaseForm):
    """The district and address, corrected."""

    heading = _l("Change your district and address")
    notes = (_l("A ballot that you have cast already stays as it is."),)
    submit = fields.submit(_l("Save"))

    def __init__(self, account: Account) -> None:
        super().__init__(data={"district": account.district_id, "street": account.street, "postcode": account.postcode})

    def answers(self) -> dict[str, Any]:
        return {**super().answers(), "district": int(self.district.data)}


class NoticesForm(Correction, BaseForm):
    """Which messages go out, and in which language."""

    heading = _l("Change what we send you")
    language = fields.choice(_l("Language of messages"), required=_l("Choose a language."),
                             hint=_l("Of e-mails and text messages; that of the pages is chosen at the bottom of each page."))
    wants_news = fields.checkbox(_l("Send me news about the participatory budget"))
    submit = fields.submit(_l("Save"))

    def __init__(self, account: Account) -> None:
        super().__init__(data={"language": account.language, "wants_news": account.wants_news})
        self.language.choices = list(LANGUAGES.items())


class PhoneForm(Correction, BaseForm):
    """A new mobile number, to which a code goes."""

    heading = _l("Change your phone number")
    notes = (_l("We send a code to the new number. Until you have entered it, the number that you have now stays."),)
    phone = fields.phone(_l("New mobile phone number"))
    password = fields.current_password(_l("Current password"))
    submit = fields.submit(_l("Send me a code"))

    def __init__(self, account: Account) -> None:
        super().__init__()


class EmailForm(Correction, BaseForm):
    """A new e-mail address, to which a link goes."""

    heading = _l("Change your e-mail address")
    notes = (_l("We send a link to the new address. Until you have opened it, you log in with the address that you have now."),
             _l("We also write to the address that you have now, so that nobody can change it behind your back."))
    email = fields.email(_l("New e-mail address"))
    password = fields.current_password(_l("Current password"))
    submit = fields.submit(_l("Send me a link"))

    def __init__(self, account: Account) -> None:
        super().__init__()


class IdentityForm(IdentityFields, Correction, BaseForm):
    """The PESEL number, corrected or given later; without one the date of birth."""

    heading = _l("Change your PESEL number or date of birth")
    notes = (_l("A ballot that you have cast stays your only one. A choice that is saved but not cast yet is deleted when the "
                "PESEL number changes; choose again."),
             _l("A PESEL number, once given, can be corrected here but not removed. If it has to be removed, write to us."))
    password = fields.current_password(_l("Current password"))
    submit = fields.submit(_l("Save"))

    def __init__(self, account: Account) -> None:
        super().__init__(data={"birth_date": account.birth_date})
        if "no_pesel" in self:
            del self.no_pesel
        if "pesel" not in self:
            self.heading, self.notes = _l("Change your date of birth"), ()
        if account.pesel:  # From then on the date of birth follows from it.
            self.heading = _l("Change your PESEL number")
            del self.birth_date
            self.pesel.validators = [InputRequired(_("Enter your PESEL number.")), *self.pesel.validators[1:]]

    def answers(self) -> dict[str, Any]:
        return {"pesel": self.given_pesel, "birth_date": self.born}


class DeleteAccountForm(BaseForm):
    """The wish to delete the own account, and with it a ballot in an open voting."""

    with_ballots = fields.checkbox(_l("I want my ballot in the open voting to be removed"),
                                   required=_l("Tick that your ballot is to be removed, or keep the account."))
    sure = fields.checkbox(_l("I want to delete my account"), required=_l("Tick that you want to delete the account."))
    password = fields.current_password(_l("Current password"))
    submit = fields.submit(_l("Delete my account"))

    def __init__(self, *, has_ballots: bool) -> None:
        super().__init__()
        if not has_ballots:
            del self.with_ballots
