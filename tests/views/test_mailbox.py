"""Development's mailbox in the browser, which production does not have."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from portal.config import settings
from portal.messaging import mailbox
from portal.messaging.rendering import Rendered
from portal.models.staff import Role
from tests.factories import make_officer
from tests.page import Visitor
from tests.views.steps import in_english

PRODUCTION = {
    "PORTAL_ENV": "production", "PORTAL_MAIL_URL": "smtp://127.0.0.1", "PORTAL_SMS_URL": "smsapi://token@127.0.0.1",
    "PORTAL_TRUSTED_HOSTS": "bo.example.org", "PORTAL_BASE_URL": "https://bo.example.org"}
ASK = """
from portal import create_app
app = create_app()
print(sorted(rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/dev")))
print(app.test_client().get("/dev/poczta", base_url="https://bo.example.org").status_code)
"""


@pytest.fixture
def reader(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setattr(mailbox, "_folder", lambda: tmp_path / "mailbox")
    return in_english(Visitor(app))


def test_empty_mailbox_says_so(reader: Visitor):
    assert "No messages yet" in reader.get("/dev/poczta").text


def test_messages_stand_there_the_newest_first_with_links_to_press(reader: Visitor, now: datetime):
    mailbox.send("a@example.org", Rendered("Pierwszy", "Tekst\n\nhttp://localhost/rejestracja/adres/x\n", None), "k1")
    with time_machine.travel(now + timedelta(seconds=1), tick=False):
        mailbox.send("+48600111222", Rendered("", "123456 to kod <b>", None), "k2")
    page = reader.get("/dev/poczta")
    assert [heading.get_text() for heading in page.soup.select("article h2")] == ["Text message", "Pierwszy"]
    assert page.soup.select_one("article a[href='http://localhost/rejestracja/adres/x']")
    assert "123456 to kod <b>" in page.text


def test_officers_of_the_demo_read_their_code_there(reader: Visitor):
    officer = make_officer(Role.CLERK)
    make_officer(Role.EDITOR, active=False)
    page = reader.get("/dev/poczta")
    assert [row.get_text() for row in page.soup.select("dt")] == [officer.email]
    assert len(page.soup.select_one("dd code").get_text()) == 6


def test_production_has_no_mailbox(app: Flask, database_url: str):
    environment = {**os.environ, **PRODUCTION, "PORTAL_DATABASE_URL": database_url}
    asked = subprocess.run([sys.executable, "-c", ASK], env=environment, text=True, capture_output=True, timeout=60)
    assert asked.stdout.split("\n")[:2] == ["[]", "404"], asked.stderr
    assert settings.development, "here it has"
