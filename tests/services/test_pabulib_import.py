"""Importing Pabulib files: what becomes of a file, one ballot per voter over all files, and what is refused whole."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from portal import clock, crypto
from portal.crypto import KeyMissing
from portal.errors import ImportRefused, ResultsSecret
from portal.models.audit import AuditEntry
from portal.models.ballot import Ballot, BallotState, Choice
from portal.models.district import District
from portal.models.edition import Edition, Phase, Pool
from portal.models.proposal import Proposal
from portal.models.results import Exclusion
from portal.services import audit
from portal.services.counting import lot
from portal.services.pabulib import PabulibFile, read_file
from portal.services.pabulib_format import PabulibError
from portal.services.pabulib_import import Imported, import_files
from portal.services.results import count_edition, turnout
from tests.factories import make_district, make_edition, make_pool

pytestmark = pytest.mark.usefixtures("db", "now")
_numbers = count(1)

PROJECTS = ("project_id;cost;votes;score;name", "p1;700;2;4;Park", "p2;400.50;2;2;Ławki", "x-3;30;1;1;Droga")
VOTES = ("voter_id;vote;voting_method;district", "v1;p1,x-3;internet;STARE MIASTO", "v2;p1,p2;paper;", "v3;p2;internet;")
NORTH = {"subunit": "Północ", "projects": ("project_id;cost;votes;score", "1;10;2;2", "2;20;0;0"),
         "votes": ("voter_id;vote;voting_method", "v1;1;paper", "v9;1;internet")}


def pabulib(name: str = "city.pb", *, type: str = "ordinal", projects: Sequence[str] = PROJECTS, votes: Sequence[str] = VOTES,
            **meta: Any) -> PabulibFile:
    """Read a file made of these rows; on a short ordinal ballot the last place gets one point."""
    meta = {"description": "Sample", "country": "Poland", "unit": "Sampleton", "instance": 2019,
            "num_projects": len(projects) - 1, "num_votes": len(votes) - 1, "budget": "1000.5", "vote_type": type,
            "rule": "greedy", "date_begin": "28.03.2019", "date_end": "31.03.2019", **meta}
    rows = ["META", "key;value", *(f"{key};{value}" for key, value in meta.items()), "PROJECTS", *projects, "VOTES", *votes]
    return read_file("\n".join(rows), name)


def store(code: str, *files: PabulibFile, with_ballots: bool = True) -> Imported:
    return import_files(files, code, with_ballots=with_ballots, actor="command line", now=clock.now())


def counted(code: str) -> dict[tuple[str | None, str], tuple[Decimal, int]]:
    """Return points and voters by pool and project id."""
    results = count_edition(Edition.get(Edition.code == code), now=clock.now())
    return {(result.pool.name, result.proposals[outcome.entry.id].number): (outcome.entry.points, outcome.entry.voters)
            for result in results for outcome in result.outcomes}


def ballot_of(code: str, voter: str) -> Ballot:
    edition = Edition.get(Edition.code == code)
    key = crypto.keyed_hash(edition.ballot_key, "pabulib", voter)
    return Ballot.get(Ballot.edition == edition, Ballot.voter_key == key)


def nothing_is_stored() -> bool:
    return not any(model.select().exists() for model in (Edition, District, Pool, Proposal, Ballot, Choice, AuditEntry))


@pytest.fixture
def code() -> Iterator[str]:
    """A code of an edition that has no key yet."""
    code = f"pb-{next(_numbers)}"
    yield code
    crypto.keyring.path(f"ballot-{code}").unlink(missing_ok=True)


POINTS = ("project_id;cost;votes;score", "1;900;2;{}", "2;800;1;{}", "3;100;1;{}")
SAMPLES = {
    "ordinal": {"votes": ("voter_id;vote", "a;1,2,3", "b;1"), "scores": (4, 2, 1)},
    "approval": {"votes": ("voter_id;vote", "a;1,2", "b;3,1"), "scores": (2, 1, 1)},
    "choose-1": {"votes": ("voter_id;vote", "a;1", "b;1", "c;2", "d;3"), "scores": (2, 1, 1)},
    "cumulative": {"votes": ("voter_id;vote;points", "a;1,2;0.1,0.7", "b;1,3;0.2,0.0001"), "scores": ("0.3", "0.7", "0.0001"),
                   "max_sum_points": 1},
    "scoring": {"votes": ("voter_id;vote;points", "a;1,2;2.5,2", "b;1,3;15e-1,-1"), "scores": (4, 2, -1)},
}


@pytest.mark.parametrize("type", SAMPLES)
def test_the_count_gives_the_votes_and_scores_of_the_file_for_every_type_of_vote(type: str, code: str):
    sample = dict(SAMPLES[type])
    scores = sample.pop("scores")
    rows = "\n".join(POINTS).format(*scores).split("\n")
    file = pabulib(type=type, projects=rows, **sample)
    store(code, file)
    assert counted(code) == {(None, project.project_id): (project.score, project.votes) for project in file.projects}
    assert all((choice.rank is None) == (type != "ordinal") for choice in Choice.select())


def test_an_edition_a_pool_and_its_proposals_are_made_as_the_file_says(code: str):
    columns = "project_id;cost;votes;name;category;latitude;longitude;description;target"
    row = 'p/1;700.55;0;"Park; ""Pod Dębem""";zieleń,sport;50.0614;19.9366;Ławki i drzewa.;children'
    stored = store(code, pabulib(projects=(columns, row), votes=("voter_id;vote",), min_project_score_threshold="1.5",
                                 min_length=1, max_length=1), with_ballots=False)
    assert stored == Imported(pools=1, proposals=1)
    edition, pool, proposal = Edition.get(), Pool.get(), Proposal.get()
    assert (edition.code, edition.name, edition.archived, edition.lot_seed) == (code, "Sampleton 2019", True, f"pabulib-{code}")
    assert (edition.citywide_picks, edition.district_picks, edition.all_required) == (1, 0, True)
    assert edition.voting_from == datetime(2019, 3, 27, 23, tzinfo=UTC)
    assert edition.voting_to == datetime(2019, 3, 31, 21, 59, 59, 999999, tzinfo=UTC)  # Summer time began that day.
    assert edition.phase() is Phase.RESULTS
    assert (pool.district, pool.budget, pool.minimum_points, pool.default_points) == (None, 100050, Decimal("1.5"), 0)
    assert (proposal.number, proposal.title, proposal.cost) == ("p/1", 'Park; "Pod Dębem"', 70055)
    assert (proposal.slug, proposal.state) == (f"{code}-p-1-park-pod-debem", "on_ballot")
    assert (proposal.categories, proposal.latitude, proposal.longitude) == ("zieleń, sport", 50.0614, 19.9366)
    assert (proposal.description, proposal.beneficiaries) == ("Ławki i drzewa.", "children")
    assert not Ballot.select().exists() and not crypto.keyring.path(edition.ballot_key).exists()


