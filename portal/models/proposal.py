"""Proposals: what residents want done, for how much money, and how far it has come."""

from enum import StrEnum
from typing import Any

from peewee import JOIN, SQL, BigIntegerField, BooleanField, CharField, FloatField, ForeignKeyField, IntegerField, TextField

from portal.models.base import BaseModel, Prepared, rules
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.fields import MomentField, PublicIdField, WordField

# The states of a proposal, in the order of its life; each is kept as its name in small letters.
ProposalState = StrEnum("ProposalState", """
    DRAFT SUBMITTED RETURNED IN_ASSESSMENT ADMITTED REFUSED PROTESTED
    ON_BALLOT FUNDED NOT_FUNDED IN_PROGRESS DONE ABANDONED WITHDRAWN""")
VOTED_ON = (ProposalState.ON_BALLOT, ProposalState.FUNDED, ProposalState.NOT_FUNDED, ProposalState.IN_PROGRESS,
            ProposalState.DONE, ProposalState.ABANDONED)
BEFORE_BALLOT = (ProposalState.SUBMITTED, ProposalState.RETURNED, ProposalState.IN_ASSESSMENT, ProposalState.ADMITTED,
                 ProposalState.REFUSED, ProposalState.PROTESTED)
LISTED = (*BEFORE_BALLOT, *VOTED_ON)
PUBLIC = (*LISTED, ProposalState.WITHDRAWN)  # Whoever has the address of one that was withdrawn reads so there.
# What a proposal is about.
Category = StrEnum("Category", "ACCESSIBILITY COMMUNITY CULTURE EDUCATION ENVIRONMENT GREENERY HEALTH MOBILITY SAFETY SPORT")


class Proposal(BaseModel):
    """One proposal of one pool; the cost in grosze is the sum of its estimate's rows.

    A draft has its uid in the place of number and slug, until it is submitted.
    """

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
    state = WordField(ProposalState, max_length=20, default=ProposalState.DRAFT, index=True)
    ballot_order = IntegerField(null=True)
    availability = TextField(null=True)  # Where and when everybody can use it, free of charge.
    universal = BooleanField(null=True)  # Whether it follows universal design; if not, why.
    universal_why = TextField(null=True)
    submitted_at = MomentField(null=True)
    to_correct = CharField(max_length=250, null=True)  # Names of fields, while it is returned.
    correct_until = MomentField(null=True)
    on_paper = IntegerField(null=True)  # Supporters on paper lists, as the verifier counted them.
    supporters = IntegerField(null=True)  # In all, fixed when the assessment begins: the rows of Support do not stay.
    version = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])  # Counts the changes of state.
    pool_id: int
    revisions: Any

    Meta = rules(unique=("pool", "number"), proposal_cost_is_not_negative="cost >= 0")

    @classmethod
    def on_ballot(cls, pool: Pool) -> Any:
        """Select what the ballot of a pool offers, in the order drawn by lot."""
        return cls.select().where(cls.pool == pool, cls.state.in_(VOTED_ON)).order_by(cls.ballot_order, cls.id)

    @classmethod
    def public(cls, edition: Edition) -> Any:
        """Select what the catalogue of an edition lists, with its pool; citywide first."""
        return (cls.select(cls, Pool, District).join(Pool).join(District, JOIN.LEFT_OUTER)
                .where(Pool.edition == edition, cls.state.in_(LISTED))
                .order_by(Pool.district.is_null(False), Pool.district, cls.ballot_order, cls.id))

    # What anyone may read at an address that ends with this, with its pool, district and edition; or None.
    published = Prepared(lambda slug: Proposal.select(Proposal, Pool, Edition, District).join(Pool).join(Edition).switch(Pool)
                         .join(District, JOIN.LEFT_OUTER).where(Proposal.slug == slug, Proposal.state.in_(PUBLIC))).first

    @property
    def costs(self) -> "list[CostItem]":
        """The rows of the estimate, in the order in which they were written down."""
        return _costs.all(self.id)

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class CostItem(BaseModel):
    """A row of a proposal's estimate of costs; the amount in grosze."""

    proposal = ForeignKeyField(Proposal, backref="cost_items", on_delete="CASCADE")
    what = CharField(max_length=250)
    amount = BigIntegerField()

    Meta = rules(cost_item_amount_is_not_negative="amount >= 0")


_costs = Prepared(lambda proposal: CostItem.select().where(CostItem.proposal == proposal).order_by(CostItem.id))
