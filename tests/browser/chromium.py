"""The Chromium of the browser tests: the machine's own, else one that `python -m tests.browser.chromium` installs."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A test browser talks to the test server only: these end Chromium's own traffic.
QUIET = ("background-networking", "component-update", "sync", "quic", "gpu")


def on_this_machine() -> str | None:
    """Return the path of the system's Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """Start a headless Chromium with an empty profile; without one of the system's, Playwright's own."""
    args = [f"--disable-{what}" for what in QUIET]
    return playwright.chromium.launch(executable_path=on_this_machine(), args=args)


def install() -> None:
    """Install Chromium where there is none: by apt-get for root on Debian, else Playwright's build for this user."""
    if not on_this_machine() and os.geteuid() == 0 and shutil.which("apt-get"):
        quietly = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update"], **quietly)
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], **quietly)
    if not on_this_machine():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    install()
    print("Chromium:", on_this_machine() or "Playwright's own")
