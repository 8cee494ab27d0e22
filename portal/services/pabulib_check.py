"""Check Pabulib files before any of them is stored: do they agree with themselves and each other, and is there room for them."""

import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from portal.models.district import District
from portal.models.proposal import Proposal
from portal.services.pabulib import PabulibError, PabulibFile, VoteType, recount

WITH_POINTS = (VoteType.ORDINAL, VoteType.CUMULATIVE, VoteType.SCORING)


def check_files(files: Sequence[PabulibFile]) -> None:
    """Raise PabulibError when two files are of the same pool, or for the first fault of a file."""
    seen: dict[str, PabulibFile] = {}
    for file in files:
        if (other := seen.setdefault(fold(file.subunit or ""), file)) is not file:
            raise PabulibError(file.name, 0, f"it is of the same pool (subunit) as {other.name}")
        for line, fault in (*_too_large(file), *_contradictions(file)):
            raise PabulibError(file.name, line, fault)


def default_points(file: PabulibFile) -> Decimal:
    """Return the default score, unless the stated scores leave it out, as the format's official checker does."""
    if not file.default_score:
        return Decimal(0)
    tallies = recount(file, default_score=file.default_score)
    stated = (project.score in (None, tallies[project.project_id].score) for project in file.projects)
    return file.default_score if all(stated) else Decimal(0)


def fold(name: str) -> str:
    """Return what two spellings of a name have in common: letter case, composition and blanks make no difference."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _too_large(file: PabulibFile) -> Iterator[tuple[int, str]]:
    """Find what the database cannot keep exactly, with its line (0: somewhere in META)."""
    if file.date_begin.year < 1900 or file.date_end.year > 2100:
        yield 0, "the dates are not between 1900 and 2100"
    texts: list[tuple[int, str, str, Any]] = [(0, "subunit", file.subunit or "", District.name)]
    for project in file.projects:
        texts += [(project.line, "project_id", project.project_id, Proposal.number),
                  (project.line, "name", project.name, Proposal.title),
                  (project.line, "category", ", ".join(project.categories), Proposal.categories)]
    for line, column, text, room in texts:
        if len(text) > room.max_length:
            yield line, f"{column} is longer than {room.max_length} characters"
    points = [(vote.line, choice.points) for vote in file.votes for choice in vote.choices]
    for line, number in [(0, file.min_project_score_threshold), (0, file.default_score), *points]:
        if abs(number) >= 10**10 or number != round(number, 4):
            yield line, f"'{number}' has more than 10 digits before or 4 after the decimal point"


def _contradictions(file: PabulibFile) -> Iterator[tuple[int, str]]:
    """Find stated votes and scores that the ballots do not add up to; scores in whole points, as the official checker does."""
    tallies, points = recount(file), default_points(file)
    for project in file.projects:
        tally = tallies[project.project_id]
        if project.votes not in (None, tally.votes):
            yield project.line, f"votes is {project.votes}, but {tally.votes} ballots list the project"
        score = tally.score + points * (len(file.votes) - tally.votes)
        if project.score is not None and file.vote_type in WITH_POINTS and int(project.score) != int(score):
            yield project.line, f"score is {project.score}, but the ballots give {score} points"
