"""The data of the portal: declarative models, their constraints and named queries."""

from portal.models.account import Account, Registration, SmsCount
from portal.models.audit import AuditEntry
from portal.models.ballot import Ballot, BallotDraft, Choice
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.login import Session
from portal.models.message import Message
from portal.models.proposal import CostItem, Exclusion, Proposal
from portal.models.staff import Officer

MODELS = (District, Edition, Pool, Proposal, CostItem, Exclusion, Account, Registration, SmsCount, Officer, Session,
          Ballot, Choice, BallotDraft, Message, AuditEntry)

__all__ = [model.__name__ for model in MODELS] + ["MODELS"]
