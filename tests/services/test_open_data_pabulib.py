"""Results as Pabulib files: accepted by the format's own checker, read again by the import, and no cell of fewer than five."""

import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pabulib.checker import Checker

from portal.models import Ballot, Edition, Exclusion, Pool
from portal.models.ballot import AGE_BANDS, BallotState, Channel
from portal.services import pabulib_import, results, voting
from portal.services.open_data import read_votes, tellable, write_pool
from portal.services.pabulib import read_file
from tests.factories import make_district, make_edition, make_pool, make_proposal

pytestmark = pytest.mark.usefixtures("app")


def hold_vote(edition: Edition, ballots: int, *, seed: int = 1) -> None:
    """Store ballots in which chance gives each pool's marks, of all ages and ways of voting."""
    chance = random.Random(seed)
    for number in range(ballots):
        district = chance.choice([pool.district for pool in edition.pools if pool.district] or [None])
        paper = voting.ballot_paper(edition, district)
        marks = [voting.Mark(slot, proposal) for contest in paper
                 for slot, proposal in zip(contest.slots, chance.sample(contest.proposals, len(contest.slots)), strict=True)]
        voting.store_ballot(edition, marks, voter_key=f"{number:064d}", channel=chance.choice([*Channel, Channel.ONLINE]),
                            district=district and district.id, number="AAAA", now=edition.voting_from)
    for ballot in Ballot.select().where(Ballot.edition == edition):
        Ballot.update(age_from=chance.choice([None, *AGE_BANDS])).where(Ballot.id == ballot.id).execute()


def make_vote(ballots: int = 200, **given: Any) -> Edition:
    """An edition whose voting has ended, with a citywide pool and one of a district."""
    edition = make_edition(open_now=False, name="Budżet obywatelski 2026", **given)
    for district in (None, make_district()):
        pool = make_pool(edition, district, budget=30_000_00)
        for cost in (20_000_00, 15_000_50, 9_000_00, 4_000_00, 3_000_00):
            make_proposal(pool, cost=cost, title='Park „Dąb"; etap = 2', categories="sport, greenery", latitude=50.1,
                          longitude=19.9)
    hold_vote(edition, ballots)
    return edition


def export(edition: Edition, now: datetime) -> list[str]:
    return [write_pool(edition, result, read_votes(result.pool)) for result in results.count_edition(edition, now=now)]


def complaints(text: str) -> dict[str, Any]:
    """Return what the official checker holds against a file."""
    found: dict[str, Any] = Checker().process_files([text])
    assert found["metadata"]["processed"] == 1
    return dict(found[1]["results"]["errors"])


def test_official_checker_accepts_every_file(now: datetime):
    for text in export(make_vote(), now):
        assert not complaints(text)


@pytest.mark.parametrize("given", [{"budget": 100_000_00}, {"minimum_points": 40}, {"minimum_points": "39.5"}])
def test_official_checker_accepts_pools_of_every_kind(given: dict[str, Any], now: datetime):
    edition = make_vote(60)
    Pool.update(**given).where(Pool.edition == edition).execute()
    for text in export(edition, now):
        assert not complaints(text)


def test_official_checker_accepts_exclusions_and_equal_shares(now: datetime):
    edition = make_vote(60, count_rule="equal_shares")
    first, second, *_rest = Pool.get(edition=edition).proposals
    Exclusion.create(first=first, second=second)
    Pool.update(budget=50_000_00).execute()  # All but one could be funded.
    for text in export(edition, now):
        assert not complaints(text) and "equalshares/add1" in text
    Edition.update(count_rule="greedy").execute()
    texts = export(Edition.get(), now)
    assert not any(map(complaints, texts)) and f"at most one of {first.number} and {second.number}" in texts[0]


def test_pool_of_fewer_projects_than_marks_is_a_file_too(now: datetime):
    edition = make_edition(open_now=False)
    make_pool(edition, proposals=2)
    text, = export(edition, now)
    assert not complaints(text) and read_file(text).max_length == 2


