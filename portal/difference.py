"""What one text says and another does not, paragraph by paragraph and word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

MOST_WORDS, MOST_PARAGRAPHS = 800, 300  # Comparing takes the square of it, or worse where somebody wants it to.
Piece = tuple[str, str]  # "": both have it, "del": only the first, "ins": only the second; and the words.


def words(before: str, after: str) -> Iterator[Piece]:
    """Return what two texts are made of; texts of more than MOST_WORDS differ as wholes."""
    old, new = (re.findall("[ \n]+|[^ \n]+", text) for text in (before, after))
    if max(len(old), len(new)) > MOST_WORDS:
        old, new = [before], [after]
    for what, begin, end, first, last in SequenceMatcher(None, old, new).get_opcodes():
        yield "" if what == "equal" else "del", "".join(old[begin:end])
        yield "ins", "" if what == "equal" else "".join(new[first:last])


def paragraphs(before: str, after: str) -> Iterator[list[Piece]]:
    """Return what the paragraphs that differ are made of; those that both texts have are left out."""
    old, new = (re.split("\n{2,}", text, maxsplit=MOST_PARAGRAPHS) for text in (before, after))
    for what, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield [piece for piece in words("\n\n".join(old[begin:end]), "\n\n".join(new[first:last])) if piece[1]]
