"""An author with a draft and a voter, whose pages tests of several topics open."""

from datetime import datetime

import pytest
from flask import Flask

from portal.models import Account, Edition, Proposal
from tests.factories import make_voting
from tests.page import Visitor
from tests.services.ballots import Voting
from tests.services.drafts import make_author, make_draft, pool_of
from tests.views.steps import in_english, log_in


@pytest.fixture
def account(app: Flask, now: datetime) -> Account:
    return make_author(now)[0]


@pytest.fixture
def author(visitor: Visitor, account: Account) -> Visitor:
    """An author at the keyboard, logged in."""
    log_in(in_english(visitor), account)
    return visitor


@pytest.fixture
def draft(account: Account, now: datetime) -> Proposal:
    return make_draft(account, pool_of(Edition.get()), now)


@pytest.fixture
def voters(app: Flask) -> Voting:
    return make_voting()


@pytest.fixture
def voter(app: Flask, voters: Voting) -> Visitor:
    """A resident who reads English, is logged in and has not chosen."""
    visitor = in_english(Visitor(app))
    log_in(visitor, voters[2])
    return visitor