def test_pool_without_votes_is_a_file_too(now: datetime):
    edition = make_vote(0)
    assert [len(read_file(text).votes) for text in export(edition, now)] == [0, 0]
    assert not any(map(complaints, export(edition, now)))


def counted(edition: Edition, now: datetime) -> list[Any]:
    return [[(each.entry.id, each.entry.points, each.entry.voters, each.entry.top_marks, each.reason, each.missing)
             for each in result.outcomes] for result in results.count_edition(edition, now=now)]


@pytest.mark.parametrize("rule", ["greedy", "equal_shares"])
def test_file_that_is_imported_again_gives_the_same_count(rule: str, now: datetime):
    """With ties that only the lot decides, an exclusion, and ballots that give no top mark."""
    edition = make_vote(40, lot_seed="los-2026", tie_order="voters,lot", count_rule=rule, all_required=False)
    pool = Pool.get(edition=edition)
    rivals = list(pool.proposals)[:2]
    Exclusion.create(first=rivals[0], second=rivals[1])
    for proposal in (make_proposal(pool, number=f"X.{number}", cost=2_000_00) for number in range(4)):  # All with nothing.
        assert proposal
    paper = voting.ballot_paper(edition, None)  # type: ignore[arg-type]
    for number in range(5):
        marks = [voting.Mark(paper[0].slots[2], rivals[0])]
        voting.store_ballot(edition, marks, voter_key=f"x{number}", channel=Channel.PAPER, district=None, number="A",
                            now=edition.voting_from)
    files = [read_file(text) for text in export(edition, now)]
    pabulib_import.import_files(files, "kopia", with_ballots=True, actor="test", now=now)
    copy = Edition.get(code="kopia")
    assert copy.lot_seed == "los-2026" and counted(copy, now) == counted(edition, now)


def test_ballots_that_do_not_count_are_left_out_and_ids_differ_between_pools(now: datetime):
    edition = make_vote(30)
    Ballot.update(state=BallotState.VOID, void_reason="test").where(Ballot.voter_key == f"{0:064d}").execute()
    pools = [read_votes(pool) for pool in edition.pools]
    assert [len(votes) for votes in pools] == [29, 29]
    ids = [{vote[0] for vote in votes} for votes in pools]
    assert not ids[0] & ids[1] and not {id.replace("-", "")[:16] for id in map(str, Ballot.select(Ballot.id).scalars())} & ids[0]


def test_no_age_and_way_of_voting_is_told_of_fewer_than_five(now: datetime):
    edition = make_vote(150)
    for pool in edition.pools:
        votes = read_votes(pool)
        cells = Counter(vote[3:] for vote in votes)
        assert len(cells) > 5 and min(cells.values()) >= 5
    online = Ballot.select(Ballot.id).where(Ballot.channel == Channel.PAPER).limit(4).scalars()
    Ballot.update(channel=Channel.ONLINE).where(Ballot.id.not_in(list(online))).execute()
    text = export(edition, now)[0]
    assert "voting_method" not in text and "age" in text, "four people voted on paper"


@pytest.mark.parametrize(("counts", "told"), [
    ({}, set()), ({"a": 4}, set()), ({"a": 5}, {"a"}), ({"a": 5, "b": 4}, set()), ({"a": 5, "b": 6, "c": 4}, {"b"}),
    ({"a": 9, "b": 3, "c": 2}, {"a"}), ({"a": 9, None: 4}, set()), ({"a": 9, None: 5}, {"a"})])
def test_what_stays_untold_is_nobody_or_at_least_five(counts: dict[Any, int], told: set[Any]):
    assert tellable(counts) == told


def test_file_is_the_same_each_time_and_written_as_pabulib_says(now: datetime, tmp_path: Path):
    edition = make_vote(30)
    assert export(edition, now) == export(edition, now)
    path = tmp_path / "a.pb"
    path.write_text(export(edition, now)[0])
    read = read_file(path)
    assert (read.unit, read.subunit, read.instance, read.min_length, read.max_length) == ("Kraków", None, edition.code, 3, 3)
    assert [project.name for project in read.projects] == ['Park „Dąb"; etap = 2'] * 5
