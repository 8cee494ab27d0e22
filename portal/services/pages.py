"""Pages that editors write: drafts, publication now or later, history, search; and those that are shipped with the portal.

Each language of a page has versions of its own. A version is written once and then followed by the next, so that nothing that was
public is ever lost. What is public is a question of the moment alone: a scheduled version needs nobody to bring it out.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from peewee import chunked

from portal.config import settings
from portal.database import transaction
from portal.errors import N_, Conflict, NotFound, require
from portal.models import Account, AccountState, Language, Message, Officer, Page, PageVersion
from portal.services import account, audit
from portal.services.proposals_catalogue import best_first, find, fold

SHIPPED = Path(__file__).parents[1] / "pages"  # <language>/<slug>.md: "# Title", the lead and the text, a blank line between.
LINKED = ("faq", "jak-zalozyc-konto", "jak-zglosic-projekt", "jak-glosowac", "jak-liczymy-glosy", "kalendarz", "kontakt",
          "regulamin", "prywatnosc", "dostepnosc")  # At the foot of every page.
ORIGINAL, BATCH, UNSEEN = Language.PL, 100, re.compile(r"\]\([^()]*\)|\{[^{}]*\}")  # Addresses and ids in Markdown.
NEW_FOR = timedelta(days=60)  # For so long news can be sent; who has got them is known for longer (services/retention.py).


class PageChanged(Conflict, message=N_(
        "Somebody else has saved a newer version since you opened this one. What you typed is kept below. Look at the newer "
        "version; if you save again, yours follows it.")):
    """A page has got another version since the officer opened it."""


class PublicationRefused(Conflict, message=N_("This version has been published already.")):
    """A version is public already, was followed by one that is, or was to be published in the past."""


def current(language: str, *, now: datetime) -> list[PageVersion]:
    """Return what each page says now, in this language or else in Polish, what was published last first."""
    versions = list(PageVersion.current(now).where(PageVersion.language.in_((language, ORIGINAL))))
    translated = {version.page_id for version in versions if version.language == language}
    return [version for version in versions if version.language == language or version.page_id not in translated]


def history(slug: str, language: str, *, now: datetime) -> list[PageVersion]:
    """Return every published version of a page, the newest first: in this language, or else in Polish."""
    query = PageVersion.public(now).where(Page.slug == slug, PageVersion.language.in_((language, ORIGINAL)))
    versions = list(query.order_by(PageVersion.number.desc()))
    return [version for version in versions if version.language == language] or versions


def write(page: Page, officer: Officer, *, language: str, title: str, lead: str, body: str, change: str, base: int,
          now: datetime) -> PageVersion:
    """Keep what an officer has written as the next version in a language, which nobody else reads yet.

    ``base`` is the number of the version that it is to follow, 0 for none; raises PageChanged when that is not the latest.
    """
    with transaction():
        latest = page.held().latest(language)
        require((latest.number if latest else 0) == base, PageChanged)
        version: PageVersion = PageVersion.create(page=page, language=language, number=base + 1, title=title, lead=lead,
                                                  body=body, change=change, author=officer.name, written_at=now)
        audit.record("page written", actor=officer, subject=page, now=now, language=language, version=version.number)
    return version


def publish(version: PageVersion, officer: Officer, *, at: datetime | None, now: datetime) -> None:
    """Publish a version, now or at a moment to come; raise PublicationRefused."""
    require(at is None or at >= now, PublicationRefused(N_("This moment is past. Choose a later one, or publish it now.")))
    _settle(version, officer, "page published", at=at or now, now=now)


def hold_back(version: PageVersion, officer: Officer, *, now: datetime) -> None:
    """Make a scheduled version a draft again; raise PublicationRefused when it is public already."""
    _settle(version, officer, "page held back", at=None, now=now)


def _settle(version: PageVersion, officer: Officer, action: str, *, at: datetime | None, now: datetime) -> None:
    own, number = (PageVersion.page == version.page, PageVersion.language == version.language), PageVersion.number
    with transaction():
        version.page.held()
        before = version.held().published_at
        require(before is None or before > now, PublicationRefused)
        if at:  # What would come out after its successor, never does.
            newer = PageVersion.select().where(*own, number > version.number, PageVersion.published_at <= at)
            require(not newer.exists(), PublicationRefused(N_("A newer version comes out earlier or is public already.")))
            waiting = PageVersion.published_at > now, PageVersion.published_at >= at
            PageVersion.update(publisher=None, published_at=None).where(*own, *waiting, number < version.number).execute()
        PageVersion.update({"publisher": at and officer.name, "published_at": at}).where(PageVersion.id == version.id).execute()
        audit.record(action, actor=officer, subject=version.page, now=now, language=version.language, version=version.number,
                     at=at and at.isoformat())


WANT_NEWS = Account.wants_news, Account.state == AccountState.ACTIVE, Account.email_confirmed_at.is_null(False)


def recipients(page: Page) -> list[int]:
    """Return the accounts whose owners want news at an address that is theirs, and have not got this page's letter yet."""
    key = f"news:{page.slug}:"
    known = set(Message.select(Message.key).where(Message.key.startswith(key)).scalars())
    return [row.id for row in Account.select(Account.id, Account.uid).where(*WANT_NEWS) if f"{key}{row.uid}" not in known]


def send_news(page: Page, progress: Callable[[int, int], None], *, now: datetime) -> int:
    """Write to everybody who wants news what a page says now, in the own language; return how many letters that are.

    Who has got this page's letter before gets no second one. Raises NotFound while nothing of the page is public.
    """
    said = {code: require(history(page.slug, code, now=now), NotFound)[0] for code in Language}
    found, sent = sorted(recipients(page)), 0
    for batch in chunked(found, BATCH):
        with transaction():
            for sent, reader in enumerate(Account.select().where(*WANT_NEWS, Account.id.in_(batch)), sent + 1):
                version = said[Language(reader.language)]
                account.write(reader, "news", key=f"{page.slug}:{reader.uid}", now=now, title=version.title, lead=version.lead,
                              path=page.address)
        progress(sent, len(found))
    return sent


def search(versions: list[PageVersion], typed: str) -> list[PageVersion]:
    """Return the pages in which all these words stand, those with them in the title first."""
    worded = [SimpleNamespace(version=each, words=fold(UNSEEN.sub(" ", each.whole))) for each in versions]
    return [found.version for found in best_first(*find(worded, typed))]


def load(folder: Path = SHIPPED, *, is_news: bool = False, now: datetime) -> int:
    """Publish the pages of a folder that the portal does not have, in all their languages; return how many these are."""
    added = 0
    with transaction():
        for slug in sorted(path.stem for path in (folder / ORIGINAL).glob("*.md")):
            if Page.select().where(Page.slug == slug).exists():
                continue
            page = Page.create(slug=slug, is_news=is_news, position=LINKED.index(slug) + 1 if slug in LINKED else None)
            for path in sorted(folder.glob(f"*/{slug}.md")):
                title, lead, body = path.read_text("utf-8").split("\n\n", 2)
                PageVersion.create(page=page, language=path.parent.name, number=1, title=title.removeprefix("# "),
                                   lead=" ".join(lead.split()), body=body.strip(), author=settings.publisher,
                                   written_at=now, publisher=settings.publisher, published_at=now)
            added += 1
        if added:
            audit.record("pages added", actor="system", subject="portal", now=now, pages=added)
    return added
