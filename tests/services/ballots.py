"""The steps of voting, at the level of the service."""

from datetime import datetime
from typing import Any

from portal.models import Account, District, Edition, Officer
from portal.models.staff import Role
from portal.services import results_publication, voting
from tests.factories import make_officer

Voting = tuple[Edition, District, Account]


def first_picks(edition: Edition, district: District) -> dict[str, str]:
    """Return full picks: the first proposal of each pool gets its top mark, and so on."""
    return {slot.name: contest.proposals[at].uid for contest in voting.ballot_paper(edition, district)
            for at, slot in enumerate(contest.slots)}


def choose(edition: Edition, district: District, account: Account, now: datetime, **changed: str) -> Any:
    picks = {**first_picks(edition, district), **changed}
    return voting.save_draft(account, edition, voting.ballot_paper(edition, district), picks, now=now)


def cast(edition: Edition, district: District, account: Account, now: datetime) -> str:
    reviewed = voting.mark_reviewed(voting.load_draft(account, edition))
    return voting.cast_ballot(account, edition, voting.ballot_paper(edition, district), reviewed=reviewed, address="203.0.113.7",
                              now=now)


def publish(edition: Edition, now: datetime) -> tuple[Officer, Officer]:
    """Let two officers publish the results of an edition; return who asked and who approved."""
    asking, approving = make_officer(Role.COORDINATOR), make_officer(Role.ADMINISTRATOR)
    counted = results_publication.find_counted(edition, now=now)
    assert counted
    results_publication.ask_publication(edition, asking, seen=counted.digest, now=now)
    results_publication.approve_publication(edition, approving, seen=counted.digest, now=now)
    return asking, approving
