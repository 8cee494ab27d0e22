"""The lot: drawn once, from a seed that everybody can repeat it with, when all is decided and nobody votes yet."""

import hashlib
import json
from datetime import datetime, timedelta

import pytest

from portal.errors import MoveForbidden, PhaseClosed
from portal.models import AuditEntry, Edition, Message, Proposal, Transition
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services import proposals, proposals_lot
from tests.factories import make_district, make_officer, make_pool
from tests.services import raw
from tests.services.assessing import SEED, in_state, make_assessing, make_draft
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
ADMITTED = ProposalState.ADMITTED


def draw(edition: Edition, now: datetime, seed: str = SEED) -> None:
    proposals_lot.draw_order(edition, make_officer(Role.COORDINATOR), seed=seed, now=now)


def refusal_of(edition: Edition, now: datetime, seed: str = SEED) -> str:
    officer, kept = make_officer(Role.COORDINATOR), raw.everything()
    with pytest.raises((MoveForbidden, PhaseClosed)) as refusal:
        proposals_lot.draw_order(edition, officer, seed=seed, now=now)
    assert raw.everything() == kept
    return refusal.value.message


def digest(seed: str, number: str) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def test_anybody_can_draw_the_order_again_from_the_seed(now: datetime) -> None:
    edition = make_assessing()
    city, district = make_pool(edition), make_pool(edition, make_district())
    for number in range(12):
        make_draft(edition, pool=city if number % 2 else district, number=f"BO.OM.{number}/26", state=ADMITTED)
    draw(edition, now)
    order = proposals_lot.order_of(Edition.get())
    assert [pool for pool, _rows in order] == [city, district]
    for _pool, rows in order:
        assert [row.ballot_order for row in rows] == [1, 2, 3, 4, 5, 6]
        assert [row.number for row in rows] == sorted((row.number for row in rows), key=lambda number: digest(SEED, number))
        assert {row.state for row in rows} == {"on_ballot"}
    assert [row.number for row in Proposal.on_ballot(city)] == [row.number for row in order[0][1]]


def test_the_seed_is_kept_with_its_hour_and_told_in_the_log(now: datetime) -> None:
    edition = make_assessing()
    proposal = in_state(ADMITTED, now, edition)
    draw(edition, now)
    assert (Edition.get().order_seed, Edition.get().drawn_at) == (SEED, now)
    entry = AuditEntry.get(AuditEntry.action == "order on the ballot drawn")
    assert entry.subject == f"edition:{edition.code}" and json.loads(entry.detail) == {"seed": SEED}
    assert Transition.select().order_by(Transition.id.desc()).get().move == "drawn"
    assert json.loads(Message.select().order_by(Message.id.desc()).get().payload)["move"] == "drawn"
    assert Proposal.get_by_id(proposal.id).ballot_order == 1


def test_another_seed_draws_another_order(now: datetime) -> None:
    orders = []
    for seed in (SEED, "inne liczby"):
        edition = make_assessing()
        pool = make_pool(edition)
        for number in range(8):
            make_draft(edition, pool=pool, number=f"BO.OM.{number}/26", state=ADMITTED)
        draw(edition, now, seed)
        orders.append([row.number for row in Proposal.on_ballot(pool)])
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])


def test_a_lot_is_drawn_once(now: datetime) -> None:
    edition = make_assessing()
    in_state(ADMITTED, now, edition)
    draw(edition, now)
    assert refusal_of(edition, now, "zupełnie inny los") == proposals_lot.DRAWN_ALREADY


def test_of_two_lots_at_once_one_is_drawn(now: datetime) -> None:
    edition, officer = make_assessing(), make_officer(Role.COORDINATOR)
    for _ in range(3):
        make_draft(edition, state=ADMITTED)
    results = at_once(*[lambda seed=seed: proposals_lot.draw_order(edition, officer, seed=seed, now=now)
                        for seed in ("pierwszy los", "drugi los 2")])
    assert (count_of(type(None), results), count_of(MoveForbidden, results)) == (1, 1)
    assert sorted(row.ballot_order for row in Proposal.select()) == [1, 2, 3]


