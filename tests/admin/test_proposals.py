"""The list of proposals: what each officer sees of them, what waits for whom, and by when."""

import csv
import io
from datetime import datetime, timedelta

import pytest

from portal import clock
from portal.i18n import day
from portal.models import Card, Officer, Proposal
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment
from tests.admin.assessing import DESK, at, listed, of_unit, steps
from tests.admin.conftest import Enter
from tests.browser.words import pl
from tests.factories import make_officer, make_pool
from tests.services.assessing import fill, in_state, make_assessing, make_unit

SUBMITTED, TAKEN_UP = ProposalState.SUBMITTED, ProposalState.IN_ASSESSMENT


def assign(proposal: Proposal, *names: str, now: datetime) -> None:
    assessment.assign([proposal], make_officer(Role.COORDINATOR), units=[make_unit(name).id for name in names], now=now)


def test_verifiers_see_what_their_unit_is_asked_about_and_others_the_formal_side(enter: Enter, now: datetime) -> None:
    edition = make_assessing()
    asked, other, draft = (in_state(state, now, edition) for state in (TAKEN_UP, TAKEN_UP, ProposalState.DRAFT))
    assign(asked, "Zarząd Zieleni", now=now)
    assert set(listed(of_unit(enter, "Zarząd Zieleni"))) == {asked.number}
    assert set(listed(of_unit(enter, "Zarząd Dróg"))) == set()
    assert set(listed(of_unit(enter))) == {asked.number, other.number}
    assert set(listed(enter(Role.COORDINATOR))) == {asked.number, other.number}, "drafts are their authors'"
    assert enter(Role.COORDINATOR).get(at("details", draft)).path == DESK


@pytest.mark.parametrize("page", ["details", "karta", "poprawki", "papier", "decyzja", "lista"])
def test_pages_of_other_units_lead_back_to_the_list(enter: Enter, now: datetime, page: str) -> None:
    proposal, officer = in_state(TAKEN_UP, now), of_unit(enter, "Zarząd Dróg")
    assign(proposal, "Zarząd Zieleni", now=now)
    answer = officer.client.get(at(page, proposal)) if page == "details" else officer.send(at(page, proposal))
    assert (answer.status_code, answer.location) == (302, DESK)
    assert not Card.select().where(Card.officer == officer.officer).exists()


def test_verifiers_can_neither_edit_nor_export_nor_ask_units(enter: Enter, now: datetime) -> None:
    proposal, officer = in_state(SUBMITTED, now), of_unit(enter)
    page = officer.get(DESK)
    assert not page.soup.select("a[href*='/edit/'], a[href*='/export/'], #action_form, input[name=rowid]")
    assert not officer.get(at("details", proposal)).soup.select("a[href*='/edit/']")
    for path in (at("edit", proposal), f"{DESK}export/csv/", at("jednostki", proposal)):
        assert officer.client.get(path).status_code == 404, path
    for path, data in ((at("edit", proposal), {"title": "Inny"}), (at("jednostki", proposal), {"units": "1"}),
                       (f"{DESK}action/", {"action": "assign", "rowid": str(proposal.id)})):
        assert officer.send(path, **data).status_code == 404, path
    assert Proposal.get().title == proposal.title


def test_what_is_due_first_stands_first_and_is_told_in_words(enter: Enter, now: datetime) -> None:
    edition = make_assessing()
    late, soon, none = (in_state(state, now, edition) for state in (TAKEN_UP, TAKEN_UP, SUBMITTED))
    assign(late, "Zarząd Zieleni", "Zarząd Dróg", now=now)
    assign(soon, "Zarząd Zieleni", now=now)
    Card.update(due_at=now - timedelta(days=2)).where(Card.proposal == late, Card.unit == make_unit("Zarząd Zieleni")).execute()
    coordinator, roads = enter(Role.COORDINATOR), of_unit(enter, "Zarząd Dróg")
    assert listed(coordinator) == [late.number, soon.number, none.number]
    assert listed(coordinator, "sort=4&desc=1") == [soon.number, late.number, none.number]
    due = [cell.get_text(strip=True) for cell in coordinator.get(DESK).soup.select("tbody .col-due_at")]
    month = clock.end_of(clock.local(now).date() + timedelta(days=30))
    with coordinator.app.test_request_context():
        assert due == [pl("%(day)s, overdue", day=day(now - timedelta(days=2))), day(month), "–"]
        assert roads.get(DESK).soup.select_one("tbody .col-due_at").get_text(strip=True) == day(month)


