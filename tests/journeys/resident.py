"""A resident and what she does with the portal, one method for each step of hers."""

import re
from dataclasses import dataclass, field

from tests.browser.window import Window
from tests.browser.words import pl
from tests.journeys.mailbox import read_letter

DISTRICT = "VII Zwierzyniec"
PASSWORD = "cztery zielone konie"
Picks = dict[str, int]  # A proposal's title -> the points that she gives it.


@dataclass
class Resident:
    """Somebody in front of a browser, without an account at first."""

    window: Window
    email: str
    phone: str
    pesel: str = ""
    picks: Picks = field(default_factory=dict)

    def registers(self) -> None:
        window = self.window
        window.visit("/rejestracja")
        window.fill(pl("First name"), "Kazimiera")
        window.fill(pl("Last name"), "Żółć-Łątka")
        if self.pesel:
            window.fill(pl("PESEL number"), self.pesel)
            assert not window.page.get_by_label(pl("Date of birth")).is_visible(), "the number tells it"
        else:
            window.tick(window.field(pl("I do not have a PESEL number")))
            window.fill(pl("Date of birth"), "24.12.1990")
        window.select(pl("District you live in"), DISTRICT)
        window.fill(pl("Street and number"), "ul. Królowej Jadwigi 5")
        window.fill(pl("Postcode"), "30-212")
        window.fill(pl("E-mail address"), self.email)
        window.fill(pl("Mobile phone number"), self.phone)
        window.fill(pl("Password"), PASSWORD)
        window.tick(window.field(pl("I have read how my data are used")))
        window.press(window.button(pl("Register and send me a code")))

    def reads(self, subject: str, recipient: str) -> str:
        """Return the newest message of this subject to an address or a number, from the development mailbox."""
        return read_letter(self.window, subject, recipient)

    def enters_the_code(self, status: int = 200) -> None:
        code = re.search(r"\b\d{6}\b", self.reads(pl("Text message"), self.phone)).group()
        self.window.fill(pl("Code from the text message"), f"{code[:3]} {code[3:]}")
        self.window.press(self.window.button(pl("Confirm")), status)

    def logs_in(self, password: str = PASSWORD, status: int = 200) -> None:
        self.window.fill(pl("E-mail address"), self.email)
        self.window.fill(pl("Password"), password)
        self.window.press(self.window.button(pl("Log in")), status)

    def marks(self, title: str, points: int) -> None:
        """Give points to a proposal on the ballot."""
        row = self.window.page.locator(".app-row").filter(has=self.window.page.get_by_role("link", name=title, exact=True))
        self.window.tick(row.get_by_role("radio", name=f"{points} {pl('pts')} {title}", exact=True))
        self.picks[title] = points

    def chooses(self) -> None:
        """Give 3, 2 and 1 points in each pool, to the second, the third and the first project of it."""
        self.picks = {}
        for pool in self.window.page.locator(".app-pool").all():
            titles = pool.get_by_role("link").all_inner_texts()
            for title, points in zip((titles[1], titles[2], titles[0]), (3, 2, 1), strict=True):
                self.marks(title, points)
        self.window.press(self.window.button(pl("Review your choice")))

    def casts(self) -> str:
        """Cast the reviewed ballot and return the confirmation number."""
        self.window.press(self.window.button(pl("Cast my ballot")))
        return self.window.page.locator(".govuk-panel strong").inner_text()

    def votes(self) -> str:
        """Go the whole way, from nothing to the confirmation number."""
        self.registers()
        self.enters_the_code()
        self.window.press(self.window.link(pl("Log in")))
        self.logs_in()
        self.window.press(self.window.link(pl("Go to the voting")))
        self.chooses()
        return self.casts()
