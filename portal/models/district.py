"""The districts of the city."""

from typing import Any

from peewee import CharField, IntegerField

from portal.models.base import BaseModel

ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")


class District(BaseModel):
    """A district of the city; those known only from imported files have no number and take no residents."""

    number = IntegerField(null=True, unique=True)
    name = CharField(max_length=100, unique=True)

    @classmethod
    def of_city(cls) -> Any:
        """Select the districts that residents live in, in their official order."""
        return cls.select().where(cls.number.is_null(False)).order_by(cls.number)

    offered = of_city

    def __str__(self) -> str:
        """Return the name behind the official number as the city writes it."""
        tens, ones = divmod(self.number or 0, 10)
        return f"{'X' * tens}{ONES[ones]} {self.name}".strip()
