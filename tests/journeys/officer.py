"""Officers at the panel: those of the demo edition, and one who is new."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyotp

from portal.cli import demo
from portal.models import Officer
from portal.models.staff import Role
from tests.browser.window import Window
from tests.browser.words import pl
from tests.journeys.mailbox import read_letter

PASSWORD = "wieczorny spacer nad rzeką"


def enters_the_panel(window: Window, role: Role) -> None:
    """Log in with password and authenticator, on the panel's own page; once per officer and half minute."""
    officer = Officer.get(Officer.role == role)
    logs_in(window, officer.email, demo.PASSWORD, pyotp.TOTP(officer.totp_secret).now())


def logs_in(window: Window, email: str, password: str, code: str) -> None:
    window.fill(pl("E-mail address"), email)
    window.fill(pl("Password"), password)
    window.fill(pl("Code from the authenticator"), code)
    window.press(window.button(pl("Log in")))


@dataclass
class Newcomer:
    """Somebody who begins to work at the office, with a phone and a sheet for the recovery codes."""

    window: Window
    email: str
    phone: pyotp.TOTP | None = None
    sheet: list[str] = field(default_factory=list)

    def finds_the_invitation(self) -> str:
        """Return the path of the link in the letter."""
        subject = pl("Set up your access to the panel of %(site)s", site="Budżet Obywatelski")
        letter = read_letter(self.window, subject, self.email)
        return urlsplit(re.search(r"http\S+/admin/dostep/\S+", letter).group()).path

    def sets_up_the_access(self, path: str) -> None:
        window = self.window
        window.visit(path)
        self.phone = pyotp.TOTP(window.page.locator(".panel-key").inner_text().replace(" ", ""))
        window.fill(pl("New password"), PASSWORD)
        window.fill(pl("Code from the authenticator"), self.phone.now())
        window.press(window.button(pl("Set up my access")))
        self.keeps_the_codes()

    def keeps_the_codes(self) -> None:
        assert self.window.heading == pl("Your recovery codes")
        self.sheet = self.window.page.locator("li code").all_inner_texts()
        assert len(self.sheet) == 10

    def logs_in(self, code: str) -> None:
        self.window.visit("/admin/logowanie")
        logs_in(self.window, self.email, PASSWORD, code)
