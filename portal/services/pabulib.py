"""Read what a Pabulib file (.pb) says: one pool of a city's vote, with its proposals and anonymous ballots.

A file is understood whole or refused with the line and the reason. Pure: nothing here knows the database.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from portal.services.pabulib_format import MAX_NUMBER, PabulibError, Row, parse_number, read_sections

__all__ = ["Choice", "PabulibError", "PabulibFile", "Project", "Tally", "Vote", "VoteType", "read_file", "recount"]

OBLIGATORY = ("description", "country", "unit", "instance", "vote_type", "rule")  # Read below: numbers, dates, budget.
CHANNELS = {"": "online", "internet": "online", "paper": "paper"}


class VoteType(StrEnum):
    """How a ballot marks proposals."""

    APPROVAL = "approval"
    CHOOSE_ONE = "choose-1"
    ORDINAL = "ordinal"
    CUMULATIVE = "cumulative"
    SCORING = "scoring"


class Choice(NamedTuple):
    """A proposal on a ballot; ``rank`` counts from 1, and only ordinal ballots have it."""

    project_id: str
    points: Decimal
    rank: int | None


class Vote(NamedTuple):
    """A ballot; ``channel`` is "online" or "paper"; ``line`` is where it begins in the file."""

    voter_id: str
    choices: tuple[Choice, ...]
    channel: str
    district: str | None
    line: int


class Project(NamedTuple):
    """A proposal; without a name it is called by its id.

    ``cost`` is in grosze; ``votes`` and ``score`` are as the file states them; ``columns`` has every cell as text.
    """

    project_id: str
    name: str
    cost: int
    votes: int | None
    score: Decimal | None
    categories: tuple[str, ...]
    latitude: Decimal | None
    longitude: Decimal | None
    columns: dict[str, str]
    line: int


class PabulibFile(NamedTuple):
    """What a file says: ``budget`` in grosze, ``subunit`` None for the citywide pool, ``meta`` every key as text.

    ``default_score`` is what a scoring ballot means for the proposals it does not list (see ``recount``).
    """

    name: str
    meta: dict[str, str]
    description: str
    unit: str
    subunit: str | None
    instance: str
    budget: int
    vote_type: VoteType
    rule: str
    date_begin: date
    date_end: date
    min_length: int
    max_length: int
    default_score: Decimal
    min_project_score_threshold: Decimal
    projects: tuple[Project, ...]
    votes: tuple[Vote, ...]


class Tally(NamedTuple):
    """The ballots that list a project, and the sum of their points."""

    votes: int
    score: Decimal


def recount(file: PabulibFile, *, default_score: Decimal = Decimal(0)) -> dict[str, Tally]:
    """Count every project by its id.

    A file's ``score`` column is the sum of the points on ballots, and the official checker compares just that; so the
    default score counts only when it is asked for, once for each ballot that does not list the project.
    """
    votes: Counter[str] = Counter()
    score = {project.project_id: Decimal(0) for project in file.projects}
    for vote in file.votes:
        for choice in vote.choices:
            votes[choice.project_id] += 1
            score[choice.project_id] += choice.points
    return {id: Tally(votes[id], score[id] + default_score * (len(file.votes) - votes[id])) for id in score}


def read_file(source: Path | bytes | str, name: str = "") -> PabulibFile:
    """Read a file from disk (Path) or from its contents (bytes, str); ``name`` is what messages call it.

    Raises PabulibError for whatever is not a valid Pabulib file or cannot be read.
    """
    meta, projects, votes = read_sections(source, name or (source.name if isinstance(source, Path) else "file"))
    texts = {key: meta.text(key) for key in OBLIGATORY}
    for key, rows in (("num_projects", projects), ("num_votes", votes)):
        if meta.whole(key) != len(rows):
            raise meta.error(key, f"{key} is {meta.text(key)}, but the file has {len(rows)}")
    begin, end = meta.day("date_begin", month=1, day=1), meta.day("date_end", month=12, day=31)
    if begin > end:
        raise meta.error("date_end", "date_end is before date_begin")
    ballot = _ballot(meta, frozenset(row.text("project_id") for row in projects))
    return PabulibFile(
        name=meta.file,
        meta=meta.cells,
        **{key: texts[key] for key in ("description", "unit", "instance", "rule")},
        subunit=meta.cells.get("subunit") or None,
        budget=meta.grosze("budget", Decimal(0)),
        vote_type=ballot.type,
        date_begin=begin,
        date_end=end,
        min_length=ballot.length[0],
        max_length=ballot.length[1],
        default_score=meta.number("default_score") or Decimal(0),
        min_project_score_threshold=meta.number("min_project_score_threshold") or Decimal(0),
        projects=tuple(_project(row) for row in projects),
        votes=tuple(_vote(row, ballot) for row in votes),
    )


class _Ballot(NamedTuple):
    """What META allows on a ballot."""

    type: VoteType
    projects: frozenset[str]
    length: tuple[int, int]
    points: tuple[Decimal, Decimal]


def _ballot(meta: Row, projects: frozenset[str]) -> _Ballot:
    try:
        type = VoteType(meta.text("vote_type").lower())
    except ValueError:
        raise meta.error("vote_type", f"vote_type '{meta.text('vote_type'):.40}' is unknown") from None
    if type is VoteType.CUMULATIVE:
        meta.text("max_sum_points")
    shortest, longest = meta.whole("min_length") or 1, meta.whole("max_length", 1) or len(projects)
    if type is VoteType.CHOOSE_ONE:
        shortest = longest = 1
    if shortest > longest:
        raise meta.error("min_length", "min_length is more than max_length")
    least = Decimal(0) if type is VoteType.CUMULATIVE else -MAX_NUMBER
    lowest, highest = meta.number("min_points", least), meta.number("max_points", least)
    limits = least if lowest is None else lowest, MAX_NUMBER if highest is None else highest
    return _Ballot(type, projects, (shortest, longest), limits)


def _project(row: Row) -> Project:
    degrees = {axis: row.cells.get(axis, "").replace(",", ".") for axis in ("latitude", "longitude")}
    place = Row(row.file, row.line, degrees)  # Here alone the checker allows decimal commas.
    return Project(
        project_id=row.text("project_id"),
        name=row.cells.get("name") or row.text("project_id"),
        cost=row.grosze("cost", Decimal("0.01")),
        votes=row.whole("votes"),
        score=row.number("score"),
        categories=tuple(row.items("category")),
        latitude=place.number("latitude", Decimal(-90), Decimal(90)),
        longitude=place.number("longitude", Decimal(-180), Decimal(180)),
        columns=row.cells,
        line=row.line,
    )


def _vote(row: Row, ballot: _Ballot) -> Vote:
    row.text("vote")
    chosen = row.items("vote")
    if unknown := [project for project in chosen if project not in ballot.projects]:
        raise row.error("vote", f"the vote is for the unknown project '{unknown[0]:.40}'")
    if len(set(chosen)) < len(chosen):
        raise row.error("vote", "the vote lists a project twice")
    shortest, longest = ballot.length
    if not shortest <= len(chosen) <= longest:
        raise row.error("vote", f"the vote lists {len(chosen)} projects, but {shortest} to {longest} are allowed")
    if (method := row.cells.get("voting_method", "").lower()) not in CHANNELS:
        raise row.error("voting_method", f"voting_method '{method:.40}' is neither internet nor paper")
    ranks = range(1, len(chosen) + 1) if ballot.type is VoteType.ORDINAL else [None] * len(chosen)
    choices = tuple(map(Choice, chosen, _points(row, ballot, len(chosen)), ranks))
    return Vote(row.text("voter_id"), choices, CHANNELS[method], row.cells.get("district") or None, row.line)


def _points(row: Row, ballot: _Ballot, length: int) -> list[Decimal]:
    """Return the points of a vote's projects: stated, else one each, or on an ordinal ballot its length down to one."""
    stated = row.items("points")
    approval = ballot.type in (VoteType.APPROVAL, VoteType.CHOOSE_ONE)
    if approval and stated:
        raise row.error("points", f"a vote of type {ballot.type} has no points")
    if approval or (ballot.type is VoteType.ORDINAL and not stated):
        return [Decimal(1 if approval else length - place) for place in range(length)]
    if len(stated) != length:
        raise row.error("points", f"the vote lists {length} projects, but {len(stated)} points")
    try:
        return [parse_number(points, *ballot.points) for points in stated]
    except ValueError as error:
        raise row.error("points", f"points {error}") from None
