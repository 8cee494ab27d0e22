"""The ballot in three steps, as a resident without scripts meets it."""

import logging
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from portal import cache, clock
from portal.crypto import keyring
from portal.models import Account, Ballot, BallotDraft, Choice, Edition, Message, Proposal, Session
from portal.models.account import AccountState
from portal.models.ballot import BallotState, Channel
from portal.services import voting
from tests.factories import make_account, make_district, make_pool
from tests.page import Page, Visitor
from tests.services.ballots import Voting
from tests.views.steps import full_picks, in_english, log_in

STEPS = ("/glosowanie", "/glosowanie/podsumowanie", "/glosowanie/potwierdzenie")


def stored() -> tuple[int, int, int]:
    return Ballot.select().count(), Choice.select().count(), BallotDraft.select().count()


def choose(voter: Visitor, voters: Voting, *, status: int = 200, **changed: str) -> Page:
    return voter.submit(voter.get("/glosowanie"), status=status, **{**full_picks(*voters[:2]), **changed})


def vote(voter: Visitor, voters: Voting) -> str:
    """Go through all steps and return the confirmation number."""
    page = voter.submit(choose(voter, voters), action="/glosowanie/oddaj")
    return str(page.soup.select_one(".govuk-panel strong").get_text())


def token(page: Page) -> str:
    return str(page.soup.select_one("input[name=csrf_token]")["value"])


def checked(page: Page) -> dict[str, str]:
    """Return the marks that are set on the page, as they were sent."""
    return {radio["name"].replace("-", "__"): radio["value"] for radio in page.soup.select("input[type=radio][checked]")}


def test_resident_chooses_reviews_casts_and_sees_the_state(voter: Visitor, voters: Voting):
    review = choose(voter, voters)
    assert (review.path, review.heading) == ("/glosowanie/podsumowanie", "Review your choice")
    for proposal in Proposal.select():
        assert (proposal.title in review.text) == (proposal.uid in full_picks(*voters[:2]).values())
    assert stored() == (0, 0, 1)
    confirmation = voter.submit(review, action="/glosowanie/oddaj")
    assert (confirmation.path, confirmation.heading) == ("/glosowanie/potwierdzenie", "Your ballot has been cast")
    assert len(confirmation.soup.select_one(".govuk-panel strong").get_text()) == 19
    assert stored() == (1, 6, 0)
    assert Message.select().where(Message.template == "ballot_recorded").count() == 1
    assert "Your ballot is recorded. It can be cast only once." in voter.get("/glosowanie").text


def test_confirmation_number_is_shown_once_and_is_in_no_cache(voter: Visitor, voters: Voting):
    review = choose(voter, voters)
    confirmation = voter.submit(review, action="/glosowanie/oddaj")
    number = confirmation.soup.select_one(".govuk-panel strong").get_text()
    assert confirmation.response.headers["Cache-Control"] == "no-store"
    again = voter.get("/glosowanie/potwierdzenie")
    assert again.path == "/glosowanie" and number not in again.text
    with voter.client.session_transaction() as session:
        assert number not in str(dict(session))


def test_casting_again_from_an_old_page_changes_nothing(voter: Visitor, voters: Voting):
    review = choose(voter, voters)
    voter.submit(review, action="/glosowanie/oddaj")
    page = voter.submit(review, action="/glosowanie/oddaj")
    assert page.path == "/glosowanie" and "can be cast only once" in page.text
    assert stored() == (1, 6, 0)


def test_choosing_again_after_the_cast_is_refused(voter: Visitor, voters: Voting):
    page = voter.get("/glosowanie")
    vote(voter, voters)
    page = voter.submit(page, **full_picks(*voters[:2]))
    assert "can be cast only once" in page.text
    assert stored() == (1, 6, 0)


def test_no_step_can_be_skipped(voter: Visitor, voters: Voting):
    page = voter.get("/glosowanie")
    for path in STEPS[1:]:
        assert voter.get(path).heading == "Choose your projects"
    response = voter.post("/glosowanie/oddaj", {"csrf_token": token(page), **full_picks(*voters[:2])})
    assert (response.status_code, response.headers["Location"]) == (302, "/glosowanie")
    assert stored() == (0, 0, 0)


def test_cast_takes_no_picks_but_the_reviewed_ones(voter: Visitor, voters: Voting):
    review = choose(voter, voters)
    smuggled = {slot.name: contest.proposals[3].uid for contest in voting.ballot_paper(*voters[:2]) for slot in contest.slots}
    reviewed = review.soup.select_one("input[name=reviewed]")["value"]
    voter.post("/glosowanie/oddaj", {"csrf_token": token(review), "reviewed": reviewed, **smuggled})
    assert {choice.proposal.uid for choice in Choice.select()} == set(full_picks(*voters[:2]).values())


