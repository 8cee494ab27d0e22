"""Processes of their own that work on the test's database at once: ``python -m tests.services.crowd WHAT``.

A process says "ready", waits for a line on stdin, does its work (WHAT, or what the line says) and prints a line of JSON for
everything that it has done.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from portal import config, database
from portal.errors import PortalError
from portal.models import Account, BallotDraft, Edition, Officer, RemovalCase, VotingPoint
from portal.models.removal import CaseState
from portal.services import audit, paper, removal_approval, voting
from tests.services.parallel import at_once

Order = dict[str, Any]


def cast(account: Account, edition: Edition, now: datetime) -> dict[str, str]:
    """Cast one ballot and tell its number, or why not."""
    paper, reviewed = voting.ballot_paper(edition, account.district), voting.mark_reviewed(voting.load_draft(account, edition))
    try:
        return {"account": account.uid, "number": voting.cast_ballot(account, edition, paper, reviewed=reviewed, now=now)}
    except PortalError as error:
        return {"account": account.uid, "refused": type(error).__name__}


def cast_at_once(order: Order) -> Iterable[Any]:
    """Cast the ballot of one account in many threads; ``same_person`` gives all accounts one voter key."""
    if order.get("same_person"):
        voting.voter_key = lambda account, edition: "k" * 64
    with database.database.connection_context():
        edition = Edition.get(Edition.code == order["edition"])
        account = Account.get(Account.uid == order["account"])
    return at_once(*[lambda: cast(account, edition, datetime.fromisoformat(order["now"]))] * order["threads"])


def enter_at_once(order: Order) -> Iterable[Any]:
    """Type in a sheet after another for one person, in many threads."""
    with database.database.connection_context():
        point, officer = VotingPoint.get(), Officer.get(Officer.uid == order["officer"])
        account = Account.get(Account.uid == order["account"])
        entry = paper.Entry(account.district_id, order["picks"])

    def enter(number: int) -> dict[str, str]:
        try:
            return {"number": str(paper.enter_sheet(point, number, officer, entry, person=account,
                                                    now=datetime.fromisoformat(order["now"])))}
        except PortalError as error:
            return {"refused": type(error).__name__}
    return at_once(*[partial(enter, number) for number in range(1, order["threads"] + 1)])


def crashing(work: Callable[[Order], None]) -> Callable[[Order], Iterator[Any]]:
    """Let children do one piece of work after another, and kill each with SIGKILL after a random time."""
    def run(order: Order) -> Iterator[Any]:
        chance = random.Random(order["seed"])
        for _ in range(order["runs"]):
            child = os.fork()
            if child == 0:
                work(order)
                os._exit(0)
            time.sleep(chance.uniform(0.01, order["seconds"]))
            os.kill(child, signal.SIGKILL)
            yield {"killed": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL}
        work(order)  # What is left can still be done.
    return run


def cast_all(order: Order) -> None:
    with database.database.connection_context():
        edition = Edition.get(Edition.code == order["edition"])
        for account in list(Account.select().join(BallotDraft)):
            said = cast(account, edition, datetime.fromisoformat(order["now"]))
            if "number" in said:
                os.write(1, json.dumps(said).encode() + b"\n")  # At once, in one piece: this is the voter's screen.


def remove_all(order: Order) -> None:
    """Approve one removal that was asked for after another."""
    with database.database.connection_context():
        officer = Officer.get(Officer.uid == order["officer"])
        for case in list(RemovalCase.select().where(RemovalCase.state == CaseState.REQUESTED).order_by(RemovalCase.id)):
            removal_approval.approve_removal(case, officer, version=case.version, now=datetime.fromisoformat(order["now"]))
            os.write(1, json.dumps({"removed": case.number}).encode() + b"\n")


def append(order: Order) -> Iterator[Any]:
    """Append entries to the audit log."""
    with database.database.connection_context():
        for at in range(order["entries"]):
            now = datetime.fromisoformat(order["now"])
            yield {"sequence": audit.record("appended", actor=order["actor"], subject=f"entry:{at}", now=now).sequence}


WORK: dict[str, Callable[[Order], Iterable[Any]]] = {
    "cast": cast_at_once, "enter": enter_at_once, "crash": crashing(cast_all), "remove": crashing(remove_all), "append": append}


@contextmanager
def crowd(url: str, what: str, *orders: Order) -> Iterator[list[list[dict[str, Any]]]]:
    """Start a process for each order, let them begin together, and yield what each of them printed."""
    environment = {**os.environ, "PORTAL_DATABASE_URL": url}
    command = [sys.executable, "-m", "tests.services.crowd", what]
    processes = [subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                 for _ in orders]
    try:
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process, order in zip(processes, orders, strict=True):
            assert process.stdin
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        printed = [process.communicate(timeout=120)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes)
        yield [[json.loads(line) for line in text.splitlines()] for text in printed]
    finally:
        for process in processes:
            process.kill()


if __name__ == "__main__":
    database.open_database(config.load().database_url)
    print("ready", flush=True)
    order = json.loads(sys.stdin.readline())
    for done in WORK[order.get("what", sys.argv[1])](order):
        print(json.dumps(done), flush=True)
