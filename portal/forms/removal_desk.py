"""What officers fill in about wrongly registered accounts: decisions, requests and approvals, reasons, a claim made in person."""

import re
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import Field, Form, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, ValidationError

from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.forms.staff import PanelProofForm, for_panel
from portal.i18n import DEFAULT, LANGUAGES
from portal.models import Deed, Proof
from portal.services.removal_claim import Claim

LONGEST_WORDS = 2_000
ELEVEN_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ \u00a0-]?[0-9]){10}(?![0-9])")
# What an officer can decide; templates/admin/removal/parts.html says what comes of it.
DECISIONS = {
    Deed.MORE_ASKED: _l("Ask for more"), Deed.CONFIRMED: _l("Confirm the identity"), Deed.FROZEN: _l("Freeze the account"),
    Deed.UNFROZEN: _l("Give the account back"), Deed.REFUSED: _l("Refuse the claim")}
REASONS = [SelectChoice("", _l("Choose…")), SelectChoice("document", _l("Comparison with a document")),
           SelectChoice("holder", _l("A question of the holder")), SelectChoice("authority", _l("An inquiry of an authority"))]


def no_pesel(_form: Form, field: Field) -> None:
    """Refuse a PESEL number in words that go into letters and into the protocol."""
    for found in ELEVEN_DIGITS.findall(field.data or ""):
        if validators.birth_date_of(re.sub("[^0-9]", "", found)):
            raise ValidationError(_("Do not write PESEL numbers here."))


def _version(value: Any) -> int:
    """Return the version of the case that a page has shown; what is none equals no version."""
    return int(value) if re.fullmatch("[0-9]{1,9}", str(value), re.ASCII) else -1


def _words(label: Any, required: Any) -> UnboundField:
    hint = _l("They stay in the history of the case. Do not write PESEL numbers here.")
    return for_panel(fields.long_text(label, most=LONGEST_WORDS, required=required, hint=hint, checks=(no_pesel,)))


class OfCase:
    """Says which state of a case the officer has seen."""

    version = HiddenField(filters=[_version])


class DecisionForm(OfCase, BaseForm):
    """One officer's decision on a case, in words."""

    deed = RadioField(_l("Decision"), choices=[SelectChoice(deed, label) for deed, label in DECISIONS.items()],
                      validators=[InputRequired(_l("Choose what you decide."))])
    words = _words(_l("Your words"), _l("Write a few words."))


class RequestForm(OfCase, PanelProofForm):
    """The request to delete an account with its votes; ``seen`` says what its page has shown."""

    seen = HiddenField()


class ApprovalForm(OfCase, PanelProofForm):
    """A second officer's approval."""


class ReturnForm(OfCase, BaseForm):
    """A request given back unapproved, or withdrawn by who asked, with the reasons."""

    words = _words(_l("Why you return it"), _l("Write why."))


class RevealForm(BaseForm):
    """Why an officer has to see a PESEL number in full."""

    reason = SelectField(_l("Why do you need it?"), choices=REASONS, validators=[InputRequired(_l("Choose why you need it."))])


class WalkInForm(BaseForm):
    """A claim that somebody makes in person."""

    name = for_panel(fields.text(_l("First and last name"), most=200, required=_l("Enter the person's first and last name."),
                                 checks=(validators.no_web_address,)))
    pesel = for_panel(fields.pesel(required=_l("Enter the PESEL number."),
                                   hint=_l("As on the document that the person shows you.")))
    email = for_panel(fields.text(_l("E-mail address"), most=254, required=_l("Enter the person's e-mail address."),
                                  checks=(validators.email_address,), type="email",
                                  hint=_l("Of the person who stands before you. E-mails about the case go to it.")))
    language = SelectField(_l("Language of the e-mails"), default=DEFAULT, choices=LANGUAGES)
    story = for_panel(fields.long_text(_l("What happened"), most=LONGEST_WORDS, required=_l("Write what happened.")))

    def claim(self) -> Claim:
        """Return what a valid form tells."""
        return Claim(self.name.data, self.pesel.data, self.email.data, self.story.data, Proof.IN_PERSON, self.language.data)
