"""Proposals: what residents want done, for how much money, and how far it has come."""

from enum import StrEnum
from typing import Any

from peewee import JOIN, SQL, BigIntegerField, BooleanField, CharField, FloatField, ForeignKeyField, IntegerField, TextField

from portal.models.account import Account
from portal.models.base import BaseModel, check, one_of
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.fields import MomentField, PublicIdField


class ProposalState(StrEnum):
    """The states of a proposal, in the order of its life."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    IN_ASSESSMENT = "in_assessment"
    ADMITTED = "admitted"
    REFUSED = "refused"
    PROTESTED = "protested"
    ON_BALLOT = "on_ballot"
    FUNDED = "funded"
    NOT_FUNDED = "not_funded"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    ABANDONED = "abandoned"
    WITHDRAWN = "withdrawn"


VOTED_ON = (ProposalState.ON_BALLOT, ProposalState.FUNDED, ProposalState.NOT_FUNDED, ProposalState.IN_PROGRESS,
            ProposalState.DONE, ProposalState.ABANDONED)
BEFORE_BALLOT = (ProposalState.SUBMITTED, ProposalState.RETURNED, ProposalState.IN_ASSESSMENT, ProposalState.ADMITTED,
                 ProposalState.REFUSED, ProposalState.PROTESTED)
PUBLIC = (ProposalState.ADMITTED, ProposalState.REFUSED, ProposalState.PROTESTED, *VOTED_ON)


class Proposal(BaseModel):
    """One proposal of one pool; the cost in grosze is the sum of its estimate's rows."""

    uid = PublicIdField()
    pool = ForeignKeyField(Pool, backref="proposals", on_delete="RESTRICT")
    number = CharField(max_length=60)
    slug = CharField(max_length=120, unique=True)
    title = CharField(max_length=500)
    summary = CharField(max_length=250, default="")
    description = TextField(default="")
    justification = TextField(default="")
    place = TextField(default="")
    latitude = FloatField(null=True)
    longitude = FloatField(null=True)
    beneficiaries = TextField(default="")
    categories = CharField(max_length=250, default="")
    cost = BigIntegerField()
    state = CharField(max_length=20, default=ProposalState.DRAFT, index=True)
    ballot_order = IntegerField(null=True)
    pool_id: int
    cost_items: Any

    class Meta:
        indexes = ((("pool", "number"), True),)
        constraints = [
            check("proposal_cost_is_not_negative", "cost >= 0"),
            one_of("proposal_state_is_known", "state", ProposalState),
        ]

    @classmethod
    def on_ballot(cls, pool: Pool) -> Any:
        """Select what the ballot of a pool offers, in the order drawn by lot."""
        return (cls.select().where(cls.pool == pool, cls.state.in_(VOTED_ON)).order_by(cls.ballot_order, cls.id))

    @classmethod
    def public(cls, edition: Edition) -> Any:
        """Select what anyone may read of an edition, with its pool; citywide first."""
        return (cls.select(cls, Pool, District).join(Pool).join(District, JOIN.LEFT_OUTER)
                .where(Pool.edition == edition, cls.state.in_(PUBLIC))
                .order_by(Pool.district.is_null(False), Pool.district, cls.ballot_order, cls.id))

    @classmethod
    def published(cls, slug: str) -> "Proposal | None":
        """Return what anyone may read at this address, with its pool, district and edition."""
        return (cls.select(cls, Pool, Edition, District).join(Pool).join(Edition).switch(Pool)
                .join(District, JOIN.LEFT_OUTER).where(cls.slug == slug, cls.state.in_(PUBLIC)).first())

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Authorship(BaseModel):
    """Whose proposal it is: the lead submitted it, co-authors count once they have accepted."""

    proposal = ForeignKeyField(Proposal, backref="authorships", on_delete="CASCADE")
    account = ForeignKeyField(Account, backref="authorships", on_delete="CASCADE")
    is_lead = BooleanField(default=False)
    accepted_at = MomentField(null=True)
    proposal_id: int

    class Meta:
        indexes = ((("proposal", "account"), True),)


Authorship.add_index(Authorship.index(Authorship.proposal, unique=True, where=SQL("is_lead"),
                                      name="authorship_lead_is_one_per_proposal"))


class Support(BaseModel):
    """A resident's support for a proposal, once."""

    proposal = ForeignKeyField(Proposal, backref="supports", on_delete="CASCADE")
    account = ForeignKeyField(Account, backref="supports", on_delete="CASCADE")
    created_at = MomentField()

    class Meta:
        indexes = ((("proposal", "account"), True),)


class CostItem(BaseModel):
    """A row of a proposal's estimate of costs; the amount in grosze."""

    proposal = ForeignKeyField(Proposal, backref="cost_items", on_delete="CASCADE")
    what = CharField(max_length=250)
    amount = BigIntegerField()

    class Meta:
        constraints = [check("cost_item_amount_is_not_negative", "amount >= 0")]

    def __str__(self) -> str:
        return str(self.what)


class Exclusion(BaseModel):
    """Two proposals of which at most one can be carried out."""

    first = ForeignKeyField(Proposal, backref="exclusions", on_delete="CASCADE")
    second = ForeignKeyField(Proposal, backref="excluded_from", on_delete="CASCADE")
    first_id: int
    second_id: int

    class Meta:
        indexes = ((("first", "second"), True),)
        constraints = [check("exclusion_is_of_two_proposals", "first_id < second_id")]
