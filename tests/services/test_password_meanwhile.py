"""A reset shuts everybody else out at once, a request included that has already proven the old password."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from portal import crypto
from portal.errors import ChangedMeanwhile, PortalError
from portal.models import Account, EmailChange, Session
from portal.services import login, password, profile, removal
from tests.factories import PASSWORD, make_account, make_district
from tests.services.test_password import NEW, asked

pytestmark = pytest.mark.usefixtures("app")
THIEFS = "cudze hasło do konta"


@pytest.fixture
def thief(now: datetime) -> Session:
    """A session of somebody who knows the password of an account that is not theirs."""
    account = make_account(make_district())
    login.log_in(str(account.email), PASSWORD, now=now)
    return Session.select().join(Account).get()


@pytest.fixture
def reset_during(thief: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the owner's reset be done just before a function of crypto has its say in the thief's request."""
    def arrange(name: str) -> None:
        token, original = asked(thief.account, now), getattr(crypto, name)

        def slow(*given: Any, **named: Any) -> Any:
            monkeypatch.setattr(crypto, name, original)
            answer = original(*given, **named)
            password.reset_password(token, NEW, now=now)
            return answer
        monkeypatch.setattr(crypto, name, slow)
    return arrange


@pytest.mark.parametrize("name", ["verify_password", "hash_password"])
def test_password_set_by_a_reset_is_not_overwritten_by_who_knew_the_old_one(thief: Session, now: datetime, name: str,
                                                                            reset_during: Callable[[str], None]) -> None:
    reset_during(name)
    with pytest.raises(PortalError):
        password.change_password(thief, PASSWORD, THIEFS, address="192.0.2.1", now=now)
    assert crypto.verify_password(Account.get().password_hash, NEW)


def test_proof_that_a_reset_overtook_proves_nothing(thief: Session, now: datetime,
                                                    reset_during: Callable[[str], None]) -> None:
    reset_during("verify_password")
    with pytest.raises(PortalError):
        login.prove(thief, PASSWORD, address="192.0.2.1", now=now)


def test_change_proven_before_a_reset_is_not_begun_after_it(thief: Session, now: datetime) -> None:
    account, token = thief.account, asked(thief.account, now)
    login.prove(thief, PASSWORD, address="192.0.2.1", now=now)
    password.reset_password(token, NEW, now=now)
    with pytest.raises(PortalError):
        profile.ask_email_change(account, email="zlodziej@example.org", now=now)
    assert EmailChange.select().count() == 0


def test_account_deleted_in_another_window_is_told_of_and_breaks_nothing(now: datetime) -> None:
    account = make_account(make_district())
    login.log_in(str(account.email), PASSWORD, now=now)
    here = Session.get()
    removal.delete_own_account(account, with_ballots=False, now=now)
    with pytest.raises(ChangedMeanwhile):
        password.change_password(here, PASSWORD, THIEFS, address="192.0.2.1", now=now)
