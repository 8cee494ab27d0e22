"""portal serve --with-worker: one command brings everything up, and one signal brings all of it down."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest
from bs4 import BeautifulSoup

from portal import __file__ as portal_file

ROOT = Path(portal_file).parents[1]
PATIENCE = 30.0
Served = tuple[str, subprocess.Popen[str]]


@pytest.fixture
def base(tmp_path: Path, socket_enabled: None) -> Iterator[Served]:
    """The address of a portal with one district, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {**os.environ, "PORTAL_INSTANCE": str(tmp_path), "PORTAL_LISTEN": listen, "PORTAL_WORKERS": "2",
                   "PORTAL_BASE_URL": f"http://{listen}"}
    environment.pop("PORTAL_DATABASE_URL", None)
    command = [sys.executable, "-m", "portal"]
    subprocess.run([*command, "db", "upgrade"], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)
    with closing(sqlite3.connect(tmp_path / "portal.sqlite3")) as fresh, fresh:
        fresh.execute("INSERT INTO district (number, name) VALUES (1, 'Stare Miasto')")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*command, "serve", "--with-worker"], cwd=ROOT, env=environment, stdout=log, stderr=log,
                                   text=True, start_new_session=True)
    yield f"http://{listen}", process
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def wait_for(what: Callable[[], str]) -> str:
    """Return the first answer that is not empty; fail after a while."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if answer := what():
                return answer
        except URLError:
            pass
        time.sleep(0.1)
    raise AssertionError("nothing came")


def read(browser: OpenerDirector, url: str, **form: str) -> str:
    with browser.open(url, urlencode(form).encode() if form else None, timeout=10) as response:
        return str(response.read().decode())


def register(browser: OpenerDirector, base: str) -> None:
    page = BeautifulSoup(read(browser, f"{base}/rejestracja"), "html.parser")
    token = page.select_one("main input[name=csrf_token]")["value"]
    district = page.select("#district option")[1]["value"]
    read(browser, f"{base}/rejestracja", csrf_token=token, given_name="Ewa", family_name="Żak", no_pesel="y", district=district,
         birth_date="24.12.1990", street="Długa 1", postcode="30-001", email="ewa@example.org", phone="600111222",
         password="zupa z kasztanów", notice="y")


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def is_up(address: str, log: Path) -> bool:
    """Wait until the portal answers and both its processes have started; one that is still starting can only be killed."""
    started = wait_for(lambda: "yes" if log.read_text().count("Started worker-") == 2 else "")
    return started == "yes" and wait_for(lambda: read(build_opener(), f"{address}/readyz")) == "ok"


def ends(process: subprocess.Popen[str], log: Path) -> bool:
    """Tell whether the process ended, and its whole group with it, without violence."""
    process.wait(timeout=PATIENCE)
    gone = wait_for(lambda: "" if alive(process.pid) else "gone") == "gone"
    return gone and process.returncode == 0 and "Killing" not in log.read_text()


def test_visitor_gets_the_code_within_seconds_and_ctrl_c_ends_everything(base: Served, tmp_path: Path):
    address, process = base
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    assert is_up(address, tmp_path / "log")
    register(browser, address)
    letter = wait_for(lambda: read(browser, f"{address}/dev/poczta").partition("<article")[2])
    assert re.search(r"\b\d{6} ", letter)
    os.killpg(process.pid, signal.SIGINT)  # As the terminal does it, to the whole group.
    assert ends(process, tmp_path / "log")


def test_terminated_server_takes_its_worker_along(base: Served, tmp_path: Path):
    address, process = base
    assert is_up(address, tmp_path / "log")
    process.send_signal(signal.SIGTERM)
    assert ends(process, tmp_path / "log")
