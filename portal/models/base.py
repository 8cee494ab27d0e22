"""What every model has in common."""

from collections.abc import Callable
from typing import Any

from peewee import SQL, ColumnBase, Model

from portal.database import database


class BaseModel(Model):
    """A table of the portal."""

    id: Any  # Peewee adds it to each model that names no primary key.

    class Meta:
        database = database
        legacy_table_names = False

    @classmethod
    def add(cls, *rows: dict[str, Any], new_only: bool = False) -> int:
        """Insert rows that name the same fields and return how many were written; ``new_only`` passes over known ones.

        The text of the statement depends on the fields alone and costs next to nothing, unlike peewee's (see Prepared):
        it is for what happens while other writers wait. Raises IntegrityError.
        """
        defaults = {field.name: value for field, value in cls._meta.defaults.items() if field.name not in rows[0]}
        fields = [cls._meta.fields[name] for name in (*rows[0], *defaults)]
        values = [field.db_value(row[field.name] if field.name in row else _value(defaults[field.name]))
                  for row in rows for field in fields]
        places = "(" + ", ".join([database.param] * len(fields)) + ")"
        statement = (f'INSERT INTO "{cls._meta.table_name}" ({", ".join(field.column_name for field in fields)}) '
                     f'VALUES {", ".join([places] * len(rows))}{" ON CONFLICT DO NOTHING" if new_only else ""}')
        return int(database.execute_sql(statement, values).rowcount)


def _value(default: Any) -> Any:
    return default() if callable(default) else default


class _Slot:
    """Where a parameter stands in a prepared query, and how its field writes it."""

    def __init__(self, position: int, convert: Callable[[Any], Any] | None) -> None:
        self.position, self.convert = position, convert

    def value(self, given: tuple[Any, ...]) -> Any:
        value = given[self.position]
        return self.convert(value) if self.convert else value


class _Parameter(ColumnBase):
    """Stands for a value that is known only when a prepared query runs."""

    def __init__(self, position: int) -> None:
        self.position = position

    def __sql__(self, context: Any) -> Any:
        return context.value(_Slot(self.position, context.state.converter), converter=False)


class Prepared:
    """A named query whose SQL is written once.

    Peewee writes a query's text anew each time it runs, which takes ten times as long as SQLite's answer. The few queries
    that every page of a logged-in person makes are prepared. The argument builds the query from its parameters; foreign keys
    are given as ids.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._written: dict[type, tuple[Any, str, Any]] = {}

    def _execute(self, given: tuple[Any, ...]) -> tuple[Any, Any]:
        kind = type(database.obj)
        if kind not in self._written:
            query = self._build(*map(_Parameter, range(len(given))))
            self._written[kind] = query, *query.sql()
        query, text, values = self._written[kind]
        return query, database.execute_sql(text, [slot.value(given) if isinstance(slot, _Slot) else slot for slot in values])

    def run(self, *given: Any) -> int:
        """Run an update or a deletion and return how many rows it changed."""
        return int(self._execute(given)[1].rowcount)

    def first(self, *given: Any) -> Any:
        """Return the first row for these values, or None."""
        query, cursor = self._execute(given)
        rows = query._get_cursor_wrapper(cursor)
        rows.fill_cache()
        return rows.row_cache[0] if rows.row_cache else None


def check(name: str, condition: str) -> SQL:
    """Return a CHECK constraint whose name says in a sentence what must never be false."""
    return SQL(f"CONSTRAINT {name} CHECK ({condition})")


def one_of(name: str, column: str, values: Any) -> SQL:
    """Return a CHECK constraint that admits only the members of an enumeration."""
    return check(name, f"{column} IN ({', '.join(repr(str(value)) for value in values)})")
