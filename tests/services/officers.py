"""Officers who are invited and set up their access, as services see it."""

from datetime import datetime, timedelta

import pyotp

from portal.models import Officer
from portal.models.staff import Role
from portal.services import staff
from portal.services.staff import Invitation

PASSWORD = "wieczorny spacer nad rzeką"


def invite(now: datetime, email: str = "Jan.Nowak@example.org", role: Role = Role.CLERK) -> Invitation:
    return staff.create_officer(email, name="Jan Nowak", role=role, actor="command line", now=now)


def token_of(invitation: Invitation) -> str:
    """Return what stands at the end of an invitation's link."""
    return invitation.path.rpartition("/")[2]


def code_of(officer: Officer, now: datetime, later: int = 0) -> str:
    """Return what an officer's authenticator shows now, or so many half minutes later."""
    return pyotp.TOTP(officer.totp_secret).at(now + timedelta(seconds=30 * later))


def enrol(invitation: Invitation, now: datetime, password: str = PASSWORD) -> tuple[Officer, list[str]]:
    """Set up an access; return the officer as stored then, and the recovery codes."""
    token = token_of(invitation)
    codes = staff.enrol(token, password, code_of(staff.find_enrolment(token, now=now), now), now=now)
    return Officer.get_by_id(invitation.officer.id), codes
