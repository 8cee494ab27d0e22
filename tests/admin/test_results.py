"""Results in the panel: two officers publish them; and a correction says what changes, never how a removed ballot voted."""

from datetime import datetime, timedelta

import pytest

from portal import clock
from portal.models import AuditEntry, Ballot, Edition, JobKind, Officer, Publication
from portal.models.ballot import BallotState
from portal.models.edition import CountRule
from portal.models.staff import Role
from portal.services import jobs, results_publication
from tests.admin.conftest import Enter, PanelVisitor
from tests.browser.words import pl
from tests.factories import make_district, make_edition, make_officer, make_pool, make_proposal
from tests.services.ballots import publish
from tests.services.test_results import contest, store
from tests.views.steps import in_english

LIST = "/admin/wyniki/"


def recount(edition: Edition, officer: Officer) -> None:
    """Let the worker count the ballots, as an officer asks for it in the panel."""
    jobs.ask(JobKind.COUNT, officer, about=edition.code, now=clock.now())
    assert jobs.run_waiting(clock=clock.now) == 1


@pytest.fixture
def counted(now: datetime, enter: Enter) -> Edition:
    """An edition whose voting has ended, with three ballots; B goes before A."""
    edition = make_edition(open_now=False, name="Budżet 2026")
    a, b = contest(edition, 60, 60)
    make_proposal(make_pool(edition, make_district(name="Zwierzyniec")))
    store(edition, a, b)
    store(edition, b, a)
    store(edition, b)
    recount(edition, make_officer(Role.COORDINATOR))
    return edition


@pytest.fixture
def edition(counted: Edition, now: datetime) -> Edition:
    """Published results that count two ballots which were removed since; without them, A goes before B."""
    publish(counted, now)
    Ballot.delete().where(Ballot.voter_key.in_([f"{1:064d}", f"{2:064d}"])).execute()
    results_publication.note_removed(counted)
    results_publication.note_removed(counted)
    return counted


@pytest.fixture
def coordinator(enter: Enter) -> PanelVisitor:
    return enter(Role.COORDINATOR)


def path(page: str = "korekta") -> str:
    return f"/admin/wyniki/{page}/?id={Edition.get().id}"


# Publication

def test_one_officer_asks_and_another_one_publishes_what_both_have_seen(enter: Enter, counted: Edition, now: datetime):
    asking, approving = in_english(enter(Role.COORDINATOR)), in_english(enter(Role.ADMINISTRATOR))
    listed = asking.get(LIST)
    assert "Not published" in listed.text
    page = asking.get(listed.soup.select_one("td.panel-actions a[href*=publikacja]")["href"])
    for shown in ("Ballots: 3", "Citywide projects: 60 zł of 100 zł", "Zwierzyniec", "20 zł short"):
        assert shown in page.text.replace("\xa0", " ")
    digest = page.soup.code.get_text()
    assert "Another officer has to approve the publication now." in asking.submit(page).text
    own = asking.get(path("publikacja"))
    assert "You have asked for the publication of this count." in own.text
    assert not own.soup.select("main button:not([name=count])")
    assert Publication.get().approved_by is None
    page = approving.get(approving.get(LIST).soup.select_one("td.panel-actions a[href*=publikacja]")["href"])
    assert asking.officer.name in page.text and page.soup.code.get_text() == digest
    done = approving.submit(page, approve="1")
    assert "The results are published." in done.text and "Published" in done.soup.select_one("tbody").get_text()
    kept = Publication.get()
    assert (kept.asked_by, kept.approved_by) == (asking.officer, approving.officer)
    assert [(row.action, row.actor) for row in AuditEntry.select().order_by(AuditEntry.sequence)][1:] == [
        (action, f"officer:{officer.officer.uid}") for action, officer in (
            ("voting closed", asking), ("publication asked for", asking), ("results published", approving))]
    assert approving.get(path("publikacja")).path == "/admin/wyniki/details/"


def test_nobody_approves_the_own_request_or_what_was_not_asked_for(enter: Enter, counted: Edition):
    coordinator = in_english(enter(Role.COORDINATOR))
    page = coordinator.get(path("publikacja"))
    assert "The count was changed" in coordinator.submit(page, approve="1").text
    coordinator.submit(page)
    assert "another officer has to approve it" in coordinator.submit(page, approve="1").text
    assert Publication.get().approved_by is None


def test_administrator_approves_but_does_not_ask(enter: Enter, counted: Edition):
    administrator = in_english(enter(Role.ADMINISTRATOR))
    page = administrator.get(path("publikacja"))
    assert "A coordinator has to ask for the publication first." in page.text and not page.soup.select("main button")
    assert "A coordinator has to ask for the publication first." in administrator.submit(page).text
    assert not Publication.select().exists()


def test_count_that_changed_after_the_request_has_to_be_asked_for_anew(enter: Enter, counted: Edition):
    asking, approving = in_english(enter(Role.COORDINATOR)), in_english(enter(Role.COORDINATOR))
    asking.submit(asking.get(path("publikacja")))
    page = approving.get(path("publikacja"))
    Ballot.delete().where(Ballot.voter_key == f"{2:064d}").execute()
    refused = approving.submit(page, approve="1")
    assert "The count was changed" in refused.text and Publication.get().approved_by is None
    recount(counted, asking.officer)
    approving.submit(approving.get(path("publikacja")))
    asking.submit(asking.get(path("publikacja")), approve="1")
    assert Publication.get().approved_by == asking.officer


