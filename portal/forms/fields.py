"""Field factories: one wording, one limit and one widget for each kind of field."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from govuk_frontend_wtf.wtforms_widgets import (GovCheckboxesInput, GovCheckboxInput, GovFileInput, GovRadioInput, GovSelect,
                                                GovSubmitInput, GovTextArea, GovTextInput)
from markupsafe import Markup
from wtforms import (BooleanField, Field, Form, RadioField, SelectField, SelectMultipleField, StringField, SubmitField,
                     TextAreaField)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal import cache
from portal.config import settings
from portal.forms import validators
from portal.i18n import lines

VALUE = cache.blank("value")
TOO_LONG = _l("This can have at most %(max)d characters.")
LONGEST_KEPT = 20_000  # Signs of what a field is made of: the list of a city's districts, not what somebody sends.


@lru_cache(maxsize=500)
def _written(template: str, params: str) -> Markup:
    return current_app.jinja_env.get_template(template).make_module({"params": json.loads(params)}).__html__()


class Translated:
    """Makes the widget say "Error" in the reader's language, and writes the HTML of a field only once."""

    template: str

    def map_gov_params(self, field: Field, **kwargs: Any) -> dict[str, Any]:
        params: dict[str, Any] = super().map_gov_params(field, **kwargs)  # type: ignore[misc]
        if field.errors:
            params["errorMessage"]["visuallyHiddenText"] = _("Error")
        return params

    def render(self, params: dict[str, Any]) -> Markup:
        """Return the field's HTML, which depends on nothing but these; what people typed is set in and not kept."""
        value = params.get("value")
        if value:
            params = {**params, "value": VALUE}
        text = json.dumps(params, default=str)
        made = (_written if len(text) < LONGEST_KEPT else _written.__wrapped__)(self.template, text)
        return made.replace(VALUE, str(value)) if value else made


class TextWidget(Translated, GovTextInput):  # type: ignore[misc]
    """A line of text."""


class PasswordWidget(TextWidget):
    """A password, which is never sent back to the page."""

    input_type = "password"

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        return super().__call__(field, value="", **kwargs)


class NewPasswordWidget(PasswordWidget):
    """A password that is being chosen, with the words of the meter that portal.js puts beside it."""

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        said = {"short": _("Too short: {length} of at least 10 characters."),
                "own": _("Easy to guess: it holds your name, your e-mail address or the name of the portal or city."),
                "pattern": _("Easy to guess: it repeats itself or follows the keyboard or the alphabet."),
                "fair": _("Long enough: {length} characters. With 15 or more it is safer."),
                "good": _("Good length: {length} characters.")}
        own = f"{settings.site_name}\n{settings.city}"
        return super().__call__(field, **{"data-meter": json.dumps(said, ensure_ascii=False), "data-own": own, **kwargs})


class SubmitWidget(Translated, GovSubmitInput):  # type: ignore[misc]
    """A button."""


class SelectWidget(Translated, GovSelect):  # type: ignore[misc]
    """A choice from a list."""


