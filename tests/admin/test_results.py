"""The coordinator's page of a correction: what changes without a removed ballot, never how it voted."""

from datetime import datetime, timedelta

import pytest

from portal.models import AuditEntry, Ballot, Edition, Publication
from portal.models.staff import Role
from portal.services import results_publication
from tests.admin.conftest import Enter, PanelVisitor
from tests.browser.words import pl
from tests.factories import make_district, make_edition, make_pool, make_proposal
from tests.services.test_results import contest, store

LIST = "/admin/wyniki/"


@pytest.fixture
def edition(now: datetime, enter: Enter) -> Edition:
    """Published results that count a ballot which was removed since; without it, A goes before B."""
    edition = make_edition(open_now=False, name="Budżet 2026")
    a, b = contest(edition, 60, 60)
    make_proposal(make_pool(edition, make_district(name="Zwierzyniec")))
    store(edition, a, b)
    store(edition, b, a)
    store(edition, b)
    results_publication.keep_published(edition, now=now)
    Ballot.delete().where(Ballot.voter_key.in_([f"{1:064d}", f"{2:064d}"])).execute()
    results_publication.note_removed(edition)
    results_publication.note_removed(edition)
    return edition


@pytest.fixture
def coordinator(enter: Enter) -> PanelVisitor:
    return enter(Role.COORDINATOR)


def path() -> str:
    return f"/admin/wyniki/korekta/?id={Publication.get().id}"


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
    assert AuditEntry.get().actor == f"officer:{coordinator.officer.uid}"


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
    assert Publication.get().corrected_at is None and not AuditEntry.select().exists()
    coordinator.submit(again)
    assert Publication.get().corrected == 3


def test_correction_that_is_made_already_leads_to_its_record(coordinator: PanelVisitor, edition: Edition):
    page = coordinator.get(path())
    coordinator.submit(page)
    again = coordinator.submit(page)
    assert again.path == "/admin/wyniki/details/" and pl(results_publication.CHANGED) in again.text
    assert AuditEntry.select().count() == 1


def test_results_that_nothing_was_removed_from_are_not_listed(coordinator: PanelVisitor, now: datetime):
    results_publication.keep_published(make_edition(open_now=False), now=now)
    assert not coordinator.get(LIST).soup.select("tbody tr")
    assert coordinator.get(path()).path == LIST


def test_correction_is_not_listed_any_more_when_voting_is_prolonged(coordinator: PanelVisitor, edition: Edition, now: datetime):
    Edition.update(voting_to=now + timedelta(days=1), results_on=now + timedelta(days=2)).execute()
    assert not coordinator.get(LIST).soup.select("tbody tr")
    assert coordinator.get(path()).path == LIST


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_nobody_else_sees_or_approves_it(enter: Enter, edition: Edition, role: Role, now: datetime):
    officer = enter(role)
    officer.get(path(), status=404)
    assert officer.send(path(), seen=results_publication.find_correction(edition, now=now).digest).status_code == 404
    assert Publication.get().corrected_at is None


def test_what_residents_typed_is_inert(coordinator: PanelVisitor, edition: Edition):
    edition.pools.get().proposals.get().__class__.update(title="<script>alert(1)</script>").execute()
    page = coordinator.get(path())
    assert "<script>alert(1)</script>" in page.text and "<script>alert" not in page.response.text
