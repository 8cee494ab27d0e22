"""Count one pool: rank the proposals and spend the money from the top, as Kraków has done since 2019.

Pure functions of numbers: no database, no clock, no chance but the lot, which anyone can draw again.

The lot. When everything else is equal, the proposal with the smaller HMAC-SHA-256 goes first; the key is the edition's
seed, the message is the proposal's id, both in UTF-8. One number of the lot, on any computer with OpenSSL:

    printf '%s' "$ID" | openssl dgst -sha256 -hmac "$SEED"
"""

import hmac
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

TIE_ORDER = ("top_marks", "voters", "lot")


def _refuse(wrong: object, reason: str) -> None:
    if wrong:
        raise ValueError(reason)


@dataclass(frozen=True, slots=True)
class Entry:
    """A proposal as the count sees it; the id is unique within the pool.

    ``cost`` is in grosze, ``voters`` are the ballots that name it, ``top_marks`` those of them that give it the highest
    mark of the pool. Raises ValueError when a number makes no sense.
    """

    id: str
    cost: int
    points: Decimal
    voters: int
    top_marks: int

    def __post_init__(self) -> None:
        _refuse(self.cost < 0, f"the cost of {self.id} is negative")
        _refuse(not self.points.is_finite(), f"the points of {self.id} are not a number")
        _refuse(not 0 <= self.top_marks <= self.voters, f"the voters of {self.id} do not add up")


# Why a proposal is funded or not. Completed is by equal shares only: of the money that the shares did not spend.
Reason = StrEnum("Reason", {"FUNDED": "funded", "COMPLETED": "funded_from_the_rest", "OVER_BUDGET": "over_budget",
                            "BELOW_MINIMUM": "below_minimum", "EXCLUDED": "excluded"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the count decided about an entry.

    ``missing`` says by how many grosze an entry over the budget exceeds the money left at its turn;
    ``excluded_by`` is the id of the funded entry that rules it out.
    """

    entry: Entry
    reason: Reason
    missing: int = 0
    excluded_by: str | None = None

    @property
    def funded(self) -> bool:
        """Whether the entry gets its money."""
        return self.reason in (Reason.FUNDED, Reason.COMPLETED)


def lot(seed: str, entry_id: str) -> str:
    """Draw an entry's number: 64 hexadecimal digits, the smaller goes first."""
    return hmac.digest(seed.encode(), entry_id.encode(), "sha256").hex()


def rank(entries: Iterable[Entry], *, tie_order: Sequence[str] = TIE_ORDER, seed: str) -> list[Entry]:
    """Order entries by points, the most first, and equal points by the tie order, whatever order they came in.

    ``top_marks`` and ``voters`` prefer more of them; a tie that is left goes to the lot, named in the tie order or not.
    Raises ValueError for an empty seed, an unknown word in the tie order and an id that occurs twice.
    """
    _refuse(not seed, "the lot needs a seed")
    prefer: dict[str, Callable[[Entry], int | str]] = {
        "top_marks": lambda entry: -entry.top_marks, "voters": lambda entry: -entry.voters,
        "lot": lambda entry: lot(seed, entry.id)}
    unknown, ranked = set(tie_order) - set(prefer), list(entries)
    _refuse(unknown, f"unknown in the tie order: {', '.join(sorted(unknown))}")
    _refuse(len({entry.id for entry in ranked}) < len(ranked), "two entries have the same id")
    ties = [prefer[criterion] for criterion in (*tie_order, "lot")]
    # copy_negate is exact; a minus sign would round long decimals and make ties that are none.
    return sorted(ranked, key=lambda entry: (entry.points.copy_negate(), *(tie(entry) for tie in ties)))


def count_greedy(entries: Iterable[Entry], *, budget: int, minimum: Decimal = Decimal(0),
                 exclusions: Collection[tuple[str, str]] = (), tie_order: Sequence[str] = TIE_ORDER, seed: str,
                 bought: Sequence[str] | None = None) -> list[Outcome]:
    """Fund from the top of the ranking what fits the money left, skip what does not, and go on to the end.

    At its turn an entry meets the first of these that applies: it has fewer points than ``minimum`` (so zero points can
    win only where the minimum is not above zero); it stands in a pair of ``exclusions`` with one that is already
    funded; it costs more than the money left; it is funded. Pairs work both ways; ids of other pools change nothing.

    ``budget`` is in grosze; the outcomes come in the order of the count. ``bought`` are the ids of those that another rule has
    funded before, first to last: this one completes it. Raises ValueError for input without sense.
    """
    _refuse(budget < 0, "the budget is negative")
    _refuse(not minimum.is_finite(), "the minimum is not a number")
    rivals = find_rivals(exclusions)
    ranked = {entry.id: entry for entry in rank(entries, tie_order=tie_order, seed=seed)}
    outcomes = [Outcome(ranked.pop(winner), Reason.FUNDED) for winner in bought or ()]
    left = budget - sum(outcome.entry.cost for outcome in outcomes)
    for entry in ranked.values():
        winners = (outcome.entry.id for outcome in outcomes if outcome.funded)
        excluded_by = next((winner for winner in winners if winner in rivals.get(entry.id, ())), None)
        if entry.points < minimum:
            outcomes.append(Outcome(entry, Reason.BELOW_MINIMUM))
        elif excluded_by is not None:
            outcomes.append(Outcome(entry, Reason.EXCLUDED, excluded_by=excluded_by))
        elif entry.cost > left:
            outcomes.append(Outcome(entry, Reason.OVER_BUDGET, missing=entry.cost - left))
        else:
            outcomes.append(Outcome(entry, Reason.FUNDED if bought is None else Reason.COMPLETED))
            left -= entry.cost
    return outcomes


def find_rivals(exclusions: Collection[tuple[str, str]]) -> dict[str, set[str]]:
    """Return for each id that stands in a pair the ids that it excludes; raise ValueError for a pair of one with itself."""
    rivals: dict[str, set[str]] = {}
    for one, other in exclusions:
        _refuse(one == other, f"{one} cannot exclude itself")
        rivals.setdefault(one, set()).add(other)
        rivals.setdefault(other, set()).add(one)
    return rivals
