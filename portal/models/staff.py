"""Officers of the city, with their role."""

from enum import StrEnum

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField

from portal.models.base import BaseModel, Named, rules
from portal.models.fields import MomentField, PublicIdField, SealedField, WordField

# What an officer may do; each role sees only what is its own.
Role = StrEnum("Role", "EDITOR VERIFIER CLERK REMOVALS COORDINATOR ADMINISTRATOR")


class Unit(Named):
    """A unit of the city's offices, whose verifiers give its opinion on proposals."""

    name = CharField(max_length=150, unique=True)


class Officer(Named):
    """A member of staff; logs in at the panel with password and TOTP."""

    uid = PublicIdField()
    email = CharField(max_length=254, unique=True)
    name = CharField(max_length=200)
    role = WordField(Role, max_length=20)
    unit = ForeignKeyField(Unit, null=True, backref="officers", on_delete="RESTRICT")
    password_hash = CharField(max_length=200)  # Empty until the officer has chosen a password.
    totp_secret = SealedField()
    totp_step = BigIntegerField(default=0)  # The last 30-second step used, so that a code works once.
    enrolment_hash = CharField(max_length=64, null=True, unique=True)  # Of the link by which the officer sets both.
    enrolment_expires_at = MomentField(null=True)
    active = BooleanField(default=True)
    created_at = MomentField()
    unit_id: int | None

    Meta = rules(officer_email_is_lower_case="email = lower(email)")


class RecoveryCode(BaseModel):
    """One of an officer's ten codes that stand in for the authenticator once each; used, its row is gone."""

    officer = ForeignKeyField(Officer, backref="recovery_codes", on_delete="CASCADE")
    code_hash = CharField(max_length=64, unique=True)
