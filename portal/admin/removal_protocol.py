"""The protocol of a removal as a PDF for the city's file: who claimed, who decided and how, what went and what could not go."""

import json
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from fpdf import FPDF

from portal import i18n
from portal.admin import labels
from portal.admin.removal_approval import rows
from portal.config import settings
from portal.models.edition import Edition, Phase
from portal.models.removal import RemovalCase
from portal.services.removal import Extent

FONTS = Path(__file__).parents[1] / "static/build/fonts"
SUBSETS = ("lato-latin", "lato-latin-ext", "carlito-cyrillic")  # Each stands in for the signs that those before it lack.
MARGIN, LABEL, LINE = 20, 60, 5.5  # mm


class Paper(FPDF):
    """A4 pages in the portal's typeface, with headings, lines "label: value" and page numbers."""

    def __init__(self, number: str) -> None:
        super().__init__(format="A4")
        self.number = number
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, 25)
        for subset in SUBSETS:
            for style, weight in (("", 400), ("B", 700)):
                self.add_font(subset, style, FONTS / f"{subset}-{weight}.woff")
        self.set_fallback_fonts(SUBSETS[1:])
        self._signs = {sign for font in self.fonts.values() for sign in font.cmap}
        self.set_font(SUBSETS[0], size=10.5)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(style="", size=9)
        place = _("Case %(number)s, page %(page)s of %(pages)s", number=self.number, page=self.page_no(), pages="{nb}")
        self.cell(0, 5, place, align="C")

    def write(self, text: str, *, bold: bool = False, size: float = 10.5, after: float = 0) -> None:  # type: ignore[override]
        """Write a paragraph; what the fonts have no sign for becomes a question mark."""
        self.set_font(style="B" if bold else "", size=size)
        self.multi_cell(0, LINE * size / 10.5, self._clean(text), align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(after)

    def _clean(self, text: str) -> str:
        kept = (sign for sign in unicodedata.normalize("NFC", text).replace("\t", " ")
                if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
        return "".join(sign if sign == "\n" or ord(sign) in self._signs else "?" for sign in kept)

    def section(self, heading: str) -> None:
        if self.will_page_break(5 * LINE):  # No heading at the foot of a page.
            self.add_page()
        self.ln(4)
        self.write(heading, bold=True, size=12.5, after=1)

    def line(self, label: str, values: Iterable[str]) -> None:  # type: ignore[override]
        """Write a label with its values beside it; what is long goes on on the next page."""
        if self.will_page_break(2 * LINE):
            self.add_page()
        top, page = self.y, self.page
        self.set_font(style="B", size=10.5)
        self.multi_cell(LABEL - 3, LINE, self._clean(label), align="L", new_x="LMARGIN", new_y="NEXT")
        bottom = self.y
        self.set_left_margin(MARGIN + LABEL)
        self.set_y(top)
        for value in values:
            self.write(value)
        self.set_left_margin(MARGIN)
        self.set_y(max(self.y, bottom) + 1 if self.page == page else self.y + 1)

    def signatures(self, signers: Iterable[tuple[str, str]]) -> None:
        """Leave room for signatures beside each other, on one page, above the name of each and what for."""
        if self.will_page_break(40):
            self.add_page()
        self.ln(22)
        top, width = self.y, (self.epw - 20) / 2
        for at, words in enumerate(signers):
            left = MARGIN + at * (width + 20)
            super().line(left, top, left + width, top)
            self.set_xy(left, top + 1)
            self.set_font(style="", size=9.5)
            self.multi_cell(width, 4.5, self._clean("\n".join(words)), align="C")


def make_protocol(case: RemovalCase) -> bytes:
    """Return the protocol of a case that ended with a removal, in the city's language."""
    told = json.loads(case.protocol or "{}")
    with force_locale(i18n.DEFAULT):
        paper = Paper(told["number"])
        title = _("Protocol: removal of a wrongly registered account together with its votes")
        paper.set_title(title)
        paper.set_author(f"{settings.site_name}, {settings.city}")
        paper.set_lang(i18n.DEFAULT)
        paper.write(f"{settings.city}\n{settings.site_name}", after=5)
        paper.write(title, bold=True, size=16, after=2)
        _write_case(paper, told)
        _write_removal(paper, Extent(**told["extent"]), datetime.fromisoformat(told["removed_at"]))
        paper.section(_("Signatures"))
        paper.signatures([(told["requested_by"], _("asked for the removal")), (told["approved_by"], _("approved it"))])
        return bytes(paper.output())


def _write_case(paper: Paper, told: dict[str, Any]) -> None:
    paper.section(_("The case"))
    for label, value in (
            (_("Case number"), told["number"]), (_("Opened"), _moment(told["opened_at"])),
            (_("Removed"), _moment(told["removed_at"])), (_("Who claims"), told["claimant"]), (_("PESEL"), told["pesel"]),
            (_("Proof of identity"), str(dict(labels.PROOFS)[told["proof"]])), (_("Account"), told["account"]),
            (_("Registered as"), f"{told['holder']}, {told['email']}"), (_("Registered on"), _moment(told["registered_at"])),
            (_("Asked for by"), told["requested_by"]), (_("Approved by"), told["approved_by"])):
        paper.line(label, [value])
    paper.section(_("What officers decided"))
    for step in told["steps"]:
        paper.line(_moment(step["at"]), filter(None, [f"{dict(labels.DEEDS)[step['deed']]} ({step['officer']})", step["words"]]))


def _write_removal(paper: Paper, extent: Extent, at: datetime) -> None:
    paper.section(_("What was removed"))
    paper.write(_("The account with all its data went for good, and with it:"), after=1)
    for _name, label, lines in rows(extent, labels.GOES):
        paper.line(str(label), lines or [_("none")])
    paper.write(_("Which choices these ballots held is secret: no officer has seen them, and no protocol names them."))
    paper.section(_("What stays, and what could not be removed"))
    reasons = {"on_paper": _("A clerk has seen the voter, so they were not cast from this account; they stay."),
               "earlier": _("They were cast before this account existed, so not from it; they stay."),
               "out_of_reach": _("The key of the ballots was destroyed after the time for objections, so nobody can tell whether "
                                 "one was cast from this account; if so, it stays.")}
    for name, label, lines in rows(extent, labels.STAYS):
        paper.line(str(label), [*lines, reasons[name]] if lines else [_("none")])
    paper.line(_("Audit log"), [_("Its entries stay. They hold no personal data.")])
    touched = Edition.select().where(Edition.code.in_([code for code, _state in extent.ballots]))
    if announced := [edition.name for edition in touched if edition.phase(at) is Phase.RESULTS]:
        paper.section(_("Published results"))
        paper.line(_("To be corrected"), announced)
        paper.write(_("These results were published before the removal. They change only when a coordinator approves their "
                      "correction, and then say so."))


def _moment(written: str) -> str:
    return i18n.moment(datetime.fromisoformat(written))
