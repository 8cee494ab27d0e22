"""Removals of wrongly registered accounts for the bench: twelve editions with 400,000 ballots, and ten thousand cases."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from stdnum.pl import pesel as pesel_number

from portal import clock, crypto, database
from portal.database import transaction
from portal.models import District, Edition, Officer, Pool, Proposal, RemovalCase, Session
from portal.models.ballot import Channel
from portal.models.proposal import ProposalState
from portal.models.removal import CaseState, Proof
from portal.models.staff import Role
from portal.services import removal, removal_approval, voting
from portal.services.voting import Mark, Slot
from tests.load.people import make_accounts

EDITIONS, BALLOTS, PICKS, REMOVALS, CASES, LOOKS = 12, 400_000, 3, 20, 10_000, 30
FILL = {
    "sqlite": ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) "
               "SELECT lower(hex(randomblob(16))), {edition}, hex(randomblob(32)), 'online', 'recorded', '', '{at}' FROM n"),
    "postgresql": ("SELECT gen_random_uuid(), {edition}, md5(random()::text) || md5(random()::text), 'online', 'recorded', '', "
                   "'{at}' FROM generate_series(1, {number})"),
}


def make_history() -> list[tuple[Edition, list[Mark]]]:
    """Create editions of the past with their ballots, and return each with what a voter marks in it."""
    made, now = [], clock.now()
    for year in range(EDITIONS):
        at = now - timedelta(days=300 * (EDITIONS - year))
        edition = Edition.create(code=f"bench-{year}", name=f"Edycja {year}", voting_from=at, voting_to=at + timedelta(days=9),
                                 results_on=at + timedelta(days=10), lot_seed="bench")
        crypto.keyring.create(edition.ballot_key)
        pool = Pool.create(edition=edition, budget=10_000_000_00)
        proposals = [Proposal.create(pool=pool, number=f"H{year}.{order}", slug=f"h{year}-{order}", title=f"Projekt {order}",
                                     cost=1_000_000_00, state=ProposalState.ON_BALLOT, ballot_order=order)
                     for order in range(1, PICKS + 1)]
        fill = FILL["sqlite" if database.on_sqlite() else "postgresql"].format(
            number=BALLOTS // EDITIONS, edition=edition.id, at=f"{at + timedelta(days=1):%Y-%m-%d %H}:00:00")
        with transaction():
            database.database.execute_sql(
                f"INSERT INTO ballot (id, edition_id, voter_key, channel, state, void_reason, cast_at) {fill}")
            database.database.execute_sql(
                "INSERT INTO choice (ballot_id, proposal_id, pool_id, points, rank) SELECT b.id, p.id, p.pool_id, "
                f"p.ballot_order, p.ballot_order FROM ballot b, proposal p WHERE b.edition_id = {edition.id} "
                f"AND p.pool_id = {pool.id}")
        made.append((edition, [Mark(Slot(pool, points), proposals[points - 1]) for points in range(1, PICKS + 1)]))
    if not database.on_sqlite():
        database.database.execute_sql("ANALYZE")
    return made


def make_requests(history: list[tuple[Edition, list[Mark]]], officer: Officer) -> list[RemovalCase]:
    """Return cases whose removal was asked for, each of an account with a ballot in every edition."""
    now, made = clock.now(), []
    for number, account in enumerate(make_accounts(District.get(District.number == 7), REMOVALS)):
        stem = f"900101{number:04}"
        index = crypto.blind_index("pesel", stem + pesel_number.calc_check_digit(stem))
        account.pesel, account.pesel_index, account.created_at = stem, index, now - timedelta(days=9999)
        account.save()
        with transaction():
            for edition, marks in history:
                voting.store_ballot(edition, marks, voter_key=voting.voter_key(account, edition), channel=Channel.ONLINE,
                                    district=account.district_id, number=voting.new_receipt(), now=edition.voting_from)
        case = make_cases(1, index, CaseState.CONFIRMED, f"B/{number}")[0]
        seen = removal.find_extent(account, now=now).digest()
        removal_approval.request_removal(case, officer, seen=seen, version=case.version, now=now)
        made.append(case)
    return made


def make_cases(number: int, index: str, state: CaseState, name: str) -> list[RemovalCase]:
    """Create cases of this name and return them."""
    now = clock.now()
    with transaction():
        for at in range(number):
            RemovalCase.add({
                "number": f"{name}/{at}", "secret": "s", "secret_hash": crypto.new_token(), "name": "Ewa Żuk",
                "pesel": "90010100000",
                "pesel_index": index or crypto.new_token(), "email": "ewa@example.org", "story": "To nie moje konto.",
                "proof": Proof.SCAN, "state": state, "created_at": now - timedelta(hours=at % 2000), "due_at": now})
    return list(RemovalCase.select().where(RemovalCase.number.startswith(f"{name}/")))


def milliseconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield rows of the report."""
    asking, second = (Officer.get(Officer.role == role) for role in (Role.REMOVALS, Role.COORDINATOR))
    with database.database.connection_context():
        cases = make_requests(make_history(), asking)
        taken = [milliseconds(lambda case=case: removal_approval.approve_removal(
            case, second, version=case.version, now=clock.now())) for case in cases]
        yield (f"removal of an account with {EDITIONS} ballots among {BALLOTS:,}",
               f"median {statistics.median(taken):.0f} ms, longest of {REMOVALS} {max(taken):.0f} ms", "≤ 100 ms")
        make_cases(CASES, "", CaseState.OPEN, "L")
        token, now = crypto.new_token(), clock.now()
        Session.create(token_hash=crypto.hash_token(token), officer=asking, created_at=now, seen_at=now, proved_at=now)
    browser = app.test_client()
    with browser.session_transaction() as session:
        session.update({"_user_id": token, "_fresh": True})
    with counted_queries() as queries:
        assert browser.get("/admin/zgloszenia/").status_code == 200
    looks = [milliseconds(lambda: browser.get("/admin/zgloszenia/")) for _look in range(LOOKS)]
    yield (f"list of {CASES:,} cases in the panel", f"median {statistics.median(looks):.0f} ms, {len(queries)} queries",
           "≤ 100 ms, ≤ 6 queries")


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the statements that the database gets, but for those that open and end a connection."""
    seen: list[str] = []
    backend = database.database.obj
    execute = backend.execute_sql

    def listen(sql: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(sql)
        return execute(sql, *args, **kwargs)
    backend.execute_sql = listen
    try:
        yield seen
    finally:
        backend.execute_sql = execute
