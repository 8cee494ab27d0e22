"""The claim that somebody has registered on another's PESEL: kept, counted, dated, and what its claimant adds to it later."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from portal import clock, store
from portal.errors import CaseUnknown, OwnAccount, TooMany
from portal.files import Fault
from portal.models import Evidence, Message, RemovalCase, RemovalStep
from portal.models.removal import CaseState, Deed
from portal.models.staff import Role
from portal.services import removal_case, removal_claim, removal_evidence
from tests import uploads
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district, make_edition, make_officer
from tests.services import raw
from tests.services.cases import ADDRESS, claim, open_case
from tests.services.parallel import at_once

pytestmark = pytest.mark.usefixtures("app")


def test_claim_is_kept_sealed_and_answered_with_number_and_link(now: datetime):
    case = removal_claim.open_case(claim(story="Dostałam pismo o głosowaniu."), address=ADDRESS, now=now)
    assert (case.number, case.state, removal_claim.find_case(case.secret)) == ("K/1/2026", CaseState.OPEN, case)
    letter = Message.get()
    assert (letter.template, letter.recipient) == ("claim_received", "ewa@example.org")
    assert f"/zgloszenie-konta/{case.secret}" in letter.payload
    for told in (PESEL, "Żuk", "Dostałam", case.secret):
        assert told not in raw.everything(), f"{told} can be read in the database"


def test_claims_differ_in_nothing_for_known_and_unknown_pesel(now: datetime, statements: list[str]):
    make_account(make_district(), pesel=PESEL)
    asked = []
    for pesel in (PESEL, OTHER_PESEL):
        statements.clear()
        removal_claim.open_case(claim(pesel=pesel, email=f"{pesel}@example.org"), address=ADDRESS, now=now)
        asked.append([re.sub('"s[0-9a-f]{32}"', "", statement) for statement in statements])
    assert asked[0] == asked[1] and not any('"account"' in statement for statement in asked[0]), "nobody looks for an account"


def test_form_that_is_sent_twice_makes_one_case(now: datetime):
    first = open_case(now)
    assert open_case(now) == first and open_case(now, story="Jeszcze raz.") != first
    assert (RemovalCase.select().count(), RemovalStep.select().count(), Message.select().count()) == (2, 2, 2)


def test_own_account_needs_no_claim(now: datetime):
    visitor = make_account(make_district(), pesel=PESEL)
    with pytest.raises(OwnAccount):
        removal_claim.open_case(claim(), address=ADDRESS, now=now, visitor=visitor)
    assert not RemovalCase.select().exists() and not Message.select().exists()
    assert removal_claim.open_case(claim(pesel=OTHER_PESEL), address=ADDRESS, now=now, visitor=visitor).pesel == OTHER_PESEL


def test_numbers_are_dense_in_a_year_and_begin_anew(now: datetime):
    numbers = [open_case(at, pesel=PESEL, email=f"e{at:%d%H}@example.org").number
               for at in (now, now + timedelta(days=1), now + timedelta(days=200), now + timedelta(days=201))]
    assert numbers == ["K/1/2026", "K/2/2026", "K/1/2027", "K/2/2027"]


def test_claims_at_once_get_numbers_of_their_own(now: datetime):
    made = at_once(*[partial(open_case, now, email=f"e{at}@example.org", pesel=pesel)
                     for at, pesel in enumerate([PESEL, OTHER_PESEL] * 3)])
    assert sorted(case.number for case in made) == [f"K/{at}/2026" for at in range(1, 7)]


def test_secret_of_another_case_or_a_wrong_one_opens_nothing(now: datetime):
    open_case(now)
    for wrong in ("", "x", "0" * 64, RemovalCase.get().secret_hash):
        with pytest.raises(CaseUnknown):
            removal_claim.find_case(wrong)


@pytest.mark.parametrize(("left", "within"), [(30, 7), (7, 6), (3, 2), (0.5, 0)], ids=str)
def test_decision_is_due_at_the_end_of_a_day_in_a_week_and_a_day_before_voting_ends(now: datetime, left: float, within: float):
    make_edition(voting_from=now - timedelta(days=1), voting_to=now + timedelta(days=left), results_on=now + timedelta(days=60))
    make_edition(open_now=False)
    assert open_case(now).due_at == clock.end_of(clock.local(now + timedelta(days=within)).date())


@pytest.mark.parametrize(("same", "most"), [({"pesel", "network"}, 3), ({"pesel"}, 10), ({"email"}, 3), ({"network"}, 10)])
def test_claims_are_capped(now: datetime, same: set[str], most: int):
    """Letters go to addresses that nobody has confirmed; strangers elsewhere do not use up what a person needs by themselves."""
    def send(at: int) -> None:
        given = {"pesel": PESEL if "pesel" in same else f"{at:011}", "email": f"e{0 if 'email' in same else at}@example.org"}
        removal_claim.open_case(claim(**given), address=ADDRESS if "network" in same else f"192.0.{at}.1", now=now)
    for at in range(most):
        send(at)
    before = RemovalCase.select().count(), Message.select().count()
    with pytest.raises(TooMany):
        send(most)
    assert (RemovalCase.select().count(), Message.select().count()) == before


def test_officer_who_opens_a_case_at_the_desk_is_not_capped(now: datetime):
    officer = make_officer(Role.REMOVALS)
    for at in range(4):
        case = removal_claim.open_case(claim(story=f"Wizyta {at}"), address="", now=now, officer=officer)
    assert RemovalStep.get(RemovalStep.case == case).officer == officer


Bring = Callable[[RemovalCase, datetime], object]


def add_scan(case: RemovalCase, now: datetime) -> None:
    removal_claim.add_evidence(case, [b"page"], now=now)


def write(case: RemovalCase, now: datetime) -> None:
    removal_claim.answer(case, "Halo?", now=now)


def lose_scan(case: RemovalCase, _now: datetime) -> None:
    removal_evidence.destroy(case)


def decide(act: Callable[..., None]) -> Bring:
    return lambda case, now: act(case, make_officer(Role.REMOVALS), "x", version=case.version, now=now)


ask, confirm, freeze = map(decide, (removal_case.ask_for_more, removal_case.confirm_identity, removal_case.freeze))


@pytest.mark.parametrize(("steps", "waits"), [
    ([], True), ([freeze], True), ([write], False), ([add_scan], False), ([add_scan, lose_scan], True),
    ([write, add_scan, lose_scan], False), ([ask], True), ([write, add_scan, ask], True), ([ask, write], False),
    ([ask, add_scan], False), ([confirm], False), ([add_scan, confirm], False)],
    ids=lambda value: "-".join(step.__name__ for step in value) if isinstance(value, list) else str(value))
def test_case_waits_for_its_claimant_until_something_is_there(now: datetime, steps: list[Bring], waits: bool):
    make_account(make_district(), pesel=PESEL)
    brought, bare, case = (open_case(now, story=story) for story in ("Pierwsza", "Druga", "Trzecia"))
    write(brought, now)
    add_scan(brought, now)
    for step in steps:
        step(case, now)
    assert removal_claim.is_waiting(case) == waits
    waiting = RemovalCase.select().where(removal_claim.waits_for_person()).order_by(RemovalCase.id)
    assert list(waiting) == [bare, case][:1 + waits], "each by what is its own"


def test_case_of_who_came_to_the_office_waits_for_officers(now: datetime):
    case = removal_claim.open_case(claim(), address="", now=now, officer=make_officer(Role.REMOVALS))
    assert not removal_claim.is_waiting(case)
    before = case.due_at
    write(case, now + timedelta(days=3))
    assert case.due_at == before, "and a message puts nothing off"


def test_scan_that_is_sent_again_begins_the_week_anew(now: datetime):
    case, later = open_case(now), now + timedelta(days=3)
    for step in (add_scan, lose_scan, add_scan):
        step(case, later)
    assert case.due_at == clock.end_of(clock.local(later + timedelta(days=7)).date())


def test_week_begins_anew_with_what_officers_have_waited_for(now: datetime):
    case, officer, later = open_case(now), make_officer(Role.REMOVALS), [now + timedelta(days=days) for days in (3, 4, 6)]
    removal_claim.answer(case, "Przyjdę jutro.", now=later[0])
    assert case.due_at == clock.end_of(clock.local(later[0] + timedelta(days=7)).date())
    before = case.due_at
    removal_claim.answer(case, "Czy już coś wiadomo?", now=later[1])
    assert case.due_at == before
    removal_case.ask_for_more(case, officer, "x", version=case.version, now=later[1])
    removal_claim.answer(case, "Proszę.", now=later[2])
    assert case.due_at == clock.end_of(clock.local(later[2] + timedelta(days=7)).date())


def test_messages_to_a_case_are_bounded(now: datetime):
    case = open_case(now)
    for at in range(20):
        removal_claim.answer(case, f"{at}", now=now)
    with pytest.raises(TooMany):
        removal_claim.answer(case, "jeszcze", now=now)
    assert RemovalStep.select().where(RemovalStep.deed == Deed.ANSWERED).count() == 20


def test_files_of_an_upload_are_kept_or_refused_one_by_one(now: datetime):
    case = open_case(now)
    files = {"przód.jpg": uploads.photo(), "tył.gif": b"GIF", "dowód.pdf": uploads.document(2)}
    kept, refused = removal_claim.add_files(
        case, [(name, io.BytesIO(data)) for name, data in files.items()], address=ADDRESS, now=now)
    assert kept == ["przód.jpg", "dowód.pdf"] and Evidence.select().count() == 3
    assert [(name, error.message) for name, error in refused] == [("tył.gif", Fault.WRONG_TYPE)]


def test_files_that_come_while_another_upload_is_read_are_refused_in_one(now: datetime):
    case, files = open_case(now), [(name, io.BytesIO(uploads.photo())) for name in ("a.jpg", "b.jpg")]
    with store.turn():
        kept, refused = removal_claim.add_files(case, files, address=ADDRESS, now=now)
    assert (kept, [(name, error.message) for name, error in refused]) == ([], [("a.jpg, b.jpg", store.BUSY)])
