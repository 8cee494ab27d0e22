"""Forms of the officers' panel: its login, a new officer, the own access."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.fields.core import UnboundField
from wtforms.widgets import PasswordInput

from portal.forms import fields, validators
from portal.forms.base import BaseForm
from portal.forms.password import OwnWordsRefused


def for_panel(field: UnboundField, widget: Any = None, **attributes: Any) -> UnboundField:
    """Return a field of the residents' pages, with all its rules, as the panel's templates draw it, with classes of their own."""
    drawn = {"widget": widget, "render_kw": {**field.kwargs["render_kw"]["params"], "classes": False, **attributes}}
    return field.field_class(*field.args, **{**field.kwargs, **drawn})


def _password(field: UnboundField) -> UnboundField:
    return for_panel(field, PasswordInput(), **{"data-show": _l("Show"), "data-hide": _l("Hide")})


class PanelLoginForm(BaseForm):
    """E-mail address, password and the authenticator's code; what is wrong with them the service judges."""

    email = for_panel(fields.text(_l("E-mail address"), most=254, required=_l("Enter your e-mail address."),
                                  autocomplete="username", type="email", spellcheck="false"))
    password = for_panel(fields.current_password(), PasswordInput())
    code = for_panel(fields.text(_l("Code from the authenticator"), most=30, autocomplete="one-time-code", spellcheck="false",
                                 required=_l("Enter the code from the authenticator or a recovery code."),
                                 hint=_l("Six digits. If you do not have it at hand: one of your recovery codes.")))


class EnrolmentForm(OwnWordsRefused, BaseForm):
    """An invited officer's password, and the proof that the authenticator is set up."""

    password = _password(fields.new_password(_l("New password")))
    code = for_panel(fields.code(_l("Code from the authenticator"), hint=_l("The six digits that the app shows now.")))


class PanelPasswordForm(OwnWordsRefused, BaseForm):
    """An officer's new password, and the one until now."""

    current_password = _password(fields.current_password(_l("Current password")))
    password = _password(fields.new_password(_l("New password")))


class PanelProofForm(BaseForm):
    """The password once more, before something that matters much."""

    password = _password(fields.current_password(_l("Your password")))


class OfficerForm(BaseForm):
    """Who a new officer is."""

    name = for_panel(fields.text(_l("Name"), most=200, required=_l("Enter the officer's name.")))
    email = for_panel(fields.text(_l("E-mail address"), most=254, required=_l("Enter the officer's e-mail address."),
                                  checks=(validators.email_address,), type="email"))
    role = SelectField(_l("Role"))
