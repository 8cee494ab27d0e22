"""What the page of a code sent by text message asks: the code, for another one, for the right number."""

from flask_babel import lazy_gettext as _l

from portal.forms import fields
from portal.forms.base import BaseForm


class CodeForm(BaseForm):
    """The six digits of the text message."""

    code = fields.code(_l("Code from the text message"), hint=_l("Six digits; spaces do not matter."))
    submit = fields.submit(_l("Confirm"))


class ResendForm(BaseForm):
    """The button of components/code.html that asks for another code; a token is all that it sends."""


class NumberForm(BaseForm):
    """The number that a code should have gone to; the one before is never shown in full."""

    phone = fields.phone()
    submit = fields.submit(_l("Send a code to this number"))
