"""Voting on paper: the points where sheets are handed in, and the sheets, which two officers type in one after the other."""

from enum import StrEnum

from peewee import CharField, ForeignKeyField, IntegerField

from portal.models.ballot import Ballot
from portal.models.base import BaseModel, Named, rules
from portal.models.edition import Edition
from portal.models.fields import SealedField, WordField
from portal.models.staff import Officer

# How far a sheet has come: entered by the first officer; if the second typed something else, it differs: a third looks at it.
SheetState = StrEnum("SheetState", "ENTERED DIFFERS RECORDED INVALID")
UNFINISHED = (SheetState.ENTERED, SheetState.DIFFERS)
# Why a sheet does not become a ballot.
InvalidReason = StrEnum("InvalidReason", "TOO_MANY UNREADABLE UNSIGNED UNIDENTIFIED LATE ALREADY_VOTED")


class VotingPoint(Named):
    """A place where people vote on paper; its protocol says how many sheets it has received."""

    edition = ForeignKeyField(Edition, backref="points_of_voting", on_delete="RESTRICT")
    name = CharField(max_length=150)
    address = CharField(max_length=250, default="")
    sheets_received = IntegerField(null=True)

    Meta = rules(unique=("edition", "name"), voting_point_sheets_are_not_negative="sheets_received >= 0")


class Sheet(BaseModel):
    """A paper ballot, by the number stamped on it. Its person has the ballot from the first entry on; invalid ones have none."""

    point = ForeignKeyField(VotingPoint, backref="sheets", on_delete="RESTRICT")
    number = IntegerField()
    ballot = ForeignKeyField(Ballot, null=True, backref="sheets", on_delete="RESTRICT")
    state = WordField(SheetState, max_length=10, default=SheetState.ENTERED)
    invalid_reason = WordField(InvalidReason, max_length=20, null=True)
    first_officer = ForeignKeyField(Officer, backref="first_entries", on_delete="RESTRICT")
    first_picks = SealedField(null=True)
    second_officer = ForeignKeyField(Officer, null=True, backref="second_entries", on_delete="RESTRICT")
    second_picks = SealedField(null=True)
    third_officer = ForeignKeyField(Officer, null=True, backref="third_entries", on_delete="RESTRICT")
    first_officer_id: int
    second_officer_id: int | None

    Meta = rules(unique=("point", "number"), sheet_number_is_positive="number > 0",
                 sheet_invalid_has_a_reason="(state = 'invalid') = (invalid_reason IS NOT NULL)",
                 sheet_valid_is_a_ballot="(state = 'invalid') = (ballot_id IS NULL)",
                 sheet_is_entered_by_two="second_officer_id <> first_officer_id",
                 sheet_difference_is_settled_by_a_third="third_officer_id NOT IN (first_officer_id, second_officer_id)",
                 sheet_recorded_keeps_no_picks="state IN ('entered', 'differs') OR (first_picks IS NULL "
                                               "AND second_picks IS NULL)")
