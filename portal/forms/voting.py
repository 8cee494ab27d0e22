"""The ballot's choice; its fields follow from the ballot paper, its rules live in the service."""

from collections.abc import Mapping

from flask_babel import gettext

from portal.errors import BallotInvalid
from portal.forms.base import BaseForm
from portal.services.voting import Contest


class BallotForm(BaseForm):
    """One radio button group per mark, laid out by the template from the ballot paper."""

    @staticmethod
    def picks(paper: list[Contest], sent: Mapping[str, str]) -> dict[str, str]:
        """Return the fields of the ballot paper that were sent; anything else is ignored."""
        return {slot.name: sent[slot.name][:40] for contest in paper for slot in contest.slots if sent.get(slot.name)}

    def point_out(self, error: BallotInvalid) -> dict[str, str]:
        """Show the broken rules above the form, and return each by the field it belongs to."""
        told = {fault.params["slot"]: gettext(fault.message, **fault.params) for fault in error.params["faults"]}
        self.form_errors = list(told.values())
        return told
