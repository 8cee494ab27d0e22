"""Turnout for everybody at any time; results only when they are published, and each project says why it is funded or not."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from flask import Flask

from portal.models import Ballot, Choice, Edition, Exclusion, Pool, Proposal
from portal.models.ballot import BallotState, Channel
from portal.models.edition import CountRule
from portal.models.staff import Role
from portal.services import results, results_publication
from tests.factories import make_district, make_edition, make_officer, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.services.ballots import publish
from tests.views.steps import in_english

DAY = timedelta(days=1)
OVERVIEW, CITYWIDE = "/wyniki/2026", "/wyniki/2026/miasto"


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


@pytest.fixture
def later(edition: Edition, now: datetime) -> Iterator[datetime]:
    """The day of the results."""
    with time_machine.travel(now + 10 * DAY, tick=False):
        yield now + 10 * DAY


def rows(page: Page, table: int = 0) -> list[list[str]]:
    """Return the cells of a table."""
    return [[" ".join(cell.get_text().split()) for cell in row.select("th, td")]
            for row in page.soup.select("table")[table].tbody.select("tr")]


def captions(page: Page) -> list[str]:
    return [" ".join(caption.get_text().split()) for caption in page.soup.select("caption")]


@pytest.mark.parametrize(("after", "public"), [(0, False), (1, False), (2, False), (10, True), (400, True)])
def test_results_are_shown_from_the_day_they_are_announced(reader: Visitor, edition: Edition, now: datetime, after: int,
                                                           public: bool, monkeypatch: pytest.MonkeyPatch):
    if after > 1:
        publish(edition, now + 2 * DAY)
    monkeypatch.setattr(results, "count_edition", None)  # Not even counted before; and read as they were published.
    with time_machine.travel(now + after * DAY, tick=False):
        page = reader.get(OVERVIEW)
        reader.get(CITYWIDE, status=200 if public else 404)
    assert page.heading == ("Results: Budżet 2026" if public else "Turnout: Budżet 2026")
    assert ("Most" in page.response.text) == public
    assert "2 people have voted." in page.text


def test_results_that_nobody_has_published_are_not_shown(reader: Visitor, edition: Edition, later: datetime):
    counted = results_publication.find_counted(edition, now=later)
    results_publication.ask_publication(edition, make_officer(Role.COORDINATOR), seen=counted.digest, now=later)
    page = reader.get(OVERVIEW)
    assert "The results are being confirmed" in page.text and "Most" not in page.response.text
    assert "The results are being confirmed." in page.soup.header.get_text()
    reader.get(CITYWIDE, status=404)


def test_imported_edition_shows_its_count_without_officers(reader: Visitor, edition: Edition, later: datetime):
    Edition.update(archived=True).execute()
    assert rows(reader.get(CITYWIDE))[0] == ["Most", "funded", "6", "2", "60 zł"]


def test_turnout_is_told_by_day_district_and_channel_while_voting_is_open(reader: Visitor, edition: Edition):
    page = reader.get(OVERVIEW)
    assert captions(page) == ["Turnout by day", "Turnout by district", "Turnout by channel"]
    assert rows(page) == [["14 June 2026", "1"], ["15 June 2026", "1"]] and rows(page, 2) == [["Online", "2"]]
    assert "III Okolica 0" in page.text
    assert "Nothing about the choices is known to anybody before voting ends." in page.text


def test_age_is_told_in_bands_of_at_least_five(reader: Visitor, edition: Edition, now: datetime):
    for number, age in enumerate([0] + [20] * 6 + [25] * 5 + [70, 75]):
        Ballot.create(edition=edition, voter_key=f"age{number}", channel=Channel.PAPER, cast_at=now, age_from=age)
    page = reader.get(OVERVIEW)
    assert captions(page)[-1] == "Turnout by age" and rows(page, 3) == [["0–24", "7"], ["25+", "7"]]


def test_each_chart_has_a_name_and_a_table_that_says_the_same(reader: Visitor, edition: Edition, later: datetime):
    publish(edition, later)
    for path in (OVERVIEW, CITYWIDE):
        page = reader.get(path)
        for chart in page.soup.select("svg.app-chart"):
            assert chart["role"] == "img" and chart["aria-label"]
            words = [text.get_text() for text in chart.select("text")]
            assert {(name, number) for name, number in zip(words[::2], words[1::2], strict=True)} <= {
                (row[0], row[-1 if len(row) == 2 else 2]) for table in range(len(captions(page))) for row in rows(page, table)}
    assert [bar.get("class") for bar in page.soup.select("rect")] == [None, ["app-chart__empty"], None, ["app-chart__empty"]]
    assert [bar["width"] for bar in page.soup.select("rect")] == ["80.00%", "53.33%", "26.67%", "0%"]


def test_overview_tells_of_each_pool_what_is_funded_for_how_much(reader: Visitor, edition: Edition, later: datetime):
    district = make_district(name="Zwierzyniec", number=7)
    make_proposal(make_pool(edition, district, budget=50_00, minimum_points=1), title="Ławka")
    publish(edition, later)
    page = reader.get(OVERVIEW)
    assert rows(page) == [["Citywide projects", "2 of 4", "100 zł of 100 zł", "2", "no other project"],
                          ["Zwierzyniec", "0 of 1", "0 zł of 50 zł", "0", "no other project"]]
    assert [link["href"] for link in page.soup.select("tbody th a")] == [CITYWIDE, "/wyniki/2026/7"]
    assert [item.get_text(strip=True) for item in page.soup.select("main ul li")] == ["Most", "Las"]
    assert reader.get("/wyniki/2026/7").heading == "Results: Zwierzyniec"
    for unknown in ("8", "citywide", "miasto2"):
        reader.get(f"/wyniki/2026/{unknown}", status=404)


def test_each_project_says_why_it_is_funded_or_not(reader: Visitor, edition: Edition, later: datetime):
    publish(edition, later)
    page = reader.get(CITYWIDE)
    assert "Money for funded projects: 100 zł of 100 zł." in page.text and "2 people chose something here." in page.text
    assert rows(page) == [
        ["Most", "funded", "6", "2", "60 zł"], ["Park", "10 zł short", "4", "2", "50 zł"],
        ["Las", "funded", "2", "2", "40 zł"], ["Staw", "excluded by Most", "0", "0", "1 zł"]]
    assert page.soup.select_one("table a")["href"] == f"/projekty/{Proposal.get(Proposal.title == 'Most').slug}"


def test_project_below_the_minimum_says_so(reader: Visitor, edition: Edition, later: datetime):
    Pool.update(minimum_points=Decimal(3)).execute()
    publish(edition, later)
    assert rows(reader.get(CITYWIDE))[2][1] == "fewer points than needed"


def test_equal_shares_say_what_the_shares_paid_for_and_what_the_rest(reader: Visitor, edition: Edition, later: datetime):
    Edition.update(count_rule=CountRule.EQUAL_SHARES).execute()
    make_proposal(edition.pools.get(), title="Skwer", number="Skwer", cost=10)
    Pool.update(budget=100_10).execute()
    publish(Edition.get(), later)
    page = reader.get(CITYWIDE)
    assert [tuple(row[:2]) for row in rows(page)] == [
        ("Most", "funded"), ("Las", "funded"), ("Park", "its voters' shares do not pay for it; 49.90 zł short"),
        ("Skwer", "funded of the money that the shares left over"), ("Staw", "excluded by Most")]
    assert "This edition counts by equal shares" in page.text


def test_other_rule_stands_beside_in_plain_words(reader: Visitor, edition: Edition, later: datetime):
    """By points two like-minded ballots take all; by equal shares the third one's money is its own."""
    ballot = Ballot.create(edition=edition, voter_key="third", channel=Channel.ONLINE, cast_at=later - 9 * DAY)
    Choice.create(ballot=ballot, proposal=Proposal.get(title="Staw"), pool=edition.pools.get(), points=1, rank=3)
    Exclusion.delete().execute()
    Proposal.update(cost=30_00).where(Proposal.title == "Staw").execute()
    publish(edition, later)
    overview, page = reader.get(OVERVIEW), reader.get(CITYWIDE)
    assert rows(overview)[0][-1] == "1 other project"
    told = page.soup.find(id="comparison").parent.get_text(" ", strip=True)
    after = " ".join(told.partition("If projects were chosen otherwise")[2].split())
    assert "These projects would be funded instead: Staw These would not be funded: Las" in after
    assert "At least one project of their choice is funded: 2 people; by the other rule: 3." in after


