"""A vote on paper: the point, the person at the counter, two entries that differ, and the third look."""

from typing import Any

import pytest

from portal.models import District, Edition, Sheet, VotingPoint
from portal.models.staff import Role
from portal.services import voting
from portal.services.paper import field_of
from tests.browser.words import pl
from tests.factories import OTHER_PESEL, make_officer
from tests.journeys.author import Assessor

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]
NARROW = {"viewport": {"width": 320, "height": 640}}
LABELS = {"c": "Citywide, %(points)s points", "d": "District, %(points)s points"}


class Clerk:
    """Somebody at the counter, with a sheet in the hand."""

    def __init__(self, window: Any, role: Role = Role.CLERK) -> None:
        self.window = window
        self.officer = Assessor(window, make_officer(role))
        self.officer.enters()

    def opens(self, page: str) -> None:
        self.window.visit("/admin/punkty-glosowania/")
        self.window.press(self.window.link(f"{pl(page)} {VotingPoint.get().name}"))

    def reads(self, picks: dict[str, str], **typed: str) -> None:
        """Type what stands on the sheet, save it, and see what the next page says."""
        for label, text in typed.items():
            self.window.fill(pl(label.replace("_", " ")), text)
        for name, number in picks.items():
            self.window.fill(pl(LABELS[name[0]], points=name[1:]), number)

    def saves(self) -> str:
        self.window.press(self.window.button(pl("Save the sheet")))
        return str(self.window.page.locator(".alert").first.inner_text())


def test_sheet_is_typed_twice_differs_and_is_decided_on(open_window: Any, portal: str) -> None:
    # Given a coordinator who writes down a point, and a paper of the fourth district
    coordinator = Clerk(open_window(), Role.COORDINATOR)
    coordinator.window.visit("/admin/punkty-glosowania/new/")
    coordinator.window.select(pl("Edition"), str(Edition.current()))
    coordinator.window.fill(pl("Voting point"), "Filia nr 3")
    coordinator.window.press(coordinator.window.button(pl("Save")))
    district = District.get(District.number == 4)
    picks = {field_of(slot): str(contest.proposals[at].ballot_order)
             for contest in voting.ballot_paper(Edition.current(), district) for at, slot in enumerate(contest.slots)}
    coordinator.opens("Ballot papers")
    assert coordinator.window.link(f"{district} (PDF)").count() == 1

    # When a clerk with a keyboard alone, on a narrow screen, checks the person and types the sheet
    clerk = Clerk(open_window(keyboard=True, **NARROW))
    clerk.opens("First entry")
    clerk.window.fill(pl("PESEL number"), OTHER_PESEL)
    clerk.window.press(clerk.window.button(pl("Check whether the person may vote")))
    assert pl("This person may vote.") in clerk.window.page.locator(".alert-success").inner_text()
    clerk.window.select(pl("District"), str(district))
    clerk.reads(picks, Number_of_the_sheet="1")
    assert pl("Waits for the second entry") in clerk.saves()

    # And another without scripts reads two numbers the other way round
    second = Clerk(open_window(java_script_enabled=False))
    second.opens("Second entry")
    second.window.select(pl("District"), str(district))
    second.reads({**picks, "c3": picks["c2"], "c2": picks["c3"]}, Number_of_the_sheet="1")
    assert pl("To be decided by a third officer") in second.saves()

    # Then a third sees both entries and decides, and the person has voted
    coordinator.opens("Third look")
    assert coordinator.window.heading.endswith(pl("sheet %(number)s", number=1))
    coordinator.window.select(pl("District"), str(district))
    coordinator.reads(picks)
    coordinator.saves()
    sheet = Sheet.get()
    assert (sheet.state, sheet.ballot.state, sheet.ballot.choices.count()) == ("recorded", "recorded", len(picks))
    clerk.opens("First entry")
    clerk.window.fill(pl("PESEL number"), OTHER_PESEL)
    clerk.window.press(clerk.window.button(pl("Check whether the person may vote")), status=400)
    assert pl("This person has already voted on paper.") in clerk.window.page.locator(".panel-errors").inner_text()
