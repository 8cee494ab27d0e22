"""Open data: the published results of an edition as files that everybody may use, and count again.

Each pool is a Pabulib file (.pb). A vote has a random-looking id, another in each file, so that nobody can tell which votes of
two pools are one person's, and stands where its id puts it. It has no time. How it was cast and its voter's age are told only so
far as ``tellable`` allows. What a count needs and the format has no key for stands in numbered comments, from which the import
reads it again.

Files are made once for the results as they stand and kept in a folder of their own: after the removal of a ballot new ones would
tell by the difference how it was cast. They are made anew after a correction, and not made while one is waited for.
"""

import csv
import io
import math
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal import clock, crypto
from portal.config import settings
from portal.models import Ballot, Channel, Choice, CountRule, Edition, Pool, Proposal, Publication
from portal.models.ballot import AGE_BANDS, COUNTING
from portal.services import proposals_catalogue, results_publication
from portal.services.results import SMALLEST_CELL, PoolResult, exclusions

README, RECOUNT = (Path(__file__).with_name(f"open_data_{name}.txt") for name in ("readme", "recount"))
METHODS = {Channel.ONLINE: "internet", Channel.PAPER: "paper"}
BANDS = {low: f"{low}-{following - 1}" for low, following in zip(AGE_BANDS, (*AGE_BANDS[1:], 121))}
PROJECT = ("project_id", "cost", "votes", "score", "name", "category", "selected", "latitude", "longitude")
VOTE = ("voter_id", "vote", "points", "age", "voting_method")
Row = tuple[str, ...]


def cell(value: object) -> str:
    """Write a value as a cell of a table that no spreadsheet takes for a formula."""
    return f"'{value}" if str(value).startswith(("=", "+", "-", "@", "\t", "\r")) else str(value)


def tellable(counts: Mapping[Any, int]) -> set[Any]:
    """Return the values that may be told: each has at least five people, and so have all that stay untold, or nobody.

    None counts those of whom nothing is known.
    """
    told = sorted((value for value in counts if value is not None), key=lambda value: (counts[value], str(value)))
    untold = counts.get(None, 0)
    while told and (counts[told[0]] < SMALLEST_CELL or 0 < untold < SMALLEST_CELL):
        untold += counts[told.pop(0)]
    return set(told)


def read_votes(pool: Pool, channels: tuple[Channel, ...] = tuple(Channel)) -> list[Row]:
    """Return the votes of a pool that count, in the order of their ids, with the cells that VOTE names.

    Projects and points stand best first with commas between; a cell is empty where nothing may be told.
    """
    rows: Any = (Choice.select(Choice.ballot, Ballot.channel, Ballot.age_from, Proposal.number, Choice.points)
                 .join(Ballot).switch(Choice).join(Proposal).order_by(Choice.ballot, Choice.points.desc(), Proposal.number)
                 .where(Proposal.pool == pool, Ballot.state.in_(COUNTING), Ballot.channel.in_(channels)).tuples())
    found = [(*ballot, *zip(*((number, plain(points)) for *_ballot, number, points in marks)))
             for ballot, marks in groupby(rows, key=lambda row: row[:3])]
    ways = Counter(channel for _id, channel, *_rest in found)
    method = METHODS if tellable(ways) == set(ways) else dict.fromkeys(Channel, "")
    bands = {name: tellable(Counter(age for _id, way, age, *_marks in found if method[way] == name)) for name in method.values()}
    return sorted((crypto.keyed_hash("index", "open-data", str(pool.id), str(ballot))[:16], ",".join(numbers), ",".join(points),
                   BANDS[age] if age in bands[method[channel]] else "", method[channel])
                  for ballot, channel, age, numbers, points in found)


def plain(number: Decimal) -> str:
    """Write a number without the zeros that a database or a division adds."""
    return f"{number.normalize():f}"


def project_rows(result: PoolResult) -> Iterator[Row]:
    """Return the projects of a pool in the order of the count, with the cells that PROJECT names."""
    stored = {row.number: row for row in Proposal.select().where(Proposal.pool == result.pool)}
    for outcome in result.outcomes:
        entry, row = outcome.entry, stored[outcome.entry.id]
        place = ("", "") if row.latitude is None or row.longitude is None else (str(row.latitude), str(row.longitude))
        yield (entry.id, plain(Decimal(entry.cost) / 100), str(entry.voters), plain(entry.points), " ".join(row.title.split()),
               ",".join(row.categories.split(", ")), str(int(outcome.funded)), *place)


def write_pool(edition: Edition, result: PoolResult, votes: list[Row]) -> str:
    """Return the file of a pool with these votes."""
    shown = [at for at, _name in enumerate(VOTE) if at < 3 or any(vote[at] for vote in votes)]
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([
        ["META"], ["key", "value"], *(item for item in _meta(edition, result, str(len(votes))).items() if item[1]),
        ["PROJECTS"], PROJECT, *project_rows(result), ["VOTES"], *([vote[at] for at in shown] for vote in (VOTE, *votes))])
    return text.getvalue()