def test_voting_asks_for_a_login_first(app: Flask, voters: Voting):
    stranger = Visitor(app)
    for path in STEPS:
        assert stranger.get(path).path == "/logowanie"
    assert log_in(stranger, voters[2], path="/glosowanie").path == "/glosowanie"
    page = Visitor(app).get("/logowanie")
    for path in ("/glosowanie", "/glosowanie/oddaj"):
        assert Visitor(app).post(path, {"csrf_token": token(page)}).status_code in {302, 400}
    assert stored() == (0, 0, 0)


@pytest.mark.parametrize("path", ["/glosowanie", "/glosowanie/oddaj"])
def test_form_without_the_token_of_its_session_is_refused(voter: Visitor, voters: Voting, path: str):
    choose(voter, voters)
    for foreign in ({}, {"csrf_token": "x"}, {"csrf_token": token(Visitor(voter.app).get("/logowanie"))}):
        assert voter.post(path, {**full_picks(*voters[:2]), **foreign}).status_code == 400
    assert stored() == (0, 0, 1)


def test_casting_is_no_link(voter: Visitor, voters: Voting):
    choose(voter, voters)
    assert voter.client.get("/glosowanie/oddaj").status_code == 405
    assert stored() == (0, 0, 1)


def test_missing_marks_are_all_pointed_out_and_the_others_stay(voter: Visitor, voters: Voting):
    picks = full_picks(*voters[:2])
    missing = [list(picks)[0], list(picks)[4]]
    page = choose(voter, voters, status=400, **dict.fromkeys(missing))
    assert page.title.startswith("Error: ")
    assert page.errors == ["A citywide project is missing (points: 3).",
                           f"A project of the district {voters[1].name} is missing (points: 2)."]
    pools = page.soup.select("fieldset.app-pool")
    for at, link in enumerate(page.soup.select(".govuk-error-summary__list a")):
        assert page.errors[at] in pools[at].select_one(link["href"]).get_text()
    assert len(page.soup.select(".govuk-error-message")) == 2
    assert checked(page) == {name: uid for name, uid in picks.items() if name not in missing}
    assert stored() == (0, 0, 0)


def test_project_chosen_twice_is_pointed_out_by_its_title(voter: Visitor, voters: Voting):
    picks = full_picks(*voters[:2])
    first, second = list(picks)[:2]
    page = choose(voter, voters, status=400, **{second: picks[first]})
    title = Proposal.get(Proposal.uid == picks[first]).title
    assert page.errors == [f"A project can get points only once: “{title}” is chosen twice."]
    assert stored() == (0, 0, 0)


def test_project_of_another_district_is_refused(voter: Visitor, voters: Voting):
    foreign = make_pool(voters[0], make_district(), proposals=3)
    page = choose(voter, voters, status=400, **{list(full_picks(*voters[:2]))[3]: foreign.proposals.get().uid})
    assert page.errors == ["This project is not on this ballot."]
    assert foreign.proposals.get().title not in page.text
    assert stored() == (0, 0, 0)


def test_fields_that_the_paper_does_not_have_are_ignored(voter: Visitor, voters: Voting):
    page = choose(voter, voters, **{"p999999__3": "x", "points": "100", "account": "1", "p__": ""})
    assert page.path == "/glosowanie/podsumowanie"


def test_repeated_field_counts_once(voter: Visitor, voters: Voting):
    picks = {name.replace("__", "-"): uid for name, uid in full_picks(*voters[:2]).items()}
    repeated = [(name, uid) for name, uid in picks.items()] + [(list(picks)[0], list(picks.values())[3])]
    form = {"csrf_token": token(voter.get("/glosowanie"))}
    twice = {name: [value for key, value in repeated if key == name] for name in picks}
    response = voter.client.post("/glosowanie", data={**form, **twice})
    assert response.headers["Location"] == "/glosowanie/podsumowanie"
    assert voting.load_draft(voters[2], voters[0]) == picks


def test_choice_can_be_changed_until_it_is_cast(voter: Visitor, voters: Voting):
    choose(voter, voters)
    page = voter.get("/glosowanie")
    assert checked(page) == full_picks(*voters[:2])
    contest = voting.ballot_paper(*voters[:2])[0]
    top = contest.slots[0].name.replace("-", "__")
    voter.submit(voter.submit(page, **{top: contest.proposals[3].uid}), action="/glosowanie/oddaj")
    assert Choice.get(Choice.rank == 1, Choice.pool == contest.pool).proposal == contest.proposals[3]


