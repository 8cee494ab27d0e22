"""What many people ask for at once is made once a second: finished public pages and parts that are the same for everybody.

Nothing is ever older than SECONDS, on every process, so no change of the data has to tell anybody, and a deadline shows in time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 0.9
MOST_ENTRIES = 500

_entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
_making: dict[Hashable, threading.Lock] = {}
_guard = threading.Lock()


def _fresh(key: Hashable) -> tuple[float, Any] | None:
    entry = _entries.get(key)
    return entry if entry and time.monotonic() - entry[0] < SECONDS else None


def remember(key: Hashable, make: Callable[[], T]) -> T:
    """Return what make() returned for this key less than a second ago, else call it, in one thread only."""
    entry = _fresh(key)
    if entry is None:
        with _guard:
            lock = _making.setdefault(key, threading.Lock())
        with lock:
            entry = _fresh(key)
            if entry is None:
                entry = (time.monotonic(), make())
                with _guard:
                    _entries[key] = entry
                    _entries.move_to_end(key)
                    while len(_entries) > MOST_ENTRIES:
                        _entries.popitem(last=False)
                    _making.pop(key, None)
    return entry[1]


def forget() -> None:
    """Drop everything."""
    with _guard:
        _entries.clear()
