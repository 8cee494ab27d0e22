"""What an officer hands over for long work."""

import json

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileRequired, FileSize, MultipleFileField
from wtforms import BooleanField
from wtforms.validators import Regexp

from portal.forms import fields
from portal.forms.base import LONGEST_NAME, BaseForm
from portal.forms.staff import for_panel

MOST_FILES, MOST_BYTES = 40, 2 * 1024 * 1024


class ImportForm(BaseForm):
    """Files of open data, and the edition that they become."""

    code = for_panel(fields.text(_l("Edition's code"), most=20, required=_l("Enter the edition's code."), checks=(
        Regexp(r"[0-9A-Za-z][0-9A-Za-z_-]*\Z", message=_l("Use letters a–z, digits and hyphens only, for example 2018.")),),
        hint=_l("A new code makes a new archived edition; a known one gets more pools.")))
    files = MultipleFileField(_l("Files in the Pabulib format (.pb)"), render_kw={"accept": ".pb"}, validators=[
        FileRequired(_l("Choose at least one file.")), FileSize(MOST_BYTES, message=_l("A file can have at most 2 MB."))])
    with_ballots = BooleanField(_l("Store the ballots too, so that the count can be repeated"))

    @property
    def given(self) -> str:  # Bytes as text, which the import takes back: it says what is wrong with them.
        return json.dumps({"files": [(file.filename[-LONGEST_NAME:], file.stream.read().decode("latin-1"))
                          for file in self.files.data], "with_ballots": self.with_ballots.data})
