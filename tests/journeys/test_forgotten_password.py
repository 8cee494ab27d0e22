"""Somebody who has forgotten the password: from the login by a letter to the own account, in three ways."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from portal.models import District
from tests.browser.window import CHECK, RULES, Window
from tests.browser.words import pl
from tests.factories import make_account
from tests.journeys.mailbox import read_letter
from tests.journeys.resident import Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
NEW = "zupa z kasztanów i śliwek"
METER = {
    "krótkie": "Too short: {length} of at least 10 characters.",
    "moja Kowalska jest": "Easy to guess: it holds your name, your e-mail address or the name of the portal or city.",
    "kra-kow na zawsze": "Easy to guess: it holds your name, your e-mail address or the name of the portal or city.",
    "e.kowal99.example": "Easy to guess: it holds your name, your e-mail address or the name of the portal or city.",
    "aaaaaaaaaaaaaaaa": "Easy to guess: it repeats itself or follows the keyboard or the alphabet.",
    "abcdefghijklmnop": "Easy to guess: it repeats itself or follows the keyboard or the alphabet.",
    "qwertyuiopasdf": "Easy to guess: it repeats itself or follows the keyboard or the alphabet.",
    "kot!7kot!7kot!7": "Easy to guess: it repeats itself or follows the keyboard or the alphabet.",
    "łyżka 7 tonów": "Long enough: {length} characters. With 15 or more it is safer.",
    NEW: "Good length: {length} characters.",
}


@pytest.mark.parametrize("options", [{"java_script_enabled": False, "forced_colors": "active", **NARROW},
                                     {"keyboard": True, **NARROW}, {"color_scheme": "dark"}])
def test_forgotten_password_is_set_anew(open_window: Any, options: dict[str, Any]) -> None:
    # Given a resident who no longer knows her password
    account = make_account(District.get(District.number == 7))
    window: Window = open_window(**options)
    window.visit("/logowanie")

    # When she asks for a link and opens the letter
    window.press(window.link(pl("Forgot your password?")))
    window.fill(pl("E-mail address"), account.email)
    window.press(window.button(pl("Send me the link")))
    assert window.heading == pl("Check your e-mail")
    letter = read_letter(window, pl("Your new password in %(site)s", site="Budżet Obywatelski"), account.email)
    path = urlsplit(re.search(r"http\S+/haslo/nowe/\S+", letter).group()).path

    # And chooses a new password, after one that is refused
    window.visit(path)
    window.fill(pl("New password"), "qwertyuiop")
    window.press(window.button(pl("Set the new password")), status=400)
    window.fill(pl("New password"), NEW)
    window.press(window.button(pl("Set the new password")))

    # Then she logs in with it, and the link is dead
    assert window.path == "/logowanie"
    Resident(window, email=account.email, phone=account.phone).logs_in(NEW)
    assert window.path == "/moje-konto"
    window.visit(path, status=404)
    assert read_letter(window, pl("Your password was changed"), account.email)


def test_meter_tells_in_words_how_a_password_is_doing(open_window: Any) -> None:
    window: Window = open_window(**NARROW)
    window.visit("/rejestracja")
    window.fill(pl("Last name"), "Kowalska")
    window.fill(pl("E-mail address"), "e.kowal99@example.org")
    line = window.page.locator("[aria-live=polite].app-meter-line")
    for password, said in METER.items():
        window.fill(pl("Password"), password)
        line.get_by_text(pl(said).replace("{length}", str(len(password)))).wait_for()
    assert window.page.evaluate(CHECK, RULES) == []
    window.fill(pl("Last name"), "Kasztanowa")
    window.fill(pl("Password"), "zupa kasztanowa")
    line.get_by_text(pl(METER["moja Kowalska jest"])).wait_for()
    window.fill(pl("Password"), "")
    line.wait_for(state="hidden")
