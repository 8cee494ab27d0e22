"""Files of published results: made once, complete, counted again by an own program, never telling what one ballot said."""

import csv
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from portal.errors import ResultsSecret
from portal.models import Ballot, Edition, Exclusion, Pool, Proposal, Publication
from portal.models.ballot import Channel
from portal.services import closing, open_data, results_publication, voting
from portal.services.open_data import cell, files_of, folder_of, make_files
from tests.factories import make_edition, make_proposal
from tests.services.ballots import publish
from tests.services.test_open_data_pabulib import make_vote
from tests.services.test_results import contest, store

pytestmark = pytest.mark.usefixtures("app")


def made(edition: Edition, now: datetime) -> Path:
    """Publish results, and make their files."""
    publish(edition, now)
    make_files(edition, now=now)
    assert files_of(edition, now=now)
    return folder_of(edition)


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")


def recount(folder: Path) -> dict[str, tuple[set[str], str]]:
    """Run the program that lies beside the files; return by pool who wins and what it says of that."""
    said = subprocess.run([sys.executable, "-I", "recount.py"], cwd=folder, capture_output=True, text=True, check=True).stdout
    found = {}
    for line in said.splitlines():
        pool, _colon, told = line.partition(": ")
        winners, _bracket, verdict = told.rpartition(" (")
        found[pool] = set(winners.split(", ")), verdict.rstrip(")")
    return found


def test_independent_recount_comes_to_the_published_result(now: datetime):
    """Security test 14; with ties that only the lot decides, an exclusion and a minimum of points."""
    edition = make_vote(41, lot_seed="los-2026", tie_order="voters,lot", all_required=False)
    pool = Pool.get(edition=edition)
    first, second, *_rest = pool.proposals
    Exclusion.create(first=first, second=second)
    Pool.update(minimum_points=20).where(Pool.id != pool.id).execute()
    for number in range(6):
        make_proposal(pool, number=f"X.{number}", cost=2_000_00)  # All with the same: nothing.
    paper = voting.ballot_paper(edition, None)  # type: ignore[arg-type]
    for number in range(3):  # No top mark for some.
        voting.store_ballot(edition, [voting.Mark(paper[0].slots[1], second)], voter_key=f"x{number}", channel=Channel.PAPER,
                            district=None, number="A", now=edition.voting_from)
    folder = made(edition, now)
    won = {result.pool.name or "Kraków": {winner.number for winner in result.winners}
           for result in published(edition, now)}
    assert recount(folder) == {pool: (numbers, "as published") for pool, numbers in won.items()}
    assert any(number.startswith("X.") for numbers in won.values() for number in numbers), "the lot decides something"
    changed = next(folder.glob("*-miasto.pb"))
    changed.write_text(changed.read_text().replace(";1;50.1", ";0;50.1"))
    assert recount(folder)["Kraków"][1] == "NOT as published"


def published(edition: Edition, now: datetime) -> list[results_publication.PoolResult]:
    return results_publication.published(edition, now=now).results


def test_recount_follows_each_rule(now: datetime):
    """C wins; of A and B, which tie, A by its top mark, though B has more voters; D is excluded by C, E has too few points."""
    edition = make_edition(open_now=False)
    a, b, c, d, e = contest(edition, 40, 40, 60, 5, 5, budget=110_00, minimum_points=2)
    Exclusion.create(first=c, second=d)
    store(edition, c, b, e)
    store(edition, a, c, b)
    store(edition, c, d)
    assert recount(made(edition, now)) == {"Kraków": ({"A", "C"}, "as published")}


def test_recount_of_equal_shares_says_that_it_counts_by_points(now: datetime):
    assert {verdict for _winners, verdict in recount(made(make_vote(41, count_rule="equal_shares"), now)).values()} <= {
        "as published", "by points; the official rule is another"}


def test_tables_hold_all_projects_and_votes(now: datetime):
    edition = make_vote(41)
    folder = made(edition, now)
    assert len(list(rows(folder, "projekty"))) == Proposal.select().count()
    votes = list(rows(folder, "glosy"))
    assert len(votes) == 2 * 41 and len({vote["voter_id"] for vote in votes}) == 2 * 41
    given = Counter(number for vote in votes for number in vote["vote"].split(","))
    assert given == {row["project_id"]: int(row["votes"]) for row in rows(folder, "projekty") if row["votes"] != "0"}
    book = openpyxl.load_workbook(folder / "dane.xlsx", read_only=True)
    assert book.sheetnames == ["projekty", "glosy", "frekwencja"]
    assert [len(list(book[name])) - 1 for name in book.sheetnames[:2]] == [10, 82]
    with ZipFile(folder / "wszystko.zip") as archive:
        assert sorted(archive.namelist()) == sorted(set(files_of(edition, now=now)) - {"wszystko.zip"})
        assert archive.testzip() is None
    assert edition.name in (folder / "README.txt").read_text()


