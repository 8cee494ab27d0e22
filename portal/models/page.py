"""Pages that editors write: FAQ, guides, regulations, news, each in as many versions as there were."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from peewee import SQL, BooleanField, CharField, ForeignKeyField, IntegerField, TextField, fn

from portal.models.base import BaseModel, Named, rules
from portal.models.fields import MomentField, WordField

Language = StrEnum("Language", "PL EN UK")


OWN_ADDRESSES = ("faq", "kontakt")  # These do not stand below /strony/.


class Page(Named):
    """What stands at one address, in some of the languages."""

    named_by = "slug"
    slug = CharField(max_length=80, unique=True)
    is_news = BooleanField(default=False)
    position = IntegerField(null=True)  # Its place among the links at the foot of every page; none: it has no link there.
    withdrawn = BooleanField(default=False)

    @property
    def address(self) -> str:
        return f"/{self.slug}" if self.slug in OWN_ADDRESSES else f"/strony/{self.slug}"

    def latest(self, language: str) -> "PageVersion | None":
        """Return the newest version in a language, published or not."""
        versions = PageVersion.select().where(PageVersion.page == self, PageVersion.language == language)
        return versions.order_by(PageVersion.number.desc()).first()


class PageVersion(BaseModel):
    """What a page says in one language from a moment on; it is never changed, only followed by the next.

    People are named as they were called then: officers come and go.
    """

    page = ForeignKeyField(Page, backref="versions", on_delete="RESTRICT")
    language = WordField(Language, max_length=2)
    number = IntegerField()
    title = CharField(max_length=150)
    lead = CharField(max_length=300)
    body = TextField()  # Markdown, see portal/markdown.py.
    change = CharField(max_length=200, default="")  # What is new in it.
    author = CharField(max_length=200)
    written_at = MomentField()
    publisher = CharField(max_length=200, null=True)
    published_at = MomentField(null=True, index=True)  # To come: it is scheduled.

    Meta = rules(unique=("page", "language", "number"), page_version_numbers_begin_with_one="number > 0",
                 page_version_is_published_by_somebody="(publisher IS NULL) = (published_at IS NULL)")

    @property
    def whole(self) -> str:
        """All its words, for the search and to tell versions apart."""
        return f"{self.title}\n\n{self.lead}\n\n{self.body}"

    @classmethod
    def public(cls, at: datetime) -> Any:
        """Select what has been published by a moment, with its page, the newest first; nothing of pages that were withdrawn."""
        return (cls.select(cls, Page).join(Page).where(Page.withdrawn == False, cls.published_at <= at)  # noqa: E712
                .order_by(cls.published_at.desc(), cls.number.desc()))

    @classmethod
    def current(cls, at: datetime) -> Any:
        """Select of this only what no later version in its language follows."""
        later = cls.alias()
        return cls.public(at).where(~fn.EXISTS(later.select(SQL("1")).where(
            later.page == cls.page, later.language == cls.language, later.published_at <= at,
            later.number > cls.number)))
