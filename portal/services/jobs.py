"""Long work of officers: asked for in the panel, done by the worker, which tells meanwhile how far it is.

All of it may be begun again when it broke off: an import is stored whole or not at all, a letter of one key goes out once, a
count and an export change nothing. How far it is stands in a file: an import holds the database for itself until it is done.
"""

import json
import logging
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from portal.config import settings
from portal.database import database, transaction
from portal.errors import N_, NotFound, PortalError, require
from portal.messaging import outbox
from portal.models import Edition, Job, JobKind, JobState, Officer, Page
from portal.models.job import UNFINISHED
from portal.services import audit, open_data, pages, results_publication
from portal.services.pabulib import read_file
from portal.services.pabulib_format import PabulibError
from portal.services.pabulib_import import import_files

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]  # How much is done, of how much.
Said = tuple[str, dict[str, Any]]
FOLDER = "jobs"  # Below instance/.
LASTS = timedelta(hours=2)  # What takes longer was broken off.
BROKEN = N_("Something went wrong, and the work was broken off. Start it again; if that does not help, tell the administrators.")


def ask(kind: JobKind, officer: Officer, *, about: str, data: Any = None, now: datetime) -> Job:
    """Ask the worker for a piece of work and return it; while the same is waiting or under way, return that."""
    with transaction():
        row = {"kind": kind, "about": about, "officer": officer.id, "created_at": now, "data": data and pack(data)}
        if Job.add(row, new_only=True):
            audit.record(f"{kind} asked for", actor=officer, subject="portal", now=now, about=about)
            database.after_commit(outbox.announce)
        asked: Job = Job.get(Job.kind == kind, Job.about == about, Job.state.in_(UNFINISHED))
    return asked


def pack(data: Any) -> bytes:
    return zlib.compress(json.dumps(data, ensure_ascii=False).encode())


def unpack(job: Job) -> Any:
    """Return what a job was given or has found."""
    return json.loads(zlib.decompress(bytes(job.data or b"")))


def progress_of(job: Job) -> tuple[int, int]:
    """Return how much of a job is done, of how much; 0 of 0 when nobody knows."""
    with suppress(FileNotFoundError, ValueError):
        done, total = map(int, _file(job).read_text().split())
        return done, total
    return 0, 0


def latest_count(edition: Edition) -> Job | None:
    """Return the last count of an edition that came to its end."""
    done = Job.kind == JobKind.COUNT, Job.about == edition.code, Job.state == JobState.DONE
    return Job.select().where(*done).order_by(Job.id.desc()).first()


def run_waiting(*, clock: Callable[[], datetime]) -> int:
    """Do all that waits, what was asked for first first, and return how many jobs that were; give up what was broken off."""
    given_up = Job.update(state=JobState.FAILED, said=json.dumps([BROKEN, {}]), ended_at=clock())
    given_up.where(Job.state == JobState.RUNNING, Job.started_at < clock() - LASTS).execute()
    done = 0
    for job in Job.select().where(Job.state == JobState.WAITING).order_by(Job.id):
        mine = Job.update(state=JobState.RUNNING, started_at=clock()).where(Job.id == job.id, Job.state == JobState.WAITING)
        if mine.execute():
            _run(job, clock())
            done += 1
    return done


def _run(job: Job, now: datetime) -> None:
    def progress(done: int, total: int) -> None:
        _file(job).parent.mkdir(exist_ok=True)
        _file(job).write_text(f"{done} {total}")
    state, found = JobState.DONE, None
    try:
        said, found = WORK[JobKind(job.kind)](job, progress, now)
    except PortalError as error:
        state, said = JobState.FAILED, (error.message, error.params)
    except PabulibError as error:
        state, said = JobState.FAILED, (N_("A file cannot be imported: %(problem)s"), {"problem": str(error)})
    except Exception:
        log.exception("job %s failed", job.uid)
        state, said = JobState.FAILED, (BROKEN, {})
    Job.update(state=state, said=json.dumps(said), data=found and pack(found), ended_at=now).where(Job.id == job.id).execute()
    _file(job).unlink(missing_ok=True)


def _file(job: Job) -> Path:
    return Path(settings.instance) / FOLDER / str(job.uid)


def _edition(job: Job) -> Edition:
    return require(Edition.get_or_none(Edition.code == job.about), NotFound)


def _import(job: Job, progress: Progress, now: datetime) -> tuple[Said, Any]:
    given = unpack(job)
    files = [read_file(text, name) for name, text in given["files"]]
    stored = import_files(files, str(job.about), with_ballots=given["with_ballots"], actor=f"officer:{job.officer.uid}", now=now,
                          progress=lambda _what, done, total: progress(done, total))
    return (N_("Stored: %(pools)d pools, %(proposals)d projects, %(ballots)d ballots."), stored._asdict()), None


def _export(job: Job, _progress: Progress, now: datetime) -> tuple[Said, Any]:
    open_data.make_files(_edition(job), now=now)
    files = require(open_data.files_of(_edition(job), now=now), PortalError(
        N_("There are no published results, or they wait for a correction.")))
    return (N_("%(files)d files are ready."), {"files": len(files)}), None


def _count(job: Job, progress: Progress, now: datetime) -> tuple[Said, Any]:
    return (N_("The ballots are counted."), {}), results_publication.count_anew(_edition(job), now, progress)


def _mail(job: Job, progress: Progress, now: datetime) -> tuple[Said, Any]:
    page = require(Page.get_or_none(Page.slug == job.about), NotFound)
    return (N_("%(letters)d letters are on their way."), {"letters": pages.send_news(page, progress, now=now)}), None


WORK: dict[JobKind, Callable[[Job, Progress, datetime], tuple[Said, Any]]] = {
    JobKind.IMPORT: _import, JobKind.EXPORT: _export, JobKind.COUNT: _count, JobKind.MAILING: _mail}
