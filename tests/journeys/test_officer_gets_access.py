"""How officers get into the panel: invited by an administrator or on the command line, and again after a loss."""

import os
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from portal.config import settings
from portal.models.staff import Role
from tests.browser.words import pl
from tests.journeys.mailbox import read_letter
from tests.journeys.officer import PASSWORD, Newcomer, enters_the_panel

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]


def test_officer_is_invited_sets_up_the_access_and_loses_the_phone(open_window: Any) -> None:
    # Given an administrator who invites a new officer
    office = open_window(viewport={"width": 1440, "height": 900})
    office.visit("/admin/urzednicy/new/")
    enters_the_panel(office, Role.ADMINISTRATOR)
    office.fill(pl("Name"), "Ewa Nowicka")
    office.fill(pl("E-mail address"), "ewa.nowicka@example.org")
    office.select(pl("Role"), pl("Clerk at a voting point"))
    office.press(office.button(pl("Save")))
    assert "ewa.nowicka@example.org" in office.page.locator(".alert-success").inner_text()

    # When the officer follows the letter, by keyboard, and logs in with the authenticator
    window = open_window(keyboard=True, viewport={"width": 320, "height": 640})
    officer = Newcomer(window, "ewa.nowicka@example.org")
    officer.sets_up_the_access(officer.finds_the_invitation())
    officer.logs_in(officer.phone.at(time.time() + 30))
    assert window.path == "/admin/"
    window.press(window.button(pl("Log out")))

    # And has lost the phone some day
    officer.logs_in(officer.sheet[6].lower())
    assert window.path == "/admin/"
    window.visit("/admin/moj-dostep/")
    window.press(window.link(pl("Make new recovery codes")))
    window.press(window.button(pl("Make new codes")))

    # Then there are ten new codes, and a letter tells of the one that was used
    old = officer.sheet
    officer.keeps_the_codes()
    assert not set(old) & set(officer.sheet)
    assert "9" in read_letter(window, pl("A recovery code was used to log in to the panel"), officer.email)


def test_first_administrator_comes_by_the_link_of_the_command_line(open_window: Any, database_url: str) -> None:
    # Given a portal without mail yet, whose administrator has a shell, and no scripts in the browser
    window = open_window(java_script_enabled=False)
    environment = os.environ | {"PORTAL_DATABASE_URL": database_url, "PORTAL_INSTANCE": str(settings.instance),
                                "PORTAL_BASE_URL": window.base}
    command = [sys.executable, "-m", "portal", "staff", "create", "ada@example.org", "--role", "administrator", "--name", "Ada"]
    said = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60, check=True).stdout

    # When the printed link is opened and the access set up
    link = said.strip().splitlines()[-1]
    assert link.startswith(window.base)
    officer = Newcomer(window, "ada@example.org")
    officer.sets_up_the_access(urlsplit(link).path)

    # Then the link is used up, and the access works, for the panel's other officers too
    window.visit(urlsplit(link).path, status=404)
    officer.logs_in(officer.sheet[0])
    window.visit("/admin/moj-dostep/haslo")
    window.fill(pl("Current password"), PASSWORD)
    window.fill(pl("New password"), f"{PASSWORD} i z powrotem")
    window.press(window.button(pl("Change the password")))
    assert window.path == "/admin/moj-dostep/"
    window.visit("/admin/urzednicy/")
    assert window.page.get_by_role("row").filter(has_text="ada@example.org").count() == 1
