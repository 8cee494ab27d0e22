"""Long work: asked for once, done by the worker, told how far it is, and told why when it fails."""

import json
import os
import zlib
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.errors import Conflict
from portal.models import Ballot, Edition, Job, JobKind, JobState, Message, Officer, Role
from portal.services import jobs
from portal.services.results_publication import count_anew
from tests.factories import PESEL, make_account, make_district, make_edition, make_officer, make_page
from tests.services.ballots import publish
from tests.services.test_pabulib_format import ORDINAL
from tests.services.test_results import contest, store

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def officer() -> Officer:
    return make_officer(Role.COORDINATOR)


@pytest.fixture
def ended(now: datetime) -> Edition:
    edition = make_edition(open_now=False, code="2026")
    a, b = contest(edition, 60, 60)
    store(edition, a, b)
    return edition


@pytest.fixture
def run(now: datetime) -> Callable[[], Job]:
    def run() -> Job:
        assert jobs.run_waiting(clock=lambda: now) == 1
        return Job.select().order_by(Job.id.desc()).get()
    return run


def handed_over(*files: tuple[str, str]) -> str:
    """Return files as the panel hands them over."""
    packed = [(name, b64encode(zlib.compress(text.encode())).decode()) for name, text in files]
    return json.dumps({"files": packed, "with_ballots": True})


def ask(kind: JobKind, officer: Officer, now: datetime, about: str = "2026", **given: Any) -> Job:
    return jobs.ask(kind, officer, about=about, now=now, **given)


def test_the_same_work_is_asked_for_once(officer: Officer, now: datetime):
    first = ask(JobKind.COUNT, officer, now)
    assert ask(JobKind.COUNT, officer, now) == first
    assert ask(JobKind.COUNT, officer, now, "2027") != first
    Job.update(state=JobState.FAILED).execute()
    assert ask(JobKind.COUNT, officer, now) != first


def test_count_keeps_what_it_has_found(ended: Edition, officer: Officer, now: datetime, run: Callable[[], Job]):
    ask(JobKind.COUNT, officer, now)
    job = run()
    assert (job.state, jobs.latest_count(ended)) == (JobState.DONE, job)
    assert jobs.data_of(job) == count_anew(ended, now)
    assert jobs.run_waiting(clock=lambda: now) == 0


def test_progress_is_told_while_it_goes_on_and_forgotten_then(
        ended: Edition, officer: Officer, now: datetime, run: Callable[[], Job], monkeypatch: pytest.MonkeyPatch):
    seen = []

    def work(job: Job, progress: jobs.Progress, _now: datetime) -> Any:
        for done in (1, 2):
            progress(done, 3)
            seen.append(jobs.progress_of(job))
        return ("Done", {}), None
    monkeypatch.setitem(jobs.WORK, JobKind.COUNT, work)
    ask(JobKind.COUNT, officer, now)
    assert jobs.progress_of(run()) == (0, 0)
    assert seen == [(1, 3), (2, 3)]


def test_refusal_is_told_with_its_reason(officer: Officer, now: datetime, run: Callable[[], Job]):
    make_edition(code="2026")
    ask(JobKind.COUNT, officer, now)
    job = run()
    assert job.state == JobState.FAILED
    assert json.loads(job.said)[0] == "Voting has not ended yet; nothing can be counted before."


