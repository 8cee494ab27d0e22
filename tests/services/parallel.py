"""Doing things at once, each in a thread with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from portal.database import database


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Start the jobs together and return, in their order, what each returned or raised."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        with database.connection_context():
            try:
                return job()
            except Exception as error:
                return error

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def count_of(kind: type, results: list[Any]) -> int:
    """Return how many results are of this type."""
    return sum(isinstance(result, kind) for result in results)
