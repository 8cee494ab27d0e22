"""Saving in the panel: audited, guarded against one another's changes, and explained when the database refuses."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal import clock
from portal.crypto import keyring
from portal.models import AuditEntry, Ballot, District, Edition, Officer, Pool, Proposal
from portal.models.proposal import CostItem
from portal.models.staff import Role
from portal.services import audit
from tests.admin.conftest import Enter
from tests.factories import make_edition, make_officer, make_pool, make_proposal
from tests.page import Page


def coming(**given: Any) -> Edition:
    """An edition whose voting begins in ten days."""
    start = clock.now() + timedelta(days=10)
    return make_edition(voting_from=start, voting_to=start + timedelta(days=7), results_on=start + timedelta(days=9), **given)


def problems(page: Page) -> list[str]:
    return [item.get_text() for item in page.soup.select(".panel-errors li")]


NEW = {"code": "2031", "name": "Budżet 2031", "voting_from": "2031-06-01T00:00:00", "voting_to": "2031-06-15T23:59:59",
       "results_on": "2031-07-01T12:00"}


def test_a_change_is_saved_with_an_entry_that_names_the_fields_only(enter: Enter) -> None:
    proposal = make_proposal(make_pool(coming()), cost=1_500_050, state="admitted", description="Raz\n\ndwa")
    coordinator = enter(Role.COORDINATOR)
    form = coordinator.get(f"/admin/projekty/edit/?id={proposal.id}")
    assert form.soup.select_one("#cost")["value"] == "15 000,50"
    coordinator.submit(form, title="Ławki nad Wisłą", cost="1 250 000,5 zł", description="Raz\r\n\r\ndwa")
    stored = Proposal.get_by_id(proposal.id)
    assert (stored.title, stored.cost, stored.description) == ("Ławki nad Wisłą", 125_000_050, "Raz\n\ndwa")
    entry = AuditEntry.get()
    assert (entry.actor, entry.action, entry.subject) == (
        f"officer:{coordinator.officer.uid}", "proposal changed", f"proposal:{proposal.uid}")
    assert json.loads(entry.detail) == {"fields": ["cost", "title"]}
    assert audit.verify() == []


def test_saving_without_a_change_leaves_no_entry(enter: Enter) -> None:
    edition = coming(proposals_to=clock.end_of(clock.now().date()))
    coordinator = enter(Role.COORDINATOR)
    coordinator.submit(coordinator.get(f"/admin/edycje/edit/?id={edition.id}"))
    assert AuditEntry.select().count() == 0
    assert Edition.get_by_id(edition.id).proposals_to == edition.proposals_to


def test_a_stale_form_overwrites_nothing_and_loses_nothing(enter: Enter) -> None:
    proposal = make_proposal(make_pool(coming()))
    first, second = enter(Role.COORDINATOR), enter(Role.COORDINATOR)
    path = f"/admin/projekty/edit/?id={proposal.id}"
    old = first.get(path)
    second.submit(second.get(path), title="Drugi tytuł")
    page = first.submit(old, title="Pierwszy tytuł", place="Rynek")
    assert Proposal.get_by_id(proposal.id).title == "Drugi tytuł"
    assert "Drugi tytuł" in page.soup.select_one("#title-error").get_text()
    assert page.soup.select_one("#title")["value"] == "Pierwszy tytuł"
    first.submit(page)
    stored = Proposal.get_by_id(proposal.id)
    assert (stored.title, stored.place) == ("Pierwszy tytuł", "Rynek")


def test_only_the_fields_of_the_form_can_be_sent(enter: Enter) -> None:
    proposal = make_proposal(make_pool(coming()), state="admitted")
    coordinator = enter(Role.COORDINATOR)
    form = coordinator.get(f"/admin/projekty/edit/?id={proposal.id}")
    coordinator.submit(form, title="Inny", state="funded", number="X", id="7", uid="x")
    stored = Proposal.get_by_id(proposal.id)
    assert (stored.title, stored.state, stored.number, stored.uid) == ("Inny", "admitted", proposal.number, proposal.uid)


def test_proposals_and_pools_stand_once_voting_has_begun(enter: Enter) -> None:
    pool = make_pool(make_edition(), proposals=1)
    coordinator = enter(Role.COORDINATOR)
    for table, row in (("projekty", Proposal.get()), ("pule", pool)):
        page = coordinator.get(f"/admin/{table}/edit/?id={row.id}")
        assert page.path == f"/admin/{table}/details/"
        assert not coordinator.get(f"/admin/{table}/").soup.select("a[href*='/edit/']")
        coordinator.send(f"/admin/{table}/edit/?id={row.id}", title="Nowy", cost="1", budget="1")
    assert (Proposal.get().title, Pool.get().budget) != ("Nowy", 100)
    assert AuditEntry.select().count() == 0


def test_voting_that_has_ballots_is_prolonged_but_never_shortened(enter: Enter) -> None:
    """Whoever could end it early could count early."""
    edition = make_edition()
    Ballot.create(edition=edition, voter_key="k", channel="online", cast_at=clock.now())
    coordinator, path, end = enter(Role.COORDINATOR), f"/admin/edycje/edit/?id={edition.id}", edition.voting_to
    earlier, later = (clock.local(end + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M") for days in (-3, 3))
    page = coordinator.submit(coordinator.get(path), voting_to=earlier)
    assert len(problems(page)) == 1 and Edition.get_by_id(edition.id).voting_to == end
    coordinator.submit(coordinator.get(path), voting_to=later, results_on=later)
    assert Edition.get_by_id(edition.id).voting_to > end


def test_a_cost_that_follows_from_an_estimate_is_not_typed(enter: Enter) -> None:
    proposal = make_proposal(make_pool(coming()))
    CostItem.create(proposal=proposal, what="Ławki", amount=proposal.cost)
    form = enter(Role.COORDINATOR).get(f"/admin/projekty/edit/?id={proposal.id}")
    assert form.soup.select_one("#title") and not form.soup.select_one("#cost")


def test_a_new_edition_gets_its_key_its_lot_and_an_entry(enter: Enter) -> None:
    coordinator = enter(Role.COORDINATOR)
    coordinator.submit(coordinator.get("/admin/edycje/new/"), **NEW)
    edition = Edition.get(Edition.code == "2031")
    assert len(keyring.get(edition.ballot_key)) == 32
    assert len(edition.lot_seed) > 20
    assert edition.voting_from == datetime(2031, 5, 31, 22, tzinfo=UTC)
    assert edition.voting_to == datetime(2031, 6, 15, 21, 59, 59, 999999, tzinfo=UTC)
    assert AuditEntry.get().action == "edition created"


@pytest.mark.parametrize(("typed", "problem"), [
    ({"voting_to": "2031-05-01T00:00"}, "Głosowanie do: Koniec głosowania musi być późniejszy niż jego początek."),
    ({"results_on": "2031-06-14T00:00"}, "Ogłoszenie wyników"),
    ({"proposals_from": "2031-02-01T00:00", "proposals_to": "2031-01-01T00:00"}, "Zgłaszanie projektów do"),
    ({"citywide_picks": "21"}, "Liczba wybieranych projektów ogólnomiejskich"),
    ({"citywide_picks": "99999999999999999999"}, "Liczba wybieranych projektów ogólnomiejskich"),
    ({"citywide_picks": ""}, "Liczba wybieranych projektów ogólnomiejskich"),
    ({"minimum_age": "121"}, "Minimalny wiek"),
    ({"minimum_age": "-1"}, "Minimalny wiek"),
    ({"voting_from": "2031-03-30T02:30"}, "Głosowanie od"),
    ({"voting_from": "kiedyś"}, "Głosowanie od"),
    ({"voting_from": "0001-01-01T00:00"}, "Głosowanie od"),
    ({"voting_from": ""}, "Głosowanie od"),
    ({"code": "Rok 2031"}, "Kod"),
    ({"code": "2026"}, "Kod"),
    ({"code": "x" * 21}, "Kod"),
    ({"name": " "}, "Nazwa edycji"),
    ({"name": "a\x00b"}, "Nazwa edycji"),
    ({"name": "a\u202eb"}, "Nazwa edycji"),
    ({"count_rule": "lottery"}, "Zasada ustalania wyników"),
])
def test_what_makes_no_sense_is_said_beside_its_field(enter: Enter, typed: dict[str, str], problem: str) -> None:
    make_edition(code="2026")
    coordinator = enter(Role.COORDINATOR)
    page = coordinator.submit(coordinator.get("/admin/edycje/new/"), **{**NEW, **typed})
    assert page.path == "/admin/edycje/new/" and page.title.startswith("Błąd")
    assert [text for text in problems(page) if text.startswith(problem)], problems(page)
    for name, value in typed.items():
        control = page.soup.select_one(f"input#{name}")
        assert control is None or "\x00" in value or control["value"] == value.strip()
    assert (Edition.select().count(), AuditEntry.select().count()) == (1, 0)


def test_ballots_fix_what_they_depend_on(enter: Enter) -> None:
    edition = make_edition()
    Ballot.create(edition=edition, voter_key="k", channel="online", cast_at=clock.now())
    coordinator = enter(Role.COORDINATOR)
    form = coordinator.get(f"/admin/edycje/edit/?id={edition.id}")
    assert not form.soup.select("#code, #voting_from, #citywide_picks, #all_required")
    coordinator.submit(form, name="Nowa nazwa", citywide_picks="7", code="other")
    stored = Edition.get_by_id(edition.id)
    assert (stored.name, stored.citywide_picks, stored.code, stored.all_required) == ("Nowa nazwa", 3, edition.code, True)


def test_there_is_one_pool_per_district_and_one_citywide(enter: Enter) -> None:
    edition, district = coming(), District.create(number=4, name="Prądnik Biały")
    coordinator = enter(Role.COORDINATOR)
    for chosen in ("", str(district.id)):
        typed = {"edition": str(edition.id), "district": chosen, "budget": "1 000,01", "minimum_points": "2,5"}
        coordinator.submit(coordinator.get("/admin/pule/new/"), **typed)
        page = coordinator.submit(coordinator.get("/admin/pule/new/"), **typed)
        assert problems(page)[0].startswith("Dzielnica"), problems(page)
    assert [(pool.budget, float(pool.minimum_points)) for pool in Pool.select()] == [(100_001, 2.5)] * 2
    form = coordinator.get("/admin/pule/new/")
    for foreign in ("abc", "999999", "99999999999999999999"):
        assert problems(coordinator.submit(form, edition=foreign, budget="1"))
    assert problems(coordinator.submit(form, budget="1e9", district="")) and Pool.select().count() == 2


def test_pools_come_only_before_the_voting_and_not_into_an_archive(enter: Enter) -> None:
    District.create(number=1, name="Stare Miasto")
    District.create(number=2, name="Grzegórzki")
    voting, coordinator = make_edition(), enter(Role.COORDINATOR)
    archive = make_edition(open_now=False, archived=True)
    form = coordinator.get("/admin/pule/new/")
    assert [option["value"] for option in form.soup.select("#edition option")] == [str(voting.id)]
    assert [option.get_text() for option in form.soup.select("#district option")][1:] == ["I Stare Miasto", "II Grzegórzki"]
    for edition in (voting, archive):
        assert problems(coordinator.submit(form, edition=str(edition.id), district="", budget="1", minimum_points="0"))
    assert not Pool.select().exists()
    assert f"edit/?id={archive.id}" not in str(coordinator.get("/admin/edycje/").soup)
    assert coordinator.get(f"/admin/edycje/edit/?id={archive.id}").path.startswith("/admin/edycje/details/")


@pytest.mark.parametrize("amount", ["-1", "1,234", "12.345", "NaN", "1e5", "", "\u0661", "9" * 13, "1 000 EUR"])
def test_only_amounts_are_money(enter: Enter, amount: str) -> None:
    proposal = make_proposal(make_pool(coming()))
    coordinator = enter(Role.COORDINATOR)
    page = coordinator.submit(coordinator.get(f"/admin/projekty/edit/?id={proposal.id}"), cost=amount)
    assert problems(page)[0].startswith("Koszt") and Proposal.get_by_id(proposal.id).cost == proposal.cost


def test_a_role_is_changed_with_an_entry(enter: Enter) -> None:
    clerk, administrator = make_officer(Role.CLERK), enter(Role.ADMINISTRATOR)
    administrator.submit(administrator.get(f"/admin/urzednicy/edit/?id={clerk.id}"), role="verifier")
    assert Officer.get_by_id(clerk.id).role == Role.VERIFIER
    assert json.loads(AuditEntry.get().detail) == {"fields": ["role"]}
