"""portal db upgrade: bring the database to the state that this version needs."""

from portal import database
from portal.cli.command import command


@command("db upgrade", "apply the migrations that are missing; make the keys of a new portal")
def upgrade() -> None:
    applied = database.upgrade()
    print("\n".join(f"applied {name}" for name in applied) or "the database is up to date")