def test_the_edition_covers_all_its_files(code: str):
    store(code, pabulib(max_length=3), pabulib(**NORTH, date_begin="1.03.2019", date_end="2020", max_length=2, unit="Other"))
    edition = Edition.get()
    assert clock.local(edition.voting_from).date().isoformat() == "2019-03-01"
    assert clock.local(edition.voting_to).date().isoformat() == "2020-12-31"
    assert (edition.citywide_picks, edition.district_picks, edition.all_required) == (3, 2, False)


def test_ballots_that_mark_very_many_proposals_fit_too(code: str):
    rows = [f"{number};10;1" for number in range(25)]
    store(code, pabulib(type="approval", projects=("project_id;cost;votes", *rows),
                        votes=("voter_id;vote", "a;" + ",".join(str(number) for number in range(25)))))
    assert Edition.get().citywide_picks == 20
    assert Choice.select().count() == 25


def test_a_voter_of_several_files_casts_one_ballot(code: str):
    assert store(code, pabulib(), pabulib(**NORTH)) == Imported(pools=2, proposals=5, ballots=4, choices=7)
    both, city_only, north_only = (ballot_of(code, voter) for voter in ("v1", "v2", "v9"))
    assert (both.channel, city_only.channel, north_only.channel) == ("online", "paper", "online")
    assert (both.district.name, city_only.district, north_only.district.name) == ("Północ", None, "Północ")
    assert {choice.proposal.number: (choice.points, choice.rank) for choice in both.choices} == {
        "p1": (2, 1), "x-3": (1, 2), "1": (1, 1)}
    assert counted(code)["Północ", "1"] == (2, 2)


