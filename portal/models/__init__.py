"""The data of the portal: declarative models, their constraints and named queries."""

from portal.models.account import Account, Registration
from portal.models.assessment import Answer, Card, Criterion, Revision, Transition
from portal.models.attachment import Attachment
from portal.models.audit import AuditDigest, AuditEntry
from portal.models.ballot import Ballot, BallotDraft, Choice
from portal.models.code import SendCount
from portal.models.district import District
from portal.models.edition import Edition, Pool
from portal.models.implementation import Stage
from portal.models.login import Session, Throttle
from portal.models.message import Message
from portal.models.password import PasswordReset
from portal.models.profile import EmailChange, PhoneChange
from portal.models.proposal import CostItem, Proposal
from portal.models.removal import Evidence, RemovalCase, RemovalStep
from portal.models.results import Exclusion, Publication
from portal.models.staff import Officer, RecoveryCode, Unit
from portal.models.support import Authorship, Follow, Invitation, Support

MODELS = (District, Edition, Pool, Proposal, CostItem, Exclusion, Account, Registration, PhoneChange, EmailChange, PasswordReset,
          Authorship, Invitation, Support, Follow, SendCount, Unit, Officer, RecoveryCode, Session, Throttle, Ballot, Choice,
          BallotDraft, Publication, RemovalCase, RemovalStep, Evidence, Criterion, Card, Answer, Transition, Revision, Stage,
          Attachment, Message, AuditEntry, AuditDigest)

__all__ = [model.__name__ for model in MODELS] + ["MODELS"]
