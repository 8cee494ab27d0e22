"""Forms of the officers' panel: its login, a new officer, the preview of another date."""

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.forms import validators
from portal.forms.base import BaseForm
from portal.models.staff import Role


class PanelLoginForm(BaseForm):
    """E-mail address, password and the authenticator's code; what is wrong with them the service judges."""

    email = StringField(_l("E-mail address"), render_kw={"type": "email", "autocomplete": "username", "spellcheck": "false"},
                        validators=[InputRequired(_l("Enter your e-mail address.")), Length(max=254), validators.clean_text],
                        filters=[lambda value: value.strip() if value else value])
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"},
                             validators=[InputRequired(_l("Enter your password.")), Length(max=128)])
    code = StringField(_l("Code from the authenticator"), description=_l("Six digits; spaces do not matter."),
                       render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
                       validators=[InputRequired(_l("Enter the six digits of the code.")), Length(max=20)],
                       filters=[lambda value: "".join(value.split()) if value else value])


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
