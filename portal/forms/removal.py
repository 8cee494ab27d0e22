"""The claim that somebody else has registered an account on one's PESEL, and what is sent to its case later."""

from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from portal.forms import fields
from portal.forms.base import BaseForm, Upload
from portal.forms.profile import NameFields
from portal.i18n import language
from portal.models import Proof
from portal.services.removal_claim import Claim

MOST_WORDS, MOST_FILES = 2_000, 4


class ClaimForm(NameFields, BaseForm):
    """Who claims, what has happened, and how the person will show who it is."""

    pesel = fields.pesel(required=_l("Enter your PESEL number."),
                         hint=_l("Your number, on which somebody else has registered. We keep it encrypted."))
    email = fields.email(hint=_l("We write to it about this case."))
    story = fields.long_text(_l("What happened"), most=MOST_WORDS, required=_l("Write what happened."),
                             hint=_l("For example how and when you noticed. At most 2,000 characters. Please do not write your "
                                     "PESEL number here."))
    proof = fields.radios(_l("How will you show us who you are?"), required=_l("Choose how you will show us who you are."),
                          choices=[SelectChoice(Proof.IN_PERSON, _l("In person at the office (recommended)")),
                                   SelectChoice(Proof.SCAN, _l("With a scan or photo of a document"))])
    notice = fields.checkbox(_l("I have read how my data are used"),
                             required=_l("Please read how your data are used and tick the box."))
    submit = fields.submit(_l("Send the report"))

    def claim(self) -> Claim:
        """Return what a valid form tells."""
        return Claim(name=f"{self.given_name.data} {self.family_name.data}", pesel=self.pesel.data, email=self.email.data,
                     story=self.story.data, proof=Proof(self.proof.data), language=language())


class ScanForm(Upload, BaseForm):
    """The scan of a document, in one file or several."""

    files = fields.documents(
        _l("Scan or photo of your document"), most=MOST_FILES, required=_l("Choose a file with a scan or photo."),
        hint=_l("PDF, JPEG or PNG, at most four files at once, each at most 10 MB and 40 MB together."))
    send_scan = fields.submit(_l("Send the scan"))


class AnswerForm(BaseForm):
    """What a claimant writes to a case."""

    words = fields.long_text(_l("Your message"), most=MOST_WORDS, required=_l("Write your message."), rows=5,
                             hint=_l("At most 2,000 characters. Please do not write your PESEL number here."))
    send_answer = fields.submit(_l("Send the message"))
