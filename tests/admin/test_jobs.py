"""Long work in the panel: who begins it, and the page that tells how far it is."""

import io
from datetime import datetime

import pytest

from portal.models import Edition, Job, JobKind, JobState
from portal.models.staff import Role
from portal.services import jobs
from tests.admin.conftest import Enter, PanelVisitor
from tests.factories import make_edition, make_pool
from tests.services.test_pabulib_format import ORDINAL
from tests.views.steps import in_english

LIST = "/admin/zadania/"


@pytest.fixture
def coordinator(enter: Enter) -> PanelVisitor:
    return in_english(enter(Role.COORDINATOR))


def details() -> str:
    return f"{LIST}details/?id={Job.get().id}"


def test_coordinator_imports_open_data_and_sees_what_it_came_to(coordinator: PanelVisitor, now: datetime):
    page = coordinator.get(f"{LIST}new/")
    begun = coordinator.submit(page, code="2018", with_ballots="y", files=(io.BytesIO(ORDINAL.encode()), "miasto.pb"))
    assert "waits for the worker" in begun.text and begun.soup.select_one("[data-refresh-url]")
    jobs.run_waiting(clock=lambda: now)
    ended = coordinator.get(details())
    assert "Stored: pools 1" in ended.text and not ended.soup.select_one("[data-refresh-url]")
    assert coordinator.get(ended.soup.select_one("main a.btn-primary")["href"]).path == "/wyniki/2018"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_taken_for_import_while_people_vote(coordinator: PanelVisitor):
    make_edition()
    page = coordinator.get(f"{LIST}new/")
    refused = coordinator.submit(page, status=400, code="2018", files=(io.BytesIO(ORDINAL.encode()), "miasto.pb"))
    assert "Nothing can be imported here while people vote." in refused.text
    assert not Job.select().exists()


def test_too_many_files_are_told(coordinator: PanelVisitor):
    files = [(io.BytesIO(b"META"), f"{number}.pb") for number in range(41)]
    answer = coordinator.send(f"{LIST}new/", code="2018", files=files)
    assert answer.status_code == 400 and "Choose at most 40 files at once." in answer.text


@pytest.mark.parametrize(("given", "told"), [
    ({"code": "2018"}, "Choose at least one file."),
    ({"code": "20/18", "files": "META"}, "Use letters"),
    ({"files": "META"}, "Enter the edition"),
    ({"code": "2018", "files": "x" * (2 * 1024 * 1024 + 1)}, "A file can have at most 2 MB.")])
def test_wrong_import_is_told_and_stores_nothing(coordinator: PanelVisitor, given: dict[str, str], told: str):
    if "files" in given:
        given = {**given, "files": (io.BytesIO(given["files"].encode()), "a.pb")}  # type: ignore[dict-item]
    answer = coordinator.send(f"{LIST}new/", **given)
    assert answer.status_code == 400 and told in answer.text
    assert not Job.select().exists()


def test_broken_file_fails_the_work_with_its_line(coordinator: PanelVisitor, now: datetime):
    coordinator.submit(coordinator.get(f"{LIST}new/"), code="2018", files=(io.BytesIO(b"META"), "zepsuty.pb"))
    jobs.run_waiting(clock=lambda: now)
    ended = coordinator.get(details())
    assert "failed" in ended.text and "zepsuty.pb" in ended.soup.select_one(".alert-danger").get_text()
    assert not Edition.select().exists()


def test_state_tells_how_far_a_job_is(coordinator: PanelVisitor, now: datetime, monkeypatch: pytest.MonkeyPatch):
    job = jobs.ask(JobKind.COUNT, coordinator.officer, about="2026", now=now)
    Job.update(state=JobState.RUNNING, started_at=now).execute()
    monkeypatch.setattr(jobs, "progress_of", lambda _job: (1200, 4000))
    told = coordinator.client.get(f"{LIST}stan/?id={job.id}").text
    assert 'max="4000" value="1200"' in told and "1,200 of 4,000" in told and "data-final" not in told
    Job.update(state=JobState.DONE, ended_at=now).execute()
    assert "data-final" in coordinator.client.get(f"{LIST}stan/?id={job.id}").text


def test_publication_begins_with_a_count(coordinator: PanelVisitor, now: datetime):
    edition = make_edition(open_now=False)
    make_pool(edition, proposals=1)
    page = coordinator.get(f"/admin/wyniki/publikacja/?id={edition.id}")
    begun = coordinator.submit(page, count="1")
    assert begun.path.startswith(LIST)
    jobs.run_waiting(clock=lambda: now)
    shown = coordinator.get(f"/admin/wyniki/publikacja/?id={edition.id}")
    assert "Digest of this count" in shown.text


def test_editor_sees_mailings_alone(enter: Enter, coordinator: PanelVisitor, now: datetime):
    jobs.ask(JobKind.COUNT, coordinator.officer, about="2026", now=now)
    jobs.ask(JobKind.MAILING, coordinator.officer, about="nowina", now=now)
    rows = in_english(enter(Role.EDITOR)).get(LIST).soup.select("tbody tr")
    assert len(rows) == 1 and "nowina" in rows[0].get_text()
