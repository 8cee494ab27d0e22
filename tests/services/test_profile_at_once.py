"""Everything that changes an account, at once: each is done or refused, and nobody waits in a ring."""

import random
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from portal.errors import PortalError
from portal.models import Account, Ballot, BallotDraft, Session
from portal.services import audit, login, password, profile, removal, voting_person
from tests.factories import PASSWORD, PESEL, make_account, make_voting
from tests.services.ballots import Voting, cast, choose
from tests.services.parallel import at_once
from tests.services.test_profile import ask_email, ask_phone

pytestmark = pytest.mark.usefixtures("app")


def jobs(voters: Voting, number: str, now: datetime) -> list[Any]:
    """Return all that can happen to one account, which wants this number."""
    _, _, account = voters
    code, token = ask_phone(account, now, number), ask_email(account, now, f"{number}@example.org")
    login.log_in(account.email, PASSWORD, now=now)
    session = Session.get(Session.account == account)
    changes = [
        partial(profile.confirm_phone_change, account, code), partial(profile.confirm_email_change, token, session=None),
        partial(profile.change_identity, account, pesel=PESEL, birth_date=account.birth_date),
        partial(profile.ask_phone_change, account, phone="+48600333444", address="192.0.2.1"),
        partial(profile.ask_email_change, account, email="inna@example.org"),
        partial(profile.cancel_change, account, profile.EmailChange),
        partial(profile.change_names, account, given_name="Ewa", family_name="Lis"),
        partial(removal.delete_own_account, account, with_ballots=True),
        partial(password.change_password, session, PASSWORD, "zupa z kasztanów", address="192.0.2.1"),
        partial(password.ask_reset, account.email, address="192.0.2.1"),
    ]
    return [*(partial(change, now=now) for change in changes), partial(cast, *voters, now), partial(choose, *voters, now)]


def test_changes_at_once_are_done_or_refused(now: datetime):
    edition, district, _ = make_voting()
    chance, ended = random.Random(2026), Counter()
    for at in range(6):
        account = make_account(district)
        choose(edition, district, account, now)
        mixed = jobs((edition, district, account), f"+4860011122{at}", now)
        chance.shuffle(mixed)
        results = at_once(*mixed)
        broken = [result for result in results if isinstance(result, Exception) and not isinstance(result, PortalError)]
        assert not broken, broken
        ended.update(type(result).__name__ for result in results)
        left = Account.get_or_none(Account.id == account.id)
        assert left is None, "its holder wanted it deleted"
        assert (Ballot.select().count(), BallotDraft.select().count()) == (0, 0)
    assert ended["NoneType"] > 6 and audit.verify() == []
    assert not voting_person.own_ballots(account, [edition])
