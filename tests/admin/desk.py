"""The desk for claims about accounts: where its pages are, and what a case has come to."""

import json
from typing import Any

from portal.models import AuditEntry, RemovalCase, RemovalStep
from tests.page import Page

DESK = "/admin/zgloszenia/"


def at(page: str, case: RemovalCase) -> str:
    """Return the address of a page about a case."""
    return f"{DESK}{page}/?id={case.id}"


def stand(case: RemovalCase) -> tuple[str, int, list[str]]:
    """Return the state and version that a case has now, and its steps."""
    row, steps = RemovalCase.get_by_id(case.id), RemovalStep.select().where(RemovalStep.case == case).order_by(RemovalStep.id)
    return row.state, row.version, [step.deed for step in steps]


def audited(action: str) -> list[dict[str, Any]]:
    """Return the entries of the audit log of an action."""
    entries = AuditEntry.select().where(AuditEntry.action == action).order_by(AuditEntry.sequence)
    return [{"actor": entry.actor, "subject": entry.subject, "detail": json.loads(entry.detail)} for entry in entries]


def errors(page: Page) -> list[str]:
    return [item.get_text() for item in page.soup.select(".panel-errors li")]
