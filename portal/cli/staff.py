"""portal staff: give officers access to the panel, renew it after a loss, end it."""

import re

from peewee import IntegrityError

from portal import clock
from portal.cli.command import ACTOR, argument, command
from portal.errors import PortalError, require
from portal.models import Officer, Role
from portal.services import staff

EMAIL = argument("email")


@command("staff create", "invite a new officer; mails the link that sets up the access, and prints it",
         argument("--role", required=True, choices=[str(role) for role in Role]), argument("--name", default=""), EMAIL)
def create(email: str, role: str, name: str) -> None:
    require(re.fullmatch(r"[^@\s]+@[^@\s]+", email), PortalError("%(email)s is not an e-mail address", email=email))
    try:
        _print(staff.create_officer(email, name=name or email, role=Role(role), actor=ACTOR, now=clock.now()))
    except IntegrityError:
        raise PortalError("there already is an officer %(email)s", email=email) from None


@command("staff renew", "void an officer's password, authenticator and sessions, and invite anew", EMAIL)
def renew(email: str) -> None:
    _print(staff.renew_access(_find(email), actor=ACTOR, now=clock.now()))


@command("staff end", "shut an officer out at once", EMAIL)
def end(email: str) -> None:
    officer = _find(email)
    staff.end_access(officer, actor=ACTOR, now=clock.now())
    print(f"{officer.email} can no longer log in.")


def _find(email: str) -> Officer:
    return require(Officer.get_or_none(Officer.email == email.lower()), PortalError("there is no officer %(email)s", email=email))


def _print(invitation: staff.Invitation) -> None:
    officer, until = invitation.officer, clock.local(invitation.expires_at)
    print(f"{officer.email} is invited as {officer.role}. This link, which goes out by e-mail too, works once, "
          f"until {until:%d.%m.%Y %H:%M}:\n{invitation.link}")
