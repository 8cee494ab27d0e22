"""Pages of editors: one version follows the other, each is public from its moment on, and nothing that was public is lost."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portal.errors import NotFound
from portal.models import Account, AuditEntry, Message, Officer, Page, PageVersion, Role
from portal.services import pages, retention
from portal.services.pages import PageChanged, PublicationRefused, current, hold_back, publish, write
from tests.factories import make_account, make_district, make_officer, make_page

pytestmark = pytest.mark.usefixtures("db")
WORDS = {"title": "Aktualności", "lead": "Co nowego.", "body": "Treść", "change": ""}


@pytest.fixture
def editor() -> Officer:
    return make_officer(Role.EDITOR, name="Ewa Pisarska")


@pytest.fixture
def page() -> Page:
    return Page.create(slug="faq")


def said(language: str = "pl", *, now: datetime) -> list[str]:
    return [version.title for version in current(language, now=now)]


def test_draft_is_nobody_elses_until_it_is_published(page: Page, editor: Officer, now: datetime):
    version = write(page, editor, language="pl", base=0, now=now, **WORDS)
    assert said(now=now) == []
    publish(version, editor, at=None, now=now)
    assert said(now=now) == ["Aktualności"]
    kept = PageVersion.get()
    assert (kept.author, kept.publisher, kept.published_at) == ("Ewa Pisarska", "Ewa Pisarska", now)
    assert [(row.action, row.subject) for row in AuditEntry.select().order_by(AuditEntry.sequence)] == [
        ("page written", "page:faq"), ("page published", "page:faq")]


def test_scheduled_version_comes_out_by_itself_and_can_be_held_back_before(page: Page, editor: Officer, now: datetime):
    soon = now + timedelta(hours=2)
    for number in (0, 1):
        publish(write(page, editor, language="pl", base=number, now=now, **{**WORDS, "title": f"{number}"}), editor,
                at=soon if number else None, now=now)
    assert (said(now=now), said(now=soon)) == (["0"], ["1"])
    hold_back(page.latest("pl"), editor, now=now)
    assert said(now=soon) == ["0"]


def test_what_is_public_is_neither_published_again_nor_held_back(editor: Officer, now: datetime):
    version = make_page()
    for act in (lambda: publish(version, editor, at=None, now=now), lambda: hold_back(version, editor, now=now)):
        with pytest.raises(PublicationRefused):
            act()


def test_older_version_never_comes_back_over_a_newer_one(page: Page, editor: Officer, now: datetime):
    soon = now + timedelta(hours=2)
    for number, at in enumerate((now, soon, now)):
        version = write(page, editor, language="pl", base=number, now=now, **{**WORDS, "title": f"{number}"})
        publish(version, editor, at=at, now=now)
    assert (said(now=now), said(now=soon)) == (["2"], ["2"])
    assert [each.title for each in pages.history("faq", "pl", now=soon)] == ["2", "0"], "what was overtaken never was public"
    with pytest.raises(PublicationRefused, match="newer version"):
        publish(PageVersion.get(PageVersion.number == 2), editor, at=soon, now=now)


def test_moment_that_is_past_publishes_nothing(page: Page, editor: Officer, now: datetime):
    with pytest.raises(PublicationRefused, match="is past"):
        publish(write(page, editor, language="pl", base=0, now=now, **WORDS), editor, at=now - timedelta(days=9), now=now)
    assert PageVersion.get().published_at is None


def test_draft_that_was_left_behind_is_not_published_any_more(page: Page, editor: Officer, now: datetime):
    first, second = (write(page, editor, language="pl", base=number, now=now, **WORDS) for number in (0, 1))
    publish(second, editor, at=None, now=now)
    with pytest.raises(PublicationRefused, match="newer version"):
        publish(first, editor, at=None, now=now + timedelta(minutes=1))
    assert [version.number for version in pages.history("faq", "pl", now=now + timedelta(days=1))] == [2]


def test_second_editor_learns_of_the_newer_version(page: Page, editor: Officer, now: datetime):
    write(page, editor, language="pl", base=0, now=now, **WORDS)
    with pytest.raises(PageChanged):
        write(page, editor, language="pl", base=0, now=now, **WORDS)
    assert write(page, editor, language="en", base=0, now=now, **WORDS).number == 1


def test_reader_gets_the_own_language_and_else_polish(now: datetime):
    make_page("faq", title="Pytania")
    make_page("faq", language="en", title="Questions")
    make_page("faq", language="uk", title="Питання", published=now + timedelta(days=1))
    assert [said(language, now=now) for language in ("pl", "en", "uk")] == [["Pytania"], ["Questions"], ["Pytania"]]


def test_withdrawn_page_is_gone(now: datetime):
    make_page("faq", withdrawn=True)
    assert current("pl", now=now) == pages.history("faq", "pl", now=now) == []


def test_history_tells_every_published_version_the_newest_first(now: datetime):
    for number in (1, 2, 3):
        make_page("faq", number=number, title=str(number), published=now - timedelta(days=9 - number))
    PageVersion.create(page=Page.get(), language="pl", number=4, title="4", lead="", body="", author="E", written_at=now)
    assert [version.title for version in pages.history("faq", "pl", now=now)] == ["3", "2", "1"]


def test_news_are_new_for_less_time_than_their_letters_are_remembered():
    (letters,) = [rule for rule in retention.RULES if rule.model is Message]
    assert pages.NEW_FOR < letters.after


def test_search_finds_polish_words_by_their_stem_the_title_first(now: datetime):
    make_page("a", body="Kto zgubił hasło, ustawia nowe.")
    make_page("b", title="Hasło", body="![obraz](/static/pesel.webp)")
    found = [version.page.slug for version in pages.search(current("pl", now=now), "HASŁEM")]
    assert found == ["b", "a"]
    assert pages.search(current("pl", now=now), "pesel") == [], "addresses are no words"
    assert pages.search(current("pl", now=now), "h") == [], "a single letter tells nothing"
    assert len(pages.search(current("pl", now=now), "w hasło")) == 2


def test_pages_that_are_there_are_not_loaded_again(tmp_path: Path, now: datetime):
    for language, title in (("pl", "Pytania"), ("uk", "Питання")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "faq.md").write_text(f"# {title}\n\nKrótko\ni jasno.\n\n## Część\n\nTreść\n", "utf-8")
    assert (pages.load(tmp_path, now=now), pages.load(tmp_path, now=now)) == (1, 0)
    version = current("uk", now=now)[0]
    assert (version.title, version.lead, version.body) == ("Питання", "Krótko i jasno.", "## Część\n\nTreść")
    assert version.page.position == 1


def test_news_go_once_to_those_who_want_them_in_their_language(now: datetime):
    district = make_district()
    wanting = {"wants_news": True, "email_confirmed_at": now}
    make_account(district, **wanting, language="en", given_name="Ola")
    make_account(district, **wanting)
    make_account(district, wants_news=True)
    make_account(district, email_confirmed_at=now)
    make_page(title="Głosujemy", is_news=True)
    make_page(language="en", title="We vote")
    steps: list[tuple[int, int]] = []
    for letters in (2, 0):
        assert pages.send_news(Page.get(), lambda done, total: steps.append((done, total)), now=now) == letters
    assert sorted((row.language, row.template) for row in Message.select()) == [("en", "news"), ("pl", "news")]
    assert steps == [(2, 2)]


def test_news_that_nobody_can_read_go_to_nobody(now: datetime):
    make_account(make_district(), wants_news=True, email_confirmed_at=now)
    make_page(published=now + timedelta(hours=1), is_news=True)
    with pytest.raises(NotFound):
        pages.send_news(Page.get(), lambda *_of: None, now=now)
    assert not Message.select().exists() and Account.select().count() == 1
