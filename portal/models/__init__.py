"""The data of the portal: declarative models, their constraints and named queries.

The members of an enumeration are kept as their names in small letters.
"""

from portal.models.account import Account, AccountState, Registration
from portal.models.assessment import Answer, Card, Criterion, Move, Revision, Transition
from portal.models.attachment import Attachment, FileKind
from portal.models.audit import AuditDigest, AuditEntry
from portal.models.ballot import Ballot, BallotDraft, BallotState, Channel, Choice
from portal.models.code import AwaitsCode, SendCount
from portal.models.district import District
from portal.models.edition import CountRule, Edition, Phase, Pool
from portal.models.implementation import Stage
from portal.models.login import Session, Throttle
from portal.models.message import Message, MessageChannel, MessageState
from portal.models.paper import InvalidReason, Sheet, SheetState, VotingPoint
from portal.models.password import PasswordReset
from portal.models.profile import EmailChange, PhoneChange
from portal.models.proposal import Category, CostItem, Proposal, ProposalState
from portal.models.removal import CaseState, Deed, Evidence, Proof, RemovalCase, RemovalStep
from portal.models.results import Closing, Exclusion, Publication
from portal.models.staff import Officer, RecoveryCode, Role, Unit
from portal.models.support import Authorship, Follow, Invitation, Support

MODELS = (District, Edition, Pool, Proposal, CostItem, Exclusion, Account, Registration, PhoneChange, EmailChange, PasswordReset,
          Authorship, Invitation, Support, Follow, SendCount, Unit, Officer, RecoveryCode, Session, Throttle, Ballot, Choice,
          BallotDraft, VotingPoint, Sheet, Closing, Publication, RemovalCase, RemovalStep, Evidence, Criterion, Card, Answer,
          Transition, Revision, Stage, Attachment, Message, AuditEntry, AuditDigest)

__all__ = [model.__name__ for model in MODELS] + [
    "MODELS", "AccountState", "AwaitsCode", "BallotState", "CaseState", "Category", "Channel", "CountRule", "Deed", "FileKind",
    "InvalidReason", "MessageChannel", "MessageState", "Move", "Phase", "Proof", "ProposalState", "Role", "SheetState"]
