"""The whole story: a stranger has registered and voted on somebody's PESEL; at its end the right person has, and only she."""

import re
from pathlib import Path
from typing import Any

import pytest

from portal.config import settings
from portal.models import Account, Ballot, Evidence, RemovalCase
from portal.models.removal import CaseState
from portal.models.staff import Role
from portal.services import audit
from portal.store import MARK
from tests.browser.words import pl
from tests.factories import OTHER_PESEL, PESEL
from tests.journeys.claimant import Claimant, Decider
from tests.journeys.resident import PASSWORD, Resident

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.mark.parametrize(("way", "pesel"), [({}, PESEL), ({"java_script_enabled": False, **NARROW}, OTHER_PESEL)],
                         ids=["wide", "narrow, without scripts"])
def test_wrongly_registered_account_goes_with_its_vote_and_the_right_person_votes(
        open_window: Any, tmp_path: Path, way: dict[str, Any], pesel: str) -> None:
    # Given a stranger who has registered on Kazimiera's PESEL and voted
    number = len(way)
    stranger = Resident(open_window(), email=f"obcy{number}@example.org", phone=f"600 700 10{number}", pesel=pesel)
    stranger.votes()
    ballots = Ballot.select().count()

    # When she wants to register, is told of it, reports it and adds a scan
    right = Resident(open_window(**way), email=f"kazimiera{number}@example.org", phone=f"600 700 20{number}", pesel=pesel)
    right.registers()
    right.enters_the_code(status=409)
    claimant = Claimant(right.window, right.email, pesel)
    claimant.window.press(claimant.window.link(pl("Report the account")))
    claimant.reports()
    claimant.adds_a_scan(tmp_path)

    # And an officer looks at it, asks back, gets an answer and confirms who she is
    officer = Decider(open_window(**way), Role.REMOVALS)
    officer.comes_to_the_case(claimant.number)
    officer.window.press(officer.window.page.get_by_role("button", name=re.compile(r"\(1 ")))
    assert officer.window.page.locator("img.panel-scan").evaluate("image => image.naturalWidth") == 600
    officer.returns_to_the_case(claimant.number)
    officer.decides("Ask for more", "Jakie imię ma Pani w dowodzie?")
    assert "Jakie imię" in claimant.is_told(pl("We need something more from you: case %(number)s", number=claimant.number))
    claimant.writes("Kazimiera.")
    officer.returns_to_the_case(claimant.number)
    officer.decides("Confirm the identity", "Skan dowodu osobistego zgodny ze zgłoszeniem.")
    assert not Evidence.select().exists() and [path.name for path in (settings.instance / "evidence").iterdir()] == [MARK]

    # And asks for the removal, which a second officer approves
    officer.presses(pl("See what would go"))
    officer.proves("Ask for the removal")
    second = Decider(open_window(**way), Role.COORDINATOR)
    second.comes_to_the_case(claimant.number)
    second.presses(pl("Look at the request"))
    second.proves("Approve and delete")

    # Then the account is gone with its vote, and she registers and votes at once
    assert not Account.select().where(Account.email == stranger.email).exists() and Ballot.select().count() == ballots - 1
    claimant.is_told(pl("The account on your PESEL number has been removed: case %(number)s", number=claimant.number))
    right.window.press(right.window.link(pl("Register")))
    right.phone = f"600 700 30{number}"
    right.votes()
    assert Ballot.select().count() == ballots
    stranger.window.visit("/logowanie")
    stranger.logs_in(PASSWORD, status=400)
    assert RemovalCase.get(RemovalCase.number == claimant.number).state == CaseState.REMOVED and audit.verify() == []

    # And the first officer takes the protocol to the file
    officer.returns_to_the_case(claimant.number)
    with officer.window.page.expect_download() as download:
        officer.window.button(pl("Download the protocol (PDF)")).click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