def test_fault_breaks_the_work_off_but_not_the_worker(ended: Edition, officer: Officer, now: datetime, run: Callable[[], Job],
                                                      monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    def work(*_of: Any) -> Any:
        raise ZeroDivisionError("secret detail")
    monkeypatch.setitem(jobs.WORK, JobKind.COUNT, work)
    ask(JobKind.COUNT, officer, now)
    job = run()
    assert (job.state, json.loads(job.said)) == (JobState.FAILED, [jobs.BROKEN, {}])
    assert f"job {job.id} failed" in caplog.text


def test_work_of_a_dead_worker_is_given_up_when_it_is_silent_for_ten_minutes(officer: Officer, now: datetime):
    job = ask(JobKind.COUNT, officer, now)
    other = ask(JobKind.COUNT, officer, now, "2027")
    Job.update(state=JobState.RUNNING, started_at=now).where(Job.id == job.id).execute()
    jobs._tell(job, 1, 3)
    os.utime(jobs._file(job), (now.timestamp(), now.timestamp()))
    assert jobs.run_waiting(clock=lambda: now + timedelta(minutes=9)) == 0, "one after the other"
    assert jobs.run_waiting(clock=lambda: now + timedelta(minutes=11)) == 1
    assert [Job.get_by_id(row.id).state for row in (job, other)] == [JobState.FAILED, JobState.FAILED]
    assert not jobs._file(job).exists()


def test_what_became_of_work_is_told_though_it_was_given_up_meanwhile(
        officer: Officer, ended: Edition, now: datetime, monkeypatch: pytest.MonkeyPatch):
    def work(job: Job, _progress: jobs.Progress, _now: datetime) -> Any:
        Job.update(state=JobState.FAILED).where(Job.id == job.id).execute()
        return ("Done", {}), None
    monkeypatch.setitem(jobs.WORK, JobKind.COUNT, work)
    ask(JobKind.COUNT, officer, now)
    jobs.run_waiting(clock=lambda: now)
    assert (Job.get().state, json.loads(Job.get().said)[0]) == (JobState.DONE, "Done")


def test_work_whose_progress_is_not_seen_here_has_its_ten_minutes_too(officer: Officer, now: datetime):
    job = ask(JobKind.COUNT, officer, now)
    Job.update(state=JobState.RUNNING, started_at=now).execute()
    assert not jobs._file(job).exists(), "it runs on another node"
    assert jobs.run_waiting(clock=lambda: now + timedelta(minutes=9)) == 0
    assert Job.get().state == JobState.RUNNING


def test_second_import_has_to_wait_and_loses_nothing_silently(officer: Officer, now: datetime):
    ask(JobKind.IMPORT, officer, now, "2018", data="{}")
    with pytest.raises(Conflict):
        ask(JobKind.IMPORT, officer, now, "2018", data='{"other": 1}')


def test_count_from_before_a_prolongation_is_none(ended: Edition, officer: Officer, now: datetime, run: Callable[[], Job]):
    ask(JobKind.COUNT, officer, now)
    run()
    assert jobs.latest_count(ended)
    ended.voting_to = now + timedelta(days=1)
    assert jobs.latest_count(ended) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_imported_on_sqlite_while_people_vote(officer: Officer, now: datetime, run: Callable[[], Job]):
    make_edition()
    ask(JobKind.IMPORT, officer, now, "2018", data=handed_over(("a.pb", "")))
    assert json.loads(run().said)[0] == "Nothing can be imported here while people vote."


def test_import_stores_files_whole_or_not_at_all(officer: Officer, now: datetime, run: Callable[[], Job]):
    good, broken = ("a.pb", ORDINAL), ("b.pb", "META\nkey;value\n")
    ask(JobKind.IMPORT, officer, now, "2018", data=handed_over(good, broken))
    failed = run()
    assert failed.state == JobState.FAILED and json.loads(failed.said)[1]["file"] == "b.pb"
    assert not Edition.select().exists()
    ask(JobKind.IMPORT, officer, now, "2018", data=handed_over(good))
    done = run()
    assert done.state == JobState.DONE, done.said
    assert (Edition.get().code, Ballot.select().count()) == ("2018", json.loads(done.said)[1]["ballots"])
    assert done.data is None, "what was handed over is not kept"


def test_refused_file_is_told_with_its_line_but_no_value_of_a_person(officer: Officer, now: datetime, run: Callable[[], Job]):
    twice = ORDINAL.rstrip("\n") + f"\n{PESEL};p1\n{PESEL};p1\n"
    ask(JobKind.IMPORT, officer, now, "2018", data=handed_over(("a.pb", twice)))
    message, told = json.loads(run().said)
    assert "%(line)d" in message and told["line"] and told["reason"].startswith("voter_id … is already in line")
    assert PESEL not in Job.get().said


def test_export_needs_published_results(ended: Edition, officer: Officer, now: datetime, run: Callable[[], Job]):
    ask(JobKind.EXPORT, officer, now)
    assert run().state == JobState.FAILED
    publish(ended, now)
    ask(JobKind.EXPORT, officer, now)
    job = run()
    assert job.state == JobState.DONE and json.loads(job.said)[1]["files"] > 3


def test_letters_are_counted(officer: Officer, now: datetime, run: Callable[[], Job]):
    make_account(make_district(), wants_news=True, email_confirmed_at=now)
    make_page(is_news=True)
    ask(JobKind.MAILING, officer, now, "wiadomosc")
    assert json.loads(run().said)[1] == {"letters": 1}
    assert Message.get().template == "news"


def test_every_kind_has_its_work():
    assert set(jobs.WORK) == set(JobKind)
