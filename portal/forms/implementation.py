"""What is told of a project that is carried out."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms.validators import Optional

from portal.forms import fields
from portal.forms.assessment import LONGEST_WORDS
from portal.forms.base import LONGEST_NAME, BaseForm
from portal.forms.fields_typed import MoneyField
from portal.forms.staff import for_panel

PICTURES = {"accept": ".jpg,.jpeg,.png"}


class StageForm(BaseForm):
    """What is done, what it has cost, and photos of it, each with words for those who do not see it."""

    title = for_panel(fields.text(_l("What is done"), most=150, required=_l("Write what is done.")))
    words = for_panel(fields.long_text(_l("More about it"), most=LONGEST_WORDS))
    cost = MoneyField(_l("Cost so far in zł"), validators=[Optional()])
    photo_1 = FileField(_l("First photo"), render_kw=PICTURES)
    shows_1 = for_panel(fields.text(_l("What the first photo shows"), most=150))
    photo_2 = FileField(_l("Second photo"), render_kw=PICTURES)
    shows_2 = for_panel(fields.text(_l("What the second photo shows"), most=150))
    photo_3 = FileField(_l("Third photo"), render_kw=PICTURES)
    shows_3 = for_panel(fields.text(_l("What the third photo shows"), most=150))

    @property
    def data(self) -> dict[str, Any]:
        pairs = (self.photo_1, self.shows_1), (self.photo_2, self.shows_2), (self.photo_3, self.shows_3)
        return {"title": self.title.data, "words": self.words.data or "", "cost": self.cost.data,
                "photos": [(photo.data.filename[-LONGEST_NAME:], photo.data.stream, shows.data or "")
                           for photo, shows in pairs if photo.data]}
