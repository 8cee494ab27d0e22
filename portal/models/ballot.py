"""Ballots without voters.

A ballot has no link to an account: its voter key is a keyed hash of the person's identity, under a key of the edition that is
kept outside the database. On SQLite the two tables are made WITHOUT ROWID, so that they keep no order of casting.
"""

import uuid
from collections.abc import Callable
from enum import StrEnum

from peewee import CharField, CompositeKey, DecimalField, ForeignKeyField, IntegerField, UUIDField, fn

from portal.models.account import Account, AccountState
from portal.models.base import BaseModel, Prepared, rules
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.fields import MomentField, SealedField, WordField
from portal.models.proposal import Proposal

# How a ballot was cast.
Channel = StrEnum("Channel", "ONLINE PAPER")
# What the voter is told of the ballot.
BallotState = StrEnum("BallotState", "RECORDED UNDER_CHECK COUNTED VOID")
AGE_BANDS = (0, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75)
COUNTING = (BallotState.RECORDED, BallotState.UNDER_CHECK, BallotState.COUNTED)


class Ballot(BaseModel):
    """One person's ballot in one edition, over all channels; its time is known to the hour only."""

    id = UUIDField(primary_key=True, default=uuid.uuid4)
    edition = ForeignKeyField(Edition, backref="ballots", on_delete="RESTRICT")
    voter_key = CharField(max_length=64)
    channel = WordField(Channel, max_length=10)
    district = ForeignKeyField(District, null=True, on_delete="RESTRICT")
    state = WordField(BallotState, max_length=12, default=BallotState.RECORDED)
    void_reason = CharField(max_length=250, default="")
    cast_at = MomentField()
    commitment = CharField(max_length=64, null=True)
    age_from = IntegerField(null=True)  # The youngest of the voter's age band, one of AGE_BANDS; None where nobody knows.
    network = CharField(max_length=64, null=True)  # A hash under the edition's key, for patterns that people look into.

    Meta = rules(ballot_void_has_a_reason="state <> 'void' OR void_reason <> ''")

    # The ballot in an edition that a voter key stands for, or else another key of the same person; or None.
    of_voter: Callable[[Edition, str, str], "Ballot | None"] = Prepared(lambda edition, key, other: Ballot.select().where(
        Ballot.edition == edition, Ballot.voter_key.in_([key, other])).order_by(Ballot.channel)).first


Ballot.add_index(Ballot.index(Ballot.edition, Ballot.voter_key, unique=True, name="ballot_is_unique_per_person_and_edition"))


class Choice(BaseModel):
    """The points that a ballot gives to one proposal; ranked ballots give each rank of a pool once."""

    ballot = ForeignKeyField(Ballot, backref="choices", on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, backref="choices", on_delete="RESTRICT")
    pool = ForeignKeyField(Pool, on_delete="RESTRICT", index=False)
    points = DecimalField(max_digits=14, decimal_places=4)
    rank = IntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("ballot", "proposal")


Choice.add_index(Choice.index(Choice.ballot, Choice.pool, Choice.rank, unique=True, name="choice_gives_each_rank_of_a_pool_once"))


class BallotDraft(BaseModel):
    """What a voter has chosen so far, sealed; deleted in the transaction that casts the ballot."""

    account = ForeignKeyField(Account, backref="drafts", on_delete="CASCADE")
    edition = ForeignKeyField(Edition, on_delete="CASCADE")
    picks = SealedField()
    updated_at = MomentField()

    Meta = rules(unique=("account", "edition"))

    # What a resident has chosen so far in an edition; or None.
    of_account: Callable[[Account, Edition], "BallotDraft | None"] = Prepared(lambda account, edition: (
        BallotDraft.select().where(BallotDraft.account == account, BallotDraft.edition == edition))).first

    @classmethod
    def take(cls, account: Account, edition: Edition) -> "BallotDraft | None":
        """Delete what a resident has chosen and return it; of two who try at once, one gets it.

        Nobody does whose account has got another PESEL, or its first, since it was read: the ballot would have an old voter key;
        and nobody whose account was frozen meanwhile.
        """
        return _take.first(account.id, edition.id, account.pesel_index or account.uid)


_take = Prepared(lambda account, edition, person: (
    BallotDraft.delete().where(BallotDraft.account == account, BallotDraft.edition == edition, BallotDraft.account.in_(
        Account.select(Account.id).where(Account.id == account, Account.state == AccountState.ACTIVE,
                                         fn.COALESCE(Account.pesel_index, Account.uid) == person))).returning(BallotDraft)))
