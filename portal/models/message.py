"""The outbox: e-mails and text messages, written in the transaction of the change that causes them."""

from enum import StrEnum

from peewee import CharField, IntegerField

from portal.models.base import BaseModel, rules
from portal.models.fields import MomentField, SealedField, WordField

# How a message travels.
MessageChannel = StrEnum("MessageChannel", "MAIL SMS")
# How far a message has come.
MessageState = StrEnum("MessageState", "QUEUED SENDING SENT DELIVERED FAILED")
TO_OFFICERS = {"officer_invited", "officer_password_changed", "officer_code_refused", "recovery_code_used", "cards_due",
               "recovery_codes_replaced"}  # Not a resident's, even where an officer has an account with the same address.
TO_CLAIMANTS = {"claim_received", "claim_more_needed", "claim_confirmed", "claim_refused", "claim_removed"}  # Nor theirs.
FORGOTTEN_AT_THE_END = {"ballot_recorded"}  # Their order beside that of the ballots would tell who cast which.


class Message(BaseModel):
    """One message to one recipient; what the template needs is sealed, and wiped once the message is out."""

    key = CharField(max_length=100, unique=True)  # Two messages of one key are one message.
    channel = WordField(MessageChannel, max_length=5)
    recipient = CharField(max_length=254, index=True)
    template = CharField(max_length=50)
    language = CharField(max_length=5)
    payload = SealedField(null=True)
    state = WordField(MessageState, max_length=10, default=MessageState.QUEUED)
    tries = IntegerField(default=0)
    due_at = MomentField()
    useless_after = MomentField(null=True)  # A code that has expired is not worth sending any more.
    created_at = MomentField(index=True)
    sent_at = MomentField(null=True)
    gateway_id = CharField(max_length=100, null=True, index=True)
    error = CharField(max_length=250, default="")

    Meta = rules(message_tries_are_not_negative="tries >= 0")

    @property
    def masked_recipient(self) -> str:
        """The address with its middle hidden."""
        name, at, host = str(self.recipient).partition("@")
        return f"{name[:1]}•••{at}{host}" if at else "•••" + name[-3:]


Message.add_index(Message.state, Message.due_at)
