"""Codes sent by text message: what waits for one, and the counters that cap what is sent."""

from peewee import CharField, IntegerField

from portal.models.base import BaseModel, rules
from portal.models.fields import MomentField


class AwaitsCode(BaseModel):
    """Something that takes effect when the code sent to its phone is typed in; no table of its own."""

    phone = CharField(max_length=20)
    code_hash = CharField(max_length=64, null=True)
    code_expires_at = MomentField(null=True)
    sent_at = MomentField(null=True)
    tries = IntegerField(default=0)
    created_at = MomentField(index=True)

    @property
    def binding(self) -> str:
        """What the code belongs to: it is worth nothing anywhere else."""
        raise NotImplementedError

    @property
    def masked_phone(self) -> str:
        """The number with all but its last three digits hidden."""
        return "•" * (len(self.phone) - 3) + str(self.phone)[-3:]


class SendCount(BaseModel):
    """How many messages went out in a window of time, per number, address, recipient or the whole portal."""

    scope = CharField(max_length=100)
    window = MomentField()
    sent = IntegerField(default=0)

    Meta = rules(unique=("scope", "window"))
