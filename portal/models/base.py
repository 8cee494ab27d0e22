"""What every model has in common."""

from typing import Any

from peewee import SQL, Model

from portal.database import database


class BaseModel(Model):
    """A table of the portal."""

    id: Any  # Peewee adds it to each model that names no primary key.

    class Meta:
        database = database
        legacy_table_names = False


def check(name: str, condition: str) -> SQL:
    """Return a CHECK constraint whose name says in a sentence what must never be false."""
    return SQL(f"CONSTRAINT {name} CHECK ({condition})")


def one_of(name: str, column: str, values: Any) -> SQL:
    """Return a CHECK constraint that admits only the members of an enumeration."""
    return check(name, f"{column} IN ({', '.join(repr(str(value)) for value in values)})")
