"""What visitors share holds only what they may have in common, and no more of it than fits."""

import gzip

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from portal import cache
from portal.forms import fields
from portal.templating import BUILD, asset
from tests.factories import make_account, make_district
from tests.page import Visitor, prefilled
from tests.views.steps import log_in


@pytest.fixture
def shared(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(cache, "SECONDS", 60)
    return app


def heading(app: Flask, **headers: str) -> str:
    answer = app.test_client(use_cookies=False).get("/aktualnosci", headers=headers)
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser").html["lang"]  # type: ignore[index,return-value]


def test_cookie_that_hides_behind_another_changes_nobodys_page(shared: Flask) -> None:
    device = shared.config["DEVICE_COOKIE_NAME"]
    assert heading(shared, Cookie=f"{device}=x;jezyk=uk") == "uk"
    assert heading(shared) == "pl" and heading(shared, Cookie=f"{device}=x") == "pl"


def test_questions_in_the_address_do_not_crowd_out_what_all_read(shared: Flask) -> None:
    browser = shared.test_client(use_cookies=False)
    pages = [browser.get(path).text for path in ("/aktualnosci", *(f"/aktualnosci?x={at}" for at in range(20)))]
    kept = [key for key in cache._entries if key[0] == "page"]
    assert len(kept) == 1 and len(pages) == 21


def test_what_others_add_to_a_link_is_no_question(shared: Flask) -> None:
    browser = shared.test_client(use_cookies=False)
    links = ("", "?fbclid=Ab-1", "?utm_source=x&utm_medium=y%20z", "?gclid=")
    pages = {browser.get(f"/aktualnosci{added}").text for added in links}
    assert len(pages) == 1 and len([key for key in cache._entries if key[0] == "page"]) == 1
    assert ask(shared, "/aktualnosci?fbclid=Ab-1").headers["Content-Encoding"] == "gzip"  # As what comes from the cache.
    for question in ("fbclid=1&x=2", "x=2&fbclid=1", "xfbclid=1", "utm_source"):
        browser.get(f"/projekty?{question}")
    assert "/projekty" not in str([key for key in cache._entries if key[0] == "page"])


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


def ask(app: Flask, path: str, encodings: str = "gzip, deflate, br", **headers: str) -> TestResponse:
    browser = app.test_client(use_cookies=False)
    return browser.get(path, headers={"Accept-Encoding": encodings, **headers})


@pytest.mark.parametrize("encodings", ["", "br", "identity"])
def test_page_is_packed_for_who_can_unpack_it(shared: Flask, encodings: str) -> None:
    for _ in range(2):
        packed, plain = ask(shared, "/aktualnosci"), ask(shared, "/aktualnosci", encodings)
        assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        assert gzip.decompress(packed.data) == plain.data and len(packed.data) < len(plain.data)
        assert int(packed.headers["Content-Length"]) == len(packed.data)
        assert packed.headers["ETag"] != plain.headers["ETag"]
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Cookie, Accept-Encoding"
        for told in (packed, plain):
            known = {"If-None-Match": told.headers["ETag"]}
            again = ask(shared, "/aktualnosci", told.headers.get("Content-Encoding", ""), **known)
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", told.headers["ETag"])


def test_page_with_a_token_is_never_packed(shared: Flask) -> None:
    """What is packed together with something that an attacker chooses can be guessed by its length."""
    visitor = Visitor(shared)
    log_in(visitor, make_account(make_district()))
    for path in ("/aktualnosci", "/projekty", "/moje-konto"):
        answer = visitor.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in answer.headers and b"csrf_token" in answer.data
    form = ask(shared, "/logowanie")
    assert "Content-Encoding" not in form.headers and b"csrf_token" in form.data
    for path in ("/aktualnosci?x=1", "/nie-ma", "/healthz"):
        assert "Content-Encoding" not in ask(shared, path).headers


@pytest.mark.parametrize(("name", "kind"), [("portal.css", "text/css"), ("portal.js", "text/javascript")])
def test_asset_is_sent_as_the_build_packed_it(shared: Flask, name: str, kind: str) -> None:
    packed, plain = ask(shared, asset(name)), ask(shared, asset(name), "identity")
    assert gzip.decompress(packed.data) == plain.data == (BUILD / name).read_bytes() and len(packed.data) < len(plain.data) / 2
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.headers["Cache-Control"] == "public, max-age=31536000" and packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["X-Content-Type-Options"] == "nosniff"
    assert packed.mimetype == plain.mimetype and packed.mimetype.startswith(kind)
    browser = shared.test_client(use_cookies=False)
    assert browser.head(asset(name), headers={"Accept-Encoding": "gzip"}).data == b""
    assert browser.post(asset(name), headers={"Accept-Encoding": "gzip"}).status_code == 405


@pytest.mark.parametrize("path", ["/static/build/portal", "/static/build/../portal.css", "/static/build/x.css"])
def test_nothing_else_is_sent_as_packed(shared: Flask, path: str) -> None:
    assert ask(shared, path).status_code == 404


def test_no_question_takes_longer_to_look_at_than_it_is_long():
    assert cache.TRACKING.fullmatch("gclid=" * 5_000 + "&x") is None
    assert cache.TRACKING.fullmatch("gclid=1&utm_source=a=b&")
