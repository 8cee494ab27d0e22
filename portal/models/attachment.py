"""Files that belong to proposals: what authors attach, lists of supporters on paper, photos of what was built."""

from enum import StrEnum

from peewee import CharField, ForeignKeyField, IntegerField

from portal.models.base import BaseModel, check, one_of
from portal.models.fields import MomentField, PublicIdField
from portal.models.implementation import Stage
from portal.models.proposal import Proposal


class FileKind(StrEnum):
    """What a file is for; lists of supporters only officers see."""

    ATTACHMENT = "attachment"
    PAPER_LIST = "paper_list"
    PHOTO = "photo"


class Attachment(BaseModel):
    """One file, or one page of a paper list; what is in it lies sealed on disk under the row's uid."""

    proposal = ForeignKeyField(Proposal, backref="attachments", on_delete="CASCADE")
    stage = ForeignKeyField(Stage, null=True, backref="photos", on_delete="CASCADE")
    uid = PublicIdField()
    kind = CharField(max_length=12)
    media = CharField(max_length=20)  # application/pdf or image/jpeg: nothing else is kept.
    name = CharField(max_length=150)  # As the author named it, of a photo what it shows.
    size = IntegerField()
    uploaded_at = MomentField(index=True)
    stage_id: int | None

    class Meta:
        constraints = [
            one_of("attachment_kind_is_known", "kind", FileKind),
            one_of("attachment_media_is_known", "media", ("application/pdf", "image/jpeg")),
            check("attachment_size_is_positive", "size > 0"),
            check("attachment_photo_belongs_to_a_stage", "(kind = 'photo') = (stage_id IS NOT NULL)"),
        ]
