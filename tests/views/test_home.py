"""The home page, contact, the language switch, and what surrounds every page."""

import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask

from portal import cache, clock
from portal.models import Edition
from tests.factories import make_account, make_district, make_edition, make_page, make_pool, make_voting
from tests.page import Visitor
from tests.services.ballots import publish
from tests.services.parallel import at_once
from tests.views.steps import in_english, log_in
from tests.views.test_login import EVIL, INSIDE

DAY = timedelta(days=1)


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def test_portal_without_an_edition_says_so(reader: Visitor):
    page = reader.get("/")
    assert page.heading == "You decide what Kraków builds next"
    assert "No edition has been announced yet" in page.text


def test_home_page_sums_up_the_edition(reader: Visitor):
    edition = make_edition(name="Budżet 2026")
    make_pool(edition, budget=1_000_000_00, proposals=7)
    make_pool(edition, make_district(), budget=500_000_50, proposals=1)
    page = reader.get("/")
    assert "Budżet 2026" in page.text and "1,500,000.50\N{NO-BREAK SPACE}zł" in page.response.text
    assert [fact.get_text() for fact in page.soup.select(".app-facts dd")][1:] == ["8", "1"]
    assert len(page.soup.select(".app-cards li")) == 6
    assert page.soup.select_one("main a[href='/glosowanie']")


def phases(now: datetime) -> list[tuple[datetime, str]]:
    return [
        (now - 30 * DAY, "You can submit projects until "),
        (now - 5 * DAY, "Voting begins on "),
        (now, "Voting is open until "),
        (now + 5 * DAY, "Voting has ended. Results will be announced on "),
        (now + 20 * DAY, "Voting has ended. The results are being confirmed."),
        (now + 20 * DAY, "Results of Budżet 2026 have been announced."),
    ]


@pytest.mark.parametrize("at", range(6))
def test_strip_on_every_page_says_what_the_calendar_means_today(reader: Visitor, now: datetime, at: int):
    edition = make_edition(proposals_from=now - 40 * DAY, proposals_to=now - 20 * DAY, voting_from=now - DAY,
                           voting_to=now + DAY, results_on=now + 10 * DAY)
    moment, said = phases(now)[at]
    if "announced." in said:
        publish(edition, now + 15 * DAY)
    with time_machine.travel(moment, tick=False):
        for path in ("/", "/projekty", "/aktualnosci", "/logowanie"):
            assert said in reader.get(path).soup.header.get_text()
        assert bool(reader.get("/").soup.select_one("main a[href='/glosowanie']")) == (moment == now)


def test_end_of_voting_is_told_as_the_day_that_still_counts(reader: Visitor, now: datetime):
    make_edition(voting_to=clock.end_of(clock.local(now).date() + DAY), results_on=now + 9 * DAY)
    assert "Voting is open until 16\xa0June\xa02026." in reader.get("/").soup.header.get_text()


def test_visitors_read_polish_until_they_choose_english(visitor: Visitor):
    assert visitor.get("/").soup.html["lang"] == "pl"
    page = visitor.get("/jezyk/en?next=/aktualnosci")
    assert (page.path, page.soup.html["lang"], page.heading) == ("/aktualnosci", "en", "News")
    assert visitor.get("/").soup.html["lang"] == "en"
    assert visitor.get("/jezyk/pl").soup.html["lang"] == "pl"


@pytest.mark.parametrize("code", ["de", "xx", "..", "%00", "pl_PL"])
def test_language_that_there_is_not_is_a_page_that_there_is_not(visitor: Visitor, code: str):
    visitor.get(f"/jezyk/{code}", status=404)


@pytest.mark.parametrize("code", ["de", "<script>", "pl\x7f", ""])
def test_made_up_language_cookie_means_polish(visitor: Visitor, code: str):
    visitor.client.set_cookie("jezyk", code)
    assert visitor.get("/").soup.html["lang"] == "pl"


@pytest.mark.parametrize("target", [target for target in EVIL if "\x00" not in target])
def test_language_switch_never_leads_out_of_the_portal(visitor: Visitor, target: str):
    assert visitor.client.get(f"/jezyk/en?next={quote(target)}").headers["Location"] == "/"


