"""Editors in the panel: writing, looking, publishing now or later, and letters with news."""

from datetime import datetime, timedelta

import pytest

from portal.models import Job, JobKind, Page, PageVersion
from portal.models.staff import Role
from tests.admin.conftest import Enter, PanelVisitor
from tests.factories import make_account, make_district, make_page
from tests.views.steps import in_english

LIST = "/admin/strony/"
TYPED = {"title": "Pytania", "lead": "Krótko.", "body": "## Konto\n\nTreść **ważna**.", "change": "Pierwsza"}


@pytest.fixture
def editor(enter: Enter) -> PanelVisitor:
    return in_english(enter(Role.EDITOR, name="Ewa Pisarska"))


def path(page: str, **args: object) -> str:
    return f"{LIST}{page}/?id={Page.get().id}" + "".join(f"&{name}={value}" for name, value in args.items())


def test_editor_makes_a_page_looks_at_it_and_publishes_it(editor: PanelVisitor):
    made = editor.submit(editor.get(f"{LIST}new/"), slug="pytania", position="3")
    assert made.path.startswith(f"{LIST}details/") and "pytania" in made.text, "there the first version is written"
    assert "not written yet" in editor.get(LIST).text
    page = editor.get(path("pisz", language="pl"))
    shown = editor.submit(page, preview="1", **TYPED)
    assert shown.soup.select_one("#preview h2#czesc-0").get_text() == "Konto" and shown.soup.select_one("#preview strong")
    assert shown.soup.select_one("textarea[name=body]").get_text().strip() == TYPED["body"]
    assert not PageVersion.select().exists()
    saved = editor.submit(editor.get(path("pisz", language="pl")), **TYPED)
    assert "Nobody else reads it yet." in saved.text
    editor.get("/strony/pytania", status=404)
    assert "Enter a date and time." in editor.submit(saved, later="1", status=400).text, "half a date publishes nothing"
    assert "published" in editor.submit(saved, now="1").text
    assert editor.get("/strony/pytania").heading == "Pytania"
    assert "Pytania : published 15 June 2026" in editor.get(LIST).text, "the list says its title, too"
    assert editor.get(path("wersja", language="pl", number=1)).soup.select("main form") == []


def test_scheduled_version_waits_and_can_be_held_back(editor: PanelVisitor, now: datetime):
    make_page("faq", published_at=None, publisher=None)
    done = editor.submit(editor.get(path("wersja", language="pl", number=1)), at="2026-06-20T12:00:00", later="1")
    assert "will be published 20 June 2026, 12:00" in done.text
    assert PageVersion.get().published_at > now
    again = editor.get(path("wersja", language="pl", number=1))
    assert again.soup.select_one("input[name=at]")["value"] == "2026-06-20T12:00:00"
    editor.submit(again, hold_back="1")
    assert PageVersion.get().published_at is None


def test_past_moment_is_refused_beside_its_field(editor: PanelVisitor):
    make_page("faq", published_at=None, publisher=None)
    page = editor.submit(editor.get(path("wersja", language="pl", number=1)), status=400, at="2020-01-01T12:00:00", later="1")
    assert "This moment is past." in page.soup.select_one("#at-error").get_text()
    assert PageVersion.get().published_at is None


def test_what_was_typed_stays_when_somebody_was_faster(editor: PanelVisitor):
    make_page("faq")
    page = editor.get(path("pisz", language="pl"))
    assert page.soup.select_one("input[name=title]")["value"] == "Strona faq"
    make_page("faq", number=2, title="Szybsza", published_at=None, publisher=None)
    refused = editor.submit(page, status=400, **TYPED)
    assert "Somebody else has saved a newer version" in refused.text
    assert refused.soup.select_one("input[name=title]")["value"] == "Pytania"
    assert "version 3" in editor.submit(refused, **TYPED).heading


def test_missing_words_are_told(editor: PanelVisitor):
    make_page("faq")
    page = editor.submit(editor.get(path("pisz", language="en")), status=400, title="", lead="", body="")
    for told in ("Enter the title.", "Enter the summary.", "Enter the text."):
        assert told in page.text


def test_version_shows_what_it_changes(editor: PanelVisitor):
    make_page("faq", body="Termin mija w maju.")
    make_page("faq", number=2, title="Pytania faq", body="Termin mija w lipcu.", published_at=None, publisher=None)
    page = editor.get(path("wersja", language="pl", number=2))
    assert [one.get_text() for one in page.soup.select("del, ins")] == ["Strona", "Pytania", "maju.", "lipcu."]
    for wrong in ({"number": 9}, {"number": "x"}, {"number": 1, "language": "de"}):
        editor.get(path("wersja", **{"language": "pl", **wrong}), status=404)


def test_address_is_taken_once_and_has_a_form(editor: PanelVisitor):
    make_page("faq")
    assert "There already is a page" in editor.submit(editor.get(f"{LIST}new/"), status=200, slug="faq").text
    assert "Use small letters" in editor.submit(editor.get(f"{LIST}new/"), status=200, slug="Pytania i odpowiedzi").text
    editor.submit(editor.get(f"{LIST}new/"), status=200, slug="a" * 76)
    assert Page.select().count() == 1, "the audit log names a page by its address"


def test_text_that_is_too_long_is_not_rendered_either(editor: PanelVisitor):
    make_page("faq")
    page = editor.submit(editor.get(path("pisz", language="pl")), status=400, preview="1", **{**TYPED, "body": "x" * 60_001})
    assert page.soup.select_one("#preview") is None


def test_news_are_sent_by_the_worker(editor: PanelVisitor, now: datetime):
    make_page("nowina", is_news=True)
    make_account(make_district(), wants_news=True, email_confirmed_at=now)
    page = editor.get(path("wyslij"))
    assert "go to 1 person who asked for news" in page.text
    assert "The work has begun" in editor.submit(page).text
    assert (Job.get().kind, Job.get().about) == (JobKind.MAILING, "nowina")


def test_only_public_news_can_be_sent(editor: PanelVisitor, now: datetime):
    make_page("nowina", is_news=True, published=now + timedelta(days=1))
    assert "Only news published" in editor.get(path("wyslij")).text
    PageVersion.update(published_at=now - timedelta(days=61)).execute()
    assert "Only news published" in editor.get(path("wyslij")).text, "who has got it is not known for good"
