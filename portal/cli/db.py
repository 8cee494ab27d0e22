"""portal db upgrade: bring the database to the state that this version needs."""

from portal import clock, database
from portal.cli.command import command
from portal.services import pages


@command("db upgrade", "apply the migrations that are missing; make a new portal's keys and pages")
def upgrade() -> None:
    applied = [f"applied {name}" for name in database.upgrade()]
    added = pages.load(now=clock.now())
    print("\n".join([*applied, *([f"added {added} pages"] if added else ())]) or "the database is up to date")