def test_map_shows_the_funded_projects_that_have_a_place(reader: Visitor, edition: Edition, later: datetime):
    Proposal.update(latitude=50.06, longitude=19.94).where(Proposal.title.in_(["Most", "Park"])).execute()
    publish(edition, later)
    points = reader.get(CITYWIDE).soup.select_one("[data-map]")["data-points"]
    assert "Most" in points and "Park" not in points and "50.06" in points


def test_void_ballots_are_neither_voters_nor_points(reader: Visitor, edition: Edition, later: datetime):
    Ballot.update(state=BallotState.VOID, void_reason="test").where(Ballot.voter_key == f"{0:064d}").execute()
    publish(edition, later)
    assert "1 person has voted." in reader.get(OVERVIEW).text
    assert rows(reader.get(CITYWIDE))[0][2:4] == ["3", "1"]


def test_points_with_fractions_are_written_in_full(reader: Visitor, edition: Edition, later: datetime):
    Choice.update(points=Decimal("0.25")).execute()
    publish(edition, later)
    assert rows(reader.get(CITYWIDE))[0][2] == "0.5"


def test_edition_without_ballots_has_a_page(reader: Visitor):
    make_edition(code="2030")
    assert "0 people have voted." in reader.get("/wyniki/2030").text


def test_removed_ballot_stays_in_published_results_until_a_correction_says_so(reader: Visitor, edition: Edition, later: datetime):
    publish(edition, later)
    published = [reader.get(path).text for path in (OVERVIEW, CITYWIDE)]
    Ballot.delete().where(Ballot.voter_key == f"{0:064d}").execute()
    results_publication.note_removed(edition)
    assert [reader.get(path).text for path in (OVERVIEW, CITYWIDE)] == published
    seen = results_publication.find_correction(edition, now=later).digest
    results_publication.approve_correction(edition, make_officer(Role.COORDINATOR), seen=seen, now=later)
    overview, page = reader.get(OVERVIEW), reader.get(CITYWIDE)
    for shown in (overview, page):
        assert "Corrected on 25 June 2026: 1 ballot cast from a wrongly registered account was removed." in shown.text
    assert "1 person has voted." in overview.text and rows(page)[0][2:4] == ["3", "1"]
    assert "15 June 2026" not in overview.text and "III Okolica 0" not in overview.text


