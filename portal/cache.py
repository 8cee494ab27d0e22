"""What many people ask for at once is made once a second: finished public pages, and parts that are the same for everybody.

Nothing is older than SECONDS, a page with a part from here twice that, on every process: so no change of the data has to tell
anybody, and a deadline shows in time.
"""

import gzip
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from werkzeug.test import run_wsgi_app

T = TypeVar("T")
Answer = tuple[str, list[tuple[str, str]], bytes]
SECONDS = 0.9
MOST_ENTRIES = 500
TRACKING = re.compile("((fbclid|gclid|utm_[a-z]+)=[^&]*+&?)*")  # What others add to a link: no page depends on it.

_entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
_making: WeakValueDictionary[Hashable, threading.Lock] = WeakValueDictionary()  # As long as a thread makes something or waits.
_guard = threading.Lock()


def _fresh(key: Hashable) -> tuple[float, Any] | None:
    entry = _entries.get(key)
    return entry if entry and time.monotonic() - entry[0] < SECONDS else None


def remember(key: Hashable, make: Callable[[], T]) -> T:
    """Return what make() returned for this key less than a second ago, else call it, in one thread only."""
    entry = _fresh(key)
    if entry is None:
        with _lock(key):
            entry = _fresh(key) or _keep(key, make())
    return entry[1]


def _lock(key: Hashable) -> threading.Lock:
    with _guard:
        return _making.setdefault(key, threading.Lock())


def _keep(key: Hashable, value: T) -> tuple[float, T]:
    made = time.monotonic(), value
    with _guard:
        _entries[key] = made
        _entries.move_to_end(key)
        while len(_entries) > MOST_ENTRIES:
            _entries.popitem(last=False)
    return made


@lru_cache(maxsize=4000)
def _kept(_key: Hashable) -> list[Any]:
    return []


def same(key: Hashable, make: Callable[[], T]) -> T:
    """Return what make() returned for this key, which holds every value that the result depends on; one thread makes it."""
    kept = _kept(key)
    if not kept:
        with _lock(key):
            kept = _kept(key)  # Of two threads that came at once, each was given a list of its own.
            if not kept:
                kept.append(make())
    return kept[0]


def blank(name: str) -> str:
    """Return what stands, in what people share, for a word of each visitor's own, which is set in afterwards.

    No form accepts its signs (validators.clean_text) and no address holds them (access), so nobody can write one.
    """
    return f"\ue000{name}\ue001"


class PublicPages:
    """Stands in front of the application and gives people without a session the pages that it called public.

    The key holds everything that a public page may depend on: host, address and the other cookies (the language), but not the
    cookie of a known device, which each of them has another of. With a question of its own in the address it is made anew:
    whoever invents questions must not crowd out what all read.
    """

    def __init__(self, application: Any, config: Mapping[str, Any]) -> None:
        self._application, self._session_cookie = application, config["SESSION_COOKIE_NAME"] + "="
        self._device_cookie = config["DEVICE_COOKIE_NAME"] + "="

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        cookies = environ.get("HTTP_COOKIE", "")
        asked = not TRACKING.fullmatch(environ.get("QUERY_STRING", ""))
        if environ["REQUEST_METHOD"] != "GET" or self._session_cookie in cookies or asked:
            return self._application(environ, start_response)
        given = [cookie.strip() for cookie in cookies.split(";")]  # As they are read later on: none hides behind another.
        shown = "; ".join(cookie for cookie in given if not cookie.startswith(self._device_cookie))
        key = "page", environ.get("HTTP_HOST"), environ["PATH_INFO"], shown
        entry = _fresh(key)
        status, headers, body = (entry[1] if entry else self._ask(key, environ))[-1 if _unpacks(environ) else 0]
        sent = dict(headers)
        if "ETag" in sent and sent["ETag"] == environ.get("HTTP_IF_NONE_MATCH"):
            start_response("304 Not Modified", [(name, sent[name]) for name in ("ETag", "Cache-Control", "Vary")])
            return [b""]
        start_response(status, headers)
        return [body]

    def _ask(self, key: Hashable, environ: dict[str, Any]) -> list[Answer]:
        """Return the answer as it is; if everybody without a session gets it, which so holds no secret, packed as well."""
        chunks, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        body = b"".join(chunks)
        answers = [(status, list(headers), body)]
        if status.startswith("200") and headers.get("Cache-Control", "").startswith("public") and "Set-Cookie" not in headers:
            packed = gzip.compress(body, 6, mtime=0)
            headers.update({"Content-Encoding": "gzip", "Content-Length": len(packed), "ETag": f'{headers["ETag"][:-1]}-gzip"'})
            answers.append((status, list(headers), packed))
            _keep(key, answers)
        return answers


class PackedAssets:
    """Stands in front of the application and sends style sheets and scripts as the build packed them."""

    def __init__(self, application: Any, folder: Path) -> None:
        self._application = application
        kinds = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
        self._packed = {f"/static/build/{file.stem}": (kinds[Path(file.stem).suffix], file.read_bytes())
                        for file in folder.glob("*.gz")}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        kind, body = self._packed.get(environ["PATH_INFO"], ("", b""))
        if not kind or environ["REQUEST_METHOD"] != "GET" or not _unpacks(environ):
            return self._application(environ, start_response)
        start_response("200 OK", [
            ("Content-Type", kind), ("Content-Encoding", "gzip"), ("Content-Length", str(len(body))), ("Vary", "Accept-Encoding"),
            ("Cache-Control", "public, max-age=31536000"), ("X-Content-Type-Options", "nosniff")])
        return [body]


def _unpacks(environ: Mapping[str, Any]) -> bool:
    return "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
