"""What a proposal said before its author changed it, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from portal import i18n
from portal.admin.base import shown
from portal.models import Proposal
from portal.services.proposals import revisions, texts_of

MOST_WORDS = 1_500


def pieces(before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Return what two versions are made of: what both have, what only the first (del) and what only the second has (ins)."""
    texts = ["\n".join(f"{row[0]}: {i18n.money(row[1])}" for row in value) if isinstance(value, list) else str(shown(value))
             for value in (before, after)]
    old, new = (re.findall("[ \n]+|[^ \n]+", text) for text in texts)
    if max(len(old), len(new)) > MOST_WORDS:  # Comparing takes the square of it, or worse where somebody wants it to.
        old, new = texts[:1], texts[1:]
    for what, begin, end, first, last in SequenceMatcher(None, old, new).get_opcodes():
        yield "" if what == "equal" else "del", "".join(old[begin:end])
        yield "ins", "" if what == "equal" else "".join(new[first:last])


def differences(proposal: Proposal) -> tuple[Any, dict[str, Any]]:
    """Return when a proposal last said something else, and the pieces of each text that has changed; None if it never did."""
    now = texts_of(proposal)
    for at, then in revisions(proposal):
        if changed := {name: pieces(then.get(name), now[name]) for name in now if now[name] != then.get(name)}:
            return at, changed
    return None, {}
