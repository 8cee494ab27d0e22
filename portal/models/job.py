"""Long work that officers ask for and the worker does."""

from enum import StrEnum

from peewee import SQL, CharField, ForeignKeyField, TextField

from portal.models.base import Named
from portal.models.fields import MomentField, WordField
from portal.models.staff import Officer

JobKind = StrEnum("JobKind", "IMPORT EXPORT COUNT MAILING")
JobState = StrEnum("JobState", "WAITING RUNNING DONE FAILED")


class Job(Named):
    """One piece of work; of a kind and about one thing at most one is unfinished."""

    named_by = "about"
    kind = WordField(JobKind, max_length=10)
    about = CharField(max_length=80)  # An edition's code, or a page's slug.
    officer = ForeignKeyField(Officer, backref="jobs", on_delete="RESTRICT")
    state = WordField(JobState, max_length=10, default=JobState.WAITING)
    data = TextField(null=True)  # What an import is given, what a count has found.
    said = TextField(default="")  # What it came to or why it failed: a text with its parameters, as JSON.
    created_at = MomentField()
    started_at = MomentField(null=True)
    ended_at = MomentField(null=True)


Job.add_index(Job.index(Job.kind, Job.about, unique=True, where=SQL("state IN ('waiting', 'running')"),
                        name="job_unfinished_is_one_of_its_kind"))
