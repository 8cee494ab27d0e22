"""portal pabulib import and export, from the files to the count and back, as someone at a shell sees it."""

import json
from itertools import count
from pathlib import Path

import pytest

from portal import clock
from portal.cli import main
from portal.crypto import keyring
from portal.database import database
from portal.models.ballot import Ballot
from portal.models.edition import Edition, Pool
from tests.services.ballots import publish
from tests.services.test_open_data_pabulib import make_vote

META = "META\nkey;value\ndescription;Sample\ncountry;Poland\nunit;Sampleton\ninstance;2019\nnum_projects;2\nnum_votes;2\n" \
    "budget;1000.50\nvote_type;approval\nrule;greedy\ndate_begin;2019\ndate_end;2019\n"
CITY = META + 'PROJECTS\nproject_id;cost;votes;name\np1;1000.25;1;"Park; ""Nowy"""\np2;7;2;Ławki\n' \
    "VOTES\nvoter_id;vote\na;p1,p2\nb;p2\n"
NORTH = META + "subunit;Północ\nPROJECTS\nproject_id;cost;votes\n1;10;2\n2;20;0\nVOTES\nvoter_id;vote\nb;1\nc;1\n"

_numbers = count(1)


@pytest.fixture
def code() -> str:
    return f"cli-{next(_numbers)}"


@pytest.fixture
def files(db: None, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two good files; the command opens the database of the test."""
    monkeypatch.setenv("PORTAL_DATABASE_URL", database_url)
    (tmp_path / "city.pb").write_text(CITY)
    (tmp_path / "north.pb").write_text(NORTH)
    return [str(tmp_path / "city.pb"), str(tmp_path / "north.pb")]


def stored() -> tuple[int, int, int]:
    with database.connection_context():
        return Edition.select().count(), Pool.select().count(), Ballot.select().count()


def test_what_is_imported_can_be_counted(files: list[str], code: str, capsys: pytest.CaptureFixture[str]):
    assert main(["pabulib", "import", *files, "--edition", code, "--with-ballots"]) == 0
    said = capsys.readouterr()
    assert said.out == f"Edition {code}: stored 2 pools, 4 proposals, 3 ballots with 5 choices.\n"
    assert said.err.splitlines() == [
        f"read {files[0]}: 2 projects, 2 votes", f"read {files[1]}: 2 projects, 2 votes",
        "stored 4 of 4 proposals", "stored 3 of 3 ballots", "stored 5 of 5 choices"]

    assert main(["count", code, "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert counted["edition"] == code
    city, north = counted["pools"]
    assert (city["pool"], city["budget"], north["pool"]) == (None, 1000.5, "Północ")
    assert city["projects"] == [
        {"id": "p2", "cost": 7, "points": 2, "voters": 2, "funded": True, "reason": "funded"},
        {"id": "p1", "cost": 1000.25, "points": 1, "voters": 1, "funded": False, "reason": "over the money left by 6.75 zł"}]
    assert [(row["id"], row["points"], row["voters"]) for row in north["projects"]] == [("1", 2, 2), ("2", 0, 0)]


def test_on_a_terminal_progress_stays_in_one_line(files: list[str], code: str, capsys: pytest.CaptureFixture[str],
                                                  monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["pabulib", "import", *files, "--edition", code]) == 0
    said = capsys.readouterr()
    told = said.err.splitlines(keepends=True)[len(files):]
    assert told == ["stored 4 of 4 proposals\n"]
    assert said.out == f"Edition {code}: stored 2 pools, 4 proposals, 0 ballots with 0 choices.\n"


@pytest.mark.parametrize(("name", "text", "fault"), [
    ("bad.pb", CITY.replace("b;p2", "b;p3"), "bad.pb:22: the vote is for the unknown project 'p3'"),
    ("bad.pb", CITY.replace("p2;7;2", "p2;7;3"), "bad.pb:18: votes is 3, but 2 ballots list the project"),
    ("missing.pb", None, "missing.pb: the file cannot be read: No such file or directory"),
])
def test_one_bad_file_stops_all_with_its_line_and_reason(name: str, text: str | None, fault: str, files: list[str], code: str,
                                                         capsys: pytest.CaptureFixture[str]):
    bad = Path(files[0]).with_name(name)
    if text is not None:
        bad.write_text(text.replace("unit;Sampleton", "unit;Sampleton\nsubunit;South"))
    assert main(["pabulib", "import", *files, str(bad), "--edition", code, "--with-ballots"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[-1] == f"portal: {bad.parent}/{fault}"
    assert stored() == (0, 0, 0) and not keyring.path(f"ballot-{code}").exists()


def test_a_second_import_of_a_pool_is_refused(files: list[str], code: str, capsys: pytest.CaptureFixture[str]):
    assert main(["pabulib", "import", *files, "--edition", code]) == 0
    assert main(["pabulib", "import", files[1], "--edition", code, "--with-ballots"]) == 1
    assert capsys.readouterr().err.endswith(f"portal: Edition {code} already has the pool of {files[1]}.\n")
    assert stored() == (1, 2, 0)


@pytest.mark.parametrize("code", ["a/b", "x" * 21, "", "-x"])
def test_code_can_stand_in_an_address(code: str, files: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["pabulib", "import", *files, f"--edition={code}"]) == 1
    assert "1 to 20 letters, digits, hyphens and underscores" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["", "city.pb", "--edition 2019", "city.pb --edition"])
def test_wrong_use_is_told_apart(words: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(["pabulib", "import", *words.split()])
    assert caught.value.code == 2
    assert "usage: portal pabulib import" in capsys.readouterr().err


def test_open_data_of_published_results_are_exported(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with database.connection_context():
        edition = make_vote(12)
    folder = str(tmp_path / "dane")
    assert main(["pabulib", "export", "--edition", edition.code, "--to", folder]) == 1, "nothing is published yet"
    with database.connection_context():
        publish(edition, clock.now())
    assert main(["pabulib", "export", "--edition", edition.code, "--to", folder]) == 0
    assert capsys.readouterr().out == f"Edition {edition.code}: wrote 9 files to {folder}.\n"
    exported = sorted(map(str, (tmp_path / "dane").glob("*.pb")))
    assert main(["pabulib", "import", *exported, "--edition", "kopia", "--with-ballots"]) == 0
    assert main(["pabulib", "export", "--edition", "kopia", "--to", folder]) == 1, "it is not an own edition"
    assert main(["pabulib", "export", "--edition", "nie-ma", "--to", folder]) == 1
