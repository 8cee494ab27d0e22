"""What stays of projects that are long decided, and what goes along with a draft that nobody has submitted."""

import os
from datetime import datetime, timedelta
from io import BytesIO

import pytest

from portal.models import Attachment, Authorship, CostItem, Proposal
from portal.models.attachment import FileKind
from portal.models.proposal import ProposalState
from portal.services import attachment, retention
from tests.factories import make_account, make_district, make_edition, make_pool, make_proposal
from tests.uploads import photo

pytestmark = pytest.mark.usefixtures("app")


def make_old(now: datetime, state: str) -> Proposal:
    """A proposal of an edition of two years ago, with an author, a cost and a file of each kind that authors add."""
    before = now - timedelta(days=730)
    edition = make_edition(proposals_to=before, voting_from=before, voting_to=before + timedelta(days=1),
                           results_on=before + timedelta(days=1))
    proposal = make_proposal(make_pool(edition), state=state)
    Authorship.create(proposal=proposal, account=make_account(make_district()), is_lead=True)
    CostItem.create(proposal=proposal, what="Ławki", amount=100)
    for kind in (FileKind.ATTACHMENT, FileKind.PAPER_LIST):
        attachment.add_files(proposal, [("a.jpg", BytesIO(photo()))], kind=kind, address="192.0.2.1", now=now)
    return proposal


@pytest.mark.parametrize("state", sorted(set(ProposalState) - {ProposalState.DRAFT}))
def test_of_what_was_submitted_only_paper_lists_go(now: datetime, state: str):
    proposal = make_old(now, state)
    retention.remove_due(actor="test", now=now)
    assert Proposal.get() == proposal and CostItem.select().count() == Authorship.select().count() == 1
    assert [file.kind for file in Attachment.select()] == [FileKind.ATTACHMENT]


def test_draft_goes_with_all_that_hangs_on_it_and_the_sweep_takes_its_files(now: datetime):
    make_old(now, ProposalState.DRAFT)
    retention.remove_due(actor="test", now=now)
    for model in (Proposal, CostItem, Authorship, Attachment):
        assert model.select().count() == 0, model
    for path in attachment.STORE.folder.iterdir():
        os.utime(path, (0, 0))  # The machine wrote them just now, by its own clock.
    retention.remove_due(actor="test", now=now)
    assert {path.name for path in attachment.STORE.folder.iterdir()} == {"mounted"}
