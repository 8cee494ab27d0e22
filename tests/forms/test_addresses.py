"""Whatever stands in an address: an answer, never a crash, and never the way to another site."""

import re
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st
from werkzeug.routing import Rule

from portal.models.staff import Role
from tests.architecture.people import RESIDENT, STRANGER, Person, World, address, panel_views, rules
from tests.factories import PASSWORD
from tests.forms.test_fuzz import BREAKING, NASTY, ON_ONE_DATABASE
from tests.page import Visitor

SHORT = [value for value in NASTY if len(value) < 2_000]
text = st.sampled_from(SHORT) | st.text(st.characters(exclude_categories=()), max_size=40)
PARAMETERS = ["next", "url", "pula", "page", "page_size", "sort", "desc", "search", "id", "export_type", "action", "_"]
ELSEWHERE = [
    "https://example.net/", "//example.net/", "///example.net/", "/\\example.net/", "\\\\example.net/", "/\t/example.net/",
    "https:example.net", "/%09/example.net", "http:///example.net", "javascript:alert(1)", " //example.net", "\r\n//example.net",
    "/\n/example.net", "example.net",
    "/@example.net/../..//example.net", "https://localhost@example.net/", "\x00//example.net",
]


def escaped(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def filters(app: Flask) -> list[str]:
    """Return the names of all filters of the panel."""
    return sorted({item.key for view in panel_views(app).values() for item in getattr(view, "_filters", None) or ()})


def routes(app: Flask, world: World, who: str) -> list[tuple[Rule, str]]:
    """Return every page that somebody may be let into, with an address that exists."""
    panel = who not in {STRANGER, RESIDENT}
    return [(rule, address(app, rule, world)) for rule in rules(app, "GET")
            if rule.endpoint not in {"static", "admin.static"} and rule.rule.startswith("/admin") == panel]


def put(place: tuple[Rule, str], argument: str, query: dict[str, str]) -> str:
    """Write an address with something else in its variable parts and its query."""
    rule, path = place[0], place[1].partition("?")[0]
    if rule.arguments and argument:
        path = re.sub("<.*?>", escaped(argument), rule.rule)
    return path + "?" + "&".join(f"{name}={escaped(value)}" for name, value in query.items())


@pytest.mark.parametrize("who", [RESIDENT, Role.COORDINATOR, Role.ADMINISTRATOR])
def test_page_survives_each_wrong_value_in_each_place(app: Flask, world: World, who: str) -> None:
    person, names = Person(app, who, world), PARAMETERS + filters(app)
    for place in routes(app, world, who):
        for value in BREAKING:
            for asked in {put(place, value, {}), put(place, "", dict.fromkeys(names, value[:300]))}:
                status = person.client.get(asked, buffered=True).status_code
                assert status < 500, f"{asked[:200]}: {status}"


@pytest.mark.parametrize("who", [STRANGER, RESIDENT, Role.ADMINISTRATOR])
def test_page_survives_whatever_is_asked_for(app: Flask, world: World, who: str) -> None:
    person, names = Person(app, who, world), PARAMETERS + filters(app)

    @settings(max_examples=100, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(routes(app, world, who)), st.dictionaries(st.sampled_from(names), text, max_size=3), text)
    def ask(place: tuple[Rule, str], query: dict[str, str], argument: str) -> None:
        asked = put(place, argument, query)
        response = person.client.get(asked, buffered=True)
        assert response.status_code < 500, f"{asked}: {response.status}"
        assert "<script>alert" not in response.text, asked

    ask()


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ["/logowanie", "/jezyk/pl", "/admin/logowanie"])
@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_address_leads_to_another_site(app: Flask, world: World, path: str, target: str) -> None:
    person = Person(app, RESIDENT if path == "/logowanie" else Role.CLERK, world)
    response = person.client.get(f"{path}?next={escaped(target)}")
    place = response.headers.get("Location", "/")
    assert response.status_code in {302, 404}
    assert place.startswith("/") and not place.startswith(("//", "/\\")) and not urlsplit(place).netloc, place


def test_login_leads_where_the_visitor_wanted_to_go(visitor: Visitor, world: World) -> None:
    asked = visitor.client.get("/glosowanie/podsumowanie?a=1")
    assert asked.headers["Location"] == "/logowanie?next=/glosowanie/podsumowanie?a%3D1"
    page = visitor.submit(visitor.get(asked.headers["Location"]), email=world.resident.email, password=PASSWORD)
    assert page.path == "/glosowanie/podsumowanie"


@pytest.mark.parametrize("headers", [
    {"User-Agent": "x" * 5_000}, {"User-Agent": "\x1b[31m\u00ff"}, {"Cookie": "session=" + "x" * 4_000},
    {"Cookie": "session=\u00ff;;=;"}, {"Cookie": "jezyk=../../etc"}, {"Accept-Language": "x" * 400}, {"If-None-Match": '"' * 500},
    {"Range": "bytes=-"}, {"X-Forwarded-For": "' OR 1=1"}, {"X-Forwarded-Host": "example.net"},
    {"If-Modified-Since": "yesterday"}, {"Content-Length": "-1"},
], ids=str)
def test_page_survives_whatever_the_browser_says_of_itself(app: Flask, headers: dict[str, Any]) -> None:
    for path in ("/", "/logowanie", "/admin/"):
        response = app.test_client().get(path, headers=headers)
        assert response.status_code in {200, 302, 304}, f"{path} {headers}"
        assert "example.net" not in response.text


def test_visit_with_a_strange_browser_can_log_in(app: Flask, world: World) -> None:
    person = Person(app, STRANGER, world)
    data = {"email": world.resident.email, "password": PASSWORD, "csrf_token": person.csrf_token()}
    response = person.client.post("/logowanie", data=data, headers={"User-Agent": "ż" * 500})
    assert response.headers["Location"] == "/moje-konto"
