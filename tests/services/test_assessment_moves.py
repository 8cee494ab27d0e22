"""Every move from every state, made by the service that makes it: possible just where the table says, and of two one counts."""

from datetime import datetime

import pytest

from portal.errors import MoveForbidden, ProposalChanged
from portal.models import AuditEntry, Message, Proposal, Transition
from portal.models.assessment import LEADS, Move
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import assessment, audit
from tests.factories import make_officer
from tests.services import raw
from tests.services.assessing import NOT_OURS, in_state, move
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
BY_OFFICERS = {*assessment.DECISIONS, Move.RETURNED, Move.DRAWN}


@pytest.mark.parametrize("wanted", Move)
@pytest.mark.parametrize("state", ProposalState)
def test_each_move_is_possible_just_where_the_table_says(now: datetime, state: ProposalState, wanted: Move) -> None:
    proposal, officer = in_state(state, now), make_officer(Role.COORDINATOR)
    (sources, target), version, steps, kept = LEADS[wanted], proposal.version, Transition.select().count(), raw.everything()
    if state in sources:
        move(proposal, wanted, officer, now)
        stored, last = Proposal.get_by_id(proposal.id), Transition.select().order_by(Transition.id.desc()).get()
        assert (stored.state, stored.version) == (target, version + 1)
        assert (last.move, Transition.select().count()) == (wanted, steps + 1)
        assert (last.officer_id == officer.id) is (wanted in BY_OFFICERS)
        assert Message.select().where(Message.key.startswith(f"proposal_moved:{proposal.uid}:{version + 1}:")).count() == 1
        audited = AuditEntry.select().where(AuditEntry.action == f"proposal {wanted.replace('_', ' ')}",
                                            AuditEntry.actor == f"officer:{officer.uid}").exists()
        assert audited is (wanted in BY_OFFICERS)
    elif (state, wanted) == (ProposalState.DRAFT, Move.WITHDRAWN):
        move(proposal, wanted, officer, now)
        assert not Proposal.select().exists(), "a draft that is taken back is deleted"
    else:
        with pytest.raises(MoveForbidden):
            move(proposal, wanted, officer, now)
        assert raw.everything() == kept
    assert audit.verify() == []


@pytest.mark.parametrize("wanted", sorted(BY_OFFICERS - {Move.DRAWN}))
def test_a_decision_on_a_proposal_that_has_changed_is_refused(now: datetime, wanted: Move) -> None:
    proposal, officer = in_state(LEADS[wanted][0][0], now), make_officer(Role.COORDINATOR)
    for seen in (proposal.version - 1, proposal.version + 1, -1):
        with pytest.raises(ProposalChanged):
            move(proposal, wanted, officer, now, version=seen)
    assert Proposal.get_by_id(proposal.id).state == LEADS[wanted][0][0]


def test_of_two_decisions_at_once_one_is_taken(now: datetime) -> None:
    proposal = in_state(ProposalState.IN_ASSESSMENT, now)
    results = at_once(*[lambda officer=make_officer(Role.COORDINATOR), wanted=wanted: move(
        Proposal.get_by_id(proposal.id), wanted, officer, now, version=proposal.version)
        for wanted in (Move.ADMITTED, Move.REFUSED)])
    assert (count_of(type(None), results), count_of(ProposalChanged, results)) == (1, 1)


@pytest.mark.parametrize("wanted", sorted(set(Move) - set(assessment.DECISIONS) - NOT_OURS))
def test_what_is_no_decision_of_officers_cannot_be_decided(now: datetime, wanted: Move) -> None:
    proposal = in_state(LEADS[wanted][0][0], now)
    with pytest.raises(MoveForbidden):
        assessment.decide(proposal, make_officer(Role.COORDINATOR), move=wanted, words="słowa", version=proposal.version, now=now)
