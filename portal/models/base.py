"""What every model has in common."""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, Self

from peewee import SQL, ColumnBase, Field, Model

from portal.database import database, on_sqlite
from portal.errors import NotFound, require


class BaseModel(Model):
    """A table of the portal."""

    id: Any  # Peewee adds it to each model that names no primary key.

    class Meta:
        database = database
        legacy_table_names = False

    def held(self) -> Self:
        """Return the row as it stands now; nobody else changes it until the transaction ends. Raises NotFound when it is gone."""
        query = type(self).select().where(type(self)._meta.primary_key == self.get_id())
        return require((query if on_sqlite() else query.for_update()).first(), NotFound)

    @classmethod
    def offered(cls) -> Any:
        """Select the rows among which a form lets officers choose, in their order."""
        return cls.select().order_by(cls.id.desc())

    @classmethod
    def add(cls, *rows: dict[str, Any], new_only: bool = False, known_by: tuple[str, ...] = ()) -> int:
        """Insert rows that name the same fields and return how many were written; ``new_only`` passes over known ones.

        A row that is there already with the same values of the fields ``known_by`` gets the new values of the others.

        The text of the statement depends on the fields alone and costs next to nothing, unlike peewee's (see Prepared):
        it is for what happens while other writers wait. Raises IntegrityError.
        """
        statement, converters, defaults = _insertion(cls, tuple(rows[0]), len(rows), new_only, known_by, database.param)
        values = [convert(given) for row in rows for convert, given in zip(converters, (*row.values(), *map(_value, defaults)))]
        return int(database.execute_sql(statement, values).rowcount)


@cache
def _insertion(model: type[BaseModel], names: tuple[str, ...], rows: int, new_only: bool, known_by: tuple[str, ...],
               place: str) -> tuple[str, list[Callable[[Any], Any]], list[Any]]:
    """Return the statement that inserts so many rows, how their values are written, and what stands for fields not named."""
    defaults = {field.name: default for field, default in model._meta.defaults.items() if field.name not in names}
    fields = [model._meta.fields[name] for name in (*names, *defaults)]
    known = [model._meta.fields[name].column_name for name in known_by]
    changed = [f"{name} = excluded.{name}" for name in (field.column_name for field in fields) if name not in known]
    renewal = f" ON CONFLICT ({', '.join(known)}) DO UPDATE SET {', '.join(changed)}" if known else ""
    places = "(" + ", ".join([place] * len(fields)) + ")"
    text = (f'INSERT INTO "{model._meta.table_name}" ({", ".join(field.column_name for field in fields)}) '
            f'VALUES {", ".join([places] * rows)}{" ON CONFLICT DO NOTHING" if new_only else renewal}')
    return text, [field.db_value for field in fields], list(defaults.values())


def _value(default: Any) -> Any:
    return default() if callable(default) else default


class _Parameter(ColumnBase):
    """Stands for a value that is known only when a prepared query runs, written as its field writes it there."""

    def __init__(self, position: int) -> None:
        self.position = position

    def __sql__(self, context: Any) -> Any:
        convert = context.state.converter

        def value(given: tuple[Any, ...]) -> Any:
            return convert(given[self.position]) if convert else given[self.position]
        return context.value(value, converter=False)


class Prepared:
    """A named query whose SQL is written once, and whose rows are read without asking the cursor what they are.

    Peewee does both anew each time a query runs, which takes ten times as long as SQLite's answer. The few queries that every
    page of a logged-in person makes are prepared. The argument builds the query from its parameters; for a foreign
    key a row or its id is given.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._written: dict[type, tuple[str, Any, list[Any]]] = {}

    def first(self, *given: Any) -> Any:
        """Return the first row for these values as a model with the models joined to it, or None."""
        cursor, fields = self._execute(given)
        row = cursor.fetchone()
        return None if row is None else _as_model(fields, row)

    def all(self, *given: Any) -> list[Any]:
        """Return every row for these values, as first() returns one."""
        cursor, fields = self._execute(given)
        return [_as_model(fields, row) for row in cursor.fetchall()]

    def count(self, *given: Any) -> int:
        """Return the number that the query counts for these values."""
        return int(self._execute(given)[0].fetchone()[0])

    def _execute(self, given: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        kind = type(database.obj)
        if kind not in self._written:
            query = self._build(*map(_Parameter, range(len(given))))
            fields = [(field.model, field.name, field.python_value) for field in query._returning if isinstance(field, Field)]
            self._written[kind] = *query.sql(), fields
        text, values, fields = self._written[kind]
        return database.execute_sql(text, [value(given) if callable(value) else value for value in values]), fields


def _as_model(fields: list[Any], row: tuple[Any, ...]) -> Any:
    found: dict[type, Any] = {}
    for (model, name, convert), value in zip(fields, row):
        if model not in found:
            found[model] = model(__no_default__=True)
        found[model].__data__[name] = None if value is None else convert(value)
    for model in found.values():
        model.__rel__.update({key.name: found[key.rel_model] for key in model._meta.refs
                              if key.rel_model in found and model.__data__.get(key.name) is not None})
    return found[fields[0][0]]


class Named(BaseModel):
    """What people know by one of its fields, mostly its name; no table of its own."""

    named_by = "name"

    def __str__(self) -> str:
        return str(getattr(self, self.named_by))


def rules(*, unique: tuple[str, ...] = (), **conditions: str) -> Any:
    """Return a model's Meta: which fields are unique together, and its CHECK constraints.

    The name of each says in a sentence what must never be false.
    """
    checks = [SQL(f"CONSTRAINT {name} CHECK ({condition})") for name, condition in conditions.items()]
    return SimpleNamespace(indexes=((unique, True),) if unique else (), constraints=checks)
