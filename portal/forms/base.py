"""What every form has in common."""

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field

from portal.errors import PortalError


class BaseForm(FlaskForm):  # type: ignore[misc]
    """A form whose rules may also be broken by a service: its refusal is shown like any other error."""

    def refuse(self, error: PortalError, field: Field | None = None) -> None:
        """Show a service's refusal beside a field, or above the form."""
        text = gettext(error.message, **error.params)
        if field is None:
            self.form_errors = [*self.form_errors, text]
        else:
            field.errors = [*field.errors, text]
