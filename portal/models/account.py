"""Residents' accounts, and registrations that wait for their code."""

from enum import StrEnum

from peewee import BooleanField, CharField, DateField, ForeignKeyField

from portal.models.base import Named, rules
from portal.models.code import AwaitsCode
from portal.models.district import District
from portal.models.fields import MomentField, PublicIdField, SealedField, WordField

# Whether an account can be used.
AccountState = StrEnum("AccountState", "ACTIVE FROZEN")


class Account(Named):
    """A resident, one per PESEL and per e-mail address, from edition to edition; families may share a phone."""

    uid = PublicIdField()
    email = CharField(max_length=254, unique=True)
    email_confirmed_at = MomentField(null=True)
    email_token_hash = CharField(max_length=64, null=True, unique=True)
    phone = CharField(max_length=20, index=True)
    given_name = CharField(max_length=100)
    family_name = CharField(max_length=100)
    pesel = SealedField(null=True)
    pesel_index = CharField(max_length=64, null=True, unique=True)
    birth_date = DateField()
    district = ForeignKeyField(District, backref="accounts", on_delete="RESTRICT")
    street = CharField(max_length=200)
    postcode = CharField(max_length=6)
    password_hash = CharField(max_length=200)
    language = CharField(max_length=5, default="pl")
    wants_news = BooleanField(default=False)
    state = WordField(AccountState, max_length=10, default=AccountState.ACTIVE)
    created_at = MomentField()
    district_id: int

    Meta = rules(account_email_is_lower_case="email = lower(email)",
                 account_pesel_is_sealed_with_its_index="(pesel IS NULL) = (pesel_index IS NULL)")

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def masked_pesel(self) -> str:
        """The PESEL as staff and its holder see it: all but the last three digits hidden."""
        return "" if self.pesel is None else "•" * 8 + self.pesel[-3:]


class Registration(AwaitsCode):
    """A filled-in registration form that waits for the code sent to its phone; its data are sealed."""

    token_hash = CharField(max_length=64, unique=True)
    data = SealedField()

    Meta = rules(registration_tries_are_at_most_five="tries BETWEEN 0 AND 5")

    @property
    def binding(self) -> str:
        return str(self.token_hash)
