"""A resident corrects everything that she gave at registration, takes her data away and leaves, each in her own way."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portal.models import Account, Ballot, District
from tests.browser.window import KeyboardWindow
from tests.browser.words import pl
from tests.factories import OTHER_PESEL, PESEL, make_account
from tests.journeys.resident import PASSWORD, Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
WAYS = {
    "with a mouse": {},
    "without scripts, in forced colours, on a narrow screen": {"java_script_enabled": False, "forced_colors": "active", **NARROW},
    "by keyboard alone, in the dark, on a narrow screen": {"keyboard": True, "color_scheme": "dark", **NARROW},
}
PESELS = (PESEL, OTHER_PESEL, "85022812305")


def make_resident(window: Any, name: str) -> Resident:
    """Somebody with an account who is logged in, at her data."""
    account = make_account(District.get(District.number == 7), email=f"{name}@example.org")
    window.visit("/moje-konto/dane")
    resident = Resident(window, email=account.email, phone=account.phone)
    resident.logs_in()
    return resident


def opens(resident: Resident, datum: str) -> None:
    name = re.compile(rf"^{pl('Change')} ?: {pl(datum)}$")  # What the browser makes of a part of it that is only heard.
    resident.window.press(resident.window.page.get_by_role("main").get_by_role("link", name=name))


def sends(resident: Resident, button: str) -> None:
    resident.window.press(resident.window.button(pl(button)))


def proves(resident: Resident) -> None:
    resident.window.fill(pl("Current password"), PASSWORD)


def shown(resident: Resident) -> str:
    return str(resident.window.page.get_by_role("main").inner_text())


def corrects_the_address(resident: Resident) -> None:
    opens(resident, "Address")
    resident.window.select(pl("District you live in"), "VIII Dębniki")
    resident.window.fill(pl("Street and number"), "ul. Nowa 1")
    sends(resident, "Save")
    assert "VIII Dębniki" in shown(resident) and "ul. Nowa 1" in shown(resident)


def corrects_the_phone(resident: Resident, number: str) -> None:
    opens(resident, "Mobile phone number")
    resident.window.fill(pl("New mobile phone number"), number)
    proves(resident)
    sends(resident, "Send me a code")
    resident.phone = number
    resident.enters_the_code()
    assert f"+48 {number}" in shown(resident).replace("\N{NO-BREAK SPACE}", " ")


def corrects_the_email(resident: Resident, email: str) -> None:
    opens(resident, "E-mail address")
    resident.window.fill(pl("New e-mail address"), email)
    proves(resident)
    sends(resident, "Send me a link")
    assert email in shown(resident)
    assert resident.reads(pl("Your e-mail address is to be changed"), resident.email)
    letter = resident.reads(pl("Confirm your new e-mail address"), email)
    resident.window.visit(urlsplit(re.search(r"http\S+/moje-konto/dane/email/\S+", letter).group()).path)
    sends(resident, "Confirm this address")
    assert f"{email} ({pl('confirmed')})" in shown(resident)
    resident.email = email


def gives_the_pesel(resident: Resident, pesel: str) -> None:
    opens(resident, "PESEL number")
    resident.window.fill(pl("PESEL number"), pesel)
    proves(resident)
    sends(resident, "Save")
    assert f"••••••••{pesel[-3:]}" in shown(resident)


def takes_the_data_away(resident: Resident) -> dict[str, Any]:
    window = resident.window
    window.visit("/moje-konto/moje-dane")
    link = window.link(pl("Download my data (JSON)"))
    with window.page.expect_download() as download:
        if isinstance(window, KeyboardWindow):
            window.reach(link)
            window.page.keyboard.press("Enter")
        else:
            link.click()
    assert download.value.suggested_filename == "moje-dane.json"
    return json.loads(Path(download.value.path()).read_text("utf-8"))


def leaves(resident: Resident, *ticks: str) -> None:
    resident.window.press(resident.window.link(pl("Delete my account")))
    for tick in (*ticks, "I want to delete my account"):
        resident.window.tick(resident.window.field(pl(tick)))
    proves(resident)
    sends(resident, "Delete my account")
    assert resident.window.path == "/"


@pytest.mark.parametrize("way", WAYS)
def test_resident_corrects_her_data_takes_them_away_and_leaves(open_window: Any, way: str) -> None:
    # Given a resident with an account who uses the portal in her way
    number = list(WAYS).index(way)
    resident = make_resident(open_window(**WAYS[way]), f"dane{number}")

    # When she corrects all that can change
    corrects_the_address(resident)
    corrects_the_phone(resident, f"600 700 97{number}")
    corrects_the_email(resident, f"zmieniona{number}@example.org")
    gives_the_pesel(resident, PESELS[number])

    # Then the file with her data has the new ones, but not the whole PESEL
    told = takes_the_data_away(resident)["account"]
    assert (told["email"], told["street"]) == (resident.email, "ul. Nowa 1")
    assert told["phone"] == "+48" + resident.phone.replace(" ", "") and told["pesel"].startswith("•")

    # And when she leaves, nothing of her is left but a last letter
    leaves(resident)
    assert not Account.select().where(Account.email == resident.email).exists()
    assert resident.reads(pl("Your account has been deleted"), resident.email)


def test_voter_who_leaves_takes_her_ballot_along(open_window: Any) -> None:
    # Given a resident who has voted while the voting is still open
    resident = make_resident(open_window(), "glosujaca")
    ballots = Ballot.select().count()
    resident.window.visit("/glosowanie")
    resident.chooses()
    resident.casts()
    assert Ballot.select().count() == ballots + 1

    # When she deletes her account and agrees that the ballot goes
    resident.window.visit("/moje-konto/moje-dane")
    leaves(resident, "I want my ballot in the open voting to be removed")

    # Then neither is left
    assert Ballot.select().count() == ballots
    assert not Account.select().where(Account.email == resident.email).exists()
