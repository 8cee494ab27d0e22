"""What the assessment of an edition rests on: units, questions, days; and its end, the lot."""

from datetime import datetime

import pytest

from portal.models import AuditEntry, Card, Criterion, Edition, Officer, Proposal, Unit
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment, proposals_lot
from tests.admin.assessing import DESK
from tests.admin.conftest import Enter
from tests.admin.desk import audited, errors
from tests.admin.test_changes import NEW
from tests.browser.words import pl
from tests.factories import make_edition, make_officer
from tests.services.assessing import SEED, fill, in_state, make_assessing, make_draft, make_unit

LOT = "/admin/edycje/losowanie/?id="


def test_an_edition_made_in_the_panel_has_its_questions_and_days(enter: Enter) -> None:
    coordinator = enter(Role.COORDINATOR)
    form = coordinator.get("/admin/edycje/new/")
    assert [form.soup.select_one(f"#{name}")["value"] for name in ("support_days", "assessment_days", "protest_days")] == [
        "7", "30", "10"]
    for days in ("0", "366", "9" * 400):
        assert errors(coordinator.submit(form, **NEW, assessment_days=days))
    coordinator.submit(form, **NEW, assessment_days="21")
    edition = Edition.get(Edition.code == "2031")
    assert (edition.assessment_days, edition.criteria.count()) == (21, 18)
    coordinator.submit(coordinator.get(f"/admin/edycje/edit/?id={edition.id}"), name="Inna nazwa")
    assert Criterion.select().count() == 18, "an edition gets them once"


def test_questions_are_changed_added_and_deleted_and_each_is_audited(enter: Enter, now: datetime) -> None:
    edition = make_assessing()
    assessment.seed_criteria(edition)
    other, coordinator = make_assessing(), enter(Role.COORDINATOR)
    proposal = in_state(ProposalState.SUBMITTED, now, edition)
    card = fill(proposal, make_officer(Role.COORDINATOR), now)
    page = coordinator.get(f"/admin/pytania/?flt_edition={edition.id}")
    assert len(page.soup.select("tbody tr")) == 18
    assert not coordinator.get(f"/admin/pytania/?flt_edition={other.id}").soup.select("tbody tr")
    first = Criterion.get(Criterion.is_formal, Criterion.position == 1)
    saved = coordinator.submit(coordinator.get(f"/admin/pytania/edit/?id={first.id}"), question="Czy w terminie?")
    deleted = coordinator.submit(page, action="/admin/pytania/delete/", id=str(first.id))
    added = coordinator.submit(coordinator.get("/admin/pytania/new/"), edition=str(edition.id), is_formal="y", position="9",
                               question="Czy są podpisy?")
    for done, said in ((saved, "Your changes are saved."), (deleted, "The entry is deleted."), (added, "The entry is added.")):
        assert done.soup.select_one(".alert-success").get_text() == pl(said)
    asked = list(assessment.questions_of(proposal, None).values())
    assert len(asked) == 8 and asked[-1] == "Czy są podpisy?" and "Czy w terminie?" not in asked
    assert card.answers.count() == 8, "cards that are filled in keep their questions"
    assert audited("criterion deleted") == [
        {"actor": f"officer:{coordinator.officer.uid}", "subject": f"edition:{edition.code}",
         "detail": {"text": "Czy w terminie?"}}]
    assert AuditEntry.select().where(AuditEntry.action.in_(["criterion changed", "criterion created"])).count() == 2


def test_questions_are_not_deleted_by_reading_or_without_their_id(enter: Enter) -> None:
    assessment.seed_criteria(make_assessing())
    coordinator = enter(Role.COORDINATOR)
    assert coordinator.client.get("/admin/pytania/delete/?id=1").status_code == 405
    for id in ("", "abc", "0", "99999999999999999999"):
        coordinator.send("/admin/pytania/delete/", id=id)
    assert Criterion.select().count() == 18


