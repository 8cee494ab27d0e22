"""The resident's own data, as registration asks for them and as they are corrected."""

from datetime import date
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import cache
from portal.config import settings
from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.forms.fields_typed import PolishDateField
from portal.i18n import LANGUAGES
from portal.models import Account, District


class NameFields:
    """First and last name."""

    given_name = fields.text(_l("First name"), most=100, required=_l("Enter your first name."), autocomplete="given-name",
                             checks=(validators.no_web_address,))
    family_name = fields.text(_l("Last name"), most=100, required=_l("Enter your last name."), autocomplete="family-name",
                              checks=(validators.no_web_address,))


class IdentityFields:
    """The PESEL number, or the date of birth of somebody without one."""

    pesel = fields.pesel(hint=_l("It makes sure that everybody votes once. We keep it encrypted."), first=fields.needed(
        lambda typed: typed.get("no_pesel") is False, _l("Enter your PESEL number, or tick that you do not have one.")))
    no_pesel = fields.checkbox(_l("I do not have a PESEL number"))
    birth_date = PolishDateField(
        _l("Date of birth"), description=_l("Only if you give no PESEL number. For example 24.12.1990."),
        render_kw={"params": {"autocomplete": "bday", "classes": "govuk-input--width-10"}}, validators=[
            fields.needed(lambda typed: not typed.get("pesel") and typed.get("no_pesel", True), _l("Enter your date of birth.")),
            validators.plausible_birth_date])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.pesel_mode == "off":
            del self.pesel
            self.birth_date.description = _("For example 24.12.1990.")
        if settings.pesel_mode != "required":
            del self.no_pesel

    @property
    def given_pesel(self) -> str | None:
        return (self.pesel.data or None) if "pesel" in self else None

    @property
    def born(self) -> date:
        """The date of birth of a valid form: the one that the PESEL tells, whatever else was typed."""
        return validators.birth_date_of(self.given_pesel) if self.given_pesel else self.birth_date.data


def _districts() -> list[SelectChoice]:
    districts = cache.remember("districts", lambda: [(str(row.id), str(row)) for row in District.of_city()])
    return [SelectChoice("", _("Choose…")), *(SelectChoice(*row) for row in districts)]


class AddressFields:
    """Where somebody lives."""

    district = fields.choice(_l("District you live in"), required=_l("Choose the district you live in."),
                             hint=_l("You vote on the projects of this district and on citywide projects."), choices=_districts)
    street = fields.text(_l("Street and number"), most=200, required=_l("Enter your street and number."),
                         autocomplete="street-address")
    postcode = fields.text(_l("Postcode"), most=10, required=_l("Enter your postcode."), autocomplete="postal-code",
                           checks=(validators.postcode,), inputmode="numeric", classes="govuk-input--width-10")


class Correction:
    """One datum as the account has it now, where its page shows that, and as its service is told it."""

    shown: tuple[str, ...] = ()

    def __init__(self, account: Account) -> None:
        super().__init__(data={name: account.__data__[name] for name in self.shown})

    def answers(self) -> dict[str, Any]:
        return {name: told for name, told in self.data.items() if name not in {"csrf_token", "password"}}


class NamesForm(NameFields, Correction, BaseForm):
    """The names, corrected."""

    shown = ("given_name", "family_name")


class AddressForm(AddressFields, Correction, BaseForm):
    """The district and address, corrected."""

    shown = ("district", "street", "postcode")

    def answers(self) -> dict[str, Any]:
        return {**super().answers(), "district": int(self.district.data)}


class NoticesForm(Correction, BaseForm):
    """Which messages go out, and in which language."""

    shown = ("language", "wants_news")
    language = fields.choice(_l("Language of messages"), required=_l("Choose a language."),
                             hint=_l("Of e-mails and text messages; that of the pages is chosen at the top of each page."),
                             choices=LANGUAGES)
    wants_news = fields.checkbox(_l("Send me news about the participatory budget"))


class PhoneForm(Correction, BaseForm):
    """A new mobile number, to which a code goes."""

    phone = fields.phone(_l("New mobile phone number"))
    password = fields.current_password(_l("Current password"))


class EmailForm(Correction, BaseForm):
    """A new e-mail address, to which a link goes."""

    email = fields.email(_l("New e-mail address"))
    password = fields.current_password(_l("Current password"))


class IdentityForm(IdentityFields, Correction, BaseForm):
    """The PESEL number, corrected or given later; without one the date of birth."""

    shown = ("birth_date",)
    password = fields.current_password(_l("Current password"))

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        if "no_pesel" in self:
            del self.no_pesel
        if account.pesel:  # From then on the date of birth follows from it.
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

    def __init__(self, *, has_ballots: bool) -> None:
        super().__init__()
        if not has_ballots:
            del self.with_ballots
