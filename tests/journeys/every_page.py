"""Every page that a route leads to, by day and by night, in one language and on one width of screen, looked at with axe."""

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from portal import clock
from portal.models.staff import Role
from portal.services import pages
from tests.architecture.people import RESIDENT, STRANGER, Person, World, address, make_world, rules
from tests.browser.window import CHECK, Window

MARKS = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
         pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
# Who is sent to a page until somebody gets in.
PEOPLE = (STRANGER, RESIDENT, Role.COORDINATOR, Role.ADMINISTRATOR, Role.REMOVALS, Role.CLERK, Role.VERIFIER, Role.EDITOR)
LOGS_OUT = {"login.log_out", "panel_login.log_out", "home.switch_language"}


def pages_by_person(app: Flask, world: World) -> list[tuple[Person, list[str]]]:
    """Every address that answers with a page, by the first of these people who gets it."""
    people = {str(who): Person(app, who, world) for who in PEOPLE}
    met: dict[str, set[str]] = {who: set() for who in people}
    for rule in rules(app, "GET"):
        path = address(app, rule, world)
        for who, person in people.items() if rule.endpoint not in LOGS_OUT else ():
            answer = person.client.get(path, buffered=True)
            if answer.status_code == 200 and answer.data.lstrip().startswith(b"<!DOCTYPE html>"):
                met[who].add(path)
                break
    met[STRANGER].update(page.address for page in pages.Page.select())
    return [(person, sorted(met[who])) for who, person in people.items()]


def enter(chromium: Browser, base: str, person: Person, language: str, width: int) -> Window:
    """Open a window in which a person is logged in and reads a language."""
    context = chromium.new_context(viewport={"width": width, "height": 800})
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


def check_every_page(app: Flask, chromium: Browser, base: str, *, language: str, width: int) -> None:
    """Fill the portal with one of everything, open all its pages, and tell every fault at once."""
    world = make_world()
    pages.load(now=clock.now())
    found = pages_by_person(app, world)
    told = []
    for person, paths in found:
        window = enter(chromium, base, person, language, width)
        for path in paths:
            told += faults(window, path, language)
            window.complaints.clear()
        window.context.close()
    assert not told, "\n".join(told)
    assert sum(len(paths) for _person, paths in found) > 90
