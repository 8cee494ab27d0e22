"""Take a Pabulib file apart: text into sections, rows and cells, and each row into a record.

The format is described at pabulib.org/format; where that is loose, its official checker (pabulib-checker) decides.
Tolerated: a byte order mark, any line ends, blank lines, blanks around cells, any case of titles and columns, columns
in any order after the first, unknown and surplus columns, line breaks in quotation marks.

A record is a NamedTuple whose annotated fields are its columns: ``Annotated[type, converter, what else the converter takes]``.
Only a field with a default may have an empty cell. Converters raise ValueError, whose text follows the name of the column.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

MAX_BYTES = 100_000_000
MAX_FIELD = 100_000
MAX_NUMBER = 10**13  # As grosze it fits a BIGINT, with room for sums.

# The sections in their order, with the columns that each must have; the first of them comes first and names a row.
SECTIONS = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("voter_id", "vote")}
TITLES = (*SECTIONS, "the end of the file")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
# Control characters but the line end, marks that turn the direction of writing, halves of characters.
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

T = TypeVar("T")
csv.field_size_limit(MAX_BYTES)  # Cells longer than MAX_FIELD are refused here, with their line.


class PabulibError(ValueError):
    """A file is not valid; ``str`` gives "file:line: reason" in plain English. Line 0 means the file as a whole."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")


def refuse(wrong: object, file: str, line: int, reason: str) -> None:
    """Raise PabulibError when something is wrong."""
    if wrong:
        raise PabulibError(file, line, reason)


class Row(NamedTuple):
    """Cells by column; in META every key has its own line."""

    file: str
    line: int
    cells: dict[str, str]
    lines: Mapping[str, int] = {}

    def read(self, record: Callable[..., T], **others: Any) -> T:
        """Return the record that the cells make together with values for fields that are no columns."""
        columns, optional = _columns(record)
        for name, (convert, *limits) in columns.items():
            try:
                if text := self.cells.get(name):
                    others[name] = convert(text, *limits)
                elif name not in optional:
                    raise ValueError("is missing")
            except ValueError as error:
                raise PabulibError(self.file, self.lines.get(name, self.line), f"{name} {error}") from None
        return record(**others)


@cache
def _columns(record: Any) -> tuple[dict[str, tuple[Any, ...]], Mapping[str, Any]]:
    """Return the columns of a record with their converters and limits, and the fields that have a default."""
    hints = get_type_hints(record, include_extras=True)
    return {name: hint.__metadata__ for name, hint in hints.items() if hasattr(hint, "__metadata__")}, record._field_defaults


def number(text: str, low: Decimal | int = -MAX_NUMBER, high: Decimal | int = MAX_NUMBER) -> Decimal:
    """Return a decimal number within its limits."""
    if len(text) > 40 or not NUMBER.fullmatch(text):
        raise ValueError(f"'{text:.40}' is not a number")
    found = Decimal(text)
    if not low <= found <= high:
        raise ValueError(f"'{text}' is not between {low} and {high}")
    return found


def whole(text: str, low: int = 0) -> int:
    """Return a whole number; 3.0 is one."""
    found = number(text, low)
    if found % 1:
        raise ValueError(f"'{text}' is not a whole number")
    return int(found)


def grosze(text: str, low: Decimal) -> int:
    """Return money as grosze, rounded half up."""
    return int(number(text, low).quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)


def degrees(text: str, most: int) -> Decimal:
    """Return a latitude or longitude; here alone the checker allows decimal commas."""
    return number(text.replace(",", "."), -most, most)


def day(text: str, of_year: str) -> date:
    """Return a date; a bare year is completed by a day of it."""
    try:
        return datetime.strptime(f"{of_year}.{text}" if re.fullmatch("[0-9]{4}", text) else text, "%d.%m.%Y").date()
    except ValueError:
        raise ValueError(f"'{text:.40}' is neither dd.mm.yyyy nor a year") from None


def items(text: str, convert: Callable[[str], T]) -> tuple[T, ...]:
    """Return what stands between commas; nothing there is no item."""
    return tuple(convert(item) for part in text.split(",") if (item := part.strip()))


def one_of(text: str, known: Mapping[str, T], otherwise: str) -> T:
    """Return what a word stands for, in whatever letters; ``otherwise`` says what another word is."""
    if text.lower() not in known:
        raise ValueError(f"'{text:.40}' is {otherwise}")
    return known[text.lower()]


def read_sections(source: Path | bytes | str, name: str) -> tuple[Row, list[Row], list[Row]]:
    """Return META as one row, the rows of PROJECTS and the rows of VOTES.

    Raises PabulibError when the file cannot be read or does not have the form of its sections.
    """
    sections: dict[str, list[tuple[int, list[str]]]] = {}
    rows, line = [], 1
    for line, cells in _lines(name, _decode(name, source)):
        title = cells[0].upper()
        if title in SECTIONS and not any(cells[1:]):
            expected = TITLES[len(sections)]
            refuse(title != expected, name, line, f"section {title} where {expected} is expected")
            rows = sections[title] = []
        refuse(not sections, name, line, "the file does not begin with the section META")
        rows.append((line, cells))
    refuse(len(sections) < len(SECTIONS), name, line, f"the section {TITLES[len(sections)]} is missing")
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
    refuse(len(source) > MAX_BYTES, name, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    text = source if isinstance(source, str) else source.decode(errors="surrogateescape")  # What is no UTF-8 becomes U+DCxx.
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if bad := FORBIDDEN.search(text):
        fault = "the text is not UTF-8" if "\udc80" <= bad[0] <= "\udcff" else f"the character U+{ord(bad[0]):04X} is not allowed"
        raise PabulibError(name, text.count("\n", 0, bad.start()) + 1, fault)
    return text


def _lines(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Split into rows of cells, each with the line where it begins; leave out blank ones."""
    lines = re.split("(?<=\n)", f"{text}\n")  # The last one is empty: a row that swallows it has an open quotation mark.
    reader, begin = csv.reader(lines, delimiter=";"), 1
    for cells in reader:
        refuse(begin < reader.line_num == len(lines), name, begin, "a quotation mark is never closed")
        refuse(max(map(len, cells), default=0) > MAX_FIELD, name, begin, f"a cell is longer than {MAX_FIELD:,} characters")
        cells = [" ".join(cell.split()) if reader.line_num > begin else cell.strip() for cell in cells]
        if any(cells):
            yield begin, cells
        begin = reader.line_num + 1


def _table(name: str, title: str, rows: list[tuple[int, list[str]]]) -> list[Row]:
    """Give cells their columns; the first row is the section's title, the second its header."""
    refuse(len(rows) < 2, name, rows[0][0], f"the section {title} has no header")
    line, header = rows[1]
    columns, (first, second) = [column.lower() for column in header], SECTIONS[title]
    refuse(columns[0] != first, name, line, f"the first column of {title} is '{header[0]:.40}', not '{first}'")
    refuse(second not in columns, name, line, f"the column {second} is missing in {title}")
    column, times = Counter(filter(None, columns)).most_common(1)[0]
    refuse(times > 1, name, line, f"the column '{column:.40}' occurs twice in {title}")
    table: dict[str, Row] = {}
    for line, cells in rows[2:]:
        row = Row(name, line, dict(zip(columns, cells, strict=False)))
        known = table.setdefault(cells[0], row)
        refuse(not cells[0], name, line, f"{first} is missing")
        refuse(known is not row, name, line, f"{first} '{cells[0]:.40}' is already in line {known.line}")
    return list(table.values())
