"""How funded proposals are carried out."""

from peewee import BigIntegerField, CharField, ForeignKeyField, TextField

from portal.models.base import BaseModel, rules
from portal.models.fields import MomentField
from portal.models.proposal import Proposal


class Stage(BaseModel):
    """What was done by a day, and what it has cost so far (grosze)."""

    proposal = ForeignKeyField(Proposal, backref="stages", on_delete="CASCADE")
    at = MomentField()
    title = CharField(max_length=150)
    words = TextField(default="")
    cost = BigIntegerField(null=True)

    Meta = rules(stage_cost_is_not_negative="cost >= 0")
