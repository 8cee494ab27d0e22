"""Pages that are rendered once for all: everybody gets the own words and token, and nothing of anybody else."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from portal import cache, clock, stencil
from portal.models import Account, Edition, EmailChange, PhoneChange, Session
from portal.services import voting
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district, make_voting
from tests.page import Page, Visitor
from tests.views.steps import in_english, log_in

PATHS = ["/moje-konto", "/moje-konto/dane", "/moje-konto/haslo", "/moje-konto/sesje", "/moje-konto/moje-dane",
         *(f"/moje-konto/dane/{datum}" for datum in ("imie-i-nazwisko", "adres", "powiadomienia", "telefon", "email", "pesel"))]
MINE = {"given_name": "Bożena", "family_name": "Wilk", "email": "bozena@example.org", "phone": "+48601222333",
        "pesel": OTHER_PESEL, "street": "ul. Krótka 7", "postcode": "31-002"}


@pytest.fixture
def two(app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[Visitor, Visitor]:
    """Two residents, with the caches on as in production; of the first something waits and there are more sessions."""
    monkeypatch.setattr(cache, "SECONDS", 60)
    _edition, district, _voter = make_voting()
    first = make_account(district, given_name="Aldona", family_name="Zięba", email="aldona@example.org", phone="+48609888777",
                         pesel=PESEL, street="al. Długa 99", postcode="30-999")
    second = make_account(make_district(), **MINE)
    visitors = Visitor(app), Visitor(app)
    for visitor, account in zip(visitors, (first, second), strict=True):
        log_in(visitor, account)
    return visitors


def token_of(page: Page) -> str:
    [token] = {field["value"] for field in page.soup.select("input[name=csrf_token]")}
    return str(token)


def readable(page: Page) -> str:
    """Return a page without what is different each time: the token."""
    return page.response.get_data(as_text=True).replace(token_of(page), "")


@pytest.mark.parametrize("path", PATHS)
def test_page_from_the_cache_is_the_page_rendered_for_oneself(two: tuple[Visitor, Visitor], monkeypatch: pytest.MonkeyPatch,
                                                              path: str) -> None:
    pages = [visitor.get(path) for visitor in two]
    others, cached = map(readable, pages)
    assert token_of(pages[0]) != token_of(pages[1])
    monkeypatch.setattr(cache, "SECONDS", 0)
    assert cached == readable(two[1].get(path))
    assert not re.search("[\ue000-\uf8ff]", cached + others), "every blank is filled in"
    for foreign in ("Aldona", "Zięba", "aldona@", "888 777", "Długa 99", "30-999", "•359"):
        assert foreign not in cached
    assert "Aldona" in others or "Wilk" not in others


def test_language_is_that_of_the_one_who_looks(two: tuple[Visitor, Visitor]) -> None:
    in_english(two[0])
    assert [visitor.get("/moje-konto/dane").heading for visitor in two] == ["Update my data", "Aktualizacja danych"]


def test_reminder_of_a_ballot_is_shown_to_the_one_who_has_chosen(two: tuple[Visitor, Visitor]) -> None:
    edition, account = Edition.get(), Account.get(Account.given_name == "Aldona")
    paper = voting.ballot_paper(edition, account.district)
    picks = {slot.name: contest.proposals[at].uid for contest in paper for at, slot in enumerate(contest.slots)}
    voting.save_draft(account, edition, paper, picks, now=clock.now())
    assert [len(visitor.get("/moje-konto/dane").soup.select(".app-strip--reminder")) for visitor in two] == [1, 0]


def test_words_are_text_not_markup(two: tuple[Visitor, Visitor]) -> None:
    evil = '<script>alert(1)</script>"><img src=x>'
    Account.update(given_name=evil, street=evil).where(Account.given_name == "Bożena").execute()
    for path in ("/moje-konto", "/moje-konto/dane", "/moje-konto/dane/adres"):
        page = two[1].get(path)
        assert not page.soup.select("main script, main img")
        assert evil in page.text or page.soup.select_one("#street")["value"] == evil


def test_what_waits_for_one_waits_for_nobody_else(two: tuple[Visitor, Visitor]) -> None:
    account = Account.get(Account.given_name == "Aldona")
    PhoneChange.create(account=account, phone="+48600111222", created_at=clock.now())
    EmailChange.create(account=account, email="nowa@example.org", token_hash="h", created_at=clock.now())
    for path in ("/moje-konto", "/moje-konto/dane"):
        assert "600 111 222" in two[0].get(path).text and "nowa@example.org" in two[0].get(path).text
        assert "600 111 222" not in two[1].get(path).text and "nowa@example.org" not in two[1].get(path).text


def test_message_that_is_shown_once_is_shown_to_one(two: tuple[Visitor, Visitor]) -> None:
    page = two[0].get("/moje-konto/dane/adres")
    done = two[0].submit(page, street="ul. Nowa 1")
    assert done.soup.select(".govuk-notification-banner")
    assert not two[1].get("/moje-konto/dane").soup.select(".govuk-notification-banner")
    assert not two[0].get("/moje-konto/dane").soup.select(".govuk-notification-banner")


def test_sessions_are_those_of_the_one_who_looks(two: tuple[Visitor, Visitor]) -> None:
    own = Session.select().join(Account).where(Account.given_name == "Bożena").get()
    before = clock.now() - timedelta(minutes=5)
    for name in ("Aldona", "Bożena"):
        Session.create(account=Account.get(Account.given_name == name), token_hash=name, created_at=before, seen_at=before,
                       proved_at=before, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    pages = [visitor.get("/moje-konto/sesje") for visitor in two]
    uids = [re.findall("/sesje/([^/]+)/zakoncz\"", page.response.get_data(as_text=True)) for page in pages]
    assert [len(found) for found in uids] == [1, 1] and uids[0] != uids[1] and own.uid not in uids[1]


def test_typed_blank_is_a_text_like_any_other(two: tuple[Visitor, Visitor]) -> None:
    """No form takes these signs; if they come into the database all the same, they are shown, not filled in."""
    typed = f"{cache.blank('email')}{cache.blank('token')}"
    Account.update(given_name=typed).where(Account.given_name == "Bożena").execute()
    page = two[1].get("/moje-konto")
    assert typed in page.heading


def test_shared_page_that_asks_for_its_visitor_is_refused(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="asks for account of its visitor"):
        app.jinja_env.from_string("{{ current_user.account }}").render(current_user=stencil.NOBODY)
