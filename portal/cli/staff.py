"""portal staff create: give an officer access to the panel."""

import re
from argparse import Namespace
from typing import Any

import segno
from peewee import IntegrityError

from portal import clock
from portal.database import database
from portal.errors import PortalError
from portal.models.staff import Role
from portal.services.staff import create_officer


def add_command(commands: Any) -> None:
    group = commands.add_parser("staff", help="officers' access").add_subparsers(required=True, metavar="ACTION")
    create = group.add_parser("create", help="create an officer; prints the password and the TOTP secret once")
    create.add_argument("email")
    create.add_argument("--role", required=True, choices=[str(role) for role in Role])
    create.add_argument("--name", default="")
    create.set_defaults(run=run)


def run(chosen: Namespace) -> None:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", chosen.email):
        raise PortalError("%(email)s is not an e-mail address", email=chosen.email)
    with database.connection_context():
        try:
            made = create_officer(chosen.email, name=chosen.name or chosen.email, role=Role(chosen.role), actor="command line",
                                  now=clock.now())
        except IntegrityError:
            raise PortalError("there already is an officer %(email)s", email=chosen.email) from None
    print(f"{made.officer.email} may now log in at /admin/ as {made.officer.role}.\nPassword: {made.password}\n"
          f"Scan this with an authenticator, or type {made.otpauth}")
    segno.make(made.otpauth).terminal(compact=True)
