"""portal edition list."""

from datetime import datetime

from portal.models import Ballot
from portal.models.ballot import Channel
from tests.cli.conftest import Portal
from tests.factories import make_district, make_edition, make_pool


def test_portal_without_editions_lists_nothing(portal: Portal):
    answer = portal("edition", "list")
    assert (answer.status, answer.out, answer.err) == (0, "", "")


def test_editions_are_listed_a_line_each_with_their_size(portal: Portal, now: datetime):
    current, past = make_edition(code="2026", name="Żółta edycja"), make_edition(code="2025", name="Dawna", open_now=False)
    make_pool(current, proposals=3)
    make_pool(current, make_district(), proposals=1)
    Ballot.create(edition=past, voter_key="k" * 64, channel=Channel.ONLINE, cast_at=now)
    assert portal("edition", "list").out == (
        "2025\tDawna\tresults\t0 pools\t0 proposals\t1 ballots\n2026\tŻółta edycja\tvoting\t2 pools\t4 proposals\t0 ballots\n")