def test_choice_changed_in_another_window_is_shown_again_before_it_can_be_cast(voter: Visitor, voters: Voting):
    review = choose(voter, voters)
    contest = voting.ballot_paper(*voters[:2])[0]
    choose(voter, voters, **{contest.slots[0].name.replace("-", "__"): contest.proposals[3].uid})
    page = voter.submit(review, action="/glosowanie/oddaj")
    assert page.path == "/glosowanie/podsumowanie" and "Your choice was changed after you reviewed it" in page.text
    assert contest.proposals[3].title in page.text
    assert stored() == (0, 0, 1)
    assert voter.submit(page, action="/glosowanie/oddaj").path == "/glosowanie/potwierdzenie"


@pytest.mark.parametrize("mark", ["", "x", None])
def test_cast_without_a_review_leads_to_the_review(voter: Visitor, voters: Voting, mark: str | None):
    page = voter.submit(choose(voter, voters), action="/glosowanie/oddaj", reviewed=mark)
    assert page.path == "/glosowanie/podsumowanie"
    assert stored() == (0, 0, 1)


def test_reminder_stands_on_other_pages_until_the_ballot_is_cast(voter: Visitor, voters: Voting):
    words = "Your ballot is not cast yet"
    assert words not in voter.get("/").soup.header.get_text()
    choose(voter, voters)
    for path in ("/", "/projekty", "/moje-konto", "/aktualnosci"):
        page = voter.get(path)
        assert words in page.soup.header.get_text()
        assert page.soup.select_one(".app-strip--reminder a")["href"] == "/glosowanie/podsumowanie"
    assert words not in voter.get("/glosowanie").soup.header.get_text()
    assert words not in Visitor(voter.app).get("/").soup.header.get_text()
    with time_machine.travel(voters[0].voting_to + timedelta(seconds=1), tick=False):
        late = in_english(Visitor(voter.app))
        log_in(late, voters[2])
        assert words not in late.get("/").soup.header.get_text()
    voter.submit(voter.get("/glosowanie/podsumowanie"), action="/glosowanie/oddaj")
    assert words not in voter.get("/").soup.header.get_text()


def state(voter: Visitor, account: Account) -> str:
    """Return what the page of voting says at this moment to somebody who logs in now."""
    window = in_english(Visitor(voter.app))
    log_in(window, account)
    return window.get("/glosowanie").text


@pytest.mark.parametrize(("days", "said"), [
    (-30, "Voting will be open from"), (8, "Voting ended on"), (12, "Voting has ended. See the results")])
def test_page_says_where_the_calendar_stands(voter: Visitor, voters: Voting, days: int, said: str):
    edition, _, account = voters
    Edition.update(results_on=edition.voting_to + timedelta(days=4)).execute()
    with time_machine.travel(edition.voting_from + timedelta(days=days), tick=False):
        assert said in state(voter, account)
        told = in_english(Visitor(voter.app)).get("/glosowanie")
        assert said in told.text and told.path == "/glosowanie", "strangers read it too"
        assert told.response.headers["Cache-Control"].startswith("public")


def test_draft_cannot_be_cast_a_second_late(voter: Visitor, voters: Voting):
    edition, _, account = voters
    with time_machine.travel(edition.voting_to, tick=False):
        log_in(voter, account)
        review = choose(voter, voters)
        with time_machine.travel(edition.voting_to + timedelta(microseconds=1), tick=False):
            page = voter.submit(review, action="/glosowanie/oddaj")
    assert "Voting has ended." in page.text
    assert stored() == (0, 0, 1)


@pytest.mark.parametrize(("given", "said"), [
    ({"state": BallotState.RECORDED}, "Your ballot is recorded. It can be cast only once. Way of voting: online"),
    ({"state": BallotState.UNDER_CHECK}, "recorded and under check"),
    ({"state": BallotState.COUNTED}, "Your ballot has been counted."),
    ({"state": BallotState.VOID, "void_reason": "podwójny <b>"}, "Your ballot is void. Reason: podwójny <b>"),
    ({"channel": Channel.PAPER}, "Way of voting: on paper")])
def test_state_of_the_own_ballot_is_told(voter: Visitor, voters: Voting, given: dict[str, str], said: str):
    vote(voter, voters)
    Ballot.update(given).execute()
    assert said in voter.get("/glosowanie").text


def test_too_young_resident_is_told_the_age(voter: Visitor, voters: Voting):
    Edition.update(minimum_age=99).execute()
    assert "In this edition one can vote from the age of 99." in voter.get("/glosowanie").text
    assert "from the age of 99" in voter.get("/glosowanie/podsumowanie").text


