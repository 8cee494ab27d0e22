"""What every form has in common."""

from functools import cache
from typing import Any

from babel.support import Translations
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.i18n import messages_path

from portal.errors import PortalError
from portal.i18n import language


@cache
def _wtforms_catalogue(code: str) -> Any:
    """Read WTForms' own texts once per language; Flask-WTF reads them anew for each form."""
    return Translations.load(messages_path(), [code], domain="wtforms")


class BaseForm(FlaskForm):  # type: ignore[misc]
    """A form whose rules may also be broken by a service: its refusal is shown like any other error."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Form) -> Any:
            return _wtforms_catalogue(language())

    def refuse(self, error: PortalError, field: Field | None = None) -> None:
        """Show a service's refusal beside a field, or above the form."""
        text = gettext(error.message, **error.params)
        if field is None:
            self.form_errors = [*self.form_errors, text]
        else:
            field.errors = [*field.errors, text]
