"""The audit log: a hash chain of what officers do and of what touches an account's security, without personal data."""

import hashlib
import json

from peewee import BigIntegerField, CharField, DateField, TextField

from portal.models.base import BaseModel, Named, rules
from portal.models.fields import MomentField

FIRST = "0" * 64


class AuditEntry(BaseModel):
    """One entry; its hash covers its content and the hash of the entry before it."""

    sequence = BigIntegerField(unique=True)
    at = MomentField(index=True)
    actor = CharField(max_length=60, index=True)
    action = CharField(max_length=60, index=True)
    subject = CharField(max_length=80, index=True)
    detail = TextField(default="{}")
    previous = CharField(max_length=64, unique=True)  # Unique: a chain cannot fork.
    hash = CharField(max_length=64, unique=True)

    def compute_hash(self) -> str:
        """Return the SHA-256 over the entry's content and its predecessor's hash."""
        content = [self.sequence, self.at.isoformat(), self.actor, self.action, self.subject, self.detail, self.previous]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


class AuditDigest(Named):
    """How many entries the log had when a day in the city ended, and the hash of the last; published, it fixes all before it."""

    named_by = "day"
    day = DateField(unique=True)
    entries = BigIntegerField()
    hash = CharField(max_length=64)

    Meta = rules(audit_digest_entries_are_not_negative="entries >= 0")
