"""The ballot page half-way, without scripts: what is looked for, marked, taken back and saved for later."""

import logging

import pytest

from portal.models import Ballot, BallotDraft, Proposal
from portal.services import voting
from tests.page import Page, Visitor
from tests.services.ballots import Voting
from tests.views.steps import full_picks
from tests.views.test_voting import checked


@pytest.fixture
def marks(voters: Voting) -> dict[str, str]:
    """The first two marks of the citywide list."""
    return dict(list(full_picks(*voters[:2]).items())[:2])


def listed(page: Page) -> set[str]:
    return {radio["value"] for radio in page.soup.select(".app-row input")}


def basket(page: Page) -> list[str]:
    """Return what the basket says of each mark."""
    return [" ".join(item.get_text().split()) for item in page.soup.select("[data-slot]")]


def test_search_keeps_what_is_marked_and_shows_it_whatever_is_looked_for(voter: Visitor, voters: Voting, marks: dict[str, str]):
    sought = voting.ballot_paper(*voters[:2])[1].proposals[3]
    Proposal.update(title="Żółta huśtawka", categories="sport,health").where(Proposal.id == sought.id).execute()
    for what in ({"szukaj": "hustawka"}, {"szukaj": sought.number}, {"kategoria": "health"}):
        page = voter.submit(voter.get("/glosowanie"), step="find", **marks, **what)
        assert (page.status, page.heading) == (200, "Choose your projects")
        assert listed(page) == {sought.uid, *marks.values()} and checked(page) == marks
        assert "Projects shown: 3 of 8" in page.text
        assert {name: page.soup.select_one(f"[name={name}]").get("value") for name in what if name == "szukaj"} == {
            name: value for name, value in what.items() if name == "szukaj"}
    assert checked(voter.get("/glosowanie")) == marks and len(listed(voter.get("/glosowanie"))) == 8


def test_search_by_cost_and_without_a_hit(voter: Visitor, voters: Voting):
    Proposal.update(cost=5_000_00).where(Proposal.id == voting.ballot_paper(*voters[:2])[0].proposals[2].id).execute()
    assert len(listed(voter.submit(voter.get("/glosowanie"), step="find", do="5 000"))) == 1
    page = voter.submit(voter.get("/glosowanie"), step="find", szukaj="\0 nic takiego")
    assert listed(page) == set() and "Nothing here matches your search." in page.text


def test_what_somebody_looks_for_is_in_no_address_and_no_log(voter: Visitor, marks: dict[str, str],
                                                             caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    page = voter.submit(voter.get("/glosowanie"), step="find", szukaj="basen", **marks)
    assert "basen" not in caplog.text + page.response.request.url


def test_basket_names_what_is_chosen_and_what_is_missing(voter: Visitor, voters: Voting, marks: dict[str, str]):
    titles = {row.uid: row.title for row in Proposal.select()}
    page = voter.submit(voter.get("/glosowanie"), step="save", **marks)
    assert "Your choice is saved. It does not count until you cast it." in page.text
    page = voter.get("/glosowanie")
    assert "Chosen: 2 of 6" in page.text
    assert basket(page)[:3] == [*(f"{points} pts {titles[uid]} ×" for points, uid in zip((3, 2), marks.values(), strict=True)),
                                "1 pt not chosen yet ×"]
    assert len([button for button in page.soup.select("[name=remove]") if not button.has_attr("hidden")]) == 2


def test_mark_is_taken_back_without_scripts(voter: Visitor, voters: Voting, marks: dict[str, str]):
    page = voter.submit(voter.get("/glosowanie"), step="save", **marks)
    first, second = (name.replace("__", "-") for name in marks)
    page = voter.submit(page, remove=first)
    assert list(checked(page)) == list(marks)[1:] and "Chosen: 1 of 6" in page.text
    assert list(voting.load_draft(voters[2], voters[0])) == [second]
    voter.submit(page, remove=second)
    assert "Chosen: 0 of 6" in voter.get("/glosowanie").text
    assert "not cast yet" not in voter.get("/").soup.header.get_text(), "nothing waits"


def test_incomplete_choice_is_not_reviewed_and_the_reason_is_told(voter: Visitor, marks: dict[str, str]):
    voter.submit(voter.get("/glosowanie"), step="save", **marks)
    page = voter.get("/glosowanie/podsumowanie")
    assert page.path == "/glosowanie" and "A citywide project is missing (points: 1). A project of" in page.text


def test_wrong_mark_is_not_kept_half_way_either(voter: Visitor, marks: dict[str, str]):
    names = list(marks)
    page = voter.submit(voter.get("/glosowanie"), step="find", status=400, **{**marks, names[1]: marks[names[0]]})
    assert page.errors[0].startswith("A project can get points only once")
    assert BallotDraft.select().count() == 0


@pytest.mark.parametrize("step", [{}, {"step": "find"}, {"step": "save"}, {"remove": "p1-3"}])
def test_whoever_has_voted_is_told_so_whatever_is_sent(voter: Visitor, voters: Voting, step: dict[str, str]):
    page = voter.get("/glosowanie")
    review = voter.submit(page, **full_picks(*voters[:2]))
    voter.submit(review, action="/glosowanie/oddaj")
    for picks in (full_picks(*voters[:2]), {}):
        assert "can be cast only once" in voter.submit(page, **step, **picks).text
    assert (Ballot.select().count(), BallotDraft.select().count()) == (1, 0)