def test_units_have_each_a_name_of_its_own(enter: Enter) -> None:
    coordinator = enter(Role.COORDINATOR)
    form = coordinator.get("/admin/jednostki/new/")
    coordinator.submit(form, name="Zarząd Zieleni")
    page = coordinator.submit(form, name="Zarząd Zieleni")
    assert errors(page) == [f"{pl('Unit' + chr(39) + 's name')}: {pl('There already is a unit with this name.')}"]
    assert [unit.name for unit in Unit.select()] == ["Zarząd Zieleni"]


def test_an_administrator_says_to_which_unit_a_verifier_belongs(enter: Enter, now: datetime) -> None:
    unit, officer = make_unit(), make_officer(Role.VERIFIER, name="Ewa Lis")
    in_state(ProposalState.SUBMITTED, now)
    hers, administrator = enter(officer=officer), enter(Role.ADMINISTRATOR)
    assert hers.get(DESK).soup.select("tbody tr")
    administrator.submit(administrator.get(f"/admin/urzednicy/edit/?id={officer.id}"), unit=str(unit.id))
    assert Officer.get_by_id(officer.id).unit == unit
    assert not hers.get(DESK).soup.select("tbody tr"), "it counts at once"
    rows = {row.select_one(".col-name").get_text(): row.select_one(".col-unit_name").get_text()
            for row in administrator.get("/admin/urzednicy/").soup.select("tbody tr")}
    assert rows["Ewa Lis"] == "Zarząd Zieleni"


def test_the_lot_is_drawn_with_the_seed_that_is_typed(enter: Enter, now: datetime) -> None:
    edition, coordinator = make_assessing(), enter(Role.COORDINATOR)
    rows = [make_draft(edition, state=ProposalState.ADMITTED) for _ in range(3)]
    page = coordinator.get(coordinator.get("/admin/edycje/").soup.select_one("a[href*=losowanie]")["href"])
    for seed in ("", "x" * 101, "a\nb\n c d e f g", "1234 żółw", "1234567"):
        page = coordinator.submit(page, status=409 if seed == "1234567" else 400, seed=seed)
    assert errors(page) == [pl(proposals_lot.TOO_SHORT)] and page.soup.select_one("#seed")["value"] == "1234567"
    coordinator.submit(page, seed=f" {SEED} ")
    assert Edition.get().order_seed == SEED and sorted(Proposal.get_by_id(row.id).ballot_order for row in rows) == [1, 2, 3]
    assert SEED in coordinator.get(f"/admin/edycje/details/?id={edition.id}").text
    assert not coordinator.get("/admin/edycje/").soup.select("a[href*=losowanie]")
    again = coordinator.submit(coordinator.get(f"{LOT}{edition.id}"), status=409, seed="another lot")
    assert errors(again) == [pl(proposals_lot.DRAWN_ALREADY)]


def test_a_lot_too_early_or_too_late_is_refused_in_words(enter: Enter, now: datetime) -> None:
    edition, coordinator = make_assessing(), enter(Role.COORDINATOR)
    in_state(ProposalState.SUBMITTED, now, edition)
    page = coordinator.submit(coordinator.get(f"{LOT}{edition.id}"), status=409, seed=SEED)
    assert errors(page) == [pl(proposals_lot.NOT_ALL_DECIDED)]
    voting = make_edition()
    page = coordinator.submit(coordinator.get(f"{LOT}{voting.id}"), status=409, seed=SEED)
    assert errors(page) == [pl(proposals_lot.VOTING_BEGUN)]
    assert not Edition.select().where(Edition.order_seed.is_null(False)).exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.COORDINATOR])
def test_nobody_else_draws_the_lot(enter: Enter, role: Role) -> None:
    edition = make_assessing()
    assert enter(role).send(f"{LOT}{edition.id}", seed=SEED).status_code == 404
    assert Edition.get().order_seed is None and not Card.select().exists()
