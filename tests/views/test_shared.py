"""What visitors share holds only what they may have in common, and no more of it than fits."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal import cache
from portal.forms import fields
from tests.factories import make_account, make_district
from tests.page import Visitor, prefilled
from tests.views.steps import log_in


@pytest.fixture
def shared(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(cache, "SECONDS", 60)
    return app


def heading(app: Flask, **headers: str) -> str:
    answer = app.test_client(use_cookies=False).get("/kontakt", headers=headers)
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser").html["lang"]  # type: ignore[index,return-value]


def test_cookie_that_hides_behind_another_changes_nobodys_page(shared: Flask) -> None:
    device = shared.config["DEVICE_COOKIE_NAME"]
    assert heading(shared, Cookie=f"{device}=x;jezyk=uk") == "uk"
    assert heading(shared) == "pl" and heading(shared, Cookie=f"{device}=x") == "pl"


def test_questions_in_the_address_do_not_crowd_out_what_all_read(shared: Flask) -> None:
    browser = shared.test_client(use_cookies=False)
    pages = [browser.get(path).text for path in ("/kontakt", *(f"/kontakt?x={at}" for at in range(20)))]
    kept = [key for key in cache._entries if key[0] == "page"]
    assert len(kept) == 1 and len(pages) == 21


def test_way_back_from_the_language_switch_is_the_page_after_a_head_too(shared: Flask) -> None:
    visitor = Visitor(shared)
    log_in(visitor, make_account(make_district()))
    visitor.client.head("/moje-konto/dane")
    assert "next=/moje-konto/dane" in visitor.client.get("/moje-konto/dane").get_data(as_text=True)


def test_what_somebody_sends_is_not_kept_in_memory(shared: Flask) -> None:
    visitor = Visitor(shared)
    form = prefilled(visitor.get("/rejestracja").form())
    fields._written.cache_clear()
    for at in range(3):
        visitor.post("/rejestracja", {**form, "notice": f"{at}" + "&" * 100_000, "given_name": f"Imię{at}" + "x" * 100_000})
    first = fields._written.cache_info().currsize
    for at in range(3, 6):
        visitor.post("/rejestracja", {**form, "notice": f"{at}" + "&" * 100_000, "given_name": f"Imię{at}" + "x" * 100_000})
    assert fields._written.cache_info().currsize == first