@pytest.mark.parametrize("target", INSIDE)
def test_language_switch_leads_back_to_the_page(visitor: Visitor, target: str):
    assert visitor.client.get(f"/jezyk/en?next={quote(target)}").headers["Location"] == target


@pytest.mark.parametrize("path", ["/", "/projekty", "/aktualnosci"])
def test_public_page_costs_a_stranger_no_cookie_and_is_asked_for_once(visitor: Visitor, path: str):
    response = visitor.client.get(path)
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = visitor.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_page_of_somebody_logged_in_is_never_kept(visitor: Visitor):
    log_in(visitor, make_account(make_district()))
    response = visitor.client.get("/")
    assert response.headers["Cache-Control"] == "no-store" and "ETag" not in response.headers


def test_cache_keeps_strangers_languages_and_residents_apart(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """With the caches on, as in production, nobody sees a page that was made for somebody else."""
    monkeypatch.setattr(cache, "SECONDS", 60)
    resident, stranger, guest = Visitor(app), Visitor(app), in_english(Visitor(app))
    log_in(resident, make_account(make_district()))
    for _ in range(2):
        for path in ("/", "/projekty"):
            assert resident.get(path).soup.select_one("header a[href='/moje-konto']")
            assert stranger.get(path).soup.select_one("header a[href='/logowanie']")
            assert stranger.get(path).soup.html["lang"] == "pl"
            assert guest.get(path).soup.html["lang"] == "en"


def test_pages_that_do_not_exist_leave_nothing_in_the_cache(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "SECONDS", 60)
    for at in range(20):
        visitor.client.get(f"/projekty/nie-ma-{at}")
        visitor.client.get(f"/wyniki/nie-ma-{at}")
    assert not any("nie-ma" in str(key) for key in cache._entries)
    assert not cache._making


def test_cache_is_bounded(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "SECONDS", 60)
    monkeypatch.setattr(cache, "MOST_ENTRIES", 10)
    for at in range(30):
        visitor.client.get(f"/aktualnosci?x={at}")
    assert len(cache._entries) <= 10


def test_what_cannot_be_made_is_not_remembered(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "SECONDS", 60)

    def fail() -> Any:
        raise RuntimeError
    for _ in range(2):
        with pytest.raises(RuntimeError):
            cache.remember("broken", fail)
    assert cache.remember("broken", lambda: "mended") == "mended" == cache.remember("broken", fail)


def test_what_takes_long_is_made_by_one_thread_for_all(app: Flask):
    made: list[float] = []

    def make() -> int:
        made.append(time.monotonic())
        time.sleep(0.05)
        return 7
    assert at_once(*[lambda: cache.same("slow", make)] * 4) == [7] * 4
    assert len(made) == 1


@pytest.mark.parametrize("path", [
    "/nie-ma", "/projekty/nie-ma", "/wyniki/nie-ma", "/projekty/%00", "/wyniki/a%00b", "/%7F", "/projekty/%E2%80%AE", "/?x=%00",
    "/projekty?pula=%00", "/wyniki/%FF", "/projekty/" + "x" * 2000])
def test_address_that_leads_nowhere_is_told_kindly(reader: Visitor, path: str):
    page = reader.get(path, status=404)
    assert page.heading == "There is no such page"
    assert page.soup.select_one("main a[href='/']")


def test_contact_shows_the_office_of_the_settings(reader: Visitor, setting):
    setting(office_address="Rynek 1 <b>", contact_email="pytania@example.org")
    make_page("kontakt")
    page = reader.get("/kontakt")
    assert "Rynek 1 <b>" in page.text
    assert page.soup.select_one("main a[href='mailto:pytania@example.org']")


def test_current_edition_is_the_next_whose_voting_has_not_ended(reader: Visitor, now: datetime):
    make_edition(name="Dawna", open_now=False)
    make_voting(name="Obecna")
    make_edition(name="Archiwum", archived=True, voting_to=now + 2 * DAY, results_on=now + 3 * DAY)
    make_edition(name="Przyszła", voting_from=now + 300 * DAY, voting_to=now + 310 * DAY, results_on=now + 320 * DAY)
    assert "Obecna" in reader.get("/").text
    Edition.delete().where(Edition.name == "Przyszła").execute()
    with time_machine.travel(now + 100 * DAY, tick=False):
        assert "Obecna" in reader.get("/").text, "the last one, once all voting is over; an archived one never"
