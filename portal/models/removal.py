"""Cases of wrongly registered accounts: what a claimant tells, what officers decide, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from peewee import JOIN, CharField, ForeignKeyField, IntegerField, TextField

from portal.models.account import Account
from portal.models.base import BaseModel, Named, rules
from portal.models.fields import MomentField, PublicIdField, SealedField, WordField
from portal.models.staff import Officer

# How claimants prove who they are.
Proof = StrEnum("Proof", "IN_PERSON SCAN")
# How far a case has come: confirmed is the claimant's identity, requested the removal, which waits for a second officer.
CaseState = StrEnum("CaseState", "OPEN MORE_NEEDED CONFIRMED REQUESTED REMOVED REFUSED")
# What happens to a case.
Deed = StrEnum("Deed", """
    OPENED SCAN_ADDED ANSWERED MORE_ASKED CONFIRMED FROZEN UNFROZEN REQUESTED RETURNED REMOVED REFUSED""")
ENDED = (CaseState.REMOVED, CaseState.REFUSED)
UNDECIDED = (CaseState.OPEN, CaseState.MORE_NEEDED)  # Scans can come in, and are kept until somebody has decided on them.
# In which states each deed is possible, and to which it leads (None: it stays).
LEADS: dict[Deed, tuple[tuple[CaseState, ...], CaseState | None]] = {
    Deed.SCAN_ADDED: (UNDECIDED, CaseState.OPEN), Deed.ANSWERED: (UNDECIDED, CaseState.OPEN),
    Deed.MORE_ASKED: (UNDECIDED, CaseState.MORE_NEEDED), Deed.CONFIRMED: (UNDECIDED, CaseState.CONFIRMED),
    Deed.FROZEN: ((*UNDECIDED, CaseState.CONFIRMED), None), Deed.UNFROZEN: ((*UNDECIDED, CaseState.CONFIRMED), None),
    Deed.REQUESTED: ((CaseState.CONFIRMED,), CaseState.REQUESTED), Deed.RETURNED: ((CaseState.REQUESTED,), CaseState.CONFIRMED),
    Deed.REMOVED: ((CaseState.REQUESTED,), CaseState.REMOVED),
    Deed.REFUSED: ((*UNDECIDED, CaseState.CONFIRMED), CaseState.REFUSED)}


class RemovalCase(Named):
    """One person's claim that somebody else has an account on their PESEL; what identifies the person is sealed."""

    named_by = "number"
    number = CharField(max_length=20, unique=True)  # K/12/2026, dense in a year.
    secret = SealedField()  # In the address of the status page, which every letter repeats.
    secret_hash = CharField(max_length=64, unique=True)
    language = CharField(max_length=5, default="pl")
    name = SealedField(null=True)
    pesel = SealedField(null=True)
    pesel_index = CharField(max_length=64, null=True, index=True)
    email = SealedField(null=True)
    story = SealedField(null=True)
    proof = WordField(Proof, max_length=10)
    state = WordField(CaseState, max_length=12, default=CaseState.OPEN, index=True)
    version = IntegerField(default=0)  # Counts the steps, so that nobody decides on what has changed meanwhile.
    created_at = MomentField(index=True)
    due_at = MomentField()
    closed_at = MomentField(null=True, index=True)
    requested_by = ForeignKeyField(Officer, null=True, backref="removals_requested", on_delete="RESTRICT")
    approved_by = ForeignKeyField(Officer, null=True, backref="removals_approved", on_delete="RESTRICT")
    extent = TextField(default="")  # What the request showed that would go (JSON), to compare at the approval.
    protocol = SealedField(null=True)
    requested_by_id: int | None

    Meta = rules(removal_case_is_approved_by_a_second_officer="approved_by_id <> requested_by_id",
                 removal_case_requested_names_its_officer="state <> 'requested' OR requested_by_id IS NOT NULL",
                 removal_case_removed_names_two_officers="state <> 'removed' OR (requested_by_id IS NOT NULL "
                                                         "AND approved_by_id IS NOT NULL)",
                 removal_case_has_its_end_once_it_ended="(closed_at IS NOT NULL) = (state IN ('removed', 'refused'))",
                 removal_case_pesel_is_sealed_with_its_index="(pesel IS NULL) = (pesel_index IS NULL)")

    @classmethod
    def concerns(cls, account: Account) -> bool:
        """Tell whether a case on the PESEL of an account has not ended."""
        goes_on = cls.pesel_index == account.pesel_index, cls.state.not_in(ENDED)
        return bool(account.pesel_index and cls.select().where(*goes_on).exists())

    @classmethod
    def freed(cls, pesel_index: str, since: datetime) -> bool:
        """Tell whether an account of a PESEL was removed at a moment or later."""
        return cls.select().where(cls.pesel_index == pesel_index, cls.state == CaseState.REMOVED, cls.closed_at >= since).exists()

    @property
    def masked_pesel(self) -> str:
        """The PESEL as officers see it: all but the last three digits hidden."""
        return "" if self.pesel is None else "•" * 8 + self.pesel[-3:]


class RemovalStep(BaseModel):
    """One step of a case, in its history; the words of claimant or officer are sealed."""

    case = ForeignKeyField(RemovalCase, backref="steps", on_delete="CASCADE")
    at = MomentField()
    deed = WordField(Deed, max_length=12)
    officer = ForeignKeyField(Officer, null=True, backref="removal_steps", on_delete="RESTRICT")  # None: the claimant.
    words = SealedField(null=True)

    @classmethod
    def of_case(cls, case: RemovalCase) -> Any:
        """Select the history of a case, each step with its officer."""
        return cls.select(cls, Officer).join(Officer, JOIN.LEFT_OUTER).where(cls.case == case).order_by(cls.id)


class Evidence(BaseModel):
    """One page of a scan; the picture itself lies sealed on disk under the row's uid."""

    case = ForeignKeyField(RemovalCase, backref="evidence", on_delete="CASCADE")
    uid = PublicIdField()
    size = IntegerField()
    uploaded_at = MomentField(index=True)

    Meta = rules(evidence_size_is_positive="size > 0")
