"""Looking changes nothing, and only what is the same for everybody may be kept by a cache."""

import pytest
from flask import Flask

from portal import cache
from portal.i18n import COOKIE
from tests.architecture.people import EVERYBODY, RESIDENT, STRANGER, Person, Visit, World, address, rules, writes
from tests.architecture.test_routes import PUBLIC
from tests.page import Page

KEPT_BY_BROWSERS = {"open_data.download", "static", "admin.static", "attachment.show_file"}


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_page_writes_when_it_is_read(reading: list[Visit], who: str) -> None:
    written = [f"{visit.rule.rule}: {visit.writes[0][:120]}" for visit in reading if visit.writes]
    assert not written, f"State changes by POST only. Read by a {who}, these wrote:\n" + "\n".join(written)


@pytest.mark.parametrize("who", EVERYBODY)
def test_nothing_of_a_session_is_kept_by_a_cache(reading: list[Visit], who: str) -> None:
    kept = [f"{visit.rule.rule}: {visit.response.headers.get('Cache-Control')}" for visit in reading
            if visit.rule.endpoint not in KEPT_BY_BROWSERS and visit.response.headers.get("Cache-Control") != "no-store"]
    assert not kept, "Only a page with @public_page may be kept, and only for people without a session:\n" + "\n".join(kept)


def test_public_pages_are_kept_for_strangers_and_asked_for_again_for_nothing(app: Flask, world: World) -> None:
    for rule in rules(app, "GET"):
        path, client = address(app, rule, world), app.test_client()
        response = client.get(path, buffered=True)
        control = response.headers.get("Cache-Control", "")
        if rule.endpoint in KEPT_BY_BROWSERS:
            continue
        if rule.endpoint not in PUBLIC:
            assert control == "no-store", f"{rule.rule}: {control}"
            continue
        assert control == "public, max-age=0, must-revalidate", f"{rule.rule}: {control}"
        assert response.headers["Vary"] == "Cookie, Accept-Encoding", f"{rule.rule}: kept for strangers, for nobody else"
        again = client.get(path, headers={"If-None-Match": response.headers.get("ETag", "")})
        assert (again.status_code, again.data) == (304, b""), f"{rule.rule} does not know its own ETag again"


def test_only_forms_and_the_language_give_a_stranger_a_cookie(app: Flask, world: World) -> None:
    for rule in rules(app, "GET"):
        response = app.test_client().get(address(app, rule, world), buffered=True, follow_redirects=False)
        names = {cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")}
        has_form = b"csrf_token" in response.data
        wanted = {COOKIE} if rule.endpoint == "home.switch_language" else {"session"} if has_form else set()
        assert names <= wanted, f"{rule.rule} sets {names}: nothing on it may touch the session"


@pytest.mark.parametrize("who", [RESIDENT])
def test_person_and_stranger_never_get_each_others_page(person: Person, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    monkeypatch.setattr(cache, "SECONDS", 60)
    for _time in range(2):
        assert "/wyloguj" not in person.app.test_client().get("/aktualnosci").text
        assert "/wyloguj" in person.client.get("/aktualnosci").text


def test_known_devices_share_the_page_of_all_strangers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SECONDS", 60)
    for device in ("", "one", "another"):
        client = app.test_client()
        if device:
            client.set_cookie("device", device)
        assert client.get("/aktualnosci").status_code == 200
    assert len([key for key in cache._entries if key[0] == "page"]) == 1  # type: ignore[index]


def test_each_language_has_its_own_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SECONDS", 60)
    pole, other = app.test_client(), app.test_client()
    other.get("/jezyk/en")
    for _time in range(2):
        for client, language in ((pole, "pl"), (other, "en")):
            assert Page(client.get("/aktualnosci")).soup.html["lang"] == language


def test_change_shows_on_public_pages_within_a_second() -> None:
    assert cache.SECONDS < 1, "Nothing of the cache is older than a second, so that no change has to tell anybody"


@pytest.mark.parametrize("who", [STRANGER])
def test_the_guard_against_writing_sees_what_is_written(person: Person, statements: list[str], who: str) -> None:
    """A guard that cannot fail guards nothing: with a right token the same routes do write."""
    person.client.post("/rejestracja/adres/known-token", data={"csrf_token": person.csrf_token()})
    assert any(statement.startswith("UPDATE") for statement in writes(statements))
