"""Files that belong to proposals: what authors attach, lists of supporters on paper, photos of what was built."""

from enum import StrEnum

from peewee import CharField, ForeignKeyField, IntegerField

from portal.models.base import BaseModel, rules
from portal.models.fields import MomentField, PublicIdField, WordField
from portal.models.implementation import Stage
from portal.models.proposal import Proposal

# What a file is for; lists of supporters only officers see.
FileKind = StrEnum("FileKind", "ATTACHMENT PAPER_LIST PHOTO")


class Attachment(BaseModel):
    """One file, or one page of a paper list; what is in it lies sealed on disk under the row's uid."""

    proposal = ForeignKeyField(Proposal, backref="attachments", on_delete="CASCADE")
    stage = ForeignKeyField(Stage, null=True, backref="photos", on_delete="CASCADE")
    uid = PublicIdField()
    kind = WordField(FileKind, max_length=12)
    media = WordField(("application/pdf", "image/jpeg"), max_length=20)
    name = CharField(max_length=150)  # As the author named it, of a photo what it shows.
    size = IntegerField()
    uploaded_at = MomentField(index=True)
    stage_id: int | None

    Meta = rules(attachment_size_is_positive="size > 0",
                 attachment_photo_belongs_to_a_stage="(kind = 'photo') = (stage_id IS NOT NULL)")
