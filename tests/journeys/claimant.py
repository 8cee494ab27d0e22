"""Somebody on whose PESEL a stranger has registered, and the two officers who look into it."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from portal.cli import demo
from portal.models import Officer, RemovalCase
from portal.models.staff import Role
from tests.browser.window import Window
from tests.browser.words import pl
from tests.journeys.mailbox import read_letter
from tests.journeys.officer import enters_the_panel
from tests.uploads import photo


@dataclass
class Claimant:
    """A person without an account, in front of a browser."""

    window: Window
    email: str
    pesel: str
    number: str = ""
    path: str = ""

    def reports(self) -> None:
        window = self.window
        window.fill(pl("First name"), "Kazimiera")
        window.fill(pl("Last name"), "Żółć-Łątka")
        window.fill(pl("PESEL number"), self.pesel)
        window.fill(pl("E-mail address"), self.email)
        window.fill(pl("What happened"), "Chciałam się zarejestrować,\na konto na mój numer już jest.")
        window.tick(window.field(pl("With a scan or photo of a document")))
        window.tick(window.field(pl("I have read how my data are used")))
        window.press(window.button(pl("Send the report")))
        self.path, self.number = window.path, re.search(r"K/\d+/\d{4}", window.heading).group()

    def adds_a_scan(self, folder: Path) -> None:
        file = folder / "dowód osobisty.jpg"
        file.write_bytes(photo())
        self.window.page.locator("input[type=file]").set_input_files(file)
        self.window.press(self.window.button(pl("Send the scan")))

    def writes(self, words: str) -> None:
        self.window.fill(pl("Your message"), words)
        self.window.press(self.window.button(pl("Send the message")))

    def is_told(self, subject: str) -> str:
        """Read the newest letter of this subject and follow its link to the case."""
        letter = read_letter(self.window, subject, self.email)
        path = urlsplit(re.search(r"http\S+/zgloszenie-konta/[\w-]+", letter).group()).path
        assert path == self.path
        self.window.visit(path)
        return letter


@dataclass
class Decider:
    """An officer at the desk of such cases."""

    window: Window
    role: Role

    def comes_to_the_case(self, number: str) -> None:
        Officer.update(totp_step=0).where(Officer.role == self.role).execute()  # Another half minute has passed.
        self.window.visit("/admin/logowanie")
        enters_the_panel(self.window, self.role)
        self.window.visit("/admin/zgloszenia/")
        row = self.window.page.get_by_role("row").filter(has_text=number)
        self.window.press(row.get_by_role("link", name=re.compile(pl("View"))))

    def returns_to_the_case(self, number: str) -> None:
        self.window.visit(f"/admin/zgloszenia/details/?id={RemovalCase.get(RemovalCase.number == number).id}")

    def presses(self, name: str) -> None:
        button = self.window.page.get_by_role("main").get_by_role("button", name=name, exact=True)
        self.window.press(button if button.count() else self.window.link(name))

    def decides(self, what: str, words: str) -> None:
        self.window.tick(self.window.field(pl(what)))
        self.window.fill(pl("Your words"), words)
        self.presses(pl("Save the decision"))

    def proves(self, then: str) -> None:
        self.window.fill(pl("Your password"), demo.PASSWORD)
        self.presses(pl(then))