def test_the_district_of_a_vote_is_found_whatever_its_case(code: str):
    old_town, north = make_district(name="Stare Miasto"), make_district(name="PÓŁNOC")
    store(code, pabulib(), pabulib(**NORTH))
    assert ballot_of(code, "v1").district == old_town
    assert {pool.district for pool in Pool.select()} == {None, north}
    assert dict((district.name, number) for district, number in turnout(Edition.get()).by_district) == {
        "Stare Miasto": 1, "PÓŁNOC": 1}


def test_further_files_join_an_archived_edition_and_its_ballots(code: str):
    store(code, pabulib())
    assert ballot_of(code, "v1").district is None
    assert store(code, pabulib(**NORTH)) == Imported(pools=1, proposals=2, ballots=1, choices=2)
    assert Ballot.select().count() == 4
    assert ballot_of(code, "v1").district.name == "Północ"
    assert ballot_of(code, "v1").channel == "online"
    assert (Edition.get().citywide_picks, Edition.get().district_picks) == (3, 2)
    assert [entry.detail for entry in AuditEntry.select().order_by(AuditEntry.sequence)] == [
        '{"ballots": 3, "choices": 5, "pools": 1, "proposals": 3}', '{"ballots": 1, "choices": 2, "pools": 1, "proposals": 2}']
    assert audit.verify() == []


def test_a_ballot_tells_neither_its_voter_nor_its_time_nor_its_place_in_the_file(code: str):
    store(code, pabulib(projects=("project_id;cost", "1;10"), votes=("voter_id;vote", *(f"voter-{n};1" for n in range(50)))))
    ballots = list(Ballot.select())
    assert {ballot.cast_at for ballot in ballots} == {datetime(2019, 3, 27, 23, tzinfo=UTC)}
    assert all(len(ballot.voter_key) == 64 and ballot.commitment is None for ballot in ballots)
    expected = [ballot_of(code, f"voter-{n}").id for n in range(50)]
    assert [ballot.id for ballot in ballots] != expected


def test_the_ballots_of_a_vote_that_goes_on_are_stored_but_not_counted(code: str):
    store(code, pabulib(**NORTH, date_begin="2026", date_end="2026"))
    assert {ballot.state for ballot in Ballot.select()} == {BallotState.RECORDED}
    with pytest.raises(ResultsSecret):
        counted(code)


def test_equal_points_are_drawn_by_the_seed_and_the_ids_of_the_file(code: str):
    ids = [f"id-{number}" for number in range(8)]
    store(code, pabulib(projects=("project_id;cost", *(f"{id};10" for id in ids)), votes=("voter_id;vote",)))
    assert [number for _, number in counted(code)] == sorted(ids, key=lambda id: lot(f"pabulib-{code}", id))


def test_either_or_pairs_hold_in_their_own_pool_though_ids_repeat_in_others(code: str):
    rows = {"projects": ("project_id;cost", "1;10", "2;10"), "votes": ("voter_id;vote", "v1;1,2")}
    store(code, pabulib(**rows), pabulib("north.pb", subunit="Północ", **rows))
    first, second = Proposal.select().join(Pool).where(Pool.district.is_null()).order_by(Proposal.id)
    Exclusion.create(first=first, second=second)
    city, north = count_edition(Edition.get(), now=clock.now())
    assert [outcome.reason for outcome in city.outcomes] == ["funded", "excluded"]
    assert [outcome.reason for outcome in north.outcomes] == ["funded", "funded"]


@pytest.mark.parametrize(("column", "scores", "points"), [
    ("score", (5, 3), {"1": 5, "2": 3}),  # 1 is on one ballot of two with 4 points, 2 on both with 1 and 2.
    ("score", (4, 3), {"1": 4, "2": 3}),
    ("note", ("-", "-"), {"1": 5, "2": 3}),
])
def test_the_default_score_counts_unless_the_stated_scores_leave_it_out(column: str, scores: Any, points: Any, code: str):
    projects = (f"project_id;cost;{column}", *(f"{id};10;{score}" for id, score in zip("12", scores, strict=True)))
    store(code, pabulib(type="scoring", default_score=1, projects=projects, votes=("voter_id;vote;points", "a;1,2;4,1", "b;2;2")))
    assert {number: sum for (_, number), (sum, _) in counted(code).items()} == points


