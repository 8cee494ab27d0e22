"""A whole election once more, through the web: every voter of Pabulib files opens the ballot, chooses, reviews and casts.

The voters are logged in beforehand; in the end the count has to say what the files say.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from portal import clock, crypto
from portal.database import transaction
from portal.models import Account, Ballot, BallotDraft, District, Edition, Pool, Proposal, Session
from portal.services import results, voting
from portal.services.pabulib import PabulibFile, read_file, recount
from portal.services.pabulib_import import import_files
from tests.load import client
from tests.load.people import cookies_of

CODE, ROWS = "replay", 200
STEPS = (200, 302, 200, 302)  # The ballot, the choice, its review, the cast.


def load(paths: Sequence[Path]) -> tuple[Edition, list[PabulibFile]]:
    """Import files without their ballots into an edition whose voting is open, the next one to end."""
    now, files = clock.now(), [read_file(path) for path in paths]
    import_files(files, CODE, with_ballots=False, actor="bench", now=now)
    edition = Edition.get(Edition.code == CODE)
    Edition.update(archived=False, voting_from=now - timedelta(days=1), voting_to=now + timedelta(hours=3),
                   results_on=now + timedelta(days=1), minimum_age=None).where(Edition.id == edition.id).execute()
    crypto.keyring.create(edition.ballot_key)
    return Edition.get_by_id(edition.id), files


def read_voters(edition: Edition, files: list[PabulibFile], most: int) -> dict[str, tuple[int, dict[str, str]]]:
    """Return by the files' voter ids the district in which somebody votes, and the picks."""
    pools = {pool.name: pool for pool in Pool.select().where(Pool.edition == edition)}
    uids = {(proposal.pool_id, proposal.number): proposal.uid
            for proposal in Proposal.select().where(Proposal.pool.in_(list(pools.values())))}
    homes: dict[str, int] = {}
    picks: dict[str, dict[str, str]] = defaultdict(dict)
    for file in files:
        pool = next(pool for name, pool in pools.items() if (name or "").casefold() == (file.subunit or "").casefold())
        for vote in file.votes:
            if pool.district_id:
                homes[vote.voter_id] = pool.district_id
            for project, points in zip(vote.vote, vote.points):
                picks[vote.voter_id][f"p{pool.id}-{points:f}"] = uids[pool.id, project]
    return {voter: (homes[voter], picks[voter]) for voter in list(homes)[:most]}


def prepare(app: Flask, edition: Edition, voters: dict[str, tuple[int, dict[str, str]]]) -> list[list[bytes]]:
    """Create voters who are logged in, and return the four requests of each."""
    now, tokens = clock.now(), [crypto.new_token() for _ in voters]
    people = [{"email": f"replay{at}@example.org", "phone": "+48600000000", "given_name": "A", "family_name": "B", "street": "x",
               "postcode": "30-001", "birth_date": date(1990, 1, 1), "district": home, "password_hash": "x", "created_at": now}
              for at, (home, _picks) in enumerate(voters.values())]
    with transaction():
        before = Account.select().order_by(Account.id.desc()).first()
        for at in range(0, len(people), ROWS):
            Account.insert_many(people[at:at + ROWS]).execute()
        ids = [row.id for row in Account.select(Account.id).where(Account.id > (before.id if before else 0)).order_by(Account.id)]
        sessions = [{"token_hash": crypto.hash_token(token), "account": account, "created_at": now, "seen_at": now,
                     "proved_at": now} for token, account in zip(tokens, ids, strict=True)]
        for at in range(0, len(sessions), ROWS):
            Session.insert_many(sessions[at:at + ROWS]).execute()
    order = {home: [slot.name for contest in voting.ballot_paper(edition, District.get_by_id(home)) for slot in contest.slots]
             for home in {home for home, _picks in voters.values()}}
    cookies, csrf = cookies_of(app, tokens)
    return [_requests({name: picks[name] for name in order[home]}, cookie, csrf)
            for (home, picks), cookie in zip(voters.values(), cookies, strict=True)]


def _requests(picks: dict[str, str], cookie: str, csrf: str) -> list[bytes]:
    cast = {"csrf_token": csrf, "reviewed": voting.mark_reviewed(picks), "submit": "1"}
    return [client.get("/glosowanie", cookie), client.post("/glosowanie", urlencode({"csrf_token": csrf, **picks}), cookie),
            client.get("/glosowanie/podsumowanie", cookie), client.post("/glosowanie/oddaj", urlencode(cast), cookie)]


def check(edition: Edition, files: list[PabulibFile], voters: int, *, whole: bool) -> None:
    """Raise AssertionError unless each voter has one ballot, no choice waits, and the count says what the files say."""
    assert Ballot.select().where(Ballot.edition == edition).count() == voters
    assert not BallotDraft.select().where(BallotDraft.edition == edition).exists()
    Edition.update(voting_to=clock.now() - timedelta(seconds=1), results_on=clock.now()).where(Edition.id == edition.id).execute()
    if not whole:
        return
    counted = {(result.pool.name or "").casefold(): result for result in
               results.count_edition(Edition.get_by_id(edition.id), now=clock.now())}
    for file in files:
        tallies = recount(file)
        entries = {outcome.entry.id: outcome.entry for outcome in counted[(file.subunit or "").casefold()].outcomes}
        assert {id: (entry.voters, entry.points) for id, entry in entries.items()} == tallies, f"{file.name} differs"


def measure(app: Flask, port: int, paths: Sequence[Path], *, most: int, connections: int) -> tuple[Any, Any]:
    """Let so many voters vote, each on a connection of the server on this port, and return the figures of voters and of casts."""
    edition, files = load(paths)
    voters = read_voters(edition, files, most)
    scripts: Iterator[list[bytes]] = iter(prepare(app, edition, voters))
    figures = client.run_scripts(port, scripts, connections=connections, expect=STEPS)
    check(edition, files, len(voters), whole=len(voters) == max(len(file.votes) for file in files))
    return figures
