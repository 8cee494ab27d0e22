"""A session that ends while somebody is typing: the warning comes in time, is heard, and costs no word."""

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Account, District, Session
from portal.models.staff import Role
from tests.browser.window import CHECK, FOCUS_IS_HIDDEN, RULES, Window
from tests.browser.words import pl
from tests.factories import PASSWORD, make_account
from tests.journeys.officer import enters_the_panel
from tests.journeys.resident import Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
PASS = "(minutes) => document.getAnimations().forEach((one) => { one.currentTime = minutes * 60_000 })"
SOON = "Your session ends in about two minutes, unless you use the portal in another tab."
OVER = "Your session has ended, unless you have extended it."
TYPED = "zupa z kasztanów"
NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture
def account(portal: str) -> Account:
    return make_account(District.get(District.number == 7))


def types(window: Window, account: Account) -> None:
    """Log in and type something that is not sent yet."""
    window.visit("/moje-konto/haslo")
    Resident(window, email=account.email, phone=account.phone).logs_in()
    window.fill(pl("New password"), TYPED)


def warned(window: Window, minutes: float) -> str:
    """Let minutes pass for the page, and return what its warning says."""
    window.page.evaluate(PASS, minutes)
    return " ".join(window.page.get_by_role("alert").last.inner_text().split()) if shows(window) else ""


def shows(window: Window) -> bool:
    return bool(window.page.locator("[data-session]").is_visible())


@pytest.mark.parametrize("options", [{}, {"reduced_motion": "reduce"}, {"java_script_enabled": False, **NARROW}])
def test_warning_comes_two_minutes_before_the_end_and_says_when_it_has_come(
        open_window: Any, account: Account, options: dict[str, Any]) -> None:
    window = open_window(**options)
    types(window, account)
    assert warned(window, 26.9) == ""
    for minutes, said, unsaid in ((28.1, SOON, OVER), (29.9, SOON, OVER), (31.1, OVER, SOON)):
        told = warned(window, minutes)
        assert pl(said) in told and pl(unsaid) not in told, f"after {minutes} minutes"
        if window.scripts:
            assert window.page.evaluate(CHECK, RULES) == []
        assert window.page.evaluate("document.scrollingElement.scrollWidth") <= window.page.viewport_size["width"]


@pytest.mark.parametrize("options", [{}, NARROW])
def test_session_is_extended_where_one_is_by_keyboard_too(open_window: Any, account: Account, options: dict[str, Any]) -> None:
    # Given a resident who types with the keyboard until the warning comes
    window = open_window(keyboard=True, **options)
    types(window, account)
    warned(window, 28.1)
    assert not window.page.evaluate(FOCUS_IS_HIDDEN), "what is being typed is not under it"
    Session.update(seen_at=clock.now() - timedelta(minutes=28)).where(Session.account == account).execute()

    # When she extends the session
    window.reach(window.button(pl("Stay logged in")))
    with window.page.expect_response("**/przedluz"):
        window.page.keyboard.press("Enter")

    # Then the warning is gone until it is due again, and she types on where she was
    window.page.locator("[data-session]").wait_for(state="hidden")  # Polled from outside: the page's policy forbids eval.
    assert Session.get(Session.account == account).ends_at() > clock.now() + timedelta(minutes=29)
    assert window.field(pl("New password")).input_value() == TYPED
    assert len(window.context.pages) == 1
    assert window.page.evaluate("document.activeElement !== document.body")
    assert pl(SOON) in warned(window, 28.1)


def test_without_scripts_a_tab_of_its_own_extends_it(open_window: Any, account: Account) -> None:
    window = open_window(java_script_enabled=False, **NARROW)
    types(window, account)
    warned(window, 28.1)
    Session.update(seen_at=clock.now() - timedelta(minutes=28)).where(Session.account == account).execute()
    with window.context.expect_page() as opened:
        window.button(pl("Stay logged in")).click()
    assert opened.value.locator("h1").inner_text() == pl("You stay logged in")
    assert Session.get(Session.account == account).ends_at() > clock.now() + timedelta(minutes=29)
    window.page.locator("[data-session] summary").click()
    assert not window.button(pl("Stay logged in")).is_visible(), "the warning can be folded away"
    assert window.field(pl("New password")).input_value() == TYPED


@pytest.mark.parametrize("scripts", [True, False])
def test_typed_text_is_sent_after_logging_in_again_in_another_tab(open_window: Any, account: Account, scripts: bool) -> None:
    # Given a resident whose session ended over a half-typed form
    window = open_window(java_script_enabled=scripts)
    types(window, account)
    warned(window, 28.1)
    Session.update(seen_at=clock.now() - timedelta(minutes=31)).where(Session.account == account).execute()

    # When she extends it too late
    if scripts:
        window.button(pl("Stay logged in")).click()
        window.page.get_by_text(pl(OVER)).wait_for(state="visible")
        window.complaints.clear()  # The console tells of the 409.
        with window.context.expect_page() as opened:
            window.page.get_by_role("link", name=pl("Log in in a new tab"), exact=True).click()
    else:
        with window.context.expect_page() as opened:
            window.button(pl("Stay logged in")).click()
        assert opened.value.locator("h1").inner_text() == pl("Your session has ended")
        opened.value.get_by_role("link", name=pl("Log in again"), exact=True).click()

    # And logs in again in the new tab
    opened.value.get_by_label(pl("E-mail address"), exact=True).fill(account.email)
    opened.value.get_by_label(pl("Password"), exact=True).fill(PASSWORD)
    with opened.value.expect_navigation():
        opened.value.get_by_role("button", name=pl("Log in"), exact=True).click()

    # Then what she typed in the first tab is taken
    window.fill(pl("Current password"), PASSWORD)
    window.press(window.button(pl("Change the password")))
    assert pl("Your password is changed. All your other sessions have ended.") in window.page.get_by_role("main").inner_text()


def test_session_of_twelve_hours_is_not_offered_to_be_extended(open_window: Any, account: Account) -> None:
    window = open_window()
    types(window, account)
    Session.update(created_at=clock.now() - timedelta(hours=11, minutes=50)).where(Session.account == account).execute()
    window.visit("/moje-konto/haslo")
    assert warned(window, 6.9) == ""
    told = warned(window, 8.1)
    assert pl("It has lasted twelve hours and cannot be extended. Send or save what you have typed, then log in again.") in told
    assert not window.page.get_by_role("button", name=pl("Stay logged in")).count()


def test_officer_at_work_is_warned_and_stays(open_window: Any) -> None:
    window = open_window()
    window.visit("/admin/logowanie")
    enters_the_panel(window, Role.COORDINATOR)
    window.visit("/admin/pule/new/")
    window.page.locator("input[name=budget]").fill("123")
    assert pl(SOON) in warned(window, 28.1)
    assert window.page.evaluate(CHECK, RULES) == []
    with window.page.expect_response("**/przedluz"):
        window.button(pl("Stay logged in")).click()
    window.page.locator("[data-session]").wait_for(state="hidden")  # Polled from outside: the page's policy forbids eval.
    assert window.page.locator("input[name=budget]").input_value() == "123"
    warned(window, 31.1)
    assert window.page.locator("[data-session] a").get_attribute("href") == "/admin/logowanie"
