"""Read what a Pabulib file (.pb) says: one pool of a city's vote, with its proposals and anonymous ballots.

A file is understood whole or refused with the line and the reason. Pure: nothing here knows the database.
The records below are the tables of the format: a field is called as its column, or as its key in META.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

from portal.services.pabulib_format import MAX_NUMBER, day, degrees, grosze, items, number, one_of, read_sections, refuse, whole

# How a ballot marks proposals.
VoteType = StrEnum("VoteType", {"APPROVAL": "approval", "CHOOSE_ONE": "choose-1", "ORDINAL": "ordinal",
                                "CUMULATIVE": "cumulative", "SCORING": "scoring"})
WITHOUT_POINTS = (VoteType.APPROVAL, VoteType.CHOOSE_ONE)
Text = Annotated[str, str]
Number = Annotated[Decimal, number]


class Vote(NamedTuple):
    """A ballot: the ids of projects, on an ordinal ballot the best first, and the points of each, also where the file has none.

    ``voting_method`` is "online" or "paper"; ``line`` is where it begins in the file.
    """

    line: int
    voter_id: Text
    vote: Annotated[tuple[str, ...], items, str]
    points: Annotated[tuple[Decimal, ...], items, number] = ()
    voting_method: Annotated[str, one_of, {"internet": "online", "paper": "paper"}, "neither internet nor paper"] = "online"
    district: Text = ""


class Project(NamedTuple):
    """A proposal; without a name it is called by its id.

    ``cost`` is in grosze; ``votes`` and ``score`` are as the file states them.
    """

    line: int
    project_id: Text
    cost: Annotated[int, grosze, Decimal("0.01")]
    name: Text = ""
    votes: Annotated[int | None, whole] = None
    score: Annotated[Decimal | None, number] = None
    category: Annotated[tuple[str, ...], items, str] = ()
    latitude: Annotated[Decimal | None, degrees, 90] = None
    longitude: Annotated[Decimal | None, degrees, 180] = None
    description: Text = ""
    target: Text = ""


class SharedPoints(NamedTuple):
    """What META says of the points on cumulative ballots: none takes any away."""

    max_sum_points: Text
    min_points: Annotated[Decimal, number, 0] = Decimal(0)
    max_points: Annotated[Decimal, number, 0] = Decimal(MAX_NUMBER)


class PabulibFile(NamedTuple):
    """What a file says: ``budget`` in grosze, ``subunit`` None for the citywide pool, ``meta`` every key as text.

    ``default_score`` is what a scoring ballot means for the proposals it does not list (see ``recount``).
    """

    name: str
    meta: dict[str, str]
    description: Text
    country: Text
    unit: Text
    instance: Text
    num_projects: Annotated[int, whole]
    num_votes: Annotated[int, whole]
    budget: Annotated[int, grosze, Decimal(0)]
    vote_type: Annotated[VoteType, one_of, {str(type): type for type in VoteType}, "unknown"]
    rule: Text
    date_begin: Annotated[date, day, "01.01"]
    date_end: Annotated[date, day, "31.12"]
    subunit: Annotated[str | None, str] = None
    min_length: Annotated[int, whole] = 1
    max_length: Annotated[int, whole, 1] = 0
    min_points: Number = Decimal(-MAX_NUMBER)
    max_points: Number = Decimal(MAX_NUMBER)
    default_score: Number = Decimal(0)
    min_project_score_threshold: Number = Decimal(0)
    projects: tuple[Project, ...] = ()
    votes: tuple[Vote, ...] = ()


class Tally(NamedTuple):
    """The ballots that list a project, and the sum of their points."""

    votes: int
    score: Decimal


def recount(file: PabulibFile, *, default_score: Decimal = Decimal(0)) -> dict[str, Tally]:
    """Count every project by its id.

    A file's ``score`` column is the sum of the points on ballots, and the official checker compares just that; so the
    default score counts only when it is asked for, once for each ballot that does not list the project.
    """
    points: dict[str, list[Decimal]] = {project.project_id: [] for project in file.projects}
    for vote in file.votes:
        for project, given in zip(vote.vote, vote.points):
            points[project].append(given)
    return {id: Tally(len(given), sum(given, default_score * (len(file.votes) - len(given)))) for id, given in points.items()}


def default_points(file: PabulibFile) -> Decimal:
    """Return the default score, unless the stated scores leave it out, as the format's official checker does."""
    tallies = recount(file, default_score=file.default_score)
    stated = all(project.score in (None, tallies[project.project_id].score) for project in file.projects)
    return file.default_score if stated else Decimal(0)


