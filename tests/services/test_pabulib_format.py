"""Reading Pabulib files: every type of vote, what is tolerated, and what is refused on which line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from pabulib.checker import Checker

from portal.services.pabulib import Tally, VoteType, read_file, recount
from portal.services.pabulib_format import PabulibError

ORDINAL = """\
META
key;value
description;Budżet Dzielnicy I
country;Poland
unit;Kraków
subunit;Stare Miasto
instance;2018
num_projects;3
num_votes;3
budget;1000.50
vote_type;ordinal
rule;greedy
date_begin;16.06.2018
date_end;30.06.2018
min_length;1
max_length;3
PROJECTS
project_id;cost;votes;score;name;category
a1;700;3;5;"Park ""Pod Dębem""; etap II";zieleń,sport
7;400.99;2;4;Ławki;
07;30;1;1;Biblioteka;kultura
VOTES
voter_id;vote;voting_method
x-1;a1,7,07;internet
x-2;7,a1;paper
x-3;a1;internet
"""

META = """\
META
key;value
description;Sample
country;Poland
unit;Sampleton
instance;2024
num_projects;3
num_votes;2
budget;1000
vote_type;{type}
rule;greedy
date_begin;2024
date_end;2024
"""

APPROVAL = META.format(type="approval") + (
    "PROJECTS\nproject_id;cost;votes\n1;900;2\n2;800;1\n3;100;1\nVOTES\nvoter_id;vote\n10;1,2\n11;3,1\n"
)
CHOOSE_ONE = META.format(type="choose-1") + (
    "PROJECTS\nproject_id;cost;votes\n1;900;1\n2;800;1\n3;100;0\nVOTES\nvoter_id;vote\n10;1\n11;2\n"
)
CUMULATIVE = META.format(type="cumulative") + (
    "max_sum_points;10\nPROJECTS\nproject_id;cost;votes;score\n1;900;2;13\n2;800;1;3\n3;100;1;4\n"
    "VOTES\nvoter_id;vote;points\n10;1,2;7,3\n11;1,3;6,4\n"
)
SCORING = META.format(type="scoring") + (
    "default_score;1\nPROJECTS\nproject_id;cost;votes;score\n1;900;2;4\n2;800;1;2\n3;100;1;-1\n"
    "VOTES\nvoter_id;vote;points\n10;1,2;2.5,2\n11;1,3;1.5,-1\n"
)
SAMPLES = {
    "ordinal": ORDINAL,
    "approval": APPROVAL,
    "choose-1": CHOOSE_ONE,
    "cumulative": CUMULATIVE,
    "scoring": SCORING,
}


def tallies(text: str, **options: Decimal) -> dict[str, tuple[int, str]]:
    return {id: (tally.votes, str(tally.score)) for id, tally in recount(read_file(text), **options).items()}


@pytest.mark.parametrize("type", SAMPLES)
def test_the_samples_are_valid_for_the_official_checker(type: str):
    report = Checker().process_files([SAMPLES[type]])
    assert report["metadata"]["valid"] == 1, report


@pytest.mark.parametrize("type", SAMPLES)
def test_the_recount_equals_what_the_file_states(type: str):
    file = read_file(SAMPLES[type])
    assert file.vote_type == type
    counted = recount(file)
    for project in file.projects:
        tally = counted[project.project_id]
        assert project.votes == tally.votes
        assert project.score in (None, tally.score)


def test_an_ordinal_file_is_understood_to_the_last_cell():
    file = read_file(ORDINAL, "stare-miasto.pb")
    assert (file.name, file.unit, file.subunit, file.instance) == ("stare-miasto.pb", "Kraków", "Stare Miasto", "2018")
    assert (file.description, file.rule, file.vote_type) == ("Budżet Dzielnicy I", "greedy", VoteType.ORDINAL)
    assert (file.budget, file.min_length, file.max_length) == (100050, 1, 3)
    assert (file.date_begin, file.date_end) == (date(2018, 6, 16), date(2018, 6, 30))
    assert file.meta["country"] == "Poland"

    park, benches, library = file.projects
    assert (park.project_id, benches.project_id, library.project_id) == ("a1", "7", "07")
    assert (park.name, park.cost, park.votes, park.score) == ('Park "Pod Dębem"; etap II', 70000, 3, Decimal(5))
    assert (park.category, benches.category, park.line) == (("zieleń", "sport"), (), 19)

    first, second, third = file.votes
    assert (first.voter_id, first.voting_method, second.voting_method, second.line) == ("x-1", "online", "paper", 25)
    assert (first.vote, first.points) == (("a1", "7", "07"), (Decimal(3), Decimal(2), Decimal(1)))
    assert (third.vote, third.points) == (("a1",), (Decimal(1),))


def test_approval_gives_one_point_each():
    vote = read_file(APPROVAL).votes[0]
    assert (vote.vote, vote.points) == (("1", "2"), (Decimal(1), Decimal(1)))


def test_ordinal_points_that_are_stated_count_instead_of_the_place():
    text = ORDINAL.replace("voting_method\n", "voting_method;points\n").replace("paper\n", "paper;3,2\n")
    assert tallies(text) == {"a1": (3, "6"), "7": (2, "5"), "07": (1, "1")}


def test_scores_may_be_negative_and_decimal_and_the_default_counts_when_asked_for():
    assert tallies(SCORING) == {"1": (2, "4.0"), "2": (1, "2"), "3": (1, "-1")}
    default = read_file(SCORING).default_score
    assert tallies(SCORING, default_score=default) == {"1": (2, "4.0"), "2": (1, "3"), "3": (1, "0")}


def test_without_lengths_any_number_of_projects_may_be_chosen():
    file = read_file(APPROVAL)
    assert (file.min_length, file.max_length, file.subunit) == (1, 3, None)
    assert (read_file(CHOOSE_ONE).min_length, read_file(CHOOSE_ONE).max_length) == (1, 1)


def test_a_bare_year_means_the_whole_year():
    file = read_file(APPROVAL)
    assert (file.date_begin, file.date_end) == (date(2024, 1, 1), date(2024, 12, 31))


@pytest.mark.parametrize(
    ("cost", "grosze"), [("10", 1000), ("10.5", 1050), ("0.015", 2), ("0.0149", 1), ("0.025", 3), ("1e3", 100000)]
)
def test_money_is_rounded_half_up_to_whole_grosze(cost: str, grosze: int):
    assert read_file(ORDINAL.replace("400.99", cost)).projects[1].cost == grosze


def test_districts_places_and_the_threshold_are_read_where_given():
    text = ORDINAL.replace("name;category", "name;latitude;longitude").replace("zieleń,sport", "50.06;19,94")
    text = text.replace("voting_method\n", "district;age\n").replace("7,a1;paper", "7,a1;DĘBNIKI;40-59")
    file = read_file(text.replace(";kultura", ";").replace("rule;greedy", "rule;x\nmin_project_score_threshold;5"))
    assert (file.projects[0].latitude, file.projects[0].longitude) == (Decimal("50.06"), Decimal("19.94"))
    assert file.projects[1].latitude is None
    assert (file.votes[1].district, file.votes[1].voting_method) == ("DĘBNIKI", "online")
    assert file.min_project_score_threshold == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(";", " ; ").replace(",7", ", 7").replace(' ; "', ';"').replace('" ; ', '";'),
        lambda text: text.replace("META", "Meta").replace("PROJECTS", "projects;;").replace("VOTES", "Votes "),
        lambda text: text.replace("key;value", "Key;Value;;").replace("project_id;cost", "Project_ID;Cost"),
        lambda text: text.replace("\nunit;", "\nnovelty;1\nunit;").replace("internet\n", "internet;surplus\n"),
        lambda text: text.replace("internet", "Internet"),
    ],
    ids=["mark", "crlf", "cr", "no-last-line-end", "blanks", "titles", "columns", "unknown", "case"],
)
def test_what_does_no_harm_is_tolerated(change):
    plain, changed = read_file(ORDINAL), read_file(change(ORDINAL))
    assert [(p.project_id, p.name, p.cost) for p in changed.projects] == [
        (p.project_id, p.name, p.cost) for p in plain.projects
    ]
    assert [(v.voter_id, v.vote, v.points, v.voting_method) for v in changed.votes] == [
        (v.voter_id, v.vote, v.points, v.voting_method) for v in plain.votes
    ]


def test_blank_lines_and_quoted_line_breaks_keep_the_count_of_lines():
    text = ORDINAL.replace("\nPROJECTS", "\n\n;;\nPROJECTS").replace("Ławki", '"Ławki\n i  stoły"')
    file = read_file(text)
    assert file.projects[1].name == "Ławki i stoły"
    assert [file.projects[0].line, file.projects[1].line, file.projects[2].line] == [21, 22, 24]


def test_columns_may_stand_in_any_order_after_the_first():
    text = ORDINAL.replace("voter_id;vote;voting_method", "voter_id;voting_method;vote")
    for vote, method in (("a1,7,07", "internet"), ("7,a1", "paper"), ("a1", "internet")):
        text = text.replace(f"{vote};{method}", f"{method};{vote}")
    assert read_file(text).votes == read_file(ORDINAL).votes


def test_a_project_without_a_name_is_called_by_its_id():
    assert [project.name for project in read_file(APPROVAL).projects] == ["1", "2", "3"]


def test_a_file_on_disk_is_named_by_its_last_part(tmp_path: Path):
    path = tmp_path / "sample.pb"
    path.write_bytes(ORDINAL.encode())
    assert read_file(path) == read_file(ORDINAL, "sample.pb") == read_file(ORDINAL.encode(), "sample.pb")
    with pytest.raises(PabulibError, match="^absent.pb: the file cannot be read: No such file"):
        read_file(tmp_path / "absent.pb")
    with pytest.raises(PabulibError, match="cannot be read"):
        read_file(tmp_path)


MALFORMED = [
    # The form of the file
    ("META\n", "", 1, "the file does not begin with the section META"),
    ("key;value\n", "", 2, "the first column of META is 'description', not 'key'"),
    ("key;value", "key;text", 2, "the column value is missing in META"),
    ("PROJECTS\n", "VOTES\n", 17, "section VOTES where PROJECTS is expected"),
    ("VOTES\n", "PROJECTS\n", 22, "section PROJECTS where VOTES is expected"),
    ("project_id;cost", "id;cost", 18, "the first column of PROJECTS is 'id', not 'project_id'"),
    ("id;cost", "id;price", 18, "the column cost is missing in PROJECTS"),
    ("voter_id;vote;", "voter_id;ballot;", 23, "the column vote is missing in VOTES"),
    ("score;name", "name;name", 18, "the column 'name' occurs twice in PROJECTS"),
    ("Ławki", '"Ławki', 20, "a quotation mark is never closed"),
    ("Ławki", "Ł" * 100_001, 20, "a cell is longer than 100,000 characters"),
    ("Ławki", "Ł" * 140_000, 20, "a cell is longer than 100,000 characters"),
    ("Ławki", "Ła\0wki", 20, "the character U+0000 is not allowed"),
    ("Ławki", "Ła\x1bwki", 20, "the character U+001B is not allowed"),
    ("Ławki", "Ła\u202ewki", 20, "the character U+202E is not allowed"),
    ("Ławki", "Ła\ud800wki", 20, "the character U+D800 is not allowed"),
    # META
    *((f"\n{key};", f"\nx{key};", 1, f"{key} is missing") for key in ("description", "country", "unit", "instance")),
    *((f"\n{key};", f"\nx{key};", 1, f"{key} is missing") for key in ("num_projects", "num_votes", "budget")),
    *((f"\n{key};", f"\nx{key};", 1, f"{key} is missing") for key in ("vote_type", "rule", "date_begin", "date_end")),
    ("budget;1000.50", "budget;", 10, "budget is missing"),
    ("budget;1000.50", "budget;plenty", 10, "budget 'plenty' is not a number"),
    ("budget;1000.50", "budget;1000,50", 10, "budget '1000,50' is not a number"),
    ("budget;1000.50", "budget;-1", 10, "budget '-1' is not between 0 and 10000000000000"),
    ("budget;1000.50", "budget;1e99", 10, "budget '1e99' is not between 0 and 10000000000000"),
    ("budget;1000.50", "budget;NaN", 10, "budget 'NaN' is not a number"),
    ("budget;1000.50", "budget;" + "1" * 5000, 10, f"budget '{'1' * 40}' is not a number"),
    ("unit;", "budget;5\nunit;", 11, "key 'budget' is already in line 5"),
    ("vote_type;ordinal", "vote_type;oracle", 11, "vote_type 'oracle' is unknown"),
    ("vote_type;ordinal", "vote_type;cumulative", 1, "max_sum_points is missing"),
    ("num_projects;3", "num_projects;4", 8, "num_projects is 4, but the file has 3"),
    ("num_projects;3", "num_projects;3.5", 8, "num_projects '3.5' is not a whole number"),
    ("num_votes;3", "num_votes;2", 9, "num_votes is 2, but the file has 3"),
    ("30.06.2018", "31.06.2018", 14, "date_end '31.06.2018' is neither dd.mm.yyyy nor a year"),
    ("30.06.2018", "15.06.2018", 14, "date_end is before date_begin"),
    ("min_length;1", "min_length;4", 15, "min_length is more than max_length"),
    ("max_length;3", "max_length;0", 16, "max_length '0' is not between 1 and 10000000000000"),
    # PROJECTS
    ("\n07;", "\n7;", 21, "project_id '7' is already in line 20"),
    ("\n07;", "\n;", 21, "project_id is missing"),
    ("400.99", "", 20, "cost is missing"),
    ("400.99", "0", 20, "cost '0' is not between 0.01 and 10000000000000"),
    ("400.99", "-400", 20, "cost '-400' is not between 0.01 and 10000000000000"),
    ("400.99", "4OO", 20, "cost '4OO' is not a number"),
    ("400.99;2;4", "400.99;two;4", 20, "votes 'two' is not a number"),
    ("400.99;2;4", "400.99;2;five", 20, "score 'five' is not a number"),
    # VOTES
    ("x-2;", "x-1;", 25, "voter_id 'x-1' is already in line 24"),
    ("x-2;", ";", 25, "voter_id is missing"),
    ("7,a1;", ";", 25, "vote is missing"),
    ("7,a1;", ",;", 25, "the vote lists 0 projects, but 1 to 3 are allowed"),
    ("7,a1;", "7,99;", 25, "the vote is for the unknown project '99'"),
    ("7,a1;", "7,7;", 25, "the vote lists a project twice"),
    ("max_length;3", "max_length;2", 24, "the vote lists 3 projects, but 1 to 2 are allowed"),
    ("min_length;1", "min_length;2", 26, "the vote lists 1 projects, but 2 to 3 are allowed"),
    ("7,a1;paper", "7,a1;pigeon", 25, "voting_method 'pigeon' is neither internet nor paper"),
]


@pytest.mark.parametrize(("old", "new", "line", "reason"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_file_is_refused_with_line_and_reason(old: str, new: str, line: int, reason: str):
    text = ORDINAL.replace(old, new, 1)
    assert text != ORDINAL
    with pytest.raises(PabulibError) as refusal:
        read_file(text, "bad.pb")
    assert str(refusal.value) == f"bad.pb:{line}: {reason}"
    assert (refusal.value.file, refusal.value.line, refusal.value.reason) == ("bad.pb", line, reason)


@pytest.mark.parametrize(
    ("sample", "old", "new", "line", "reason"),
    [
        (APPROVAL, "vote\n10;1,2\n", "vote;points\n10;1,2;1,1\n", 21, "a vote of type approval has no points"),
        (CHOOSE_ONE, "10;1\n", "10;1,2\n", 21, "the vote lists 2 projects, but 1 to 1 are allowed"),
        (CUMULATIVE, "7,3", "7", 22, "the vote lists 2 projects, but 1 points"),
        (CUMULATIVE, "vote;points", "vote;marks", 22, "the vote lists 2 projects, but 0 points"),
        (CUMULATIVE, "7,3", "7,-3", 22, "points '-3' is not between 0 and 10000000000000"),
        (CUMULATIVE, "7,3", "7,many", 22, "points 'many' is not a number"),
        (CUMULATIVE, "max_sum", "max_points;6\nmax_sum", 23, "points '7' is not between 0 and 6"),
        (SCORING, "default_score;1", "min_points;0", 23, "points '-1' is not between 0 and 10000000000000"),
        (SCORING, "default_score;1", "default_score;none", 14, "default_score 'none' is not a number"),
    ],
)
def test_points_that_do_not_fit_the_type_are_refused(sample: str, old: str, new: str, line: int, reason: str):
    with pytest.raises(PabulibError) as refusal:
        read_file(sample.replace(old, new), "bad.pb")
    assert str(refusal.value) == f"bad.pb:{line}: {reason}"


@pytest.mark.parametrize("lines", range(ORDINAL.count("\n")))
def test_a_file_cut_off_anywhere_is_refused(lines: int):
    with pytest.raises(PabulibError):
        read_file("".join(ORDINAL.splitlines(keepends=True)[:lines]))


@pytest.mark.parametrize(("encoding", "line"), [("cp1250", 3), ("utf-16", 1)])
def test_another_encoding_is_refused(encoding: str, line: int):
    with pytest.raises(PabulibError, match=f"^file:{line}: the text is not UTF-8$"):
        read_file(ORDINAL.encode(encoding))


def test_a_file_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.services.pabulib_format.MAX_BYTES", 100)
    with pytest.raises(PabulibError, match="^file: the file is larger than 100 bytes$"):
        read_file(ORDINAL)


DAMAGES = st.tuples(st.integers(0, 600), st.integers(0, 12), st.text(max_size=6) | st.sampled_from('";\n,-'))


@given(st.sampled_from(sorted(SAMPLES)), st.lists(DAMAGES, max_size=3))
def test_a_damaged_file_is_understood_or_refused_but_nothing_else_happens(type: str, damages: list):
    text = SAMPLES[type]
    for start, length, put in damages:
        end = start + length
        text = text[:start] + put + text[end:]
    try:
        file = read_file(text)
    except PabulibError as refusal:
        assert refusal.line <= text.count("\n") + text.count("\r") + 1
    else:
        assert recount(file).keys() == {project.project_id for project in file.projects}


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, unique=True), max_size=9))
def test_points_of_an_ordinal_vote_fall_from_its_length_to_one(votes: list[list[str]]):
    head = ORDINAL[: ORDINAL.index("PROJECTS")].replace("num_projects;3", "num_projects;4")
    head = head.replace("num_votes;3", f"num_votes;{len(votes)}").replace("max_length;3", "max_length;4")
    rows = "".join(f"v{number};{','.join(vote)}\n" for number, vote in enumerate(votes))
    text = head + "PROJECTS\nproject_id;cost\na;1\nb;1\nc;1\nd;1\nVOTES\nvoter_id;vote\n" + rows
    expected = {
        id: Tally(sum(id in vote for vote in votes), Decimal(sum(len(v) - v.index(id) for v in votes if id in v)))
        for id in "abcd"
    }
    assert recount(read_file(text)) == expected
