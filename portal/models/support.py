"""Whose proposals are: authors and whom they have asked to join them; who supports and who follows them."""

from peewee import SQL, BooleanField, CharField, ForeignKeyField

from portal.models.account import Account
from portal.models.base import BaseModel, rules
from portal.models.fields import MomentField, SealedField
from portal.models.proposal import Proposal


class Bond(BaseModel):
    """What a resident is to a proposal, once."""

    proposal = ForeignKeyField(Proposal, backref="+", on_delete="CASCADE")
    account = ForeignKeyField(Account, backref="+", on_delete="CASCADE")
    proposal_id: int

    Meta = rules(unique=("proposal", "account"))


class Authorship(Bond):
    """Whose proposal it is: the lead submitted it, co-authors count once they have accepted."""

    is_lead = BooleanField(default=False)
    accepted_at = MomentField(null=True)
    shows_name = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])  # The person's consent.


Authorship.add_index(Authorship.index(Authorship.proposal, unique=True, where=SQL("is_lead"),
                                      name="authorship_lead_is_one_per_proposal"))


class Invitation(BaseModel):
    """A letter that asks somebody to become a co-author; whoever has its link and an account can accept."""

    proposal = ForeignKeyField(Proposal, backref="invitations", on_delete="CASCADE")
    email = SealedField()
    token_hash = CharField(max_length=64, unique=True)
    created_at = MomentField(index=True)


class Support(Bond):
    """A resident's support for a proposal."""

    created_at = MomentField()


class Follow(Bond):
    """A resident's wish to get letters about what becomes of a proposal."""