def test_slugs_stay_short_and_unique(code: str):
    rows = [f'{id};10;{"Żółta łódź " * 30}' for id in ("a/1", "A-1", "a.1")]
    store(code, pabulib(projects=("project_id;cost;name", *rows), votes=("voter_id;vote",)))
    slugs = {proposal.slug for proposal in Proposal.select()}
    assert len(slugs) == 3 and all(slug.startswith(f"{code}-a-1-zolta-lodz-zolta") and len(slug) <= 120 for slug in slugs)


@pytest.mark.parametrize(("given", "message"), [
    ({"projects": ("project_id;cost;name", "1;10;" + "x" * 501)}, "bad.pb:17: name is longer than 500 characters"),
    ({"projects": ("project_id;cost", "1;10", "x" * 61 + ";10")}, "bad.pb:18: project_id is longer than 60 characters"),
    ({"projects": ("project_id;cost;category", "1;10;" + "x" * 251)}, "bad.pb:17: category is longer than 250 characters"),
    ({"projects": ("project_id;cost;votes", "1;10;1")}, "bad.pb:17: votes is 1, but 0 ballots list the project"),
    ({"projects": ("project_id;cost;score", "1;10;3")}, "bad.pb:17: score is 3, but the ballots give 0 points"),
    ({"subunit": "x" * 101}, "bad.pb: subunit is longer than 100 characters"),
    ({"date_begin": "1.01.0001"}, "bad.pb: the dates are not between 1900 and 2100"),
    ({"date_end": "31.12.9999"}, "bad.pb: the dates are not between 1900 and 2100"),
    ({"min_project_score_threshold": "0.00001"}, "bad.pb: '0.00001' has more than 10 digits before or 4 after the decimal point"),
    ({"type": "scoring", "votes": ("voter_id;vote;points", "a;1;1", "b;1;0.12345")},
     "bad.pb:21: '0.12345' has more than 10 digits before or 4 after the decimal point"),
    ({"type": "scoring", "votes": ("voter_id;vote;points", "a;1;10000000000")},
     "bad.pb:20: '10000000000' has more than 10 digits before or 4 after the decimal point"),
    ({"subunit": "PÓŁNOC"}, "bad.pb: it is of the same pool (subunit) as north.pb"),
])
def test_a_file_that_cannot_be_stored_exactly_is_refused_with_all_others(given: Any, message: str, code: str):
    bad = pabulib("bad.pb", **{"subunit": "South", "projects": ("project_id;cost", "1;10"), "votes": ("voter_id;vote",), **given})
    with pytest.raises(PabulibError) as caught:
        store(code, pabulib(), pabulib("north.pb", **NORTH), bad)
    assert str(caught.value) == message
    assert nothing_is_stored() and not crypto.keyring.path(f"ballot-{code}").exists()


def test_a_pool_is_imported_once(code: str):
    store(code, pabulib("north.pb", **NORTH), with_ballots=False)
    with pytest.raises(ImportRefused, match=f"Edition {code} already has the pool of north-again.pb"):
        store(code, pabulib(), pabulib("north-again.pb", **{**NORTH, "subunit": "PÓŁNOC"}))
    assert (Pool.select().count(), Proposal.select().count(), Ballot.select().count()) == (1, 2, 0)
    assert not crypto.keyring.path(f"ballot-{code}").exists()


def test_an_edition_of_the_portal_itself_takes_no_files():
    edition = make_edition()
    make_pool(edition)
    with pytest.raises(ImportRefused, match="is not archived"):
        store(edition.code, pabulib(**NORTH))
    assert (Pool.select().count(), District.select().count()) == (1, 0)


def test_two_editions_never_share_a_ballot_key():
    make_edition(code="taken_1")
    with pytest.raises(ImportRefused, match="too much like the code of edition taken_1"):
        store("TAKEN_1", pabulib())


def test_once_the_ballot_key_is_destroyed_no_ballot_is_added(code: str, monkeypatch: pytest.MonkeyPatch):
    store(code, pabulib())
    monkeypatch.setattr(crypto, "keyring", crypto.Keyring())
    crypto.keyring.path(f"ballot-{code}").unlink()
    with pytest.raises(KeyMissing):
        store(code, pabulib(**NORTH))
    assert (Pool.select().count(), Ballot.select().count()) == (1, 3)
