"""Editions and pools: the calendar, the numbers and the money of a vote."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, DecimalField, ForeignKeyField, IntegerField

from portal import clock
from portal.models.base import BaseModel, Named, rules
from portal.models.district import District
from portal.models.fields import MomentField, WordField

# What an edition is doing at a moment.
Phase = StrEnum("Phase", "BEFORE PROPOSALS ASSESSMENT VOTING COUNTING RESULTS")
# How winners are found.
CountRule = StrEnum("CountRule", "GREEDY EQUAL_SHARES")


class Edition(Named):
    """One year's participatory budget, with every date and number that its rules need."""

    code = CharField(max_length=20, unique=True)
    name = CharField(max_length=150)
    proposals_from = MomentField(null=True)
    proposals_to = MomentField(null=True)
    corrections_to = MomentField(null=True)
    admitted_on = MomentField(null=True)
    protests_to = MomentField(null=True)
    voting_from = MomentField(index=True)
    voting_to = MomentField()
    results_on = MomentField()
    citywide_picks = IntegerField(default=3)
    district_picks = IntegerField(default=3)
    all_required = BooleanField(default=True)
    minimum_age = IntegerField(null=True)
    supporters_required = IntegerField(default=15)
    support_days = IntegerField(default=7, constraints=[SQL("DEFAULT 7")])  # After the submission of a proposal.
    assessment_days = IntegerField(default=30, constraints=[SQL("DEFAULT 30")])  # For a unit's card.
    protest_days = IntegerField(default=10, constraints=[SQL("DEFAULT 10")])  # After a refusal.
    count_rule = WordField(CountRule, max_length=20, default=CountRule.GREEDY)
    tie_order = CharField(max_length=100, default="top_marks,voters,lot")
    lot_seed = CharField(max_length=100)
    order_seed = CharField(max_length=100, null=True)  # Of the lot that has drawn the order on the ballot.
    drawn_at = MomentField(null=True)
    archived = BooleanField(default=False)  # Imported from open data: to read and recount, never to vote in.
    pools: Any

    Meta = rules(edition_voting_ends_after_it_begins="voting_from < voting_to",
                 edition_results_follow_voting="voting_to <= results_on",
                 edition_proposals_end_after_they_begin="proposals_from < proposals_to",
                 edition_picks_are_few="citywide_picks BETWEEN 0 AND 20 AND district_picks BETWEEN 0 AND 20",
                 edition_minimum_age_is_an_age="minimum_age BETWEEN 0 AND 120",
                 edition_supporters_are_not_negative="supporters_required >= 0")

    @classmethod
    def offered(cls) -> Any:
        """Select the editions that are not mere archives, the newest first."""
        return cls.select().where(~cls.archived).order_by(cls.voting_from.desc())

    @classmethod
    def current(cls, at: datetime | None = None) -> "Edition | None":
        """Return the edition that people mean at a moment: the next whose voting has not ended, else the last."""
        at = at or clock.now()
        editions = [*cls.select().order_by(cls.archived.desc(), cls.voting_to)]
        awaited = (edition for edition in editions if not edition.archived and edition.voting_to >= at)
        return next(awaited, editions[-1] if editions else None)

    @classmethod
    def voted_last(cls, at: datetime) -> "Edition | None":
        """Return the edition whose voting began last, so that its results do not give way to the next call for proposals."""
        return cls.select().where(cls.voting_from <= at).order_by(cls.voting_from.desc()).first()

    @classmethod
    def in_voting(cls, at: datetime) -> "list[Edition]":
        """Return the editions whose voting is open at a moment."""
        return list(cls.select().where(~cls.archived, cls.voting_from <= at, cls.voting_to >= at).order_by(cls.voting_from))

    def phase(self, at: datetime | None = None) -> Phase:
        """Tell what the calendar says at a moment; voting includes its last second."""
        at = at or clock.now()
        if at > self.voting_to:
            return Phase.RESULTS if at >= self.results_on else Phase.COUNTING
        if at >= self.voting_from:
            return Phase.VOTING
        if self.proposals_from and at < self.proposals_from:
            return Phase.BEFORE
        return Phase.PROPOSALS if self.proposals_to and at <= self.proposals_to else Phase.ASSESSMENT

    def points(self, pool: "Pool") -> list[int]:
        """Return the marks that a voter gives in a pool, highest first: for three picks 3, 2, 1."""
        return list(range(self.district_picks if pool.district_id else self.citywide_picks, 0, -1))

    @property
    def ballot_key(self) -> str:
        """The name of this edition's key, which turns persons into voter keys."""
        return f"ballot-{self.code}"


class Pool(BaseModel):
    """The money of one contest of an edition: citywide, or one district's. Amounts in grosze."""

    edition = ForeignKeyField(Edition, backref="pools", on_delete="RESTRICT")
    district = ForeignKeyField(District, null=True, backref="pools", on_delete="RESTRICT")
    budget = BigIntegerField()
    min_cost = BigIntegerField(null=True)
    max_cost = BigIntegerField(null=True)
    minimum_points = DecimalField(max_digits=14, decimal_places=4, default=0)
    default_points = DecimalField(max_digits=14, decimal_places=4, default=0)  # Of each ballot to what it does not mark.
    district_id: int | None

    Meta = rules(unique=("edition", "district"), pool_budget_is_not_negative="budget >= 0",
                 pool_cost_limits_are_in_order="min_cost <= max_cost")

    @property
    def name(self) -> str | None:
        """The district's name; None for the citywide pool."""
        return str(self.district.name) if self.district else None

    def __str__(self) -> str:
        return f"{self.edition.name}: {self.name}" if self.name else str(self.edition.name)


Pool.add_index(Pool.index(Pool.edition, unique=True, where=SQL("district_id IS NULL"), name="pool_citywide_is_one_per_edition"))
