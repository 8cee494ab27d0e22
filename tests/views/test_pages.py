"""Pages of editors as residents read them: with their label and history, in their language; news; and the search."""

from datetime import datetime, timedelta

import pytest
import time_machine

from portal import markdown
from portal.i18n import LANGUAGES
from portal.models import Page, PageVersion
from portal.services import pages
from portal.services.pages import SHIPPED
from tests.factories import make_edition, make_page, make_pool, make_proposal
from tests.page import Visitor
from tests.views.steps import in_english

SHIPPED_PAGES = sorted(path.stem for path in (SHIPPED / "pl").glob("*.md"))
DECLARED = ["wstep", "podmiot", "url", "data-publikacja", "data-aktualizacja", "status", "data-sporzadzenie", "kontakt", "osoba",
            "email", "telefon", "procedura", "architektura"]  # What the law on digital accessibility asks for.


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


@pytest.mark.parametrize(("slug", "path"), [("faq", "/faq"), ("kontakt", "/kontakt"), ("regulamin", "/strony/regulamin")])
def test_each_page_has_one_address(reader: Visitor, slug: str, path: str):
    make_page(slug, position=1)
    page = reader.get(path)
    assert page.heading == f"Strona {slug}"
    assert page.soup.select_one(f"footer a[href='{path}']").get_text() == f"Strona {slug}"
    assert reader.get(f"/strony/{slug}").path == path


def test_label_says_who_wrote_who_published_and_since_when(reader: Visitor, now: datetime, setting):
    setting(publisher="Urząd Miasta")
    make_page("faq", published=now - timedelta(days=40))
    make_page("faq", number=2, author="Ola Nowa", publisher="Jan Drugi", published=now)
    label = reader.get("/faq").soup.select_one("details.app-label")
    assert label.summary.get_text(strip=True) == "Show the label"
    told = {term.get_text(): term.find_next("dd").get_text() for term in label.select("dt")}
    assert (told["Written by"], told["Person publishing"]) == ("Ola Nowa", "Jan Drugi")
    assert told["Publishing entity"].startswith("Urząd Miasta – ")
    assert (told["Published"][:11], told["Updated"][:12]) == ("6\xa0May\xa02026,", "15\xa0June\xa02026")


def test_history_shows_what_has_changed_and_to_which_words(reader: Visitor, now: datetime):
    make_page("faq", body="Stałe zdanie.\n\nTermin mija w maju.", published=now - timedelta(days=2))
    make_page("faq", number=2, body="Stałe zdanie.\n\nTermin mija w lipcu.", change="Nowy termin", published=now)
    make_page("faq", number=3, body="Tajne plany", published=now + timedelta(days=1))
    page = reader.get("/strony/faq/historia")
    assert [one.get_text() for one in page.soup.select("del, ins")] == ["maju.", "lipcu."]
    assert "Nowy termin" in page.text and "The first version." in page.text
    assert "Tajne" not in page.text and "Stałe zdanie" not in page.soup.select_one(".app-words").get_text()


def test_scheduled_page_opens_at_its_second(reader: Visitor, now: datetime):
    make_page("plan", published=now + timedelta(hours=1))
    reader.get("/strony/plan", status=404)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        assert reader.get("/strony/plan").soup.h1.get_text(strip=True) == "Strona plan"


def test_what_is_not_translated_says_so_and_is_marked_as_polish(reader: Visitor):
    make_page("faq")
    page = reader.get("/faq")
    assert "This page has not been translated yet." in page.text
    assert page.soup.select_one("main div[lang=pl]")


def test_calendar_shows_the_dates_of_the_edition(reader: Visitor, now: datetime):
    make_edition(name="Budżet 2026", proposals_from=now - timedelta(days=90), proposals_to=now - timedelta(days=60))
    make_page("kalendarz")
    text = reader.get("/strony/kalendarz").text
    assert "Budżet 2026" in text and "from 17 March 2026 to 16 April 2026" in text


