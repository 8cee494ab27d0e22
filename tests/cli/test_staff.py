"""portal staff create: the one way to the first officer."""

import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from portal.models import AuditEntry, Officer
from portal.models.staff import Role
from portal.services import login
from tests.cli.conftest import Portal

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.mark.parametrize("role", list(Role))
def test_officer_logs_in_with_what_the_command_printed(portal: Portal, now: datetime, role: str):
    answer = portal("staff", "create", "Jan@example.org", "--role", role, "--name", "Jan Nowak")
    assert (answer.status, answer.err) == (0, "")
    assert f"jan@example.org may now log in at /admin/ as {role}." in answer.out
    password = re.search("Password: (.+)", answer.out)[1]
    secret = parse_qs(urlsplit(re.search(r"otpauth://\S+", answer.out)[0]).query)["secret"][0]
    token = login.log_in_officer("jan@example.org", password, pyotp.TOTP(secret).at(now), now=now)
    officer = login.find_session(token, now=now).officer
    assert (officer.name, officer.role) == ("Jan Nowak", role)
    assert AuditEntry.get().actor == "command line"


def test_code_for_the_authenticator_is_drawn(portal: Portal):
    assert "▄" in portal("staff", "create", "jan@example.org", "--role", "clerk").out


def test_officer_without_a_name_is_called_by_the_address(portal: Portal):
    portal("staff", "create", "jan@example.org", "--role", "clerk")
    assert Officer.get().name == "jan@example.org"


@pytest.mark.parametrize("email", ["jan", "", "@", "@example.org", "jan@", "a b@example.org", "jan@example.org\nx"])
def test_what_is_no_address_is_refused(portal: Portal, email: str):
    answer = portal("staff", "create", email, "--role", "clerk")
    assert answer.status == 1
    assert answer.err == f"portal: {email} is not an e-mail address\n"
    assert Officer.select().count() == 0


def test_known_address_is_refused(portal: Portal):
    portal("staff", "create", "jan@example.org", "--role", "clerk")
    answer = portal("staff", "create", "JAN@example.org", "--role", "editor")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "portal: there already is an officer JAN@example.org\n"
    assert (Officer.select().count(), Officer.get().role) == (1, "clerk")
