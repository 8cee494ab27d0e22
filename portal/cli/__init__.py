"""The command ``portal``: what is done from a shell. Errors go to stderr, with exit status 2 (wrong use) or 1 (could not)."""

import re
import sys
from collections.abc import Sequence

from peewee import OperationalError, PeeweeException, ProgrammingError

from portal import database
from portal.cli import audit, count, db, demo, edition, pabulib, removal, retention, serve, settings, staff
from portal.cli.command import make_parser
from portal.config import ConfigError, load
from portal.crypto import KeyMissing
from portal.errors import PortalError
from portal.services.pabulib_format import PabulibError

GROUPS = {"db": "the database", "demo": "a fictional edition", "staff": "officers' access", "edition": "editions",
          "pabulib": "open data in the Pabulib format", "audit": "the audit log", "retention": "how long data are kept",
          "removal": "removed accounts"}
COMMANDS = (db.upgrade, demo.load, staff.create, staff.renew, staff.end, edition.show, pabulib.keep, pabulib.export, count.count,
            audit.verify, audit.digest, retention.run, removal.reapply, settings.show, serve.serve, serve.work)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    chosen = vars(make_parser(GROUPS, COMMANDS, "A city's participatory budget.").parse_args(arguments))
    try:
        database.open_database(load().database_url)
        return int(chosen.pop("run")(**chosen) or 0)
    except (OperationalError, ProgrammingError) as error:
        hint = " (try: portal db upgrade)" if re.search("no such (table|column)|does not exist", str(error)) else ""
        print(f"portal: {str(error).strip().splitlines()[0]}{hint}", file=sys.stderr)
        return 1
    except (PortalError, PabulibError, ConfigError, KeyMissing, PeeweeException, OSError) as error:
        print(f"portal: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        database.release()  # Peewee has opened a connection for the first query of a command.
