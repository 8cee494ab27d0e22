"""Count one pool by the method of equal shares (Peters, Skowron, Pierczyński 2021), with points as additive utilities.

Each ballot gets an equal share of the pool's money. A proposal is bought when the ballots that give it points can pay for it
together: each pays the same price per point, or all that it has left. Of those that can be bought the one with the lowest price
per point comes next, of equal ones the one that stands higher in the official ranking. Then, because shares leave money over:

- all shares grow, one per cent at a time, and everything is bought anew, as long as it costs no more than the pool has;
- what is still left is spent from the top of the official ranking, as ``count_greedy`` does.

Every amount is a whole number of billionths of a grosz, every price one of these per unit of points, rounded up. So the result is
the same on every machine, a proposal is always paid in full, and by rounding never more than one such part per point too much.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from math import gcd
from typing import Any

from portal.services.counting import Entry, Outcome, count_greedy, find_rivals, rank

Ballots = Collection[tuple[tuple[tuple[str, int], ...], int]]  # What a ballot gives, as pairs of id and points, and how many do.
PARTS = 1_000_000_000  # Of a grosz.
GROWTH = 100  # A share grows by one part in so many.


def count_equal_shares(entries: Iterable[Entry], ballots: Ballots, *, budget: int, **given: Any) -> list[Outcome]:
    """Fund what the equal shares of the ballots buy, and from the money left what ``count_greedy`` would.

    ``ballots`` are all that were cast in the pool; their points are whole numbers in any unit, and none that are not above zero
    buy anything. What ``count_greedy`` takes has the meaning that it has there. Raises ValueError for input without sense.
    """
    entries = list(entries)
    _share, bought = share_out(entries, ballots, budget=budget, **given)
    return count_greedy(entries, budget=budget, bought=[winner for winner, _price in bought], **given)


def share_out(entries: Iterable[Entry], ballots: Ballots, *, budget: int, minimum: Decimal, tie_order: Sequence[str], seed: str,
              exclusions: Collection[tuple[str, str]]) -> tuple[int, list[tuple[str, int]]]:
    """Return the share of a ballot, and the ids that all shares buy together with their prices per point, first to last.

    Both are in PARTS of a grosz; prices are for a point in the greatest unit in which all points of the pool are whole.
    """
    ranked = rank(entries, tie_order=tie_order, seed=seed)
    unit = gcd(*(points for marks, _many in ballots for _id, points in marks)) or 1
    supporters: dict[str, list[tuple[int, int]]] = {entry.id: [] for entry in ranked if entry.points >= minimum}
    for number, (marks, _many) in enumerate(ballots):
        for key, points in marks:
            if points > 0 and key in supporters:
                supporters[key].append((number, points // unit))
    costs = {entry.id: entry.cost for entry in ranked if supporters.get(entry.id)}
    many, rivals = [many for _marks, many in ballots], find_rivals(exclusions)
    share, bought = 0, list[tuple[str, int]]()
    grown = budget * PARTS // max(sum(many), 1)
    while True:
        more = buy(costs, supporters, many, rivals, grown)
        left, winners = budget - sum(costs[key] for key, _price in more), {key for key, _price in more}
        if left < 0:
            return share, bought
        share, bought = grown, more
        if not any(cost <= left and winners.isdisjoint({key, *rivals.get(key, ())}) for key, cost in costs.items()):
            return share, bought
        grown += grown // GROWTH + 1


def buy(costs: Mapping[str, int], supporters: Mapping[str, Collection[tuple[int, int]]], many: Sequence[int],
        rivals: Mapping[str, set[str]], share: int) -> list[tuple[str, int]]:
    """Return the ids that ballots with this share each can buy, first to last, with their prices per point.

    ``costs`` stand in the order of the ranking; supporters are numbers of kinds of ballots with their points, ``many`` says how
    many ballots are of a kind. What a ballot has left never grows, so no price ever falls: the lowest known one is asked anew.
    """
    purses, waiting = [share] * len(many), [(0, place, key) for place, key in enumerate(costs)]
    bought: list[tuple[str, int]] = []
    while waiting:
        _known, place, key = heappop(waiting)
        payers: dict[tuple[int, int], int] = defaultdict(int)
        for number, points in supporters[key]:
            payers[purses[number], points] += many[number]
        price = _price(costs[key] * PARTS, payers)
        if price is None or any(winner in rivals.get(key, ()) for winner, _price in bought):
            continue
        if waiting and waiting[0] < (price, place, key):
            heappush(waiting, (price, place, key))
            continue
        bought.append((key, price))
        for number, points in supporters[key]:
            purses[number] -= min(purses[number], price * points)
    return bought


def _price(cost: int, payers: Mapping[tuple[int, int], int]) -> int | None:
    """Return the lowest whole price per point at which these, by what is left and points, pay the cost; None if they cannot."""
    if sum(left * many for (left, _points), many in payers.items()) < cost:
        return None
    weight, least = sum(points * many for (_left, points), many in payers.items()), 0
    for most, left, points, many in sorted((left // points, left, points, many) for (left, points), many in payers.items()):
        price = max(least, -(-cost // weight))
        if price <= most:
            return price
        least, cost, weight = most + 1, cost - left * many, weight - points * many
    return least
