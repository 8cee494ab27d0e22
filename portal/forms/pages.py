"""What an editor writes of a page in one language."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SubmitField

from portal.forms import fields
from portal.forms.base import BaseForm
from portal.forms.fields_typed import CityMomentField
from portal.forms.staff import for_panel


class VersionForm(BaseForm):
    """A version; ``base`` is the number of the one that it follows."""

    base = HiddenField(filters=[lambda value: int(value) if str(value).isdecimal() else -1])
    title = for_panel(fields.text(_l("Title"), most=150, required=_l("Enter the title.")))
    lead = for_panel(fields.long_text(_l("Summary"), most=300, rows=3, required=_l("Enter the summary."),
                                      hint=_l("One or two sentences: they stand below the title, in lists and in search.")))
    body = for_panel(fields.long_text(_l("Text in Markdown"), most=60_000, rows=24, required=_l("Enter the text.")))
    change = for_panel(fields.text(_l("What is new"), most=200, hint=_l("Everybody reads it in the history of the page.")))


class PublishForm(BaseForm):
    """When a version is to be published."""

    at = CityMomentField(_l("Publish at"), validators=[fields.needed(lambda typed: typed["later"], _l("Enter a date and time."))])
    later = SubmitField(_l("Publish at this time"))
