"""portal staff: the one way to the first officer, and the way back in when everybody is shut out."""

import re
from datetime import datetime

import pytest

from portal.crypto import hash_token
from portal.models import AuditEntry, Message, Officer, Session
from portal.models.staff import Role
from portal.services import login, staff
from tests.cli.conftest import Answer, Portal
from tests.factories import make_officer
from tests.services.officers import PASSWORD, code_of

pytestmark = pytest.mark.usefixtures("quick_hashes")


def token_in(answer: Answer) -> str:
    """Return what the printed link ends with."""
    assert (answer.status, answer.err) == (0, "")
    return re.search(r"^http://localhost/admin/dostep/(\S{43})$", answer.out, re.MULTILINE)[1]


@pytest.mark.parametrize("role", list(Role))
def test_officer_sets_up_the_access_by_the_link_that_the_command_printed(portal: Portal, now: datetime, role: str):
    answer = portal("staff", "create", "Jan@example.org", "--role", role, "--name", "Jan Nowak")
    assert f"jan@example.org is invited as {role}." in answer.out and "until 18.06.2026 12:30" in answer.out
    officer = Officer.get()
    codes = staff.enrol(token_in(answer), PASSWORD, code_of(officer, now), now=now)
    token = login.log_in_officer("jan@example.org", PASSWORD, codes[0], now=now)
    assert login.find_session(token, now=now).officer == officer
    assert (officer.name, officer.role, AuditEntry.get(AuditEntry.sequence == 1).actor) == ("Jan Nowak", role, "command line")


def test_link_goes_out_by_mail_too_and_no_secret_is_printed(portal: Portal):
    answer = portal("staff", "create", "jan@example.org", "--role", "clerk")
    assert token_in(answer) in Message.get().payload and Message.get().recipient == "jan@example.org"
    assert Officer.get().totp_secret not in answer.out and Officer.get().enrolment_hash == hash_token(token_in(answer))


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


def test_last_administrator_gets_back_in_after_a_loss(portal: Portal, now: datetime):
    administrator = make_officer(Role.ADMINISTRATOR, email="ada@example.org")
    Session.create(token_hash="t", created_at=now, seen_at=now, proved_at=now, officer=administrator)
    answer = portal("staff", "renew", "Ada@example.org")
    assert Session.select().count() == 0 and Officer.get().password_hash == ""
    staff.enrol(token_in(answer), PASSWORD, code_of(Officer.get(), now), now=now)
    assert portal("staff", "renew", "nikt@example.org").err == "portal: there is no officer nikt@example.org\n"


def test_access_is_ended_but_not_the_last_administrators(portal: Portal):
    make_officer(Role.CLERK, email="jan@example.org")
    make_officer(Role.ADMINISTRATOR, email="ada@example.org")
    assert portal("staff", "end", "jan@example.org").out == "jan@example.org can no longer log in.\n"
    refused = portal("staff", "end", "ada@example.org")
    assert (refused.status, refused.out) == (1, "") and "last administrator" in refused.err
    assert [officer.active for officer in Officer.select().order_by(Officer.id)] == [False, True]
    assert portal("staff", "renew", "jan@example.org").status == 1