def test_ballots_under_check_are_told_before(enter: Enter, counted: Edition):
    Ballot.update(state=BallotState.UNDER_CHECK).where(Ballot.voter_key == f"{2:064d}").execute()
    assert "1 ballot is under check." in in_english(enter(Role.COORDINATOR)).get(path("publikacja")).text


def test_count_by_equal_shares_is_shown_by_its_reasons(enter: Enter, counted: Edition):
    Edition.update(count_rule=CountRule.EQUAL_SHARES).execute()
    assert "its voters' shares do not pay for it" in in_english(enter(Role.COORDINATOR)).get(path("publikacja")).text


def test_editions_that_are_voted_in_or_imported_are_not_listed(enter: Enter):
    coordinator = enter(Role.COORDINATOR)
    for edition in (make_edition(), make_edition(open_now=False, archived=True)):
        assert coordinator.get(f"/admin/wyniki/publikacja/?id={edition.id}").path == LIST
    assert not coordinator.get(LIST).soup.select("tbody tr")


# Correction

def test_page_tells_what_changes_and_approves_it(coordinator: PanelVisitor, edition: Edition):
    listed = coordinator.get(LIST)
    assert "Budżet 2026" in listed.text and pl("Waits for a correction") in listed.text
    link = listed.soup.select_one("td.panel-actions a[href*=korekta]")["href"]
    page = coordinator.get(link)
    a, b = (str(proposal) for proposal in edition.pools.get().proposals.order_by("number"))
    funded, lost, moved = (part.get_text(" ", strip=True) for part in page.soup.select("section ul")[:3])
    assert (funded, lost) == (a, b)
    assert moved.split(": ")[0] == a and pl("from place %(before)d to place %(after)d", before=2, after=1) in moved
    assert page.soup.select("section")[-1].li.get_text() == "Zwierzyniec"
    done = coordinator.submit(page)
    assert pl("The published results are corrected.") in done.text and pl("Corrected") in done.text
    assert not done.soup.select("a[href*=korekta]")
    assert Publication.get().corrected_by == coordinator.officer
    assert AuditEntry.select().order_by(AuditEntry.sequence.desc()).get().actor == f"officer:{coordinator.officer.uid}"


def test_page_tells_no_points_and_no_voters(coordinator: PanelVisitor, edition: Edition):
    """Their difference would tell what the removed ballots chose."""
    text = " ".join(part.get_text(" ", strip=True) for part in coordinator.get(path()).soup.select("section"))
    for proposal in edition.pools.get().proposals:
        text = text.replace(str(proposal), "")
    for allowed in (pl("from place %(before)d to place %(after)d", before=2, after=1),
                    pl("from place %(before)d to place %(after)d", before=1, after=2)):
        text = text.replace(allowed, "")
    assert not [sign for sign in text if sign.isdigit()], text


def test_page_warns_of_what_a_comparison_tells_and_more_so_of_a_single_ballot(coordinator: PanelVisitor, edition: Edition):
    page = coordinator.get(path()).soup
    assert page.select_one("form .alert-warning") and not page.select(".alert-danger")
    Publication.update(removed=1).execute()
    page = coordinator.get(path()).soup
    assert page.select_one("form .alert-danger strong") and not page.select(".alert-warning")


def test_correction_that_is_another_by_now_is_shown_anew(coordinator: PanelVisitor, edition: Edition):
    page = coordinator.get(path())
    results_publication.note_removed(edition)
    again = coordinator.submit(page)
    assert pl(results_publication.CHANGED) in again.text
    assert Publication.get().corrected_at is None
    coordinator.submit(again)
    assert Publication.get().corrected == 3


def test_correction_that_is_made_already_leads_to_its_record(coordinator: PanelVisitor, edition: Edition):
    page = coordinator.get(path())
    coordinator.submit(page)
    again = coordinator.submit(page)
    assert again.path == "/admin/wyniki/details/" and pl(results_publication.CHANGED) in again.text
    assert AuditEntry.select().where(AuditEntry.action == "results corrected").count() == 1


def test_results_that_nothing_was_removed_from_need_none(coordinator: PanelVisitor, counted: Edition, now: datetime):
    publish(counted, now)
    assert not coordinator.get(LIST).soup.select("td.panel-actions a[href*=korekta]")
    assert coordinator.get(path()).path == "/admin/wyniki/details/"


def test_correction_is_not_listed_any_more_when_voting_is_prolonged(coordinator: PanelVisitor, edition: Edition, now: datetime):
    Edition.update(voting_to=now + timedelta(days=1), results_on=now + timedelta(days=2)).execute()
    assert not coordinator.get(LIST).soup.select("tbody tr")
    assert coordinator.get(path()).path == LIST


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_nobody_else_sees_or_approves_it(enter: Enter, edition: Edition, role: Role, now: datetime):
    officer = enter(role)
    officer.get(path(), status=404)
    if role is not Role.ADMINISTRATOR:
        officer.get(LIST, status=404)
    assert officer.send(path(), seen=results_publication.find_correction(edition, now=now).digest).status_code == 404
    assert Publication.get().corrected_at is None


def test_what_residents_typed_is_inert(coordinator: PanelVisitor, edition: Edition):
    edition.pools.get().proposals.get().__class__.update(title="<script>alert(1)</script>").execute()
    page = coordinator.get(path())
    assert "<script>alert(1)</script>" in page.text and "<script>alert" not in page.response.text
