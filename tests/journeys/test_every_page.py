"""Every page that a route leads to, in every language, by day and by night, on three widths of screen: axe finds no fault."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from portal import clock, database
from portal.models.staff import Role
from portal.services import pages
from tests.architecture.people import RESIDENT, STRANGER, Person, World, address, make_world, rules
from tests.browser.window import CHECK, Window
from tests.factories import empty_database

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
# Who is sent to a page until somebody gets in.
PEOPLE = (STRANGER, RESIDENT, Role.COORDINATOR, Role.ADMINISTRATOR, Role.REMOVALS, Role.CLERK, Role.VERIFIER, Role.EDITOR)
WIDTHS = {"pl": 1280, "en": 320, "uk": 768}
LOGS_OUT = {"login.log_out", "panel_login.log_out", "home.switch_language"}


@pytest.fixture(scope="module")
def world(server: str, portal_app: Flask) -> Iterator[World]:
    empty_database()
    world = make_world()
    pages.load(now=clock.now())
    yield world
    empty_database()


@pytest.fixture(scope="module")
def found(world: World, portal_app: Flask) -> dict[str, tuple[Person, list[str]]]:
    """Every address that answers with a page, by the first of these people who gets it."""
    people = {str(who): Person(portal_app, who, world) for who in PEOPLE}
    met: dict[str, list[str]] = {who: [] for who in people}
    for rule in rules(portal_app, "GET"):
        path = address(portal_app, rule, world)
        for who, person in people.items() if rule.endpoint not in LOGS_OUT else ():
            answer = person.client.get(path, buffered=True)
            if answer.status_code == 200 and answer.data.lstrip().startswith(b"<!DOCTYPE html>"):
                met[who].append(path)
                break
    met[STRANGER] += [page.address for page in pages.Page.select()]
    return {who: (person, sorted(set(met[who]))) for who, person in people.items()}


def enter(chromium: Browser, base: str, person: Person, language: str) -> Window:
    """Open a window in which a person is logged in and reads a language."""
    context = chromium.new_context(viewport={"width": WIDTHS[language], "height": 800})
    known = person.client.get_cookie("session")
    context.add_cookies([{"name": "jezyk", "value": language, "url": base},
                         *([{"name": "session", "value": known.value, "url": base}] if known else [])])
    return Window(context, base, audited=set())


def faults(window: Window, path: str, language: str) -> list[str]:
    """Look at a page as it is, and at its colours by night."""
    try:
        window.visit(path)
    except AssertionError as error:
        return [str(error)]
    window.page.emulate_media(color_scheme="dark")
    wrong: list[Any] = window.page.evaluate(CHECK, ["color-contrast"])
    window.page.emulate_media(color_scheme="light")
    spoken = window.page.locator("html").get_attribute("lang")
    return [f"{path} by night: {one}" for one in wrong] + ([f"{path} is in {spoken}"] if spoken != language else [])


@pytest.mark.parametrize("language", WIDTHS)
def test_page_is_in_order(found: dict[str, tuple[Person, list[str]]], chromium: Browser, server: str, language: str) -> None:
    told = []
    for person, paths in found.values():
        window = enter(chromium, server, person, language)
        for path in paths:
            told += faults(window, path, language)
            window.complaints.clear()
        window.context.close()
    database.release()
    assert not told, "\n".join(told)
    assert sum(len(paths) for _person, paths in found.values()) > 90
