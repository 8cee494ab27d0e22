"""Take a Pabulib file apart: text into sections, rows and cells, without knowing what they mean.

The format is described at pabulib.org/format; where that is loose, its official checker (pabulib-checker) decides.
Tolerated: a byte order mark, any line ends, blank lines, blanks around cells, any case of titles and columns, columns
in any order after the first, unknown and surplus columns, line breaks in quotation marks.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

MAX_BYTES = 100_000_000
MAX_FIELD = 100_000
MAX_NUMBER = Decimal(10) ** 13  # As grosze it fits a BIGINT, with room for sums.

# The sections in their order, with the columns that each must have; the first of them comes first and names a row.
SECTIONS = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("voter_id", "vote")}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
# Control characters but the line end, marks that turn the direction of writing, halves of characters.
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class PabulibError(ValueError):
    """A file is not valid; ``str`` gives "file:line: reason" in plain English. Line 0 means the file as a whole."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")


class Row(NamedTuple):
    """Cells by column, which tell where they stand when they are wrong; in META every key has its own line."""

    file: str
    line: int
    cells: dict[str, str]
    lines: dict[str, int] | None = None

    def error(self, column: str, reason: str) -> PabulibError:
        """Make the error that names the line of a cell."""
        return PabulibError(self.file, (self.lines or {}).get(column, self.line), reason)

    def text(self, column: str) -> str:
        """Return what a cell must have."""
        if not (text := self.cells.get(column, "")):
            raise self.error(column, f"{column} is missing")
        return text

    def items(self, column: str) -> list[str]:
        """Return the items between commas; an empty cell has none."""
        return [item for part in self.cells.get(column, "").split(",") if (item := part.strip())]

    def number(self, column: str, low: Decimal = -MAX_NUMBER, high: Decimal = MAX_NUMBER) -> Decimal | None:
        """Return a number within its limits, or None from an empty cell."""
        text = self.cells.get(column, "")
        try:
            return parse_number(text, low, high) if text else None
        except ValueError as error:
            raise self.error(column, f"{column} {error}") from None

    def whole(self, column: str, low: int = 0) -> int | None:
        """Return a whole number, or None from an empty cell."""
        number = self.number(column, Decimal(low))
        if number is not None and number % 1:
            raise self.error(column, f"{column} '{number}' is not a whole number")
        return None if number is None else int(number)

    def grosze(self, column: str, low: Decimal) -> int:
        """Return money that must be there, rounded half up to whole grosze."""
        self.text(column)
        amount = self.number(column, low) or Decimal(0)
        return int(amount.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)

    def day(self, column: str, *, month: int, day: int) -> date:
        """Return a date that must be there; month and day complete a bare year."""
        text = self.text(column)
        try:
            if re.fullmatch("[0-9]{4}", text):
                return date(int(text), month, day)
            return datetime.strptime(text, "%d.%m.%Y").date()
        except ValueError:
            raise self.error(column, f"{column} '{text:.40}' is neither dd.mm.yyyy nor a year") from None


@lru_cache(maxsize=10_000)
def parse_number(text: str, low: Decimal, high: Decimal) -> Decimal:
    """Return a decimal number; raises ValueError, whose text completes a sentence that begins with its name."""
    if len(text) > 40 or not NUMBER.fullmatch(text):
        raise ValueError(f"'{text:.40}' is not a number")
    number = Decimal(text)
    if not low <= number <= high:
        raise ValueError(f"'{text}' is not between {low:f} and {high:f}")
    return number


def read_sections(source: Path | bytes | str, name: str) -> tuple[Row, list[Row], list[Row]]:
    """Return META as one row, the rows of PROJECTS and the rows of VOTES.

    Raises PabulibError when the file cannot be read or does not have the form of its sections.
    """
    sections: dict[str, list[tuple[int, list[str]]]] = {}
    line = 1
    for line, cells in _lines(name, _decode(name, source)):
        title = cells[0].upper()
        if title in SECTIONS and not any(cells[1:]):
            expected = next((section for section in SECTIONS if section not in sections), "the end of the file")
            if title != expected:
                raise PabulibError(name, line, f"section {title} where {expected} is expected")
            sections[title] = []
        elif not sections:
            raise PabulibError(name, line, "the file does not begin with the section META")
        sections[list(sections)[-1]].append((line, cells))
    if missing := [section for section in SECTIONS if section not in sections]:
        raise PabulibError(name, line, f"the section {missing[0]} is missing")
    keys, projects, votes = (_table(name, title, rows) for title, rows in sections.items())
    meta = {row.cells["key"]: row.cells.get("value", "") for row in keys}
    return Row(name, sections["META"][0][0], meta, {row.cells["key"]: row.line for row in keys}), projects, votes


def _decode(name: str, source: Path | bytes | str) -> str:
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                source = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PabulibError(name, 0, f"the file cannot be read: {error.strerror}") from None
    if len(source) > MAX_BYTES:
        raise PabulibError(name, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        text = source if isinstance(source, str) else source.decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PabulibError(name, line, "the text is not UTF-8") from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if bad := FORBIDDEN.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise PabulibError(name, line, f"the character U+{ord(bad[0]):04X} is not allowed")
    return text


def _lines(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Split into rows of cells, each with the line where it begins; leave out blank ones."""
    lines = io.StringIO(text).readlines()
    reader = csv.reader([*lines, "end"], delimiter=";")  # A row that swallows our "end" has an open quotation mark.
    begin = 1
    try:
        for cells in reader:
            if reader.line_num > len(lines) >= begin:
                raise PabulibError(name, begin, "a quotation mark is never closed")
            if max(map(len, cells), default=0) > MAX_FIELD:
                raise csv.Error
            joined = reader.line_num > begin
            cells = [" ".join(cell.split()) if joined else cell.strip() for cell in cells]
            if any(cells) and begin <= len(lines):
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error:
        raise PabulibError(name, begin, f"a cell is longer than {MAX_FIELD:,} characters") from None


def _table(name: str, title: str, rows: list[tuple[int, list[str]]]) -> list[Row]:
    """Give cells their columns; the first row is the section's title, the second its header."""
    if len(rows) < 2:
        raise PabulibError(name, rows[0][0], f"the section {title} has no header")
    line, header = rows[1]
    columns = [column.lower() for column in header]
    first, *others = SECTIONS[title]
    if columns[0] != first:
        raise PabulibError(name, line, f"the first column of {title} is '{header[0]:.40}', not '{first}'")
    if missing := [column for column in others if column not in columns]:
        raise PabulibError(name, line, f"the column {missing[0]} is missing in {title}")
    if repeated := [column for column in columns if column and columns.count(column) > 1]:
        raise PabulibError(name, line, f"the column '{repeated[0]:.40}' occurs twice in {title}")
    table: dict[str, Row] = {}
    for line, cells in rows[2:]:
        row = Row(name, line, dict(zip(columns, cells, strict=False)))
        if (known := table.setdefault(row.text(first), row)) is not row:
            raise row.error(first, f"{first} '{cells[0]:.40}' is already in line {known.line}")
    return list(table.values())