class CheckboxWidget(Translated, GovCheckboxInput):  # type: ignore[misc]
    """A single box, which is sent as y, whatever somebody has sent in its name."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> dict[str, Any]:
        params = super().map_gov_params(field, **kwargs)
        params["items"][0]["value"] = "y"
        return params


class CheckboxesWidget(Translated, GovCheckboxesInput):  # type: ignore[misc]
    """Boxes of which some can be ticked."""


class LongTextWidget(Translated, GovTextArea):  # type: ignore[misc]
    """A text of several lines."""


class RadioWidget(Translated, GovRadioInput):  # type: ignore[misc]
    """A choice of which every possibility is seen, each with a hint of its own (the field's render_kw)."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> dict[str, Any]:
        params = super().map_gov_params(field, **kwargs)
        return params if field.description else {**params, "hint": None}


class FilesWidget(Translated, GovFileInput):  # type: ignore[misc]
    """Files from the visitor's device; an error may have a line for each of them."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> dict[str, Any]:
        params = super().map_gov_params(field, **kwargs)
        if field.errors:
            params["errorMessage"]["html"] = lines(field.errors[0])
        return params


def tidy(value: Any) -> Any:
    """Return a text without margins, the end of each line one sign, as the browser counts it and not as it sends it."""
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else value


def _rules(first: Any, required: Any, most: int, *checks: Any) -> list[Any]:
    first = first or (DataRequired(required) if required else Optional())
    return [first, Length(max=most, message=TOO_LONG), validators.clean_text, *checks]


def text(label: Any, *, most: int, hint: Any = "", required: Any = None, checks: tuple[Any, ...] = (), autocomplete: str = "off",
         widget: Any = None, strip: bool = True, first: Any = None, **attributes: Any) -> StringField:
    """Return a line of text of at most so many signs; ``required`` is the message when it is left empty."""
    return StringField(label, description=hint, widget=widget or TextWidget(), filters=[tidy] if strip else [],
                       validators=_rules(first, required, most, validators.one_line, *checks),
                       render_kw={"params": {"autocomplete": autocomplete, **attributes}})


def needed(is_needed: Callable[[dict[str, Any]], bool], message: Any) -> Callable[[Form, Field], None]:
    """Return a validator of a field that may be left empty, unless what was typed beside it needs it."""
    def check(form: Form, field: Field) -> None:
        (DataRequired(message) if is_needed(form.data) else Optional())(form, field)
    return check


def long_text(label: Any, *, most: int, required: Any = None, hint: Any = "", checks: tuple[Any, ...] = (), rows: int = 8,
              counted: bool = False, first: Any = None) -> TextAreaField:
    """Return a text of several lines of at most so many signs; if ``counted``, draft.js tells how many are left."""
    return TextAreaField(label, description=hint, widget=LongTextWidget(), filters=[lambda value: tidy(value or "")],
                         render_kw={"params": {"rows": rows}, **({"data-count-most": most} if counted else {})},
                         validators=_rules(first, required, most, *checks))


def email(label: Any = None, *, hint: Any = "") -> StringField:
    return text(label or _l("E-mail address"), most=254, required=_l("Enter your e-mail address."), hint=hint,
                checks=(validators.email_address,), autocomplete="email", type="email", spellcheck=False)


def phone(label: Any = None) -> StringField:
    return text(label or _l("Mobile phone number"), most=30, required=_l("Enter your mobile phone number."), autocomplete="tel",
                hint=_l("We send a code to it. Several people in a family may use the same number."),
                checks=(validators.mobile_number,), type="tel", classes="govuk-input--width-20")


def pesel(*, hint: Any = "", required: Any = None, first: Any = None) -> StringField:
    return text(_l("PESEL number"), most=20, hint=hint, required=required, first=first, checks=(validators.pesel,),
                inputmode="numeric", classes="govuk-input--width-10")


def new_password(label: Any = None) -> StringField:
    return text(label or _l("Password"), most=128, required=_l("Choose a password."), autocomplete="new-password",
                hint=_l("At least 10 characters; 15 or more are better. Three or four words make a good password."),
                checks=(Length(min=10, message=_l("The password needs at least %(min)d characters.")),),
                widget=NewPasswordWidget(), strip=False)


def current_password(label: Any = None) -> StringField:
    return text(label or _l("Password"), most=128, required=_l("Enter your password."), autocomplete="current-password",
                widget=PasswordWidget(), strip=False)


def code(label: Any, hint: Any = "") -> StringField:
    return text(label, most=20, required=_l("Enter the six digits of the code."), hint=hint, checks=(validators.six_digits,),
                autocomplete="one-time-code", inputmode="numeric", classes="govuk-input--width-10")


def choice(label: Any, *, required: Any, hint: Any = "", choices: Any = None) -> SelectField:
    """Return a select whose first, empty choice must be left; without ``choices`` the form fills them in."""
    return SelectField(label, description=hint, widget=SelectWidget(), validators=[InputRequired(required)], choices=choices)


def radios(label: Any, *, required: Any, hint: Any = "", choices: Any = None) -> RadioField:
    """Return a choice of which one has to be made; without ``choices`` the form fills them in."""
    return RadioField(label, description=hint, widget=RadioWidget(), validators=[InputRequired(required)], choices=choices)


def checkboxes(label: Any, *, checks: tuple[Any, ...], hint: Any = "") -> SelectMultipleField:
    """Return a choice of which some can be made; the form fills in the choices."""
    return SelectMultipleField(label, description=hint, widget=CheckboxesWidget(), validators=list(checks))


TOO_MANY_FILES = _l("Choose at most %(max)d files at once.")


def documents(label: Any, *, most: int, required: Any, hint: Any) -> MultipleFileField:
    """Return a choice of several files; ``accept`` only helps to choose, what they are a service judges by their content."""
    return MultipleFileField(
        label, description=hint, widget=FilesWidget(multiple=True), render_kw={"accept": ".pdf,.jpg,.jpeg,.png"},
        validators=[DataRequired(required), Length(max=most, message=TOO_MANY_FILES)])


def checkbox(label: Any, *, required: Any = None) -> BooleanField:
    return BooleanField(label, widget=CheckboxWidget(), validators=[InputRequired(required)] if required else [])


def submit(label: Any) -> SubmitField:
    return SubmitField(label, widget=SubmitWidget())
