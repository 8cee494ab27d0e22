"""The portal with its demo edition, running as a city runs it, and browsers in front of it."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from portal import database
from portal.cli import demo
from portal.config import settings
from tests.browser.chromium import launch
from tests.browser.server import serve
from tests.browser.window import KeyboardWindow, Window
from tests.factories import empty_database

OpenWindow = Callable[..., Window]


@pytest.fixture(scope="package")
def server(database_url: str) -> Iterator[str]:
    """The address of the running portal, the same for all journeys on a database."""
    with serve(database_url, settings.instance) as url:
        yield url


@pytest.fixture(scope="module")
def portal(server: str) -> Iterator[str]:
    """The address of the portal with a fresh demo edition, in voting."""
    demo.load()
    shutil.rmtree(settings.instance / "mailbox", ignore_errors=True)
    yield server
    empty_database()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def audited() -> dict[str, set[tuple[str, str]]]:
    """The pages that axe has seen, by the kind of window: a module asks it once for each."""
    return defaultdict(set)


@pytest.fixture
def open_window(portal: str, chromium: Browser, audited: dict[str, set[tuple[str, str]]]) -> Iterator[OpenWindow]:
    """Opens a window of a new person: ``open_window(keyboard=True, viewport=...)``."""
    contexts = []

    def open_one(*, keyboard: bool = False, **options: Any) -> Window:
        context = chromium.new_context(locale="pl-PL", **options)
        contexts.append(context)
        kind = KeyboardWindow if keyboard else Window
        return kind(context, portal, audited=audited[repr(options)], scripts=options.get("java_script_enabled", True))
    yield open_one
    for context in contexts:
        context.close()
    database.release()
