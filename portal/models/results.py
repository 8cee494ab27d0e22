"""Results as they are published: what was counted once, until a correction of it is approved."""

from peewee import CharField, ForeignKeyField, IntegerField, TextField

from portal.models.base import BaseModel, Named, rules
from portal.models.edition import Edition
from portal.models.fields import MomentField
from portal.models.proposal import Proposal
from portal.models.staff import Officer


class Publication(Named):
    """The results of an edition as they stand published though its ballots have changed.

    In force from the first ballot removed, if kept after the voting; otherwise the count itself stands.
    """

    named_by = "edition"
    edition = ForeignKeyField(Edition, unique=True, backref="publications", on_delete="RESTRICT")
    results = TextField()  # JSON, see services/results_publication.py.
    kept_at = MomentField()
    removed = IntegerField(default=0)  # Ballots that the published results still count.
    corrected_at = MomentField(null=True)
    corrected_by = ForeignKeyField(Officer, null=True, backref="corrections", on_delete="RESTRICT")
    asked_by = ForeignKeyField(Officer, null=True, backref="asked_publications", on_delete="RESTRICT")
    approved_by = ForeignKeyField(Officer, null=True, backref="approved_publications", on_delete="RESTRICT")
    corrected = IntegerField(default=0)  # Ballots fewer than in the results as they were published first.

    Meta = rules(publication_ballots_are_not_negative="removed >= 0 AND corrected >= 0",
                 publication_correction_names_its_officer="(corrected_at IS NULL) = (corrected_by_id IS NULL)",
                 publication_takes_two_officers="approved_by_id IS NULL OR approved_by_id <> asked_by_id")


class Closing(BaseModel):
    """The electoral state as it was when voting ended, and the end of the edition's ballot key, which takes two officers."""

    edition = ForeignKeyField(Edition, unique=True, backref="closings", on_delete="RESTRICT")
    closed_at = MomentField()
    ballots = IntegerField()
    commitments = CharField(max_length=64)  # SHA-256 of the published list of commitments.
    choices = CharField(max_length=64)  # SHA-256 of all ballots, see services/closing.py.
    key_asked_at = MomentField(null=True)
    key_asked_by = ForeignKeyField(Officer, null=True, backref="asked_closings", on_delete="RESTRICT")
    key_destroyed_at = MomentField(null=True)
    key_destroyed_by = ForeignKeyField(Officer, null=True, backref="closings", on_delete="RESTRICT")
    key_asked_by_id: int | None

    Meta = rules(closing_key_asked_names_its_officer="(key_asked_at IS NULL) = (key_asked_by_id IS NULL)",
                 closing_key_destroyed_names_its_officer="(key_destroyed_at IS NULL) = (key_destroyed_by_id IS NULL)",
                 closing_key_is_destroyed_by_two="key_destroyed_by_id IS NULL OR key_asked_by_id IS NOT NULL "
                                                 "AND key_destroyed_by_id <> key_asked_by_id")


class Exclusion(BaseModel):
    """Two proposals of which at most one can be carried out."""

    first = ForeignKeyField(Proposal, backref="exclusions", on_delete="CASCADE")
    second = ForeignKeyField(Proposal, backref="excluded_from", on_delete="CASCADE")

    Meta = rules(unique=("first", "second"), exclusion_is_of_two_proposals="first_id < second_id")
