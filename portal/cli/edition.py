"""portal edition list: the editions with their phase."""

from portal import clock
from portal.cli.command import command
from portal.models import Ballot, Edition, Pool, Proposal


@command("edition list", "code, name, phase, pools, proposals and ballots, a line each")
def show() -> None:
    for edition in Edition.select().order_by(Edition.voting_to):
        proposals = Proposal.select().join(Pool).where(Pool.edition == edition).count()
        ballots = Ballot.select().where(Ballot.edition == edition).count()
        print(f"{edition.code}\t{edition.name}\t{edition.phase(clock.now())}\t{edition.pools.count()} pools\t"
              f"{proposals} proposals\t{ballots} ballots")
