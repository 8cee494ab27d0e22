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
from portal.models.job import Job, JobKind, JobState
from portal.models.login import Session, Throttle
from portal.models.message import Message, MessageChannel, MessageState
from portal.models.page import Language, Page, PageVersion
from portal.models.paper import InvalidReason, Sheet, SheetState, VotingPoint
from portal.models.password import PasswordReset
from portal.models.profile import EmailChange, PhoneChange
from portal.models.proposal import Category, CostItem, Proposal, ProposalState
from portal.models.removal import CaseState, Deed, Evidence, Proof, RemovalCase, RemovalStep
from portal.models.results import Closing, Exclusion, Publication
from portal.models.staff import Officer, RecoveryCode, Role, Unit
from portal.models.support import Authorship, Follow, Invitation, Support
