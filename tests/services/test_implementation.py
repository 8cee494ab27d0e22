"""What the vote has decided, once and from what is published; and what is told of how it is carried out."""

import json
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

import pytest

from portal.database import database
from portal.errors import FileUnusable, MoveForbidden, PhaseClosed, ProposalChanged
from portal.models import Attachment, AuditEntry, Authorship, Edition, Message, Officer, Proposal, Stage, Transition
from portal.models.assessment import LEADS, Move
from portal.models.attachment import FileKind
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import attachment, audit, implementation, support
from portal.services.results_publication import approve_correction, find_correction
from tests.factories import make_account, make_district, make_edition, make_officer, make_pool, make_proposal
from tests.services.ballots import publish
from tests.services.parallel import at_once, count_of
from tests.services.test_results import contest, store
from tests.services.test_results_publication import remove
from tests.uploads import photo, picture

pytestmark = pytest.mark.usefixtures("app")
STATES = tuple(ProposalState)


@pytest.fixture
def officer(now: datetime) -> Officer:
    return make_officer(Role.COORDINATOR)


@pytest.fixture
def edition(now: datetime) -> Edition:
    """An edition with results: of 100 zł A gets 60, B would need 70, C gets 40."""
    edition = make_edition(open_now=False)
    a, b, c = contest(edition, 60, 70, 40)
    for picks in ((a, c, b), (a, c, b), (b,)):
        store(edition, *picks)
    publish(edition, now)
    return edition


def standing(edition: Edition) -> list[str]:
    return [row.state for row in Proposal.select().join(edition.pools.model).where(
        edition.pools.model.edition == edition).order_by(Proposal.number)]


def make_funded(state: str = ProposalState.FUNDED) -> Proposal:
    """A proposal in a state, with an author and somebody who follows it."""
    district = make_district()
    proposal = make_proposal(make_pool(make_edition(open_now=False), district), state=state)
    Authorship.create(proposal=proposal, account=make_account(district, email="autorka@example.org"), is_lead=True)
    support.follow(make_account(district, email="sasiad@example.org"), proposal)
    return proposal


def post(proposal: Proposal, officer: Officer, now: datetime, **given: object) -> None:
    implementation.post_stage(proposal, officer, **{"title": "Ławki stoją", "words": "Jeszcze drzewa.", "cost": 1000_00,
                                                    "photos": [], "now": now, **given})


def letters() -> list[tuple[str, str, bool]]:
    found = Message.select().order_by(Message.id)
    return [(row.template, row.recipient, json.loads(row.payload)["is_author"]) for row in found]


# What the vote has decided.

def test_published_results_fund_proposals_once(edition: Edition, officer: Officer, now: datetime):
    assert implementation.settle(edition, officer, now=now) == 3
    assert standing(edition) == ["funded", "not_funded", "funded"]
    assert implementation.settle(edition, officer, now=now) == 0
    assert {(row.move, row.officer) for row in Transition.select()} == {("funded", officer), ("not_funded", officer)}
    assert Transition.select().count() == 3 and audit.verify() == []


def test_what_is_not_on_the_ballot_any_more_and_other_editions_stay(edition: Edition, officer: Officer, now: datetime):
    Proposal.update(state=ProposalState.IN_PROGRESS).where(Proposal.number == "A").execute()
    other = make_proposal(make_pool(make_edition(open_now=False)))
    assert implementation.settle(edition, officer, now=now) == 2
    assert standing(edition) == ["in_progress", "not_funded", "funded"]
    assert Proposal.get_by_id(other.id).state == ProposalState.ON_BALLOT


@pytest.mark.parametrize("phase", ["voting", "counting", "a second before the results"])
def test_nothing_is_settled_before_the_results_are_published(edition: Edition, officer: Officer, now: datetime, phase: str):
    moment = {"voting": edition.voting_to, "counting": edition.voting_to + timedelta(microseconds=1)}.get(phase, now)
    Edition.update(results_on=moment + timedelta(seconds=1)).where(Edition.id == edition.id).execute()
    edition = Edition.get_by_id(edition.id)
    with pytest.raises(PhaseClosed):
        implementation.settle(edition, officer, now=moment)
    assert set(standing(edition)) == {"on_ballot"}


def test_results_that_wait_for_a_correction_are_settled_after_it_as_corrected(edition: Edition, officer: Officer, now: datetime):
    for number in (0, 1):
        remove(edition, number)
    with pytest.raises(PhaseClosed):
        implementation.settle(edition, officer, now=now)
    assert set(standing(edition)) == {"on_ballot"}
    approve_correction(edition, officer, seen=find_correction(edition, now=now).digest, now=now)
    implementation.settle(edition, officer, now=now)
    assert standing(edition) == ["not_funded", "funded", "not_funded"], "without two ballots B is first, and 30 zł are left"


def test_two_officers_at_once_settle_once(edition: Edition, officer: Officer, now: datetime):
    results = at_once(*[partial(implementation.settle, edition, officer, now=now)] * 4)
    assert sum(result for result in results if isinstance(result, int)) == 3, results
    assert count_of(int, results) + count_of(MoveForbidden, results) == 4, "who is late is told so"
    assert standing(edition) == ["funded", "not_funded", "funded"] and Transition.select().count() == 3


# How it is carried out.

