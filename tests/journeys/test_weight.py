"""The weight of what residents open first: bytes, requests and scripts, and that nothing moves meanwhile. No timings here."""

import pytest
from playwright.sync_api import Browser

from tests.browser.phone import first_visit

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_first_visit_of_the_home_page_is_light(portal: str, chromium: Browser, language: str) -> None:
    visit = first_visit(chromium, f"{portal}/", language)
    assert visit.bytes <= 100_000, visit
    assert len(visit.requests) <= 6, visit.requests
    assert len(visit.scripts) <= 1, visit.scripts
    assert visit.shift == 0


@pytest.mark.parametrize("path", ["/projekty", "/faq", "/rejestracja", "/logowanie", "/wyniki/2025"])
def test_other_pages_are_light_too(portal: str, chromium: Browser, path: str) -> None:
    visit = first_visit(chromium, portal + path)
    assert visit.bytes <= 120_000, visit
    assert len(visit.requests) <= 7, visit.requests
    assert visit.shift == 0