def _meta(edition: Edition, result: PoolResult, votes: str) -> dict[str, Any]:
    """Say what the file is about, in the keys of pabulib.org/format and their order; what is empty is left out."""
    pool, pairs = result.pool, exclusions(result.proposals)
    picks, least = len(edition.points(pool)), math.ceil(pool.minimum_points)
    most = min(picks, len(result.outcomes))
    greedy = "greedy-exclusive" if pairs else "greedy-threshold" if least > 0 else "greedy"
    comments = (f"ties: {edition.tie_order}", f"seed of the lot: {edition.lot_seed}",
                *(f"at most one of {first} and {second}" for first, second in pairs))
    return {
        "description": f"{edition.name}, {settings.city}", "country": "Poland", "unit": settings.city, "subunit": pool.name,
        "instance": edition.code, "num_projects": len(result.outcomes), "num_votes": votes,
        "budget": plain(Decimal(pool.budget) / 100), "vote_type": "ordinal",
        "rule": "equalshares/add1" if edition.count_rule == CountRule.EQUAL_SHARES else greedy,
        "date_begin": f"{clock.local(edition.voting_from):%d.%m.%Y}", "date_end": f"{clock.local(edition.voting_to):%d.%m.%Y}",
        "min_length": most if edition.all_required else 1, "max_length": most, "max_points": picks,
        "min_project_score_threshold": max(least, 0), "language": "pl", "currency": "PLN",
        "fully_funded": int(sum(each.entry.cost // 100 for each in result.outcomes) <= pool.budget // 100),
        "comment": " ".join(f"#{number}: {words}" for number, words in enumerate(comments, 1))}


def folder_of(edition: Edition) -> Path:
    """Return where the files of the results as they stand published are, once they are made."""
    digest = crypto.digest(Publication.get(Publication.edition == edition).results)
    return Path(settings.instance) / "open-data" / edition.code / digest


def files_of(edition: Edition, *, now: datetime) -> dict[str, int]:
    """Return the names of the files that everybody may have now, with their sizes in bytes."""
    if edition.archived or not results_publication.is_public(edition, now=now) or not folder_of(edition).is_dir():
        return {}
    return {file.name: file.stat().st_size for file in sorted(folder_of(edition).iterdir())}


def make_files(edition: Edition, *, now: datetime) -> None:
    """Make the files of an edition, unless they are there or ballots were removed since the count; raise ResultsSecret."""
    told, folder = results_publication.published(edition, now=now), folder_of(edition)
    counted = Publication.select().where(Publication.edition == edition, Publication.removed == 0)
    if folder.is_dir() or not counted.exists():
        return
    names = {name: key for key, name in proposals_catalogue.pools(edition).items()}
    files = {"README.txt": README.read_text("utf-8").format(name=edition.name), "recount.py": RECOUNT.read_text("utf-8")}
    turnout = [("counted", "value", "voters"), *((part, str(value), str(voters)) for part, counts in
               told.turnout._asdict().items() if part != "total" for value, voters in counts if voters >= SMALLEST_CELL)]
    tables: dict[str, list[Row]] = {"projekty": [("pool", *PROJECT)], "glosy": [("pool", *VOTE)], "frekwencja": [*turnout]}
    for result in filter(lambda result: result.outcomes, told.results):
        votes, pool = read_votes(result.pool), result.pool.name or ""
        files[f"{edition.code}-{names[result.pool.name]}.pb"] = write_pool(edition, result, votes)
        tables["projekty"] += [(pool, *row) for row in project_rows(result)]
        tables["glosy"] += [(pool, *vote) for vote in votes]
    if counted.exists() and folder_of(edition) == folder:  # No ballot was removed while they were read.
        _store(folder, files, {name: [tuple(map(cell, row)) for row in rows] for name, rows in tables.items()})


def _store(folder: Path, files: dict[str, str], tables: dict[str, list[Row]]) -> None:
    """Write the files in one step, and remove those of earlier results; another process may do the same just now."""
    from openpyxl import Workbook  # Only the worker needs it.

    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as place:
        made, book = Path(place), Workbook(write_only=True)
        for name, text in files.items():
            (made / name).write_text(text, "utf-8")
        for name, rows in tables.items():
            with (made / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file, delimiter=";").writerows(rows)
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        book.save(made / "dane.xlsx")
        shutil.move(shutil.make_archive(f"{made}.all", "zip", made), made / "wszystko.zip")
        with suppress(OSError):  # The other one was faster.
            made.rename(folder)
    for other in set(folder.parent.glob("?" * len(folder.name))) - {folder}:
        shutil.rmtree(other, ignore_errors=True)
