"""The coordinator takes over the results of a vote, and tells how the work goes on."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from portal.models import Attachment, AuditEntry, Edition, Proposal, Session, Stage, Transition
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import implementation
from tests.admin.conftest import Enter, PanelVisitor
from tests.admin.desk import audited
from tests.factories import make_account, make_district, make_edition, make_officer, make_pool, make_proposal
from tests.page import Page, Visitor
from tests.services.ballots import publish
from tests.services.test_implementation import standing
from tests.services.test_results import contest, store
from tests.services.test_results_publication import remove
from tests.uploads import photo
from tests.views.steps import in_english

EDITIONS, PROPOSALS = "/admin/edycje/", "/admin/projekty/"


@pytest.fixture
def edition(now: datetime) -> Edition:
    """An edition with results: of 100 zł A gets 60, B would need 70."""
    edition = make_edition(open_now=False)
    store(edition, *contest(edition, 60, 70))
    publish(edition, now)
    return edition


@pytest.fixture
def coordinator(enter: Enter) -> PanelVisitor:
    return in_english(enter(Role.COORDINATOR))


@pytest.fixture
def proposal(now: datetime) -> Proposal:
    return make_proposal(make_pool(make_edition(open_now=False)), state=ProposalState.FUNDED, title="Ławki")


def at(page: str, row: Any) -> str:
    return f"{EDITIONS if isinstance(row, Edition) else PROPOSALS}{page}/?id={row.id}"


def send(officer: PanelVisitor, proposal: Proposal, status: int = 200, **typed: Any) -> Page:
    """Send what is told of a project, with what is chosen as photos."""
    data = {"csrf_token": officer.token(), "title": "Ławki stoją", "words": "", "cost": "", **typed}
    response = officer.client.post(at("etap", proposal), data=data, content_type="multipart/form-data", follow_redirects=True)
    return officer._look(response, status)


def test_coordinator_takes_over_the_results(coordinator: PanelVisitor, edition: Edition):
    page = coordinator.get(EDITIONS)
    assert page.soup.find("a", href=at("rozstrzygniecie", edition))
    page = coordinator.submit(coordinator.get(at("rozstrzygniecie", edition)))
    assert "The results are applied." in page.text and standing(edition) == ["funded", "not_funded"]
    assert {entry["subject"] for entry in audited("proposal funded")} == {f"proposal:{Proposal.get(number='A').uid}"}


def test_results_are_offered_only_when_they_are_published(coordinator: PanelVisitor, edition: Edition, now: datetime):
    for later in (True, False):
        Edition.update(results_on=now + timedelta(seconds=later)).where(Edition.id == edition.id).execute()
        assert bool(coordinator.get(EDITIONS).soup.find("a", href=at("rozstrzygniecie", edition))) is not later


def test_imported_edition_takes_its_results_over_too(coordinator: PanelVisitor, now: datetime):
    edition = make_edition(open_now=False, archived=True)
    contest(edition, 60, 60, 30)
    assert "The results are applied." in coordinator.submit(coordinator.get(at("rozstrzygniecie", edition))).text
    assert set(standing(edition)) <= {"funded", "not_funded"}


def test_results_that_wait_for_a_correction_are_refused(coordinator: PanelVisitor, edition: Edition, now: datetime):
    remove(edition, 0)
    page = coordinator.submit(coordinator.get(at("rozstrzygniecie", edition)), status=409)
    assert "they still wait for a correction" in page.soup.select_one(".panel-errors").get_text()
    assert set(standing(edition)) == {"on_ballot"}


def test_taking_over_asks_for_the_password_anew(coordinator: PanelVisitor, edition: Edition, now: datetime):
    page = coordinator.get(at("rozstrzygniecie", edition))
    Session.update(proved_at=now - timedelta(minutes=31)).execute()
    assert coordinator.submit(page).path == "/admin/potwierdz/"
    assert set(standing(edition)) == {"on_ballot"}


def test_first_news_begins_the_work_and_is_public(coordinator: PanelVisitor, proposal: Proposal, visitor: Visitor):
    assert coordinator.get(at("details", proposal)).soup.find("a", string="Tell how the work goes on")
    page = send(coordinator, proposal, title="Ławki stoją", words="Dwie\nławki", cost="1 000,50",
                photo_1=(BytesIO(photo()), "a.jpg"), shows_1="Ławka pod lipą")
    assert "Ławki stoją" in page.text and "Photo: Ławka pod lipą" in page.text and Proposal.get().state == "in_progress"
    public = in_english(visitor).get(f"/projekty/{proposal.slug}")
    image = public.soup.select_one(".app-photo")
    assert (image["alt"], image["width"], image["height"]) == ("Ławka pod lipą", "480", "360")
    assert "Cost so far: 1,000.50" in public.text.replace("\xa0", " ") and "Dwie" in public.text
    response = visitor.client.get(image["src"])
    assert response.status_code == 200 and response.mimetype == "image/jpeg"


@pytest.mark.parametrize(("typed", "problem"), [
    ({"title": ""}, "Write what is done."),
    ({"cost": "dużo"}, "Enter an amount"),
    ({"photo_2": "a.jpg"}, "Write what each photo shows"),
    ({"photo_1": "a.gif", "shows_1": "Ławka"}, "This is not a JPEG, PNG or PDF file"),
])
def test_mistakes_leave_nothing_behind_and_what_was_typed_stays(
        coordinator: PanelVisitor, proposal: Proposal, typed: dict[str, Any], problem: str):
    files = {name: (BytesIO(photo()), file) for name, file in typed.items() if name.startswith("photo")}
    page = send(coordinator, proposal, 400, words="Dwie ławki.", **{**typed, **files})
    assert problem in page.soup.select_one(".panel-errors").get_text()
    assert "Dwie ławki." in page.soup.select_one("[name=words]").get_text()
    assert Stage.select().count() == Attachment.select().count() == 0 and Proposal.get().state == "funded"


def test_stage_is_deleted(coordinator: PanelVisitor, proposal: Proposal):
    send(coordinator, proposal)
    other = make_proposal(proposal.pool, state=ProposalState.IN_PROGRESS)
    foreign = Stage.create(proposal=other, at=proposal.pool.edition.voting_to, title="Obcy")
    for stage in ("", "x", str(foreign.id)):
        coordinator.send(at("usun-etap", proposal), stage=stage)
    assert Stage.select().count() == 2
    page = coordinator.submit(coordinator.get(at("details", proposal)), action=at("usun-etap", proposal))
    assert "The stage is removed." in page.text and [stage.title for stage in Stage.select()] == ["Obcy"]


@pytest.mark.parametrize(("move", "words", "state"), [("done", "", "done"), ("abandoned", "Brak miejsca.", "abandoned")])
def test_work_ends(coordinator: PanelVisitor, proposal: Proposal, move: str, words: str, state: str):
    send(coordinator, proposal)
    page = coordinator.submit(coordinator.get(at("koniec", proposal)), move=move, words=words)
    assert page.path.endswith("/details/") and Proposal.get().state == state
    assert not page.soup.find("a", string="End the work")
    assert Transition.select().order_by(Transition.id.desc()).get().words == words
    assert [stage.title for stage, _photos in implementation.stages(Proposal.get())] == ["Ławki stoją"]


def test_giving_up_needs_reasons(coordinator: PanelVisitor, proposal: Proposal):
    page = coordinator.submit(coordinator.get(at("koniec", proposal)), move="abandoned", words="", status=409)
    assert "Write the reasons." in page.soup.select_one(".panel-errors").get_text()
    assert Proposal.get().state == "funded"


@pytest.mark.parametrize("page", ["etap", "koniec"])
@pytest.mark.parametrize("state", ["submitted", "on_ballot", "not_funded", "done"])
def test_nothing_is_told_of_what_is_not_carried_out(coordinator: PanelVisitor, proposal: Proposal, state: str, page: str):
    Proposal.update(state=state).where(Proposal.id == proposal.id).execute()
    coordinator.send(at(page, proposal), title="x", move="done", version="0")
    assert coordinator.get(at(page, proposal)).path.endswith("/details/")
    assert Proposal.get().state == state and Stage.select().count() == 0


@pytest.mark.parametrize("page", ["etap", "koniec", "usun-etap"])
def test_verifiers_tell_nothing(enter: Enter, proposal: Proposal, page: str):
    verifier = enter(Role.VERIFIER)
    assert verifier.send(at(page, proposal), title="x", move="done", version="0").status_code == 404
    assert Proposal.get().state == "funded" and Stage.select().count() == AuditEntry.select().count() == 0


def test_public_page_escapes_what_officers_write(coordinator: PanelVisitor, proposal: Proposal, visitor: Visitor):
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    send(coordinator, proposal, title=evil, words=evil, photo_1=(BytesIO(photo()), "a.jpg"), shows_1=f'"{evil}')
    page = visitor.get(f"/projekty/{proposal.slug}")
    assert evil in page.text and page.soup.select_one(".app-photo")["alt"] == f'"{evil}'


def test_officers_name_is_not_on_the_public_page(proposal: Proposal, visitor: Visitor, now: datetime):
    officer = make_officer(Role.COORDINATOR, name="Zenobia Kos")
    implementation.post_stage(proposal, officer, title="a", words="", cost=None, photos=[], now=now)
    make_account(make_district())
    assert "Zenobia" not in visitor.get(f"/projekty/{proposal.slug}").text
