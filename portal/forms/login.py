"""Login of residents."""

from portal.forms import fields
from portal.forms.base import BaseForm


class LoginForm(BaseForm):
    """E-mail address and password."""

    email = fields.email()
    password = fields.current_password()
