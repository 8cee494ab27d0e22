"""How the panel saves a row: in one transaction, with an audit entry, and only over what the officer has seen."""

import re
from typing import Any

from flask import abort
from flask_admin.helpers import is_form_submitted
from flask_babel import gettext as _
from flask_login import current_user
from peewee import DataError, IntegrityError

from portal import clock
from portal.access import lead_on
from portal.admin.fields import PanelForm
from portal.database import transaction
from portal.errors import N_, Conflict, PortalError
from portal.services import audit


class ChangedMeanwhile(Conflict, message=N_(
        "Somebody else has changed this entry since you opened it. What you typed is kept; the values stored now "
        "stand beside the fields that differ. Save again to replace them.")):
    """Somebody else saved the row since the officer opened it."""


CONTRADICTION = N_("These values contradict one another or an entry that already exists.")


class Changes:
    """Saving for a panel view; ``refusals`` says which field a broken constraint belongs to, and in which words."""

    refusals: dict[str, tuple[str, str]] = {}

    def may_edit(self, _row: Any) -> bool:
        """Tell whether a row can still be changed, and by this officer."""
        return bool(self.may("edit_view"))

    def narrow(self, _form: PanelForm, _row: Any) -> None:
        """Take the fields out of a form that cannot be changed any more."""

    def save_related(self, _row: Any, _changed: list[str]) -> None:
        """Do what belongs to saving a row, in the same transaction."""

    def edit_form(self, obj: Any = None) -> PanelForm:
        """Return the form of an existing row, or lead away from a row that can no longer be changed."""
        if not self.may_edit(obj):
            abort(lead_on(".details_view", _("This entry can no longer be changed."), "error", id=obj._pk))
        form: PanelForm = super().edit_form(obj)  # type: ignore[misc]
        self.narrow(form, obj)
        if not is_form_submitted():
            form.version.data = form.version_of(obj)
        return form

    def create_model(self, form: PanelForm) -> Any:
        row = self.model()
        return self.update_model(form, row) and row

    def update_model(self, form: PanelForm, model: Any) -> bool:
        """Save a row, a new one too, or say in the form why not."""
        try:
            with transaction():
                target = model.held() if model.id else model
                if model.id and form.version.data != form.version_of(target):
                    raise ChangedMeanwhile
                self._write(form, target, dict(target.__data__) if model.id else {})
            return True
        except PortalError as error:
            form.refuse(error)
            if isinstance(error, ChangedMeanwhile):
                self._show_stored(form, target)
        except (IntegrityError, DataError) as error:
            broken = re.sub(r"\W+", "_", str(error))  # SQLite writes table.column, PostgreSQL table_column.
            name, message = next((self.refusals[key] for key in self.refusals if key in broken), ("", CONTRADICTION))
            form.refuse(PortalError(message), form[name] if name in form else None)
        return False

    def _write(self, form: PanelForm, row: Any, before: dict[str, Any]) -> None:
        for name in self.form_columns:
            if name in form:
                form[name].populate_obj(row, name)
        self.on_model_change(form, row, not before)  # type: ignore[attr-defined]
        changed = [name for name in row.__data__ if not before or row.__data__[name] != before[name]]
        if not changed:
            return
        row.save(force_insert=not before, only=changed if before else None)
        self.save_related(row, changed)
        name = self.model._meta.table_name
        audit.record(f"{name} {'changed' if before else 'created'}", actor=current_user.officer, now=clock.now(),
                     subject=f"{name}:{getattr(row, 'uid', None) or row._pk}", fields=sorted(changed))

    def _show_stored(self, form: PanelForm, stored: Any) -> None:
        for name in self.form_columns:
            if name in form and form[name].data != stored.__data__[name]:
                value = self.get_detail_value({}, stored, name)  # type: ignore[attr-defined]
                form[name].errors = [*form[name].errors, _("Stored now: %(value)s", value=value)]
        form.version.data = form.version_of(stored)
