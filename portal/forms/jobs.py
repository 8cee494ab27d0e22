"""What an officer hands over for long work."""

import json
import zlib
from base64 import b64encode

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileRequired, FileSize, MultipleFileField
from wtforms import BooleanField
from wtforms.validators import Length, Regexp

from portal.forms import fields
from portal.forms.base import BaseForm, Upload
from portal.forms.staff import for_panel

MOST_FILES, MOST_BYTES = 40, 2 * 1024 * 1024


class ImportForm(Upload, BaseForm):
    """Files of open data, and the edition that they become."""

    code = for_panel(fields.text(_l("Edition's code"), most=20, required=_l("Enter the edition's code."), checks=(
        Regexp(r"[0-9A-Za-z][0-9A-Za-z_-]*\Z", message=_l("Use letters a–z, digits and hyphens only, for example 2018.")),),
        hint=_l("A new code makes a new archived edition; a known one gets more pools.")))
    files = MultipleFileField(_l("Files in the Pabulib format (.pb)"), render_kw={"accept": ".pb"}, validators=[
        FileRequired(_l("Choose at least one file.")), Length(max=MOST_FILES, message=fields.TOO_MANY_FILES),
        FileSize(MOST_BYTES, message=_l("A file can have at most 2 MB."))])
    with_ballots = BooleanField(_l("Store the ballots too, so that the count can be repeated"))

    @property
    def given(self) -> str:
        packed = [(name, b64encode(zlib.compress(stream.read())).decode()) for name, stream in self.chosen()]
        return json.dumps({"files": packed, "with_ballots": self.with_ballots.data})
