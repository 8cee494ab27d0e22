"""Officers at the panel, and residents where they should not be."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import clock, crypto
from portal.models import Session
from portal.models.staff import Role
from tests.factories import make_officer
from tests.page import Page, Visitor


class PanelVisitor(Visitor):
    """A visitor who is logged in as an officer or a resident, or is nobody."""

    def __init__(self, app: Flask, **person: Any) -> None:
        super().__init__(app)
        self.officer = person.get("officer")
        if person:
            token, now = crypto.new_token(), clock.now()
            Session.create(token_hash=crypto.hash_token(token), created_at=now, seen_at=now, proved_at=now, **person)
            with self.client.session_transaction() as session:
                session.update({"_user_id": token, "_fresh": True})

    def token(self) -> str:
        """Return a token that goes with this visitor's session."""
        page = Page(self.client.get("/admin/" if self.officer else "/admin/logowanie"))
        return str(page.soup.select_one("input[name=csrf_token]")["value"])

    def send(self, path: str, **data: Any) -> Any:
        """Post something with the right token."""
        return self.client.post(path, data={"csrf_token": self.token(), **data})


Enter = Callable[..., PanelVisitor]


@pytest.fixture
def enter(app: Flask) -> Enter:
    """Opens a browser of a person: ``enter(Role.CLERK)``, ``enter(account=account)``, ``enter()`` for a stranger."""
    def open_browser(role: Role | None = None, **person: Any) -> PanelVisitor:
        return PanelVisitor(app, **({"officer": make_officer(role)} if role else person))
    return open_browser
