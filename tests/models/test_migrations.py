"""What the migrations make is what the models say, on both databases; and SQLite is set up to lose nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
import psycopg
import pytest
from peewee import Database, SqliteDatabase
from playhouse import db_url
from playhouse.schema_diff import diff_models

from portal import database
from portal.database import Steps
from portal.models import Ballot, Choice, District
from tests.factories import MODELS

TABLES = sorted(model._meta.table_name for model in MODELS)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Facts = set[tuple[Any, ...]]


@pytest.fixture
def scratch(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """Another, empty database of the same kind."""
    if database_url.startswith("sqlite"):
        made: Database = SqliteDatabase(tmp_path / "scratch.sqlite3", pragmas={"foreign_keys": 1})
        with made:
            yield made
        return
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE scratch")
        made = db_url.connect(database_url.replace("portal_test", "scratch"), prefer_psycopg3=True)
        with made:
            yield made
        admin.execute("DROP DATABASE scratch WITH (FORCE)")


def facts(db: Database) -> Facts:
    """Return columns, indexes, CHECKs and foreign keys of the tables, but for what the names of indexes are."""
    return _facts_of_sqlite(db) if isinstance(db, SqliteDatabase) else _facts_of_postgresql(db)


def _facts_of_sqlite(db: Database) -> Facts:
    found: Facts = set()
    for table in TABLES:
        found |= {("column", table, *row[1:]) for row in db.execute_sql(f"PRAGMA table_info('{table}')")}
        found |= {("reference", table, *row[2:]) for row in db.execute_sql(f"PRAGMA foreign_key_list('{table}')")}
        [(made,)] = db.execute_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
        flat = " ".join(made.replace(" WITHOUT ROWID", "").split())
        found |= {("check", table, part.partition(", CONSTRAINT")[0].split(", FOREIGN KEY")[0].strip(" ),"))
                  for part in flat.split("CONSTRAINT ")[1:]}
        for _number, name, unique, origin, partial in db.execute_sql(f"PRAGMA index_list('{table}')"):
            columns = tuple(row[2] for row in db.execute_sql(f"PRAGMA index_info('{name}')"))
            condition = db.execute_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            where = condition[0].partition("WHERE")[2].strip(" ()") if partial and condition else ""
            found.add(("index", table, columns, unique, origin == "pk", where))
    return found


def _facts_of_postgresql(db: Database) -> Facts:
    columns = db.execute_sql("SELECT 'column', table_name, column_name, data_type, character_maximum_length, numeric_precision, "
                             "numeric_scale, is_nullable, column_default FROM information_schema.columns "
                             "WHERE table_schema = 'public' AND table_name = ANY(%s)", (TABLES,))
    constraints = db.execute_sql(
        "SELECT contype, conrelid::regclass::text, CASE WHEN contype = 'c' THEN conname END, pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE conrelid::regclass::text = ANY(%s)", (TABLES,))
    indexes = db.execute_sql("SELECT 'index', tablename, regexp_replace(indexdef, 'INDEX \\S+', 'INDEX') FROM pg_indexes "
                             "WHERE tablename = ANY(%s)", (TABLES,))
    return {tuple(row) for rows in (columns, constraints, indexes) for row in rows}


def test_migrated_database_is_what_the_models_say(db: None, scratch: Database) -> None:
    with scratch.bind_ctx(MODELS, bind_refs=False, bind_backrefs=False):
        scratch.create_tables(MODELS)
    migrated, modelled = facts(database.database.obj), facts(scratch)
    assert len(migrated) > 200, "the guard sees too little"
    assert migrated == modelled, (f"Write a migration.\nOnly the models have: {sorted(modelled - migrated, key=str)}\n"
                                  f"Only the migrations make: {sorted(migrated - modelled, key=str)}")


def test_peewee_finds_no_difference_either(db: None) -> None:
    assert str(diff_models(database.database.obj, list(MODELS))) == ""


def test_every_named_constraint_is_in_the_database(db: None) -> None:
    named = {constraint.sql.split()[1] for model in MODELS for constraint in model._meta.constraints or ()}
    named |= {index._name for model in MODELS for index in model._meta.indexes if isinstance(index, peewee.Index)}
    known = " ".join(str(fact) for fact in facts(database.database.obj))
    if database.on_sqlite():
        known += " ".join(row[0] for row in database.database.execute_sql("SELECT name FROM sqlite_master"))
    else:
        known += " ".join(row[0] for row in database.database.execute_sql("SELECT indexname FROM pg_indexes"))
    assert len(named) > 25
    assert not {name for name in named if name not in known}


def test_upgraded_database_waits_for_nothing_and_is_not_upgraded_twice(db: None) -> None:
    assert database.pending() == []
    assert database.upgrade() == []


def test_migrations_begin_from_nothing_in_their_order(scratch: Database) -> None:
    runner = Steps(scratch)
    names = [step.name for step in runner.status()]
    assert names == sorted(names) and not any(step.applied for step in runner.status())
    assert list(runner.up()) == names
    assert set(TABLES) <= set(scratch.get_tables())
    assert list(runner.up()) == []


@ON_SQLITE
@pytest.mark.parametrize(("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 2)])
def test_sqlite_loses_nothing(db: None, pragma: str, value: Any) -> None:
    assert database.database.execute_sql(f"PRAGMA {pragma}").fetchone()[0] == value


@ON_SQLITE
def test_transaction_on_sqlite_keeps_other_writers_out_from_its_start(db: None, database_url: str) -> None:
    other = SqliteDatabase(database_url.removeprefix("sqlite:///"), timeout=0, lock_type="IMMEDIATE")
    with database.transaction():
        District.select().count()
        with pytest.raises(peewee.OperationalError, match="locked"), other.connection_context(), other.atomic():
            pass
    with other.connection_context(), other.atomic():
        pass


@ON_SQLITE
@pytest.mark.parametrize("model", [Ballot, Choice])
def test_ballots_on_sqlite_keep_no_order_of_casting(db: None, model: type[peewee.Model]) -> None:
    with pytest.raises(peewee.OperationalError, match="rowid"):
        database.database.execute_sql(f'SELECT rowid FROM "{model._meta.table_name}"')


@pytest.mark.parametrize("model", [Ballot, Choice])
def test_ballots_have_no_number_that_counts_up(db: None, model: type[peewee.Model]) -> None:
    assert not model._meta.auto_increment