def test_what_residents_typed_is_inert(reader: Visitor, edition: Edition, later: datetime):
    Proposal.update(title="<script>alert(1)</script>", latitude=50, longitude=19).where(Proposal.title == "Most").execute()
    publish(edition, later)
    for path in (OVERVIEW, CITYWIDE):
        page = reader.get(path)
        assert "<script>alert(1)</script>" in page.text and "<script>alert" not in page.response.text


def test_pages_of_results_are_kept_for_everybody(app: Flask, edition: Edition, later: datetime, statements: list[str],
                                                 monkeypatch: pytest.MonkeyPatch):
    publish(edition, later)
    monkeypatch.setattr("portal.cache.SECONDS", 60)
    for path in (OVERVIEW, CITYWIDE):
        first = Visitor(app).get(path).response
        statements.clear()
        assert Visitor(app).get(path).response.data == first.data and not statements
        assert first.headers["Cache-Control"].startswith("public")


def test_unknown_edition_has_none(reader: Visitor, edition: Edition, later: datetime):
    page = reader.get("/wyniki/1999", status=404)
    assert page.heading == "There is no such page" and edition.name not in page.text


def test_menu_leads_to_the_results_of_the_current_edition(reader: Visitor, edition: Edition):
    assert reader.get("/").soup.select_one("nav.app-nav a[href='/wyniki']")
    assert reader.get("/wyniki").heading == f"Turnout: {edition.name}"
