"""Who gets into a page of the panel: officers of its roles, and before what matters only who typed the password lately."""

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.access import to_login
from portal.models import Role

OPENED_WITHIN, SENT_WITHIN = timedelta(minutes=10), timedelta(minutes=30)


class Guarded:
    """Lets in officers of the roles that a view names; strangers and residents are sent to the panel's login.

    What stands in ``restricted`` only some of these roles may do. What stands in ``fresh_login`` asks officers for the
    password anew unless they typed it lately. A form is opened within ten minutes and sent within thirty, so that nobody loses
    what takes a while to type.
    """

    roles: tuple[Role, ...] = ()
    restricted: dict[str, tuple[Role, ...]] = {}
    fresh_login: set[str] = set()

    def is_accessible(self) -> bool:
        return current_user.officer is not None and current_user.officer.role in self.roles

    def may(self, name: str) -> bool:
        """Tell whether the officer who is let in may use a function of the view."""
        return current_user.officer.role in self.restricted.get(name, self.roles)

    def inaccessible_callback(self, _name: str, **_kwargs: Any) -> Any:
        if current_user.officer is None:
            return to_login("panel_login.log_in")
        return abort(404)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        refused = super()._handle_view(name, **kwargs)  # type: ignore[misc]
        if refused is None and not self.may(name):
            abort(404)
        if refused is None and name in self.fresh_login:
            opens = request.method != "POST"
            if clock.now() - current_user.session.proved_at > (OPENED_WITHIN if opens else SENT_WITHIN):
                if not opens:
                    flash(_("Nothing was changed, because you typed your password more than half an hour ago."), "warning")
                return redirect(url_for("panel_proof.index", next=request.full_path.rstrip("?")))
        return refused

    def _run_view(self, view: Any, *args: Any, **kwargs: Any) -> Any:
        return view(self, *args, **kwargs)  # Flask-Admin's own runs a view again when it raises a TypeError.