def test_no_cell_is_a_formula(now: datetime):
    edition = make_vote(10)
    Proposal.update(title='=HYPERLINK("http://evil.example";"x")').execute()
    folder = made(edition, now)
    assert all(row["name"].startswith("'=") for row in rows(folder, "projekty"))
    book = openpyxl.load_workbook(folder / "dane.xlsx")
    assert {line[5].data_type for line in book["projekty"].iter_rows()} == {"s"}
    assert [cell(text) for text in ("=1", "+1", "-1", "@a", "\ta", "a=1", 5)] == ["'=1", "'+1", "'-1", "'@a", "'\ta", "a=1", "5"]


def test_turnout_is_the_published_one(now: datetime):
    edition = make_vote(150)
    folder = made(edition, now)
    with (folder / "frekwencja.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file, delimiter=";"))
    assert table.pop(0) == ["counted", "value", "voters"]
    assert {part for part, _value, _voters in table} == {"by_day", "by_district", "by_channel", "by_age"}
    turnout = results_publication.published(edition, now=now).turnout
    for part in ("by_day", "by_channel", "by_age"):
        told = [voters for _value, voters in getattr(turnout, part) if voters >= 5]
        assert [int(row[2]) for row in table if row[0] == part] == told


def test_turnout_has_no_small_cell(now: datetime):
    edition = make_vote(12)  # Three ballots a day, or so.
    folder = made(edition, now)
    told = results_publication.published(edition, now=now).turnout
    assert any(voters < 5 for part in (told.by_day, told.by_district, told.by_channel) for _value, voters in part)
    with (folder / "frekwencja.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file, delimiter=";"))[1:]
    assert table and all(int(voters) >= 5 for _part, _value, voters in table)


def test_nothing_tells_times_and_ids(now: datetime):
    edition = make_vote(30)
    folder = made(edition, now)
    text = "".join(path.read_text("utf-8") for path in folder.iterdir() if path.suffix in {".pb", ".csv"})
    for ballot in Ballot.select():
        assert str(ballot.id) not in text and ballot.id.hex not in text and ballot.voter_key not in text
        assert ballot.commitment not in text
    assert f"{edition.voting_from:%H:%M}" not in text
    order = [vote["voter_id"] for vote in rows(folder, "glosy")]
    assert order[:30] == sorted(order[:30])


def test_there_are_no_files_before_the_publication(now: datetime):
    edition = make_vote(5)
    with pytest.raises(ResultsSecret):
        make_files(edition, now=now)
    closing.look_after(now=now)
    assert files_of(edition, now=now) == {}
    publish(edition, now)
    assert files_of(edition, now=now) == {}
    closing.look_after(now=now)
    assert files_of(edition, now=now)
    assert files_of(edition, now=edition.results_on - timedelta(seconds=1)) == {}


def remove_one(edition: Edition) -> None:
    Ballot.delete().where(Ballot.id == Ballot.select(Ballot.id).where(Ballot.edition == edition).limit(1)).execute()
    results_publication.note_removed(edition)


def test_files_stay_as_they_are_when_a_ballot_is_removed_and_follow_the_correction(now: datetime):
    """New ones in between would tell, by the difference, how the removed ballot was cast."""
    edition = make_vote(30)
    folder = made(edition, now)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    remove_one(edition)
    closing.look_after(now=now)
    assert folder_of(edition) == folder and {path.name: path.read_bytes() for path in folder.iterdir()} == before
    correction = results_publication.find_correction(edition, now=now)
    assert correction
    officer = Publication.get().approved_by
    results_publication.approve_correction(edition, officer, seen=correction.digest, now=now)
    assert files_of(edition, now=now) == {}
    closing.look_after(now=now)
    assert len(list(rows(folder_of(edition), "glosy"))) == 2 * 29 and not folder.exists()


def test_two_workers_make_files_at_once(now: datetime, monkeypatch: pytest.MonkeyPatch):
    edition, archive = make_vote(10), shutil.make_archive
    publish(edition, now)

    def be_slower(*given: Any) -> str:
        monkeypatch.undo()
        make_files(edition, now=now)
        return archive(*given)

    monkeypatch.setattr(shutil, "make_archive", be_slower)
    make_files(edition, now=now)
    assert len(files_of(edition, now=now)) == 9 and list(folder_of(edition).parent.iterdir()) == [folder_of(edition)]


def test_no_files_are_made_when_a_ballot_is_removed_while_they_are_made(now: datetime, monkeypatch: pytest.MonkeyPatch):
    edition, write = make_vote(30), open_data.write_pool
    publish(edition, now)

    def remove_and_write(*given: Any) -> str:
        remove_one(edition)
        return write(*given)

    monkeypatch.setattr(open_data, "write_pool", remove_and_write)
    make_files(edition, now=now)
    assert files_of(edition, now=now) == {}


def test_no_files_are_made_while_the_ballots_are_not_those_that_were_counted(now: datetime):
    edition = make_vote(30)
    publish(edition, now)
    remove_one(edition)
    closing.look_after(now=now)
    assert files_of(edition, now=now) == {}
