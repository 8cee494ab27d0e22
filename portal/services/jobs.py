"""Long work of officers: asked for in the panel, done by the worker, which tells meanwhile how far it is.

All of it may be begun again when it broke off: an import is stored whole or not at all, a letter of one key goes out once, a
count and an export change nothing. How far it is stands in a file: an import holds the database for itself until it is done.
"""

import json
import logging
import re
import zlib
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from portal.config import settings
from portal.database import database, on_sqlite, transaction
from portal.errors import N_, Conflict, NotFound, PortalError, require
from portal.messaging import outbox
from portal.models import Edition, Job, JobKind, JobState, Officer, Page
from portal.services import audit, open_data, pages, results_publication
from portal.services.pabulib import read_file
from portal.services.pabulib_format import PabulibError
from portal.services.pabulib_import import import_files

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]  # How much is done, of how much.
Said = tuple[str, dict[str, Any]]
SILENT = 600  # Seconds without a word of progress, after which work was broken off.
WITHOUT_DATA = [field for field in Job._meta.sorted_fields if field is not Job.data]  # Which may be large.
BROKEN = N_("Something went wrong, and the work was broken off. Start it again; if that does not help, tell the administrators.")


def ask(kind: JobKind, officer: Officer, *, about: str, data: str | None = None, now: datetime) -> Job:
    """Ask the worker for a piece of work and return it; while the same is waiting or under way, return that.

    What is handed over goes with a piece of its own: raises Conflict while another is under way.
    """
    row = {"kind": kind, "about": about, "officer": officer.id, "created_at": now, "data": data}
    with transaction():
        added = Job.add(row, new_only=True)
        require(added or not data, Conflict(N_("An import for this edition is under way. Send these files later.")))
        if added:
            audit.record(f"{kind} asked for", actor=officer, subject="portal", now=now, about=about)
            database.after_commit(outbox.announce)
        asked: Job = Job.select().where(Job.kind == kind, Job.about == about).order_by(Job.id.desc()).get()
    return asked


def data_of(job: Job) -> str:
    """Return what a job was given or has found."""
    return str(Job.select(Job.data).where(Job.id == job.id).scalar())


def progress_of(job: Job) -> tuple[int, int]:
    """Return how much of a job is done, of how much; 0 of 0 when nobody knows."""
    with suppress(FileNotFoundError, ValueError):
        done, total = map(int, _file(job).read_text().split())
        return done, total
    return 0, 0


def latest_count(edition: Edition) -> Job | None:
    """Return the last count of an edition that came to its end; what was counted before voting was prolonged is no count."""
    done = Job.kind == JobKind.COUNT, Job.about == edition.code, Job.state == JobState.DONE, Job.started_at > edition.voting_to
    return Job.select(*WITHOUT_DATA).where(*done).order_by(Job.id.desc()).first()


def run_waiting(*, clock: Callable[[], datetime]) -> int:
    """Do all that waits, one after the other, what was asked for first first; return how many jobs that were.

    While another worker is at one, nothing: letters and codes must not wait for long work. What has told of no progress for
    ten minutes was broken off.
    """
    done = 0
    while job := _claim(clock()):
        _run(job, clock)
        done += 1
    return done


def _claim(now: datetime) -> Job | None:
    unfinished = Job.select(*WITHOUT_DATA).where(Job.state.in_((JobState.RUNNING, JobState.WAITING)))
    for job in list(unfinished.order_by(Job.state, Job.id)):  # What runs comes first.
        change = {"state": JobState.RUNNING, "started_at": now}
        if job.state == JobState.RUNNING:
            if now.timestamp() - _heard(job) < SILENT:
                return None  # Known without a lock, for which one would have to wait until an import is through.
            change = {"state": JobState.FAILED, "said": json.dumps([BROKEN, {}]), "data": None, "ended_at": now}
            _file(job).unlink(missing_ok=True)
        else:
            _tell(job, 0, 0)
        claimed = Job.update(change).where(Job.id == job.id, Job.state == job.state).execute()
        if job.state == JobState.WAITING:
            return job if claimed else None
    return None


def _heard(job: Job) -> float:
    with suppress(FileNotFoundError):
        return _file(job).stat().st_mtime
    return float(job.started_at.timestamp())  # On another node, unless they share the folder.


def _tell(job: Job, done: int, total: int) -> None:
    _file(job).write_text(f"{done} {total}")


def _run(job: Job, clock: Callable[[], datetime]) -> None:
    state, found = JobState.DONE, None
    try:
        said, found = WORK[JobKind(job.kind)](job, partial(_tell, job), clock())
    except PortalError as error:
        state, said = JobState.FAILED, (error.message, error.params)
    except PabulibError as error:
        told = {"file": error.file, "line": error.line, "reason": re.sub("(?s)'.*'", "…", error.reason)}  # No person's value.
        state, said = JobState.FAILED, (N_("The file %(file)s cannot be imported. Line %(line)d: %(reason)s (in the words of the "
                                           "format)."), told)
    except Exception:
        log.exception("job %s failed", job.id)
        state, said = JobState.FAILED, (BROKEN, {})
    ended = {"state": state, "said": json.dumps(said), "data": found, "ended_at": clock()}
    Job.update(ended).where(Job.id == job.id).execute()  # Also when another node has thought that it was broken off.
    _file(job).unlink(missing_ok=True)


def _file(job: Job) -> Path:
    return Path(settings.instance) / f"job-{job.id}"


def _edition(job: Job) -> Edition:
    return require(Edition.get_or_none(Edition.code == job.about), NotFound)


def check_may_import(*, now: datetime) -> None:
    """Raise Conflict while an import would make everybody wait who votes."""
    require(not (on_sqlite() and Edition.in_voting(now)), Conflict(N_("Nothing can be imported here while people vote.")))


def _import(job: Job, progress: Progress, now: datetime) -> tuple[Said, Any]:
    check_may_import(now=now)
    given = json.loads(data_of(job))
    files = [read_file(zlib.decompress(b64decode(packed)), name) for name, packed in given["files"]]
    stored = import_files(files, str(job.about), with_ballots=given["with_ballots"], actor=f"officer:{job.officer.uid}", now=now,
                          progress=lambda _what, done, total: progress(done, total))
    return (N_("Stored: pools %(pools)d, projects %(proposals)d, ballots %(ballots)d."), stored._asdict()), None


def _export(job: Job, _progress: Progress, now: datetime) -> tuple[Said, Any]:
    open_data.make_files(_edition(job), now=now)
    files = require(open_data.files_of(_edition(job), now=now), PortalError(
        N_("There are no published results, or they wait for a correction.")))
    return (N_("%(files)d files are ready."), {"files": len(files)}), None


def _count(job: Job, progress: Progress, now: datetime) -> tuple[Said, Any]:
    return (N_("The ballots are counted."), {}), results_publication.count_anew(_edition(job), now, progress)


def _mail(job: Job, progress: Progress, now: datetime) -> tuple[Said, Any]:
    page = require(Page.get_or_none(Page.slug == job.about), NotFound)
    return (N_("E-mails on their way: %(letters)d."), {"letters": pages.send_news(page, progress, now=now)}), None


WORK: dict[JobKind, Callable[[Job, Progress, datetime], tuple[Said, Any]]] = {
    JobKind.IMPORT: _import, JobKind.EXPORT: _export, JobKind.COUNT: _count, JobKind.MAILING: _mail}
