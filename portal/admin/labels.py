"""What the panel calls the values of enumerations, and words that the database keeps."""

from operator import itemgetter
from typing import Any

from flask import get_template_attribute
from flask_babel import lazy_gettext as _l

from portal.admin.filters import OneOf
from portal.models import AccountState, CaseState, CountRule, Deed, MessageChannel, MessageState, Proof, Role
from portal.services.proposals_catalogue import STATES

ROLES = [(Role.EDITOR, _l("Editor of pages")), (Role.VERIFIER, _l("Verifier of projects")),
         (Role.CLERK, _l("Clerk at a voting point")), (Role.REMOVALS, _l("Officer for account removals")),
         (Role.COORDINATOR, _l("Coordinator")), (Role.ADMINISTRATOR, _l("Administrator"))]
ACCOUNT_STATES = [(AccountState.ACTIVE, _l("Active")), (AccountState.FROZEN, _l("Frozen"))]
COUNT_RULES = [(CountRule.GREEDY, _l("By points, skipping what does not fit")), (CountRule.EQUAL_SHARES, _l("By equal shares"))]
MESSAGE_CHANNELS = [(MessageChannel.MAIL, _l("E-mail")), (MessageChannel.SMS, _l("Text message"))]
MESSAGE_STATES = [(MessageState.QUEUED, _l("Waiting")), (MessageState.SENDING, _l("Being sent")), (MessageState.SENT, _l("Sent")),
                  (MessageState.DELIVERED, _l("Delivered")), (MessageState.FAILED, _l("Failed"))]
PROPOSAL_STATES = [(state, _l(name)) for state, name in STATES.items()]
CASE_STATES = [(CaseState.OPEN, _l("To be decided")), (CaseState.MORE_NEEDED, _l("Waiting for the claimant")),
               (CaseState.CONFIRMED, _l("Identity confirmed")), (CaseState.REQUESTED, _l("Removal waits for approval")),
               (CaseState.REMOVED, _l("Account deleted with votes")), (CaseState.REFUSED, _l("Claim refused"))]
NO_DOCUMENT = ("no_document", _l("Waits for the document"))  # Of open cases, those with which officers cannot begin yet.
PROOFS = [(Proof.IN_PERSON, _l("In person at the office")), (Proof.SCAN, _l("Scan or photo of a document"))]
DEEDS = [(Deed.OPENED, _l("Case opened")), (Deed.SCAN_ADDED, _l("Scan sent")), (Deed.ANSWERED, _l("The claimant wrote")),
         (Deed.MORE_ASKED, _l("More asked of the claimant")), (Deed.CONFIRMED, _l("Identity confirmed")),
         (Deed.FROZEN, _l("Account frozen")), (Deed.UNFROZEN, _l("Account given back to its holder")),
         (Deed.REQUESTED, _l("Removal asked for")), (Deed.RETURNED, _l("Request for removal returned")),
         (Deed.REMOVED, _l("Account deleted with votes")), (Deed.REFUSED, _l("Claim refused"))]
# What services/removal.py says becomes of a proposal whose author goes.
FATES = {"handed over": _l("a co-author takes it over"), "deleted": _l("deleted, it is a draft"),
         "withdrawn": _l("withdrawn"), "stays": _l("stays as it is")}
# What services/removal.py finds about an account: what a removal takes, what stays, and of what no words are kept, only a hash.
GOES = {"ballots": _l("Ballots"), "proposals": _l("Projects"), "supports": _l("Supports for projects"),
        "drafts": _l("Choices that were not cast"), "sessions": _l("Logins in browsers")}
STAYS = {"on_paper": _l("Ballots cast on paper"), "earlier": _l("Ballots older than the account"),
         "out_of_reach": _l("Ballots that nobody can find any more")}
UNSEEN = {"account": _l("The account itself"), "data": _l("Data of the account (name, e-mail, phone, address, PESEL, state)")}


def in_words(topic: str, kept: str) -> str:
    """Return what people read for a word that is kept, as templates/admin/<topic>/words.html has it, else the word itself."""
    return str(get_template_attribute(f"admin/{topic}/words.html", "in_words")(kept)).strip()


def worded(column: Any, name: Any, topic: str) -> OneOf:
    """Return the filter by one of the words that a column holds, as people read them."""
    kept = column.model.select(column).distinct()
    return OneOf(column, name, lambda: sorted(((it, in_words(topic, it)) for it in kept.scalars()), key=itemgetter(1)))