def check_sums(file: PabulibFile) -> None:
    """Raise PabulibError when ballots do not add up to what is stated; scores in whole points, as the official checker does."""
    tallies = recount(file, default_score=default_points(file))
    for project in file.projects:
        place, (votes, score) = (file.name, project.line), tallies[project.project_id]
        refuse(project.votes not in (None, votes), *place, f"votes is {project.votes}, but {votes} ballots list the project")
        refuse(file.vote_type not in WITHOUT_POINTS and project.score is not None and int(project.score) != int(score), *place,
               f"score is {project.score}, but the ballots give {score} points")


def read_file(source: Path | bytes | str, name: str = "") -> PabulibFile:
    """Read a file from disk (Path) or from its contents (bytes, str); ``name`` is what messages call it.

    Raises PabulibError for whatever is not a valid Pabulib file or cannot be read.
    """
    meta, projects, votes = read_sections(source, name or (source.name if isinstance(source, Path) else "file"))
    file = meta.read(PabulibFile, name=meta.file, meta=meta.cells)
    if file.vote_type is VoteType.CUMULATIVE:
        shared = meta.read(SharedPoints)
        file = file._replace(min_points=shared.min_points, max_points=shared.max_points)
    single = file.vote_type is VoteType.CHOOSE_ONE
    shortest, longest = (1, 1) if single else (file.min_length or 1, file.max_length or len(projects))
    for key, wrong, fault in (
            ("num_projects", file.num_projects != len(projects), f"is {file.num_projects}, but the file has {len(projects)}"),
            ("num_votes", file.num_votes != len(votes), f"is {file.num_votes}, but the file has {len(votes)}"),
            ("date_end", file.date_end < file.date_begin, "is before date_begin"),
            ("min_length", shortest > longest, "is more than max_length")):
        refuse(wrong, file.name, meta.lines.get(key, meta.line), f"{key} {fault}")
    listed = tuple(row.read(Project, line=row.line, name=row.cells["project_id"]) for row in projects)
    file = file._replace(min_length=shortest, max_length=longest, projects=listed)
    known = {project.project_id for project in file.projects}
    return file._replace(votes=tuple(_vote(row.read(Vote, line=row.line), file, known) for row in votes))


def _vote(vote: Vote, file: PabulibFile, known: set[str]) -> Vote:
    """Check a vote; points that it does not state are one each, or on an ordinal ballot its length down to one."""
    place, length, plain = (file.name, vote.line), len(vote.vote), file.vote_type in WITHOUT_POINTS
    implied = [1] * length if plain else range(length, 0, -1) if file.vote_type is VoteType.ORDINAL else ()
    points = vote.points or tuple(map(Decimal, implied))
    unknown = next((project for project in vote.vote if project not in known), "")
    outside = next((given for given in vote.points if not file.min_points <= given <= file.max_points), None)
    refuse(unknown, *place, f"the vote is for the unknown project '{unknown:.40}'")
    refuse(len(set(vote.vote)) < length, *place, "the vote lists a project twice")
    refuse(not file.min_length <= length <= file.max_length, *place,
           f"the vote lists {length} projects, but {file.min_length} to {file.max_length} are allowed")
    refuse(plain and vote.points, *place, f"a vote of type {file.vote_type} has no points")
    refuse(len(points) != length, *place, f"the vote lists {length} projects, but {len(points)} points")
    refuse(outside is not None, *place, f"points '{outside}' is not between {file.min_points:f} and {file.max_points:f}")
    return vote._replace(points=points)