def test_account_frozen_on_the_way_cannot_cast(voter: Visitor, voters: Voting):
    review = choose(voter, voters)
    Account.update(state=AccountState.FROZEN).execute()
    assert voter.submit(review, action="/glosowanie/oddaj").path == "/logowanie"
    assert stored() == (0, 0, 1)


def test_portal_without_an_edition_has_nothing_to_vote_on(visitor: Visitor):
    log_in(in_english(visitor), make_account(make_district()))
    for path in STEPS[:2]:
        assert visitor.get(path, status=404).heading == "There is no such page"


def test_lost_key_of_the_edition_is_an_error_that_stores_nothing(voter: Visitor, voters: Voting, monkeypatch: pytest.MonkeyPatch):
    review = choose(voter, voters)
    monkeypatch.setitem(voter.app.config, "PROPAGATE_EXCEPTIONS", False)
    key = voters[0].ballot_key
    keyring.path(key).unlink()
    monkeypatch.setattr(keyring, "_keys", {name: value for name, value in keyring._keys.items() if name[1] != key})
    page = voter.submit(review, action="/glosowanie/oddaj", status=500)
    assert page.heading == "Something went wrong on our side"
    assert stored() == (0, 0, 1)


def test_queue_out_of_reach_does_not_hide_the_confirmation_of_a_cast_ballot(voter: Visitor, voters: Voting,
                                                                            monkeypatch: pytest.MonkeyPatch):
    def fail() -> None:
        raise ConnectionError("no queue")
    monkeypatch.setattr("portal.messaging.outbox._listeners", [fail])
    assert len(vote(voter, voters)) == 19
    assert stored() == (1, 6, 0)


def test_choices_are_neither_logged_nor_written_into_addresses(voter: Visitor, voters: Voting, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    review = choose(voter, voters)
    number = voter.submit(review, action="/glosowanie/oddaj").soup.select_one(".govuk-panel strong").get_text()
    for secret in (number, *full_picks(*voters[:2]).values()):
        assert secret not in caplog.text and secret not in review.response.request.url


def test_cached_paper_shows_everybody_the_own_marks_district_and_token(app: Flask, voters: Voting,
                                                                       monkeypatch: pytest.MonkeyPatch):
    """With the caches on, as in production, what residents share is the paper alone."""
    monkeypatch.setattr(cache, "SECONDS", 60)
    edition, district, first = voters
    elsewhere = make_district()
    make_pool(edition, elsewhere, proposals=4)
    visitors = [in_english(Visitor(app)) for _ in range(3)]
    for visitor, account in zip(visitors, (first, make_account(district), make_account(elsewhere)), strict=True):
        log_in(visitor, account)
    choose(visitors[0], voters)
    pages = [visitor.get("/glosowanie") for visitor in visitors]
    assert checked(pages[0]) == full_picks(edition, district)
    assert checked(pages[1]) == checked(pages[2]) == {}
    assert district.name in pages[1].text and district.name not in pages[2].text and elsewhere.name in pages[2].text
    tokens = [{field["value"] for field in page.soup.select("input[name=csrf_token]")} for page in pages]
    assert [len(own) for own in tokens] == [1, 1, 1] and len(set.union(*tokens)) == 3
    for visitor, page, place in zip(visitors, pages, (district, district, elsewhere), strict=True):
        assert visitor.submit(page, **full_picks(edition, place)).path == "/glosowanie/podsumowanie"


def test_cached_paper_warns_everybody_when_the_own_session_ends(app: Flask, voters: Voting, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "SECONDS", 60)
    _edition, district, first = voters
    visitors = [Visitor(app), Visitor(app)]
    for visitor, account in zip(visitors, (first, make_account(district)), strict=True):
        log_in(visitor, account)
    old = clock.now() - timedelta(hours=11, minutes=50)
    Session.update(created_at=old).where(Session.account == first).execute()
    warnings = [visitor.get("/glosowanie").soup.select_one("[data-session]") for visitor in visitors]
    assert [warning["class"][1] for warning in warnings] == ["app-session--in-8", "app-session--in-28"]
    assert [len(warning.select("form")) for warning in warnings] == [0, 1], "twelve hours cannot be extended"


def test_text_of_a_project_is_shown_as_text_on_the_ballot(voter: Visitor, voters: Voting):
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    Proposal.update(title=evil).execute()
    assert not voter.get("/glosowanie").soup.select("main script, main img")
    review = choose(voter, voters)
    assert not review.soup.select("main script, main img") and evil in review.text
