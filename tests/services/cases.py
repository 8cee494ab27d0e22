"""Cases of wrongly registered accounts, brought to the step that a test begins with."""

from datetime import datetime
from typing import Any

from portal.models import Account, Officer, RemovalCase
from portal.models.removal import Proof
from portal.models.staff import Role
from portal.services import removal, removal_approval, removal_case, removal_claim
from portal.services.removal_claim import Claim
from tests.factories import PESEL, make_account, make_officer, make_voting
from tests.services.ballots import Voting, cast, choose

ADDRESS = "192.0.2.1"


def claim(**given: Any) -> Claim:
    return Claim(**{"name": "Ewa Żuk", "pesel": PESEL, "email": "ewa@example.org", "story": "To nie moje konto.",
                    "proof": Proof.IN_PERSON, "language": "pl", **given})


def open_case(now: datetime, address: str = ADDRESS, **given: Any) -> RemovalCase:
    return removal_claim.open_case(claim(**given), address=address, now=now)


def confirmed_case(now: datetime, officer: Officer | None = None, **given: Any) -> RemovalCase:
    case = open_case(now, **given)
    removal_case.confirm_identity(case, officer or make_officer(Role.REMOVALS), "dowód osobisty", version=case.version, now=now)
    return case


def request(case: RemovalCase, officer: Officer, now: datetime) -> None:
    seen = removal.find_extent(removal_case.account_of(case), now=now).digest()
    removal_approval.request_removal(case, officer, seen=seen, version=case.version, now=now)


def requested_case(now: datetime, officer: Officer | None = None, **given: Any) -> RemovalCase:
    officer = officer or make_officer(Role.REMOVALS)
    case = confirmed_case(now, officer, **given)
    request(case, officer, now)
    return case


def approve(case: RemovalCase, now: datetime, officer: Officer | None = None) -> None:
    officer = officer or make_officer(Role.COORDINATOR)
    removal_approval.approve_removal(case, officer, version=RemovalCase.get_by_id(case.id).version, now=now)


def make_wrong_voter(now: datetime, **given: Any) -> Voting:
    """Somebody who has registered on the PESEL of another person and voted in an open edition."""
    edition, district, _ = make_voting()
    account = make_account(district, **{"pesel": PESEL, "email": "obca@example.org", **given})
    choose(edition, district, account, now)
    cast(edition, district, account, now)
    return edition, district, account


def reload(account: Account) -> Account:
    found: Account = Account.get_by_id(account.id)
    return found