def test_first_stage_begins_the_work_and_each_is_told_to_authors_and_followers(officer: Officer, now: datetime):
    proposal = make_funded()
    post(proposal, officer, now, title="Umowa podpisana", words="")
    assert Proposal.get().state == ProposalState.IN_PROGRESS
    assert [(row.move, row.words) for row in Transition.select()] == [("started", "Umowa podpisana")]
    both = [("autorka@example.org", True), ("sasiad@example.org", False)]
    assert sorted(letters()) == [("proposal_moved", *who) for who in both]
    Message.delete().execute()
    for _time in range(2):
        post(proposal, officer, now)
    assert sorted(letters()) == sorted([("stage_posted", *who) for who in both] * 2), "two at one moment are two letters"
    assert json.loads(Message.select().first().payload)["stage"] == "Ławki stoją"
    assert [row.action for row in AuditEntry.select().order_by(AuditEntry.sequence)] == [
        "proposal started", *["stage posted"] * 3]


@pytest.mark.parametrize("state", [state for state in STATES if state not in (ProposalState.FUNDED, ProposalState.IN_PROGRESS)])
def test_stages_are_told_only_of_what_is_carried_out(officer: Officer, now: datetime, state: str):
    proposal = make_funded(state)
    with pytest.raises(MoveForbidden):
        post(proposal, officer, now)
    assert Stage.select().count() == Message.select().count() == AuditEntry.select().count() == 0


def test_photos_lie_with_their_stage_newest_first(officer: Officer, now: datetime):
    proposal = make_funded()
    post(proposal, officer, now, photos=[("a.jpg", BytesIO(photo()), "Nowe ławki"), ("b.png", BytesIO(picture("PNG")), "Drzewo")])
    post(proposal, officer, now, title="Posadzono drzewa", photos=[("c.jpg", BytesIO(photo()), "Lipa")])
    told = implementation.stages(Proposal.get())
    assert [(stage.title, [one.name for one in photos]) for stage, photos in told] == [
        ("Posadzono drzewa", ["Lipa"]), ("Ławki stoją", ["Nowe ławki", "Drzewo"])]
    for row in Attachment.select():
        data = attachment.read(row)
        assert (row.kind, row.media) == (FileKind.PHOTO, "image/jpeg") and b"Aparat" not in data and b"Ewa" not in data


def test_stages_ask_the_database_twice_and_not_before_there_can_be_any(officer: Officer, now: datetime, statements: list[str]):
    proposal = make_funded()
    statements.clear()
    assert implementation.stages(proposal) == [] and statements == []
    for _time in range(3):
        post(proposal, officer, now, photos=[("a.jpg", BytesIO(photo()), "Ławka")])
    proposal = Proposal.get()
    statements.clear()
    assert len(implementation.stages(proposal)) == 3 and len(statements) == 2


def test_unusable_photo_leaves_nothing_behind(officer: Officer, now: datetime):
    with pytest.raises(FileUnusable):
        post(make_funded(), officer, now, photos=[("a.jpg", BytesIO(photo()), "Ławki"), ("b.jpg", BytesIO(b"GIF"), "?")])
    assert Stage.select().count() == Attachment.select().count() == Message.select().count() == 0
    assert Proposal.get().state == ProposalState.FUNDED and not database.in_transaction()


def test_stage_that_was_wrong_goes_with_its_photos_and_others_stay(officer: Officer, now: datetime):
    proposal = make_funded()
    for _time in range(2):
        post(proposal, officer, now, photos=[("a.jpg", BytesIO(photo()), "Ławki")])
    wrong, right = Stage.select().order_by(Stage.id)
    paths = {row.stage_id: attachment.STORE.path(row) for row in Attachment.select()}
    for _time in range(2):
        implementation.remove_stage(wrong, officer, now=now)
    assert list(Stage.select()) == [right] and [row.stage for row in Attachment.select()] == [right]
    assert not paths[wrong.id].exists() and paths[right.id].exists()
    assert [row.action for row in AuditEntry.select()].count("stage removed") == 1


@pytest.mark.parametrize("move", [Move.DONE, Move.ABANDONED])
@pytest.mark.parametrize("state", STATES)
def test_work_ends_as_the_table_of_moves_allows(officer: Officer, now: datetime, state: str, move: Move):
    proposal, (sources, target) = make_funded(state), LEADS[move]
    if state in sources:
        implementation.end(proposal, officer, move, "Gotowe.", version=0, now=now)
    else:
        with pytest.raises(MoveForbidden):
            implementation.end(proposal, officer, move, "Gotowe.", version=0, now=now)
    assert Proposal.get().state == (target if state in sources else state)
    assert Transition.select().count() == Message.select().count() / 2 == (state in sources)


def test_giving_up_needs_reasons(officer: Officer, now: datetime):
    proposal = make_funded(ProposalState.IN_PROGRESS)
    with pytest.raises(MoveForbidden):
        implementation.end(proposal, officer, Move.ABANDONED, "", version=0, now=now)
    with pytest.raises(ProposalChanged):
        implementation.end(proposal, officer, Move.DONE, "", version=7, now=now)
    assert Proposal.get().state == ProposalState.IN_PROGRESS
    implementation.end(proposal, officer, Move.DONE, "", version=0, now=now)
    assert Proposal.get().state == ProposalState.DONE


@pytest.mark.parametrize("move", sorted(set(Move) - {Move.DONE, Move.ABANDONED}))
def test_no_other_move_ends_the_work_where_it_would_be_possible(officer: Officer, now: datetime, move: Move):
    proposal = make_funded(LEADS[move][0][0])
    with pytest.raises(MoveForbidden):
        implementation.end(proposal, officer, move, "x", version=0, now=now)
    assert Proposal.get().version == 0
