"""Turnout as it comes in, and patterns of ballots that people should look into.

A pattern never changes a ballot. Until voting has ended no choice is read here, afterwards only how many ballots choose alike.
"""

from collections import Counter
from datetime import datetime
from itertools import groupby
from statistics import median
from typing import Any

from portal import clock
from portal.models import Ballot, Channel, Choice, District, Edition
from portal.services.results import count_ballots, counted_choices, turnout

MANY_IN_AN_HOUR = 20  # One in three minutes: more than a family and its guests, as many as a helper at a library manages.
MANY_IN_ALL = 100  # More than share a line at home; offices, schools and mobile networks have one address for many people.
ALIKE = 10  # Of dozens of projects in so many ranks a family may agree on the same; ten people without a word do not.
BURST = 5  # Times the median hour of a district: evenings and the last day bring two or three times as many.
LEAST_IN_A_BURST = 30  # Where an hour brings one or two ballots, five or ten come by chance.
LISTED = 100  # Patterns of a kind, the biggest first: so many can be read.


def collect(edition: Edition, *, now: datetime) -> dict[str, Any]:
    """Return turnout, today's ballots per hour, bursts and networks. The moment is the real one, as for count_edition."""
    told, today = turnout(edition), clock.start_of(clock.local(now).date())
    return {"turnout": told, "today": sorted(hour for hour in count_ballots(edition, Ballot.cast_at) if hour[0] >= today),
            "bursts": _find_bursts(edition, [district for district, _ballots in told.by_district]),
            "networks": _find_networks(edition, ended=now > edition.voting_to)}


def _find_bursts(edition: Edition, districts: list[District]) -> list[tuple[int, District, datetime, float]]:
    """Return hours in which a district cast far more ballots online than it usually does: how many, where, when, the median."""
    rows, found = list(count_ballots(edition, Ballot.channel, Ballot.district, Ballot.cast_at)), []
    for district in districts:
        hours = {hour: ballots for channel, where, hour, ballots in rows if (channel, where) == (Channel.ONLINE, district.id)}
        usual = median(hours.values() or [0])
        found += [(many, district, hour, usual) for hour, many in hours.items() if many >= max(LEAST_IN_A_BURST, BURST * usual)]
    return sorted(found, key=lambda burst: -burst[0])[:LISTED]


def _find_networks(edition: Edition, *, ended: bool) -> list[tuple[int, int, datetime | None, int]]:
    """Return of networks with many ballots how many in all, in the busiest hour, in which, and with the same choices.

    A number that is not unusual is 0.
    """
    known = {network: ballots for network, ballots in count_ballots(edition, Ballot.network, least=ALIKE) if network}
    hours = count_ballots(edition, Ballot.network, Ballot.cast_at, least=MANY_IN_AN_HOUR)
    busiest = {network: (ballots, hour) for network, hour, ballots in hours}  # The last one stays, which has most ballots.
    alike = _count_alike(edition, known) if ended else {}
    found = [(ballots, *busiest.get(network, (0, None)), alike.get(network, 0)) for network, ballots in known.items()
             if ballots >= MANY_IN_ALL or network in busiest or network in alike]
    return found[::-1][:LISTED]


def _count_alike(edition: Edition, networks: dict[str, int]) -> dict[str, int]:
    """Return of how many ballots of a network the choices are the same, where they are too many for chance."""
    rows = (counted_choices(edition, Ballot.network, Choice.ballot, Choice.proposal, Choice.points)
            .where(Ballot.network.in_([*networks])).order_by(Choice.ballot, Choice.proposal))
    alike = Counter((key[0], tuple(mark[2:] for mark in marks)) for key, marks in groupby(rows, key=lambda row: row[:2]))
    return {network: ballots for (network, _marks), ballots in reversed(alike.most_common()) if ballots >= ALIKE}
