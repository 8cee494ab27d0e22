"""Login of residents."""

from flask_babel import lazy_gettext as _l

from portal.forms import fields
from portal.forms.base import BaseForm


class LoginForm(BaseForm):
    """E-mail address and password."""

    email = fields.email()
    password = fields.current_password()
    submit = fields.submit(_l("Log in"))
