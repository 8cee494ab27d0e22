"""What every form has in common."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import IO, Any

from babel.support import Translations
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.i18n import messages_path

from portal.errors import PortalError
from portal.i18n import language

LONGEST_NAME = 60


@cache
def _wtforms_catalogue(code: str) -> Any:
    """Read WTForms' own texts once per language; Flask-WTF reads them anew for each form."""
    return Translations.load(messages_path(), [code], domain="wtforms")


class BaseForm(FlaskForm):  # type: ignore[misc]
    """A form whose rules may also be broken by a service: its refusal is shown like any other error."""

    refusal: PortalError | None = None

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Form) -> Any:
            return _wtforms_catalogue(language())

    @property
    def answer(self) -> tuple[int, Mapping[str, str]]:
        """The status and headers with which the form's page goes out: those of a service's refusal, else 400 if it has errors."""
        return (self.refusal.status, self.refusal.headers) if self.refusal else (400 if self.errors else 200, {})

    def refuse(self, error: PortalError, field: Field | None = None) -> None:
        """Show a service's refusal beside a field, or above the form."""
        self.refusal, text = error, gettext(error.message, **error.params)
        if field is None:
            self.form_errors = [*self.form_errors, text]
        else:
            field.errors = [*field.errors, text]

    @contextmanager
    def refusing(self, *errors: type[PortalError], beside: Field | None = None) -> Iterator[None]:
        """Show it like refuse() when a service that is called inside refuses with one of these errors."""
        try:
            yield
        except errors as error:
            self.refuse(error, beside)


class Upload:
    """Files of a form, in a field that is called ``files``."""

    def chosen(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Return the files of a valid form, each with its name as pages show it: the end of a long one."""
        for file in self.files.data:
            name = file.filename.rpartition("/")[2]
            yield "".join(filter(str.isprintable, name))[-LONGEST_NAME:], file.stream

    def refuse_files(self, refused: Iterable[tuple[str, PortalError]]) -> None:
        """Show beside the field which files were not taken and why, in a line for each."""
        lines = [gettext("“%(file)s”: %(problem)s", file=name, problem=gettext(error.message, **error.params))
                 for name, error in refused]
        self.files.errors = ["\n".join(lines)] if lines else []
