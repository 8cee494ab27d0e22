"""The database as somebody sees it who stole it: every table and row, nothing decrypted."""

from portal.database import database


def _shown(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def table(name: str) -> list[dict[str, str]]:
    """Return a table's rows by column, everything as text."""
    rows = database.execute_sql(f'SELECT * FROM "{name}"')
    columns = [column[0] for column in rows.description]
    return [dict(zip(columns, map(_shown, row), strict=True)) for row in rows.fetchall()]


def everything() -> str:
    """Return all that the database holds, in one text."""
    return "\n".join(f"{name}: {row}" for name in database.get_tables() for row in table(name))
