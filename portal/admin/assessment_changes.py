"""What a proposal said before its author changed it, word by word."""

from collections.abc import Iterator
from typing import Any

from portal import i18n
from portal.admin.base import shown
from portal.difference import Piece, words
from portal.models import Proposal
from portal.services.proposals import revisions, texts_of


def pieces(before: Any, after: Any) -> Iterator[Piece]:
    """Return what two values are made of, as an officer reads them."""
    return words(*("\n".join(f"{row[0]}: {i18n.money(row[1])}" for row in value) if isinstance(value, list) else str(shown(value))
                   for value in (before, after)))


def differences(proposal: Proposal) -> tuple[Any, dict[str, Any]]:
    """Return when a proposal last said something else, and the pieces of each text that has changed; None if it never did."""
    now = texts_of(proposal)
    for at, then in revisions(proposal):
        if changed := {name: pieces(then.get(name), now[name]) for name in now if now[name] != then.get(name)}:
            return at, changed
    return None, {}
