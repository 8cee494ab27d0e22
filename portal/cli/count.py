"""portal count: repeat an edition's count from its ballots."""

import json
from decimal import Decimal
from typing import Any

from portal import clock
from portal.cli.command import argument, command
from portal.errors import NotFound, require
from portal.models import CountRule, Edition
from portal.services.counting import Outcome
from portal.services.results import PoolResult, count_edition


@command("count", "count an edition whose voting has ended", argument("code"),
         argument("--json", action="store_true", dest="as_json", help="print the result for machines"),
         argument("--rule", choices=[*map(str, CountRule)], default="", help="count by this rule, not the edition's own"))
def count(code: str, as_json: bool, rule: str) -> None:
    edition = require(Edition.get_or_none(Edition.code == code),
                      NotFound("there is no edition %(code)s; see: portal edition list", code=code))
    results = count_edition(edition, now=clock.now(), rule=rule)
    if as_json:
        told = {"edition": edition.code, "pools": [as_data(result) for result in results]}
        print(json.dumps(told, ensure_ascii=False, indent=1, default=plain))
    else:
        for result in results:
            print_pool(result)


def plain(number: Decimal) -> int | float:
    """Return a JSON number, whole where it is whole."""
    return int(number) if number == int(number) else float(number)


def as_data(result: PoolResult) -> dict[str, Any]:
    """Return a pool's outcome with amounts in zł, in the order of the count."""
    return {"pool": result.pool.name, "budget": Decimal(result.pool.budget) / 100, "projects": [
        {"id": result.proposals[outcome.entry.id].number, "cost": Decimal(outcome.entry.cost) / 100,
         "points": outcome.entry.points, "voters": outcome.entry.voters, "funded": outcome.funded,
         "reason": explain(outcome, result)} for outcome in result.outcomes]}


def explain(outcome: Outcome, result: PoolResult) -> str:
    """Say in English why a proposal is funded or not."""
    if outcome.excluded_by:
        return f"excluded by {result.proposals[outcome.excluded_by].number}"
    over = outcome.missing and f"over the money left by {outcome.missing / 100:.2f} zł"
    return over or str(outcome.reason).replace("_", " ")


def print_pool(result: PoolResult) -> None:
    print(f"\n{result.pool.name or 'Citywide'}: {result.spent / 100:.2f} of {result.pool.budget / 100:.2f} zł")
    for outcome in result.outcomes:
        mark, proposal = "✓" if outcome.funded else " ", result.proposals[outcome.entry.id]
        print(f" {mark} {outcome.entry.points.normalize():f} points, {outcome.entry.voters} voters, "
              f"{outcome.entry.cost / 100:.2f} zł: {proposal.number} {proposal.title} ({explain(outcome, result)})")
