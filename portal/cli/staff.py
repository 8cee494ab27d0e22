"""portal staff: give officers access to the panel, renew it after a loss, end it."""

import re
from argparse import Namespace
from typing import Any

from peewee import IntegrityError

from portal import clock
from portal.errors import PortalError, require
from portal.models import Officer, Role
from portal.services import staff

ACTOR = "command line"


def add_command(commands: Any) -> None:
    group = commands.add_parser("staff", help="officers' access").add_subparsers(required=True, metavar="ACTION")
    create = group.add_parser("create", help="invite a new officer; mails the link that sets up the access, and prints it")
    create.add_argument("--role", required=True, choices=[str(role) for role in Role])
    create.add_argument("--name", default="")
    renew = group.add_parser("renew", help="void an officer's password, authenticator and sessions, and invite anew")
    end = group.add_parser("end", help="shut an officer out at once")
    for command, run in ((create, run_create), (renew, run_renew), (end, run_end)):
        command.add_argument("email")
        command.set_defaults(run=run)


def run_create(chosen: Namespace) -> None:
    require(re.fullmatch(r"[^@\s]+@[^@\s]+", chosen.email),
            PortalError("%(email)s is not an e-mail address", email=chosen.email))
    try:
        _print(staff.create_officer(chosen.email, name=chosen.name or chosen.email, role=Role(chosen.role), actor=ACTOR,
                                    now=clock.now()))
    except IntegrityError:
        raise PortalError("there already is an officer %(email)s", email=chosen.email) from None


def run_renew(chosen: Namespace) -> None:
    _print(staff.renew_access(_find(chosen.email), actor=ACTOR, now=clock.now()))


def run_end(chosen: Namespace) -> None:
    officer = _find(chosen.email)
    staff.end_access(officer, actor=ACTOR, now=clock.now())
    print(f"{officer.email} can no longer log in.")


def _find(email: str) -> Officer:
    return require(Officer.get_or_none(Officer.email == email.lower()), PortalError("there is no officer %(email)s", email=email))


def _print(invitation: staff.Invitation) -> None:
    officer, until = invitation.officer, clock.local(invitation.expires_at)
    print(f"{officer.email} is invited as {officer.role}. This link, which goes out by e-mail too, works once, "
          f"until {until:%d.%m.%Y %H:%M}:\n{invitation.link}")
