"""After voting: a resident finds the own ballot unchanged, and everybody takes the files and counts again."""

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Ballot, Edition
from portal.models.staff import Role
from portal.services import closing
from tests.browser.words import pl
from tests.factories import OTHER_PESEL, PESEL
from tests.journeys.officer import enters_the_panel
from tests.journeys.resident import DISTRICT, Resident
from tests.services.ballots import publish

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.mark.parametrize(("way", "pesel"), [({}, PESEL), ({"java_script_enabled": False, **NARROW}, OTHER_PESEL), (NARROW, "")],
                         ids=["wide", "narrow, without scripts", "narrow"])
def test_resident_finds_the_own_ballot(open_window: Any, way: dict[str, Any], pesel: str) -> None:
    number = len(way) + len(pesel)
    resident = Resident(open_window(**way), email=f"sprawdza{number}@example.org", phone=f"600 701 {number:03}", pesel=pesel)
    receipt, window = resident.votes(), resident.window

    window.visit("/otwarte-dane/2026")
    window.press(window.link(pl("Check my ballot")))
    window.select(pl("District in which you voted"), DISTRICT)
    window.press(window.button(pl("Continue")))
    window.press(window.button(pl("Check my ballot")), 400)
    window.fill(pl("Confirmation number"), receipt.lower())
    for title, points in resident.picks.items():
        for field in window.page.locator(f"select[name$='-{points}']").all():
            if option := [text for text in field.locator("option").all_inner_texts() if text.endswith(f" {title}")]:
                field.select_option(label=option[0])
    window.press(window.button(pl("Check my ballot")))
    assert pl("Your ballot is there, unchanged") in window.page.get_by_role("main").inner_text()
    commitment = window.page.locator(".app-hash").inner_text()
    assert Ballot.select().where(Ballot.commitment == commitment).count() == 1
    window.visit("/losowanie/2026")


def test_everybody_takes_the_files_and_officers_end_the_key(open_window: Any) -> None:
    # Given an edition whose results were published long ago
    now = clock.now()
    Edition.update(voting_from=now - timedelta(days=60), voting_to=now - timedelta(days=50),
                   results_on=now - timedelta(days=45)).where(Edition.code == "2026").execute()
    edition = Edition.get(Edition.code == "2026")
    publish(edition, now - timedelta(days=40))
    closing.look_after(now=now)

    # Then everybody reads what was fixed, and the files are there
    for way in ({}, NARROW):
        window = open_window(**way)
        window.visit("/otwarte-dane/2026")
        assert window.page.locator("main .app-hash").count() == 2
    with window.page.expect_download() as download:
        window.link("wszystko.zip").click()
    assert download.value.suggested_filename == "wszystko.zip"

    # And two officers destroy the key
    for role, button in ((Role.COORDINATOR, "Ask for the end of the key"), (Role.ADMINISTRATOR, "Approve and destroy the key")):
        officer = open_window()
        officer.visit("/admin/wyniki/")
        enters_the_panel(officer, role)
        officer.visit("/admin/wyniki/")
        officer.press(officer.page.get_by_role("link", name=pl("The ballot key")))
        officer.fill(pl("Code of the edition"), "2026")
        officer.press(officer.button(pl(button)))
    officer.press(officer.page.get_by_role("link", name=pl("The ballot key")))
    assert closing.closing_of(edition).key_destroyed_at
