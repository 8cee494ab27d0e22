"""Forms of the officers' panel: its login, a new officer, the own access."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, PasswordField, SelectField, StringField
from wtforms.fields.core import UnboundField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import PasswordInput

from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.models.staff import Officer, Role


def for_panel(field: UnboundField, widget: Any = None, **attributes: Any) -> UnboundField:
    """Return a field of the residents' pages, with all its rules, as the panel's templates draw it."""
    drawn = {"widget": widget, "render_kw": {**field.kwargs["render_kw"]["params"], **attributes}}
    return field.field_class(*field.args, **{**field.kwargs, **drawn})


def _password(field: UnboundField) -> UnboundField:
    return for_panel(field, PasswordInput(), **{"data-show": _l("Show"), "data-hide": _l("Hide")})


class PanelLoginForm(BaseForm):
    """E-mail address, password and the authenticator's code; what is wrong with them the service judges."""

    email = StringField(_l("E-mail address"), render_kw={"type": "email", "autocomplete": "username", "spellcheck": "false"},
                        validators=[InputRequired(_l("Enter your e-mail address.")), Length(max=254), validators.clean_text],
                        filters=[lambda value: value.strip() if value else value])
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"},
                             validators=[InputRequired(_l("Enter your password.")), Length(max=128)])
    code = StringField(_l("Code from the authenticator"),
                       description=_l("Six digits. If you do not have it at hand: one of your recovery codes."),
                       render_kw={"autocomplete": "one-time-code", "spellcheck": "false"},
                       validators=[InputRequired(_l("Enter the code from the authenticator or a recovery code.")),
                                   Length(max=30)])


class OwnWordsRefused:
    """Refuses a password that others would guess first, such as the officer's own name."""

    def __init__(self, officer: Officer) -> None:
        super().__init__()
        self._officer = officer

    def validate_password(self, field: Field) -> None:
        validators.refuse_guessable(field.data or "", [self._officer.name, self._officer.email])


class EnrolmentForm(OwnWordsRefused, BaseForm):
    """An invited officer's password, and the proof that the authenticator is set up."""

    password = _password(fields.new_password(_l("New password")))
    code = StringField(_l("Code from the authenticator"), description=_l("The six digits that the app shows now."),
                       render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
                       validators=[InputRequired(_l("Enter the six digits of the code.")), validators.six_digits])


class PanelPasswordForm(OwnWordsRefused, BaseForm):
    """An officer's new password, and the one until now."""

    current_password = _password(fields.current_password(_l("Current password")))
    password = _password(fields.new_password(_l("New password")))


class PanelProofForm(BaseForm):
    """The password once more, before something that matters much."""

    password = _password(fields.current_password(_l("Your password")))


class OfficerForm(BaseForm):
    """Who a new officer is."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "off"},
                       validators=[DataRequired(_l("Enter the officer's name.")), Length(max=200), validators.clean_text])
    email = StringField(_l("E-mail address"), render_kw={"type": "email", "autocomplete": "off"},
                        validators=[InputRequired(_l("Enter the officer's e-mail address.")), Length(max=254),
                                    validators.email_address])
    role = SelectField(_l("Role"), choices=[])

    def __init__(self, roles: list[tuple[Role, str]]) -> None:
        super().__init__()
        self.role.choices = [(str(role), str(label)) for role, label in roles]
