"""The portal as a city runs it: `portal serve --with-worker` on a free port of this machine, on the database of the tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 30


@contextmanager
def serve(database_url: str, instance: Path) -> Iterator[str]:
    """Run the web server and the worker, and give the address where they answer."""
    address = f"127.0.0.1:{_free_port()}"
    environ = os.environ | {
        "PORTAL_ENV": "development", "PORTAL_INSTANCE": str(instance), "PORTAL_DATABASE_URL": database_url,
        "PORTAL_LISTEN": address, "PORTAL_BASE_URL": f"http://{address}", "PORTAL_WORKERS": "1", "PORTAL_MAP_TILES": ""}
    log = instance / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "portal", "serve", "--with-worker"], cwd=ROOT, env=environ,
                                   stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(f"http://{address}/readyz", process, log)
        yield f"http://{address}"
    finally:
        process.terminate()  # The server stops its worker, too.
        process.wait(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')}")
