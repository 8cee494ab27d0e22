"""Turnout for everybody at any time; results only when they are announced."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.models import Ballot, Choice, Edition, Exclusion, Proposal
from portal.models.ballot import BallotState, Channel
from portal.models.staff import Role
from portal.services import results, results_publication
from tests.factories import make_district, make_edition, make_officer, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.views.steps import in_english

DAY = timedelta(days=1)


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


@pytest.fixture
def edition(now: datetime, reader: Visitor) -> Edition:
    """Voting until tomorrow, results in ten days; two ballots so far, for Most before Park."""
    edition = make_edition(code="2026", name="Budżet 2026", voting_to=now + DAY, results_on=now + 10 * DAY)
    pool = make_pool(edition, budget=100_00)
    proposals = [make_proposal(pool, title=title, number=title, cost=cost * 100)
                 for title, cost in (("Most", 60), ("Park", 50), ("Las", 40), ("Staw", 1))]
    Exclusion.create(first=proposals[0], second=proposals[3])
    for voter in range(2):
        ballot = Ballot.create(edition=edition, voter_key=f"{voter:064d}", channel=Channel.ONLINE, cast_at=now - voter * DAY,
                               district=make_district(name=f"Okolica {voter}", number=3 + voter))
        for rank, proposal in enumerate(proposals[:3], 1):
            Choice.create(ballot=ballot, proposal=proposal, pool=pool, points=4 - rank, rank=rank)
    return edition


def rows(page: Page) -> list[list[str]]:
    """Return the cells of the first table."""
    return [[" ".join(cell.get_text().split()) for cell in row.select("td")] for row in page.soup.table.tbody.select("tr")]


def captions(page: Page) -> list[str]:
    return [" ".join(caption.get_text().split()) for caption in page.soup.select("caption")]


@pytest.mark.parametrize(("after", "counted"), [(0, False), (1, False), (2, False), (10, True), (400, True)])
def test_results_are_shown_from_the_day_they_are_announced(reader: Visitor, edition: Edition, now: datetime, after: int,
                                                           counted: bool, monkeypatch: pytest.MonkeyPatch):
    if not counted:
        monkeypatch.setattr(results, "count_edition", None)  # Not even counted before.
    with time_machine.travel(now + after * DAY, tick=False):
        page = reader.get("/wyniki/2026")
    assert page.heading == ("Results: Budżet 2026" if counted else "Turnout: Budżet 2026")
    assert ("Most" in page.response.text) == counted
    assert "2 people have voted." in page.text


def test_turnout_is_told_by_day_and_district_while_voting_is_open(reader: Visitor, edition: Edition):
    page = reader.get("/wyniki/2026")
    assert captions(page) == ["Turnout by day", "Turnout by district"]
    assert rows(page) == [["June 14, 2026", "1"], ["June 15, 2026", "1"]]
    assert "III Okolica 0" in page.text
    assert "Nothing about the choices is known to anybody before voting ends." in page.text


def test_each_project_says_why_it_is_funded_or_not(reader: Visitor, edition: Edition, now: datetime):
    with time_machine.travel(now + 10 * DAY, tick=False):
        page = reader.get("/wyniki/2026")
    assert captions(page)[0] == "Citywide projects: 100\xa0zł of 100\xa0zł".replace("\xa0", " ")
    assert rows(page) == [
        ["Most", "6", "2", "60 zł", "funded"], ["Park", "4", "2", "50 zł", "over the money left by 10 zł"],
        ["Las", "2", "2", "40 zł", "funded"], ["Staw", "0", "0", "1 zł", "excluded by Most"]]
    assert page.soup.select_one("table a")["href"] == f"/projekty/{Proposal.get(Proposal.title == 'Most').slug}"


def test_project_below_the_minimum_says_so(reader: Visitor, edition: Edition, now: datetime):
    edition.pools.get().__class__.update(minimum_points=Decimal(3)).execute()
    with time_machine.travel(now + 10 * DAY, tick=False):
        assert rows(reader.get("/wyniki/2026"))[2][-1] == "fewer points than needed"


def test_void_ballots_are_neither_voters_nor_points(reader: Visitor, edition: Edition, now: datetime):
    Ballot.update(state=BallotState.VOID, void_reason="test").where(Ballot.voter_key == f"{0:064d}").execute()
    with time_machine.travel(now + 10 * DAY, tick=False):
        page = reader.get("/wyniki/2026")
    assert "1 person has voted." in page.text
    assert rows(page)[0][1:3] == ["3", "1"]


def test_points_with_fractions_are_written_in_full(reader: Visitor, edition: Edition, now: datetime):
    Choice.update(points=Decimal("0.25")).execute()
    with time_machine.travel(now + 10 * DAY, tick=False):
        assert rows(reader.get("/wyniki/2026"))[0][1] == "0.5"


def test_edition_without_ballots_has_a_page(reader: Visitor):
    make_edition(code="2030")
    assert "0 people have voted." in reader.get("/wyniki/2030").text


def test_removed_ballot_stays_in_published_results_until_a_correction_says_so(reader: Visitor, edition: Edition, now: datetime):
    later = now + 10 * DAY
    with time_machine.travel(later, tick=False):
        published = reader.get("/wyniki/2026").text
        results_publication.keep_published(edition, now=later)
        Ballot.delete().where(Ballot.voter_key == f"{0:064d}").execute()
        results_publication.note_removed(edition)
        assert reader.get("/wyniki/2026").text == published
        seen = results_publication.find_correction(edition, now=later).digest
        results_publication.approve_correction(edition, make_officer(Role.COORDINATOR), seen=seen, now=later)
        page = reader.get("/wyniki/2026")
    assert "Corrected on June 25, 2026: 1 ballot cast from a wrongly registered account was removed." in page.text
    assert "1 person has voted." in page.text and rows(page)[0][1:3] == ["3", "1"]
    assert "June 15, 2026" not in page.text and "III Okolica 0" not in page.text


def test_results_that_are_kept_look_like_those_that_are_counted(reader: Visitor, edition: Edition, now: datetime):
    Choice.update(points=Decimal("0.25")).execute()
    with time_machine.travel(now + 10 * DAY, tick=False):
        published = reader.get("/wyniki/2026").text
        results_publication.keep_published(edition, now=now + 10 * DAY)
        assert reader.get("/wyniki/2026").text == published


def test_unknown_edition_has_none(reader: Visitor, edition: Edition, now: datetime):
    with time_machine.travel(now + 10 * DAY, tick=False):
        page = reader.get("/wyniki/1999", status=404)
    assert page.heading == "There is no such page" and edition.name not in page.text


def test_menu_leads_to_the_results_of_the_current_edition(reader: Visitor, edition: Edition):
    assert reader.get("/").soup.select_one("nav.app-nav a[href='/wyniki/2026']")
