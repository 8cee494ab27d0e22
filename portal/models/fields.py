"""Field types of our own: moments in UTC, sealed texts, words of an enumeration, public ids."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from peewee import SQL, BlobField, CharField, DateTimeField

from portal import crypto

PUBLIC_ID_BYTES = 9  # 72 random bits, 12 characters


class MomentField(DateTimeField):
    """An aware moment, stored as UTC without a zone, because PostgreSQL's plain timestamp drops the zone."""

    def db_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"{self.name} needs a moment with a time zone")
            value = value.astimezone(UTC).replace(tzinfo=None)
        return super().db_value(value)

    def python_value(self, value: Any) -> datetime | None:
        moment = super().python_value(value)
        return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else moment


class SealedField(BlobField):
    """A text that is encrypted in the database, bound to its own table and column."""

    def _purpose(self) -> str:
        return f"{self.model._meta.table_name}.{self.column_name}"

    def db_value(self, value: Any) -> Any:
        return None if value is None else super().db_value(crypto.seal_bytes(value.encode(), self._purpose()))

    def python_value(self, value: Any) -> str | None:
        return None if value is None else crypto.unseal_bytes(bytes(value), self._purpose()).decode()


class WordField(CharField):
    """One word of an enumeration, or of a few; the table admits no other."""

    def __init__(self, words: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def bind(self, model: Any, name: str, *others: Any) -> None:
        super().bind(model, name, *others)
        words = ", ".join(repr(str(word)) for word in self.words)
        known = SQL(f"CONSTRAINT {model._meta.table_name}_{name}_is_known CHECK ({self.column_name} IN ({words}))")
        model._meta.constraints = [*(model._meta.constraints or ()), known]


class PublicIdField(CharField):
    """A random id that may be shown outside."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 32, "unique": True, "default": lambda: crypto.new_token(PUBLIC_ID_BYTES), **options})