def test_what_waits_for_whom_is_found(enter: Enter, now: datetime) -> None:
    edition = make_assessing()
    greens: Officer = of_unit(enter, "Zarząd Zieleni").officer
    waiting, done, bare, protested, fresh = (
        in_state(state, now, edition) for state in (TAKEN_UP, TAKEN_UP, TAKEN_UP, ProposalState.PROTESTED, SUBMITTED))
    for row in (waiting, done, fresh):
        assign(row, "Zarząd Zieleni", now=now)
    fill(done, greens, now)
    Card.update(filled_at=None, is_positive=None, officer=None).where(Card.proposal == bare).execute()
    Card.update(due_at=now - timedelta(days=1)).where(Card.proposal == waiting, Card.unit.is_null(False)).execute()
    browsers = {"greens": enter(officer=greens), "formal": of_unit(enter), "all": enter(Role.COORDINATOR)}
    found = {who: {option["value"]: set(listed(browser, f"flt_due_at={option['value']}"))
                   for option in browser.get(DESK).soup.select("#flt_due_at option") if option["value"]}
             for who, browser in browsers.items()}
    assert found["greens"] == {"mine": {waiting.number}, "overdue": {waiting.number}}
    assert found["formal"] == {"new": {fresh.number}, "mine": {bare.number}, "overdue": set()}
    assert found["all"] == {"new": {fresh.number}, "mine": {waiting.number, bare.number}, "overdue": {waiting.number},
                            "ready": {done.number, protested.number}}


def test_the_overview_counts_what_waits_and_leads_to_it(enter: Enter, now: datetime) -> None:
    proposal = in_state(TAKEN_UP, now)
    assign(proposal, "Zarząd Zieleni", now=now)
    for browser, numbers in ((of_unit(enter, "Zarząd Zieleni"), ["1", "0"]), (of_unit(enter, "Zarząd Dróg"), ["0", "0"]),
                             (enter(Role.COORDINATOR), ["0", "1", "0", "0"])):
        lines = browser.get("/admin/").soup.select("section[aria-labelledby=projects] li")
        assert [line.strong.get_text() for line in lines] == numbers
        links = [line.a["href"] for line in lines]
        kinds = ("new", "mine", "overdue", "ready") if len(numbers) == 4 else ("mine", "overdue")
        assert links == [f"{DESK}?flt_due_at={kind}" for kind in kinds]
        assert [len(listed(browser, link.partition("?")[2])) for link in links] == [int(number) for number in numbers]
    assert not enter(Role.CLERK).get("/admin/").soup.select("#projects")


def test_lists_are_filtered_by_pool_and_category(enter: Enter, now: datetime) -> None:
    edition = make_assessing()
    sport = in_state(SUBMITTED, now, edition, categories="sport,health")
    other = in_state(SUBMITTED, now, pool=make_pool(make_assessing()), categories="culture")
    coordinator = enter(Role.COORDINATOR)
    assert listed(coordinator, "flt_categories=health") == [sport.number]
    assert listed(coordinator, f"flt_pool={other.pool_id}") == [other.number]
    assert set(listed(coordinator, "flt_categories=he")) == {sport.number, other.number}, "what is no category is left out"


def test_drafts_are_exported_without_what_is_not_in_the_list(enter: Enter, now: datetime) -> None:
    in_state(SUBMITTED, now)
    answer = enter(Role.COORDINATOR).client.get(f"{DESK}export/csv/")
    assert len(next(csv.reader(io.StringIO(answer.get_data(as_text=True))))) == 7


def test_a_list_costs_the_same_however_long_it_is(enter: Enter, now: datetime, statements: list[str]) -> None:
    edition, counts = make_assessing(), []
    coordinator = enter(Role.COORDINATOR)
    for number in (2, 10):
        for _ in range(number):
            assign(in_state(TAKEN_UP, now, edition), "Zarząd Zieleni", "Zarząd Dróg", now=now)
        statements.clear()
        assert len(listed(coordinator)) in (2, 12)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_coordinators_ask_units_about_several_projects_at_once(enter: Enter, now: datetime) -> None:
    edition, unit = make_assessing(), make_unit("Zarząd Zieleni")
    rows = [in_state(state, now, edition) for state in (SUBMITTED, TAKEN_UP, ProposalState.RETURNED)]
    coordinator = enter(Role.COORDINATOR)
    answer = coordinator.send(f"{DESK}action/", action="assign", rowid=[str(row.id) for row in rows])
    page = coordinator.get(answer.location)
    assert len(page.soup.select("main form li")) == 2
    refused = coordinator.submit(page, status=400)
    assert refused.soup.select(".panel-errors") and not Card.select().where(Card.unit == unit).exists()
    coordinator.submit(page, units=str(unit.id))
    asked = {card.proposal_id for card in Card.select().where(Card.unit == unit)}
    assert asked == {rows[0].id, rows[1].id}, "what is returned is not assessed"


@pytest.mark.parametrize("ids", ["", "id=", "id=abc", "id=99999999999999999999", "id=0&id=-1"])
def test_units_are_asked_about_known_projects_only(enter: Enter, ids: str) -> None:
    answer = enter(Role.COORDINATOR).client.get(f"{DESK}jednostki/?{ids}")
    assert (answer.status_code, answer.location) == (302, DESK)


def test_a_unit_that_does_not_exist_is_not_asked(enter: Enter, now: datetime) -> None:
    proposal, coordinator = in_state(SUBMITTED, now), enter(Role.COORDINATOR)
    make_unit()
    for units in ("0", "abc", "99999999999999999999"):
        assert coordinator.send(at("jednostki", proposal), units=units).status_code == 400
    assert not Card.select().exists() and "jednostki" in steps(coordinator.get(at("details", proposal)))