@pytest.mark.parametrize(("state", "blocks"), [
    ("draft", False), ("submitted", True), ("returned", True), ("in_assessment", True), ("refused", True), ("protested", True),
    ("withdrawn", False)])
def test_nothing_is_drawn_before_all_is_decided(now: datetime, state: str, blocks: bool) -> None:
    edition = make_assessing()
    admitted, other = in_state(ADMITTED, now, edition), in_state(state, now, edition)
    if blocks:
        assert refusal_of(edition, now) == proposals_lot.NOT_ALL_DECIDED
    else:
        draw(edition, now)
        assert [Proposal.get_by_id(row.id).ballot_order for row in (admitted, other)] == [1, None]


def test_a_refusal_no_longer_blocks_when_the_time_for_a_protest_is_over(now: datetime) -> None:
    edition = make_assessing(protest_days=10)
    in_state(ADMITTED, now, edition)
    in_state(ProposalState.REFUSED, now, edition)
    assert refusal_of(edition, now + timedelta(days=10)) == proposals_lot.NOT_ALL_DECIDED
    draw(edition, now + timedelta(days=11))


def test_other_editions_do_not_matter(now: datetime) -> None:
    edition, other = make_assessing(), make_assessing()
    in_state(ADMITTED, now, edition)
    apart = [in_state(state, now, other) for state in (ADMITTED, ProposalState.SUBMITTED)]
    draw(edition, now)
    assert [Proposal.get_by_id(row.id).state for row in apart] == ["admitted", "submitted"]


def test_the_order_is_drawn_before_voting_begins(now: datetime) -> None:
    edition = make_assessing()
    in_state(ADMITTED, now, edition)
    assert refusal_of(edition, edition.voting_from) == proposals_lot.VOTING_BEGUN
    draw(edition, edition.voting_from - timedelta(microseconds=1))


def test_a_seed_that_somebody_could_choose_is_too_short(now: datetime) -> None:
    edition = make_assessing()
    in_state(ADMITTED, now, edition)
    assert refusal_of(edition, now, "1234567") == proposals_lot.TOO_SHORT
    draw(edition, now, "12345678")


def test_an_author_who_withdraws_while_the_lot_is_drawn_does_not_break_it(now: datetime) -> None:
    for _ in range(5):
        edition, officer = make_assessing(), make_officer(Role.COORDINATOR)
        rows = [make_draft(edition, state=ADMITTED) for _ in range(3)]
        at_once(lambda: proposals_lot.draw_order(edition, officer, seed=SEED, now=now),
                lambda: proposals.withdraw(rows[1], "", now=now))
        standing = [row for row in Proposal.select().where(Proposal.id.in_([row.id for row in rows])) if row.state == "on_ballot"]
        assert sorted(row.ballot_order for row in standing) == list(range(1, len(standing) + 1)) and len(standing) in (2, 3)


def test_a_lot_is_not_wasted_on_nothing_or_before_all_proposals_have_come_in(now: datetime) -> None:
    edition, officer = make_assessing(), make_officer(Role.COORDINATOR)
    with pytest.raises(MoveForbidden):
        proposals_lot.draw_order(edition, officer, seed=SEED, now=now)
    make_draft(edition, state=ProposalState.ADMITTED)
    Edition.update(proposals_from=now - timedelta(days=9), proposals_to=now).execute()
    with pytest.raises(MoveForbidden):
        proposals_lot.draw_order(edition, officer, seed=SEED, now=now)
    assert Edition.get().order_seed is None
    proposals_lot.draw_order(edition, officer, seed=SEED, now=now + timedelta(seconds=1))
    assert Edition.get().order_seed == SEED
