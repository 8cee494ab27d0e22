"""The page of a proposal and its steps: what officers read there, what they can do, and that nothing is done over a change."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Answer, Attachment, Card, CostItem, Edition, Message, Proposal, Transition
from portal.models.attachment import FileKind
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment, attachment, proposals
from tests.admin.assessing import DESK, at, facts, of_unit, steps, verifier
from tests.admin.conftest import Enter, PanelVisitor
from tests.admin.desk import audited, errors
from tests.browser.words import pl
from tests.factories import make_account, make_district, make_officer
from tests.page import Page
from tests.services.assessing import fill, in_state, make_assessing, make_draft, make_unit

SUBMITTED, TAKEN_UP = ProposalState.SUBMITTED, ProposalState.IN_ASSESSMENT
CHANGED = "This project was changed after you opened it. Nothing was done. Look at how it stands now and decide anew."
FORMAL = {SUBMITTED: {"karta", "poprawki", "papier", "decyzja"}, ProposalState.RETURNED: {"papier"}, TAKEN_UP: {"karta"}}
ALL = {SUBMITTED: {*FORMAL[SUBMITTED], "jednostki"}, ProposalState.RETURNED: {"papier"},
       TAKEN_UP: {"karta", "jednostki", "decyzja"}, ProposalState.PROTESTED: {"decyzja"}}
STEPS = {"karta", "jednostki", "poprawki", "papier", "decyzja"}
TOMORROW = (datetime(2026, 6, 16)).date()


def asked(now: datetime, *names: str, state: ProposalState = TAKEN_UP, **given: Any) -> Proposal:
    """Return a proposal about which units are asked."""
    proposal = in_state(state, now, **given)
    assessment.assign([proposal], make_officer(Role.COORDINATOR), units=[make_unit(name).id for name in names], now=now)
    return proposal


def go(officer: PanelVisitor, proposal: Proposal, page: str) -> Page:
    """Follow the link to a step on the page of a proposal."""
    details = officer.get(at("details", proposal))
    return officer.get(next(link["href"] for link in details.soup.select("a") if link["href"].startswith(f"{DESK}{page}/")))


@pytest.mark.parametrize("state", ProposalState)
def test_each_officer_is_offered_what_is_possible(enter: Enter, now: datetime, state: ProposalState) -> None:
    proposal = in_state(state, now)
    unit = make_unit("Zarząd Zieleni")
    Card.create(proposal=proposal, unit=unit, due_at=now)
    of_greens = {"karta"} if state == TAKEN_UP else set()
    for officer, offered in ((enter(Role.COORDINATOR), ALL.get(state, set())), (of_unit(enter, "Zarząd Zieleni"), of_greens)):
        assert steps(officer.get(at("details", proposal))) & STEPS == offered
    if state != ProposalState.DRAFT:
        assert steps(of_unit(enter).get(at("details", proposal))) == FORMAL.get(state, set())


@pytest.mark.parametrize("page", ["karta", "poprawki", "papier", "decyzja"])
def test_a_step_that_is_not_offered_does_nothing(enter: Enter, now: datetime, page: str) -> None:
    proposal = asked(now, "Zarząd Zieleni", state=SUBMITTED)
    officer, right = of_unit(enter, "Zarząd Zieleni"), {
        "move": "taken_up", "parts": "title", "until": f"{TOMORROW}", "words": "x", "number": "9", "is_positive": "True",
        "version": str(proposal.version)}
    for answer in (officer.client.get(at(page, proposal)), officer.send(at(page, proposal), **right)):
        assert (answer.status_code, answer.location) == (302, at("details", proposal))
    stored = Proposal.get()
    assert (stored.state, stored.version, stored.on_paper) == ("submitted", proposal.version, None)
    assert not Card.select().where(Card.filled_at.is_null(False)).exists()


def test_a_verifier_of_no_unit_begins_the_assessment_and_decides_nothing_else(enter: Enter, now: datetime) -> None:
    officer, proposal = of_unit(enter), in_state(SUBMITTED, now)
    page = go(officer, proposal, "decyzja")
    assert [box["value"] for box in page.soup.select("input[name=move]")] == ["taken_up"]
    for move in ("admitted", "refused", "drawn", "", "x"):
        officer.submit(page, status=400, move=move, words="x")
    officer.submit(page, move="taken_up")
    assert Proposal.get().state == "in_assessment"
    assert Transition.select().order_by(-Transition.id).get().officer == officer.officer


def test_too_few_supporters_are_told(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now, make_assessing(supporters_required=15)), enter(Role.COORDINATOR)
    page = officer.submit(go(officer, proposal, "decyzja"), status=409, move="taken_up")
    assert errors(page) == [pl(assessment.SUPPORT_GOES_ON, found=0, needed=15)] and Proposal.get().state == "submitted"


def test_a_refusal_without_reasons_keeps_the_choice(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(TAKEN_UP, now), enter(Role.COORDINATOR)
    page = officer.submit(go(officer, proposal, "decyzja"), status=409, move="refused")
    assert errors(page) == [f"{pl('Reasons')}: {pl(assessment.WORDS_NEEDED)}"]
    assert page.soup.select_one("input[name=move][checked]")["value"] == "refused"
    officer.submit(page, words="Grunt prywatny.")
    assert Proposal.get().state == "refused"
    assert "Grunt prywatny." in officer.get(at("details", proposal)).soup.select_one("#history + ol").get_text()


@pytest.mark.parametrize(("move", "state"), [("protest_accepted", "admitted"), ("protest_rejected", "refused")])
def test_the_council_decides_on_a_protest(enter: Enter, now: datetime, move: str, state: str) -> None:
    proposal, officer = in_state(ProposalState.PROTESTED, now), enter(Role.COORDINATOR)
    page = go(officer, proposal, "decyzja")
    assert [box["value"] for box in page.soup.select("input[name=move]")] == ["protest_accepted", "protest_rejected"]
    officer.submit(page, move=move, words="Uchwała Rady nr 7.")
    assert Proposal.get().state == state


def test_a_decision_on_what_has_changed_since_the_page_was_read_is_refused_once(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now), enter(Role.COORDINATOR)
    details = officer.get(at("details", proposal))
    assessment.return_for_correction(proposal, verifier(), words="x", parts=["title"], until=now + timedelta(days=1),
                                     version=proposal.version, now=now)
    proposals.advance(proposal, assessment.Move.CORRECTED, now=now)
    page = officer.get(next(link["href"] for link in details.soup.select("a[href*='/decyzja/']")))
    page = officer.submit(page, status=409, move="taken_up", words="Zaczynamy.")
    assert errors(page) == [pl(CHANGED)] and Proposal.get().state == "submitted"
    assert page.soup.select_one("#words").get_text().strip() == "Zaczynamy."
    officer.submit(page)
    assert Proposal.get().state == "in_assessment"


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, "0.0", "٣", "\0"])
def test_a_version_that_is_none_changes_nothing(enter: Enter, now: datetime, version: str) -> None:
    proposal, officer = in_state(SUBMITTED, now), enter(Role.COORDINATOR)
    assert officer.send(at("decyzja", proposal), move="taken_up", version=version).status_code == 409
    assert Proposal.get().state == "submitted"


def test_a_return_marks_what_is_to_be_corrected_by_when(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now), of_unit(enter)
    page = go(officer, proposal, "poprawki")
    for wrong in ({"parts": None}, {"until": ""}, {"until": "kiedyś"}, {"words": " "}, {"parts": "state"}):
        officer.submit(page, status=400, **{"parts": "title", "until": f"{TOMORROW}", "words": "Popraw.", **wrong})
    for late in ("2026-06-14", "0001-01-01"):
        page = officer.submit(page, status=409, parts="title", until=late, words="Popraw.")
        assert errors(page) == [f"{pl('Last day for the correction')}: {pl(assessment.CORRECTION_NEEDED)}"]
        assert page.soup.select_one("#words").get_text().strip() == "Popraw."
    officer.submit(page, parts=["title", "latitude,longitude"], until=f"{TOMORROW}", words="Popraw.")
    stored = Proposal.get()
    assert (stored.state, stored.to_correct) == ("returned", "title,latitude,longitude")
    assert stored.correct_until == clock.end_of(TOMORROW)


def test_the_furthest_day_of_a_calendar_is_no_error(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now), of_unit(enter)
    Edition.update(corrections_to=now.replace(year=2101)).execute()
    officer.submit(go(officer, proposal, "poprawki"), parts="title", until="9999-12-31", words="Popraw.")
    assert Proposal.get().correct_until.year == 2100


def test_an_author_sees_in_the_panel_what_was_changed_word_by_word(enter: Enter, now: datetime) -> None:
    proposal = in_state(SUBMITTED, now, summary="Ławki i drzewa przy szkole.", latitude=None, universal=None)
    CostItem.create(proposal=proposal, what="Ławki", amount=5_000_00)
    officer = of_unit(enter)
    assert not officer.get(at("details", proposal)).soup.select("#changed")
    assessment.return_for_correction(proposal, verifier(), words="x", parts=["summary", "costs"], until=now + timedelta(days=1),
                                     version=proposal.version, now=now)
    Proposal.update(summary="Ławki i <b>krzewy</b> przy szkole.", latitude=50.06, universal=True).execute()
    CostItem.update(amount=6_000_00).execute()
    page = officer.get(at("details", proposal))
    changed = {row.dt.get_text(): [(tag.name, tag.get_text()) for tag in row.select("ins, del")]
               for row in page.soup.select("section[aria-labelledby=changed] dl > div")}
    assert changed == {
        pl("Short description"): [("del", "drzewa"), ("ins", "<b>krzewy</b>")], pl("Latitude"): [("del", "–"), ("ins", "50.06")],
        pl("Universal design"): [("del", "–"), ("ins", pl("Yes"))],
        pl("Costs"): [("del", "5\xa0000\xa0zł"), ("ins", "6\xa0000\xa0zł")]}
    assert facts(page, "changed")[pl("Short description")] == "Ławki i drzewa<b>krzewy</b> przy szkole."


def test_the_difference_is_from_the_last_time_that_it_was_different(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now, title="Pierwszy"), of_unit(enter)
    for number, title in enumerate(("Drugi", "Trzeci", "Trzeci")):
        proposals.keep_revision(Proposal.get(), now=now + timedelta(minutes=number))
        Proposal.update(title=title).execute()
    proposals.keep_revision(Proposal.get(), now=now + timedelta(hours=1))
    page = officer.get(at("details", proposal))
    assert [tag.get_text() for tag in page.soup.select("del, ins")] == ["Drugi", "Trzeci"]


def test_supporters_on_paper_are_counted_and_count(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now, make_assessing(supporters_required=15)), of_unit(enter)
    page = go(officer, proposal, "papier")
    for number in ("", "-1", "10001", "9" * 400, "x", "1.5"):
        officer.submit(page, status=400, number=number)
    officer.submit(page, number="12")
    assert Proposal.get().on_paper == 12 and audited("paper list counted")[0]["detail"] == {"number": 12}
    page = officer.get(at("details", proposal))
    assert facts(page, "people")[pl("Supporters")] == pl("%(found)d of %(needed)d", found=12, needed=15)
    assert go(officer, proposal, "papier").soup.select_one("#number")["value"] == "12"


def test_paper_lists_are_shown_to_the_formal_side_by_post_and_each_view_is_audited(
        enter: Enter, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment, "read", lambda row: b"\xff\xd8" + row.name.encode())
    proposal = asked(now, "Zarząd Zieleni")
    for number, kind in enumerate((FileKind.PAPER_LIST, FileKind.ATTACHMENT, FileKind.PAPER_LIST)):
        Attachment.create(proposal=proposal, kind=kind, media="image/jpeg", name=f"{number}", size=3, uploaded_at=now)
    formal, greens = of_unit(enter), of_unit(enter, "Zarząd Zieleni")
    assert formal.get(at("details", proposal)).form(at("lista", proposal))
    assert not greens.get(at("details", proposal)).soup.select("form[action*=lista]")
    assert formal.client.get(at("lista", proposal)).status_code == 405
    assert greens.send(at("lista", proposal)).status_code == 404 and not audited("paper list viewed")
    page = Page(formal.send(at("lista", proposal)))
    assert [image["src"] for image in page.soup.select("main img")] == [
        "data:image/jpeg;base64,/9gw", "data:image/jpeg;base64,/9gy"]
    assert page.response.headers["Cache-Control"] == "no-store"
    assert audited("paper list viewed") == [{"actor": f"officer:{formal.officer.uid}", "subject": f"proposal:{proposal.uid}",
                                             "detail": {"pages": 2}}]


def test_a_unit_fills_in_its_card_and_changes_it_until_the_decision(enter: Enter, now: datetime) -> None:
    edition = make_assessing()
    assessment.seed_criteria(edition)
    proposal, officer = asked(now, "Zarząd Zieleni", edition=edition), of_unit(enter, "Zarząd Zieleni")
    page = go(officer, proposal, "karta")
    boxes = {box["name"] for box in page.soup.select("input[type=radio]")} - {"is_positive"}
    assert len(boxes) == 10
    right = {**dict.fromkeys(boxes, "yes"), "is_positive": "True", "cost": "12 000,50"}
    first = sorted(boxes)[0]
    for wrong in ({first: None}, {first: "maybe"}, {"is_positive": None}, {"is_positive": "x"}, {"cost": "dużo"},
                  {"words": "a\0"}):
        refused = officer.submit(page, status=400, **{**right, **wrong})
        assert len(errors(refused)) == 1
    refused = officer.submit(page, status=409, **{**right, "is_positive": "False"})
    assert errors(refused) == [f"{pl('Reasons')}: {pl(assessment.WORDS_NEEDED)}"]
    officer.submit(page, **right)
    again = go(officer, proposal, "karta")
    assert again.soup.select_one("#cost")["value"] == "12 000,50"
    assert {box["name"] for box in again.soup.select("input[type=radio][checked]")} == {*boxes, "is_positive"}
    officer.submit(again, is_positive="False", words="Korzenie drzew.", **{first: "unneeded"})
    card = Card.get(Card.unit.is_null(False))
    assert (card.is_positive, card.words, card.cost, Answer.select().where(Answer.card == card).count()) == (
        False, "Korzenie drzew.", 12_000_50, 10)
    told = [line.get_text() for line in officer.get(at("details", proposal)).soup.select(f"#card-{card.id} ~ ul li")]
    assert len(told) == 11 and "12\xa0000,50\xa0zł" in told[0] and any(line.endswith(pl("Not applicable")) for line in told)


def test_cards_of_other_units_are_read_and_not_written(enter: Enter, now: datetime) -> None:
    proposal = asked(now, "Zarząd Zieleni", "Zarząd Dróg")
    fill(proposal, verifier("Zarząd Dróg"), now, is_positive=False, words="Za wąski chodnik.")
    officer = of_unit(enter, "Zarząd Zieleni")
    page = officer.get(at("details", proposal))
    assert "Za wąski chodnik." in page.text and len(page.soup.select("h2[id^=card-]")) == 3
    officer.submit(go(officer, proposal, "karta"), is_positive="True")
    assert Card.get(Card.unit == make_unit("Zarząd Dróg")).words == "Za wąski chodnik."


def test_the_page_tells_who_stands_behind_a_proposal_and_what_it_costs(enter: Enter, now: datetime) -> None:
    author = make_account(make_district(), given_name="Ewa", family_name="Żuk")
    proposal = make_draft(author=author, state=SUBMITTED, categories="sport, health", latitude=50.061, longitude=19.937,
                          universal=False, universal_why="Teren zabytkowy.", description="<script>alert(1)</script>")
    CostItem.create(proposal=proposal, what="Ławki", amount=5_000_00)
    page = enter(Role.COORDINATOR).get(at("details", proposal))
    assert "Ewa Żuk" in facts(page, "people").values() and "Ławki" in facts(page, "costs")
    told = facts(page, "texts")
    assert told[pl("Categories")] == f"{pl('Sport')}, {pl('Health')}" and told[pl("Point on the map")] == "50.06100, 19.93700"
    assert told[pl("Universal design")] == "Teren zabytkowy." and told[pl("Description")] == "<script>alert(1)</script>"
    assert not page.soup.select("main script")


def test_letters_go_out_with_each_decision_and_none_with_a_card(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now), enter(Role.COORDINATOR)
    before = Message.select().count()
    officer.submit(go(officer, proposal, "karta"), is_positive="True")
    assert Message.select().count() == before
    officer.submit(go(officer, proposal, "decyzja"), move="taken_up")
    officer.submit(go(officer, proposal, "decyzja"), move="admitted")
    assert Message.select().count() == before + 2 and Proposal.get().state == "admitted"
