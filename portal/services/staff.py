"""Officers' access: by invitation only, with a password and an authenticator that nobody else ever sees, until it is ended."""

from datetime import datetime, timedelta
from typing import NamedTuple

from portal import crypto
from portal.config import settings
from portal.database import lock, transaction
from portal.errors import N_, CodeRefused, EnrolmentUnknown, LoginRefused, NoAdministratorLeft, PortalError, require
from portal.models import Officer, RecoveryCode, Role, Session
from portal.services import login, staff_codes
from portal.services.account import record, write

ENROLMENT_LIVES = timedelta(hours=72)


class Invitation(NamedTuple):
    """A link by which an officer sets password and authenticator, once; it goes to the officer alone."""

    officer: Officer
    path: str
    expires_at: datetime

    @property
    def link(self) -> str:
        return str(settings.base_url).rstrip("/") + self.path


def create_officer(email: str, *, name: str, role: Role, actor: str | Officer, now: datetime) -> Invitation:
    """Create an officer, who sets up the own access by the link of the invitation; raise IntegrityError for a known address."""
    with transaction():
        return _invite(_create(email, name, role, "", actor, now), now)


def load_officer(email: str, *, name: str, role: Role, password: str, now: datetime) -> Officer:
    """Create an officer of the demo, who can log in at once with a password that everybody knows."""
    with transaction():
        return _create(email, name, role, crypto.hash_password(password, officer=True), "demo", now)


def _create(email: str, name: str, role: Role, password_hash: str, actor: str | Officer, now: datetime) -> Officer:
    officer: Officer = Officer.create(email=email.lower(), name=name, role=role, password_hash=password_hash, created_at=now,
                                      totp_secret=staff_codes.new_secret())
    record(officer, "officer created", now, actor=actor, role=str(role))
    return officer


def renew_access(officer: Officer, *, actor: str | Officer, now: datetime) -> Invitation:
    """Void password, authenticator, recovery codes and sessions, after a loss, and invite the officer to set them anew."""
    with transaction():
        renewed = Officer.update(password_hash="", totp_secret=staff_codes.new_secret(), totp_step=0)
        require(renewed.where(Officer.id == officer.id, Officer.active).execute(),
                PortalError(N_("This officer's access has been ended.")))
        RecoveryCode.delete().where(RecoveryCode.officer == officer).execute()
        login.end_sessions(officer)
        record(officer, "officer's access renewed", now, actor=actor)
        return _invite(officer, now)


def _invite(officer: Officer, now: datetime) -> Invitation:
    token = crypto.new_token()
    invitation = Invitation(officer, f"/admin/dostep/{token}", now + ENROLMENT_LIVES)
    Officer.set_by_id(officer.id, {"enrolment_hash": crypto.hash_token(token), "enrolment_expires_at": invitation.expires_at})
    write(officer, "officer_invited", now=now, useless_after=invitation.expires_at, path=invitation.path)
    return invitation


def find_enrolment(token: str, *, now: datetime) -> Officer:
    """Return the officer whom a link invites; raise EnrolmentUnknown for a wrong, used, replaced or old one."""
    return require(Officer.get_or_none(Officer.enrolment_hash == crypto.hash_token(token), Officer.active,
                                       Officer.enrolment_expires_at > now), EnrolmentUnknown)


def enrol(token: str, password: str, code: str, *, now: datetime) -> list[str]:
    """Set an invited officer's password, once a code proves that the authenticator is set up, and return the recovery codes.

    Raises EnrolmentUnknown, and CodeRefused when the code is not the authenticator's; then the link still works.
    """
    officer = find_enrolment(token, now=now)
    step = require(staff_codes.matching_step(officer, code, now=now), CodeRefused(N_(
        "This is not the code that the authenticator shows now. Check that its clock is right, and type the newest code.")))
    hashed = crypto.hash_password(password, officer=True)
    with transaction():
        enrolled = Officer.update(password_hash=hashed, totp_step=step, enrolment_hash=None, enrolment_expires_at=None)
        # Else a parallel request was faster, or the access was renewed or ended meanwhile.
        require(enrolled.where(Officer.enrolment_hash == officer.enrolment_hash, Officer.active).execute(), EnrolmentUnknown)
        record(officer, "officer enrolled", now)
        return staff_codes.replace_recovery_codes(officer)


def change_password(officer: Officer, password: str, *, session: Session, now: datetime) -> None:
    """Set the new password of an officer who has just proven the old one, end all other sessions and tell the officer.

    Raises LoginRefused when the password or the access was changed meanwhile.
    """
    hashed = crypto.hash_password(password, officer=True)
    with transaction():
        same = Officer.password_hash == officer.password_hash, Officer.enrolment_hash.is_null()
        require(Officer.update(password_hash=hashed).where(Officer.id == officer.id, *same).execute(), LoginRefused)
        login.end_sessions(officer, but=session)
        record(officer, "officer's password changed", now)
        write(officer, "officer_password_changed", now=now)


def end_other_sessions(officer: Officer, *, session: Session, now: datetime) -> None:
    """End an officer's sessions at once everywhere but here."""
    with transaction():
        login.end_sessions(officer, but=session)
        record(officer, "officer's other sessions ended", now)


def renew_recovery_codes(officer: Officer, *, now: datetime) -> list[str]:
    """Replace an officer's recovery codes, tell the officer so, and return the new ones."""
    with transaction():
        record(officer, "recovery codes replaced", now)
        write(officer, "recovery_codes_replaced", now=now)
        return staff_codes.replace_recovery_codes(officer)


def end_access(officer: Officer, *, actor: str | Officer, now: datetime) -> None:
    """Shut an officer out at once, everywhere; raise NoAdministratorLeft."""
    with transaction():
        Officer.update(active=False, enrolment_hash=None).where(Officer.id == officer.id).execute()
        keep_an_administrator()
        login.end_sessions(officer)
        record(officer, "officer's access ended", now, actor=actor)


def keep_an_administrator() -> None:
    """Raise NoAdministratorLeft, which undoes the caller's transaction, unless somebody can still give officers access."""
    lock("administrators")  # Two administrators who shut each other out: the second finds nobody left.
    able = Officer.select().where(Officer.active, Officer.role == Role.ADMINISTRATOR, Officer.password_hash != "")
    require(able.exists(), NoAdministratorLeft)
