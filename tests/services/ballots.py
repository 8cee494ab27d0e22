"""The steps of voting, at the level of the service."""

from datetime import datetime
from typing import Any

from portal.models import Account, District, Edition
from portal.services import voting

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
    return voting.cast_ballot(account, edition, voting.ballot_paper(edition, district), reviewed=reviewed, now=now)
