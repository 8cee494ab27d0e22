"""What a voter types to find the own ballot among the published commitments."""

import re

from flask_babel import lazy_gettext as _l
from wtforms.validators import Regexp

from portal.forms import fields
from portal.forms.voting import BallotForm


class CheckForm(BallotForm):
    """The confirmation number, and a choice for each mark of the ballot paper."""

    number = fields.text(
        _l("Confirmation number"), most=40, required=_l("Enter the confirmation number of your ballot."), spellcheck="false",
        hint=_l("The 16 letters and digits that you got after casting. Case, blanks and hyphens make no difference."),
        checks=(Regexp("(?i)[ -]*([0-9a-z][ -]*){16}$", message=_l("A confirmation number has 16 letters and digits.")),))
    submit = fields.submit(_l("Check my ballot"))

    def receipt(self) -> str:
        """Return the number as it was given."""
        return "-".join(re.findall("[0-9A-Z]{4}", re.sub("[ -]", "", self.number.data.upper())))
