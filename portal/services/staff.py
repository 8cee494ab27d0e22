"""Officers' access: made on the command line or by an administrator, never by registration."""

from dataclasses import dataclass
from datetime import datetime

import pyotp

from portal import crypto
from portal.config import settings
from portal.database import transaction
from portal.models.staff import Officer, Role
from portal.services import audit


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a new officer needs to log in, told once: a password and the secret for the authenticator."""

    officer: Officer
    password: str
    otpauth: str


def create_officer(email: str, *, name: str, role: Role, actor: str, now: datetime, password: str | None = None) -> Enrolment:
    """Create an officer, with a random password unless one is given; raise IntegrityError for a known address."""
    password = password or crypto.new_token(15)
    secret = pyotp.random_base32()
    with transaction():
        officer = Officer.create(email=email.lower(), name=name, role=role, totp_secret=secret, created_at=now,
                                 password_hash=crypto.hash_password(password, officer=True))
        audit.record("officer created", actor=actor, subject=f"officer:{officer.uid}", now=now, role=str(role))
    uri = pyotp.TOTP(secret).provisioning_uri(name=officer.email, issuer_name=settings.site_name)
    return Enrolment(officer, password, uri)
