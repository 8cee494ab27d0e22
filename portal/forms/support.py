"""The answer to an invitation to become a co-author."""

from flask_babel import lazy_gettext as _l

from portal.forms import fields
from portal.forms.base import BaseForm


class JoinForm(BaseForm):
    """Yes or no, and whether the public reads the co-author's name."""

    shows_name = fields.checkbox(_l("Show my name beside the project"))
    accept = fields.submit(_l("Become a co-author"))
    decline = fields.submit(_l("Decline"))
