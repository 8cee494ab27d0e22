"""Pages as a PDF for the city's files: a template on layouts/paper.html, drawn by fpdf2, which knows simple HTML only."""

import unicodedata
from pathlib import Path
from typing import Any

from flask import render_template
from fpdf import FPDF, HTML2FPDF, TextStyle

from portal import i18n
from portal.config import settings

FONTS = Path(__file__).parent / "static/build/fonts"
SUBSETS = ("lato-latin", "lato-latin-ext", "carlito-cyrillic")  # Each stands in for the signs that those before it lack.
SIZE, LEADING, LEAST = 10.5, 1.4, 50  # A heading with less than so many mm under it goes to the next page.
STYLES = {"h1": TextStyle(font_style="B", font_size_pt=14.5, color=0, t_margin=6, b_margin=0.2),
          "h2": TextStyle(font_style="B", font_size_pt=12.5, color=0, t_margin=7, b_margin=0.4),
          "dt": TextStyle(font_style="B", t_margin=1), "dd": TextStyle(l_margin=70)}


class Writer(HTML2FPDF):
    """Writes what a <dl> says beside its labels, each of which is short and has a <dd> with something in it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, tag_styles=STYLES)
        self.line_height_stack.append(LEADING)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag == "dt":
            self.pdf.y -= SIZE / self.pdf.k * LEADING


class Paper(FPDF):
    """A4 pages in the portal's typeface; their ``foot`` may hold {page} and {nb}, the number of pages."""

    HTML2FPDF_CLASS = Writer

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.set_margin(20)
        self.set_auto_page_break(True, 25)
        for subset in SUBSETS:
            for style, weight in (("", 400), ("B", 700)):
                self.add_font(subset, style, FONTS / f"{subset}-{weight}.woff")
        self.set_fallback_fonts(SUBSETS[1:])
        self.set_font(SUBSETS[0], size=SIZE)
        self.set_author(f"{settings.site_name}, {settings.city}")
        self.set_lang(i18n.language())
        self.add_page()

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(style="", size=9)
        self.cell(0, 5, self.foot.replace("{page}", str(self.page_no())), align="C")

    def start_section(self, name: str, level: int = 0, strict: bool = True) -> None:
        """Begin what a heading stands above, which is never at the foot of a page."""
        if self.will_page_break(LEAST):
            self.add_page()
        super().start_section(name, level, strict)

    def print(self, template: str, **shown: Any) -> bytes:
        """Return the pages of a template; what the fonts have no sign for becomes a question mark."""
        signs = {sign for font in self.fonts.values() for sign in font.cmap} | {ord("\n")}
        text = unicodedata.normalize("NFC", render_template(template, **shown)).replace("\t", " ")
        kept = (sign for sign in text if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
        self.write_html("".join(sign if ord(sign) in signs else "?" for sign in kept))
        return bytes(self.output())
