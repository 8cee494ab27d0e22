"""The panel in a browser: every page that a role's menu leads to, on a narrow screen, and the login by keyboard."""

from typing import Any

import pytest

from portal.models.staff import Role
from tests.browser.window import Window
from tests.browser.words import pl
from tests.journeys.officer import enters_the_panel

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]


def addresses(window: Window, links: str) -> list[str]:
    return [link.get_attribute("href") for link in window.page.locator(links).all()]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_every_page_of_the_panel_is_in_order(open_window: Any, role: Role) -> None:
    window = open_window(viewport={"width": 320, "height": 640})
    window.visit("/admin/logowanie")
    enters_the_panel(window, role)
    for table in addresses(window, ".panel-menu a"):
        window.visit(table)
        first_of_each = {address.partition("?")[0]: address for address in addresses(window, f"main a[href^='{table}']")}
        for path, address in first_of_each.items():
            if path.endswith(("/new/", "/edit/", "/details/", "/renew/")):
                window.visit(address)
    for own in ("/admin/moj-dostep/", "/admin/moj-dostep/haslo", "/admin/moj-dostep/kody", "/admin/potwierdz/"):
        window.visit(own)
    assert len(window.passed) >= 7


def test_officer_logs_in_by_keyboard_and_is_told_of_slips(open_window: Any) -> None:
    # Given a clerk without a mouse
    window = open_window(keyboard=True)
    window.visit("/admin/logowanie")

    # When the login is sent empty
    window.press(window.button(pl("Log in")), status=400)

    # Then the summary has the focus, and with the right answers the panel opens
    assert window.page.title().startswith("Błąd: ")
    assert window.page.evaluate("document.activeElement.classList.contains('panel-errors')")
    enters_the_panel(window, Role.CLERK)
    assert window.path == "/admin/"
