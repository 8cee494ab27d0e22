"""Authors of proposals, and the officers who assess what they propose."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pyotp

from portal import clock
from portal.models import Edition, Officer, Proposal
from portal.services import support
from portal.services.proposals_catalogue import CATEGORIES
from tests.browser.window import Window
from tests.browser.words import pl
from tests.factories import PASSWORD, make_account
from tests.journeys.officer import logs_in
from tests.journeys.resident import DISTRICT, Resident

COMING = "2027"  # The edition of the demo that takes proposals.
PLACE = "ul. Królowej Jadwigi, od szkoły do mostu"
SUMMARY = "Dwanaście ławek z oparciem na drodze od szkoły do Rudawy, co sto metrów, w cieniu lip."


def text(window: Window) -> str:
    return str(window.page.get_by_role("main").inner_text())


def let_support(proposal: Proposal, people: int) -> None:
    """Let so many neighbours of the proposal's district support it."""
    for _ in range(people):
        support.support(make_account(proposal.pool.district), proposal, now=clock.now())


@dataclass
class Author(Resident):
    """A resident with an idea."""

    title: str = ""

    @property
    def proposal(self) -> Proposal:
        """The newest one with her title, as it stands now."""
        found: Proposal = Proposal.select().where(Proposal.title == self.title).order_by(Proposal.id.desc()).get()
        return found

    def begins(self) -> None:
        """Begin a draft for the district, on the way from the list of her projects."""
        window = self.window
        window.press(window.link(pl("Submit a project")))
        offered = window.field(pl("Where")).locator("option").all_text_contents()
        window.select(pl("Where"), next(label for label in offered if DISTRICT.endswith(label.partition(" (")[0])))
        window.fill(pl("Title"), self.title)
        window.press(window.button(pl("Begin a draft")))

    def links(self, beginning: str) -> list[str]:
        """Return where the links lead of which the addresses begin so."""
        found = self.window.page.locator(f"main a[href^='{beginning}']").all()
        return [str(link.get_attribute("href")) for link in found]

    def returns_to_it(self) -> None:
        """Go on with it from the list of her projects."""
        name = re.compile(rf"^{pl('See your project')} ?: {re.escape(self.title)}$")  # So browsers read what is only heard.
        self.window.press(self.window.page.get_by_role("main").get_by_role("link", name=name))

    def opens(self, section: str) -> None:
        self.window.press(self.window.link(pl(section)))

    def saves(self, status: int = 200) -> None:
        self.window.press(self.window.button(pl("Save")), status)

    def types(self, texts: dict[str, str]) -> None:
        for label, words in texts.items():
            self.window.fill(pl(label), words)

    def chooses_category(self, name: str) -> None:
        self.window.tick(self.window.field(pl(str(CATEGORIES[name]))))

    def writes_place(self) -> None:
        self.opens("The place")
        self.types({"Where it is to be": PLACE, "Latitude": "50,0583", "Longitude": "19,9012"})
        self.saves()

    def writes_reasons(self) -> None:
        self.opens("What, why and for whom")
        self.types({"Description": "Dwanaście ławek z drewna i stali.", "Why it is needed": "Na tej drodze nie ma gdzie usiąść.",
                    "Who will use it": "Uczniowie, osoby starsze."})
        self.saves()
        self.opens("Open to everybody")
        self.types({"When and where everybody can use it": "Codziennie, całą dobę, bezpłatnie."})
        self.window.tick(self.window.field(pl("Yes")))
        self.saves()

    def writes_row(self, number: int, what: str, amount: str) -> None:
        self.window.fill(pl("Row %(number)d: what", number=number), what)
        self.window.fill(pl("Row %(number)d: amount in zł", number=number), amount)

    def adds(self, folder: Path, files: dict[str, bytes], status: int = 200) -> None:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        self.window.page.locator("input[type=file]").set_input_files([folder / name for name in files])
        self.window.press(self.window.button(pl("Add the files")), status)

    def finds_link(self, subject: str, recipient: str, beginning: str) -> str:
        """Return the path of the link that begins so, in the newest letter of a subject."""
        letter = self.reads(subject, recipient)
        return urlsplit(re.search(rf"http\S+{beginning}\S+", letter).group()).path


@dataclass
class Assessor:
    """An officer at the desk for proposals."""

    window: Window
    officer: Officer

    def enters(self) -> None:
        self.window.visit("/admin/logowanie")
        logs_in(self.window, self.officer.email, PASSWORD, pyotp.TOTP(self.officer.totp_secret).now())

    def comes_to(self, proposal: Proposal) -> None:
        self.window.visit("/admin/projekty/")
        row = self.window.page.get_by_role("row").filter(has_text=proposal.number)
        self.window.press(row.get_by_role("link", name=re.compile(f"^{pl('View')}")))

    def returns_to(self, proposal: Proposal) -> None:
        self.window.visit(f"/admin/projekty/details/?id={proposal.id}")

    def takes(self, step: str) -> None:
        self.window.press(self.window.link(pl(step)))

    def saves(self, button: str = "Save", status: int = 200) -> None:
        self.window.press(self.window.button(pl(button)), status)

    def ticks(self, *names: str) -> None:
        for name in names:
            self.window.tick(self.window.field(name))

    def writes(self, words: str) -> None:
        self.window.page.locator("#words").fill(words)

    def decides(self, what: str, words: str = "", status: int = 200) -> None:
        self.takes("Decide")
        self.ticks(pl(what))
        self.writes(words)
        self.saves("Save the decision", status)

    def asks_for_corrections(self, until: date, words: str, *parts: str) -> None:
        self.takes("Return for correction")
        self.ticks(*map(pl, parts))
        self.window.fill(pl("Last day for the correction"), until.isoformat())
        self.writes(words)
        self.saves()

    def fills_the_card(self, opinion: str, words: str = "") -> None:
        """Answer each question with yes, and give the opinion."""
        self.takes("Fill in your card")
        for answer in self.window.page.locator("input[type=radio][value=yes]").all():
            self.window.tick(answer)
        self.ticks(pl(opinion))
        self.writes(words)
        self.saves()

    def draws_the_order(self, edition: Edition, seed: str, status: int = 200) -> None:
        self.window.visit("/admin/edycje/")
        row = self.window.page.get_by_role("row").filter(has_text=edition.name)
        self.window.press(row.get_by_role("link", name=re.compile(f"^{pl('Draw the order')}")))
        self.window.fill(pl("Seed of the lot"), seed)
        self.saves("Draw the order", status)
