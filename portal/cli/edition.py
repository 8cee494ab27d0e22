"""portal edition list: the editions with their phase."""

from argparse import Namespace
from typing import Any

from portal import clock
from portal.models import Ballot, Edition, Pool, Proposal


def add_command(commands: Any) -> None:
    group = commands.add_parser("edition", help="editions").add_subparsers(required=True, metavar="ACTION")
    group.add_parser("list", help="code, name, phase, pools, proposals and ballots, a line each").set_defaults(run=run)


def run(_chosen: Namespace) -> None:
    for edition in Edition.select().order_by(Edition.voting_to):
        proposals = Proposal.select().join(Pool).where(Pool.edition == edition).count()
        ballots = Ballot.select().where(Ballot.edition == edition).count()
        print(f"{edition.code}\t{edition.name}\t{edition.phase(clock.now())}\t{edition.pools.count()} pools\t"
              f"{proposals} proposals\t{ballots} ballots")