def test_newest_news_come_first_and_stand_on_the_home_page(reader: Visitor, now: datetime):
    make_edition()
    for days, title in ((3, "Dawna"), (1, "Nowa"), (-1, "Jutrzejsza")):
        make_page(title.lower(), title=title, is_news=True, published=now - timedelta(days=days))
    make_page("faq", title="Pytania")
    assert [one.get_text() for one in reader.get("/aktualnosci").soup.select("main h3")] == ["Nowa", "Dawna"]
    assert [one.get_text() for one in reader.get("/").soup.select(".app-news h3")] == ["Nowa", "Dawna"]


def test_search_finds_pages_and_projects(reader: Visitor):
    make_proposal(make_pool(make_edition()), title="Ławki w parku", slug="lawki")
    make_page("faq", title="Pytania", body="Gdzie staną ławki?", position=1)
    make_page("przewodnik-urzednika", body="Ławki w panelu.")
    page = reader.get("/szukaj?q=lawka")
    assert [one["href"] for one in page.soup.select("main h3 a")] == ["/faq", "/projekty/lawki"]
    assert "Nothing was found" in reader.get("/szukaj?q=zebra").text
    assert reader.get("/szukaj?q=%3Cscript%3E").soup.select_one("main input")["value"] == "<script>"
    assert reader.get("/szukaj").soup.select_one("main form[role=search]")


def test_switch_of_the_language_keeps_the_question(reader: Visitor):
    make_page("faq", title="Pytania")
    asked = reader.client.get("/jezyk/pl?next=/szukaj", headers={"Referer": "http://localhost/szukaj?q=pytania&x=1"})
    assert asked.headers["Location"] == "/szukaj?q=pytania&x=1"
    for nonsense in ("http://[", "//[", "http://a]b/x?y"):
        assert reader.client.get("/jezyk/pl?next=/faq", headers={"Referer": nonsense}).headers["Location"] == "/faq"
    elsewhere = reader.client.get("/jezyk/pl?next=/faq", headers={"Referer": "http://localhost/szukaj?q=pytania"})
    assert elsewhere.headers["Location"] == "/faq"


# What is shipped

@pytest.mark.parametrize("slug", SHIPPED_PAGES)
def test_shipped_page_is_there_in_every_language_with_the_same_parts(slug: str):
    read = {code: (SHIPPED / code / f"{slug}.md").read_text("utf-8").split("\n\n", 2) for code in LANGUAGES}
    shown = {code: markdown.render(text[2], {}) for code, text in read.items()}
    assert all(text[0].startswith("# ") and len(text[0]) <= 152 and 0 < len(text[1]) <= 300 for text in read.values())
    assert len({tuple(prose.sections) for prose in shown.values()}) == 1, [list(one.sections) for one in shown.values()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_pages_can_be_read_without_a_fault(visitor: Visitor, language: str, now: datetime):
    pages.load(now=now)
    make_edition()
    visitor.client.set_cookie("jezyk", language)
    for row in Page.select():
        page = visitor.get(row.address)  # Looks at headings, ids, links and labels.
        assert page.soup.html["lang"] == language and not page.soup.select(f"main [lang]:not([lang={language}])")
        assert "{" not in page.soup.main.get_text() or row.slug == "przewodnik-urzednika", f"{row.slug}: an unknown placeholder"
        for link in page.soup.select("main .app-text a[href^='/']"):
            path, _, anchor = link["href"].partition("#")
            if anchor and not path.startswith("/admin"):
                assert visitor.get(path or row.address).soup.find(id=anchor), f"{row.slug}: {link['href']} leads nowhere"


@pytest.mark.parametrize("language", LANGUAGES)
def test_accessibility_declaration_has_what_the_law_asks_for(visitor: Visitor, language: str, now: datetime):
    pages.load(now=now)
    visitor.client.set_cookie("jezyk", language)
    page = visitor.get("/strony/dostepnosc")
    assert sorted(one["id"] for one in page.soup.select("[id^=a11y-]")) == sorted(f"a11y-{name}" for name in DECLARED)


def test_versions_are_counted_from_one_in_each_language(now: datetime):
    pages.load(now=now)
    assert {version.number for version in PageVersion.select()} == {1}
