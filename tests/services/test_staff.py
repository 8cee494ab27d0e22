"""Officers are made by hand, with a password and a secret that are told once."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import argon2
import pyotp
import pytest
from peewee import IntegrityError

from portal import crypto
from portal.models import AuditEntry, Officer
from portal.models.staff import Role
from portal.services import login
from portal.services.staff import Enrolment, create_officer
from tests.services import raw

pytestmark = pytest.mark.usefixtures("app", "quick_hashes")


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_OFFICERS", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def create(now: datetime, email: str = "Jan.Nowak@example.org", **given: str) -> Enrolment:
    return create_officer(email, name="Jan Nowak", role=Role.CLERK, actor="command line", now=now, **given)


def test_new_officer_logs_in_with_what_was_told(now: datetime):
    made = create(now)
    uri = urlsplit(made.otpauth)
    secret = parse_qs(uri.query)["secret"][0]
    assert (uri.scheme, uri.netloc, parse_qs(uri.query)["issuer"]) == ("otpauth", "totp", ["Budżet Obywatelski"])
    token = login.log_in_officer("jan.nowak@example.org", made.password, pyotp.TOTP(secret).at(now), now=now)
    assert login.find_session(token, now=now).officer == made.officer
    assert (made.officer.email, made.officer.role, made.officer.active) == ("jan.nowak@example.org", "clerk", True)


def test_every_officer_has_a_password_and_a_secret_of_the_own(now: datetime):
    made = [create(now, f"{name}@example.org") for name in "abc"]
    assert len({enrolment.password for enrolment in made}) == len({enrolment.otpauth for enrolment in made}) == 3
    assert min(len(enrolment.password) for enrolment in made) >= 20


def test_password_can_be_given(now: datetime):
    assert create(now, password="wieczorny spacer").password == "wieczorny spacer"


def test_password_and_secret_are_not_stored_readably(now: datetime):
    made = create(now)
    stored = raw.everything()
    assert made.password not in stored
    assert parse_qs(urlsplit(made.otpauth).query)["secret"][0] not in stored
    assert crypto.verify_password(Officer.get().password_hash, made.password, officer=True)


def test_creation_is_audited_without_personal_data(now: datetime):
    made = create(now)
    entry = AuditEntry.get()
    assert (entry.action, entry.actor, entry.subject) == ("officer created", "command line", f"officer:{made.officer.uid}")
    assert entry.detail == '{"role": "clerk"}'


def test_known_address_is_refused_in_any_letter_case_and_leaves_no_entry(now: datetime):
    create(now)
    with pytest.raises(IntegrityError):
        create(now, "JAN.NOWAK@example.org")
    assert (Officer.select().count(), AuditEntry.select().count()) == (1, 1)
