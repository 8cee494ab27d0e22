"""Moments, sealed texts, and the phases that follow from an edition's dates."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal import clock, crypto
from portal.crypto import SealBroken
from portal.database import database, on_sqlite
from portal.models import Account, Edition, Registration
from portal.models.edition import Phase
from tests.factories import PESEL, make_account, make_district, make_edition

WARSAW = ZoneInfo("Europe/Warsaw")


def raw(query: str, *values: Any) -> Any:
    """Return the first column of the first row as the database holds it."""
    return database.execute_sql(query if on_sqlite() else query.replace("?", "%s"), values).fetchone()[0]


def stored(moment: datetime) -> datetime:
    """Return a moment as it is read back."""
    return Edition.get_by_id(make_edition(admitted_on=moment).id).admitted_on


@pytest.mark.parametrize("moment", [
    datetime(2026, 6, 15, 10, 30, tzinfo=UTC),
    datetime(2026, 6, 15, 12, 30, 59, 999999, tzinfo=WARSAW),
    datetime(2026, 10, 25, 2, 30, tzinfo=WARSAW, fold=0),
    datetime(2026, 10, 25, 2, 30, tzinfo=WARSAW, fold=1),
    datetime(2026, 3, 29, 3, 0, tzinfo=WARSAW),
    datetime(2026, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=-5))),
])
def test_moment_comes_back_as_the_same_moment_in_utc(db: None, now: datetime, moment: datetime) -> None:
    assert stored(moment) == moment.astimezone(UTC)
    assert stored(moment).tzinfo is UTC


def test_hours_that_the_clocks_show_twice_stay_two(db: None, now: datetime) -> None:
    first, second = (stored(datetime(2026, 10, 25, 2, 30, tzinfo=WARSAW, fold=fold)) for fold in (0, 1))
    assert second - first == timedelta(hours=1)


def test_naive_moment_is_refused(db: None, now: datetime) -> None:
    with pytest.raises(ValueError, match="admitted_on needs a moment with a time zone"):
        make_edition(admitted_on=datetime(2026, 6, 15))
    with pytest.raises(ValueError, match="time zone"):
        list(Edition.select().where(Edition.voting_to > datetime(2026, 6, 15)))


def test_moments_are_compared_whatever_their_zone(db: None, now: datetime) -> None:
    edition = make_edition(admitted_on=datetime(2026, 6, 15, 12, 0, tzinfo=WARSAW))
    for moment, found in ((datetime(2026, 6, 15, 10, 0, tzinfo=UTC), True), (datetime(2026, 6, 15, 12, 0, tzinfo=UTC), False)):
        assert (Edition.get_or_none(Edition.admitted_on == moment) == edition) is found


def test_moment_may_be_empty(db: None, now: datetime) -> None:
    assert Edition.get_by_id(make_edition().id).admitted_on is None


def test_sealed_text_is_not_readable_in_the_database(db: None, now: datetime) -> None:
    account = make_account(make_district(), pesel=PESEL)
    sealed = bytes(raw("SELECT pesel FROM account WHERE id = ?", account.id))
    assert PESEL.encode() not in sealed and len(sealed) == 12 + 11 + 16
    assert Account.get_by_id(account.id).pesel == PESEL


def test_same_text_is_sealed_differently_each_time(db: None, now: datetime) -> None:
    assert crypto.seal_bytes(PESEL.encode(), "account.pesel") != crypto.seal_bytes(PESEL.encode(), "account.pesel")


def test_sealed_text_is_bound_to_its_column(db: None, now: datetime) -> None:
    account = make_account(make_district(), pesel=PESEL)
    registration = Registration.create(token_hash="h", data="{}", phone="1", created_at=clock.now())
    foreign = raw("SELECT data FROM registration WHERE id = ?", registration.id)
    database.execute_sql("UPDATE account SET pesel = ?".replace("?", "?" if on_sqlite() else "%s"), (foreign,))
    with pytest.raises(SealBroken, match="account.pesel"):
        Account.get_by_id(account.id)


@pytest.mark.parametrize("alter", [
    lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), lambda sealed: sealed[:20], lambda _sealed: b"",
    lambda _sealed: PESEL.encode(),
], ids=["one bit", "cut off", "empty", "in clear"])
def test_altered_seal_is_broken(alter: Any) -> None:
    with pytest.raises(SealBroken):
        crypto.unseal_bytes(alter(crypto.seal_bytes(PESEL.encode(), "account.pesel")), "account.pesel")


def test_sealed_text_may_be_empty_or_missing(db: None, now: datetime) -> None:
    assert Account.get_by_id(make_account(make_district()).id).pesel is None
    assert crypto.unseal_bytes(crypto.seal_bytes(b"", "x"), "x") == b""


def test_only_the_last_digits_of_a_pesel_and_a_phone_are_shown(db: None, now: datetime) -> None:
    account = make_account(make_district(), pesel=PESEL)
    assert account.masked_pesel == "••••••••359"
    assert Registration(phone="+48600123456").masked_phone == "•" * 9 + "456"


def test_public_ids_are_random(db: None, now: datetime) -> None:
    district = make_district()
    ids = {make_account(district).uid for _time in range(20)}
    assert len(ids) == 20 and {len(uid) for uid in ids} == {12}


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, number, hour, tzinfo=UTC)


CALENDAR = {"proposals_from": day(2), "proposals_to": day(4), "voting_from": day(10), "voting_to": day(12), "results_on": day(14)}
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("at", "phase"), [
    (day(2) - SECOND, Phase.BEFORE), (day(2), Phase.PROPOSALS), (day(4), Phase.PROPOSALS), (day(4) + SECOND, Phase.ASSESSMENT),
    (day(10) - SECOND, Phase.ASSESSMENT), (day(10), Phase.VOTING), (day(12), Phase.VOTING), (day(12) + SECOND, Phase.COUNTING),
    (day(14) - SECOND, Phase.COUNTING), (day(14), Phase.RESULTS), (day(30), Phase.RESULTS),
])
def test_phase_follows_from_the_calendar(at: datetime, phase: Phase) -> None:
    assert Edition(**CALENDAR).phase(at) is phase


def test_phase_without_a_time_for_proposals() -> None:
    edition = Edition(**{**CALENDAR, "proposals_from": None, "proposals_to": None})
    assert edition.phase(day(1)) is Phase.ASSESSMENT


def test_results_on_the_last_moment_of_voting_come_after_it() -> None:
    edition = Edition(**{**CALENDAR, "results_on": day(12)})
    assert [edition.phase(at) for at in (day(12), day(12) + timedelta(microseconds=1))] == [Phase.VOTING, Phase.RESULTS]


@pytest.mark.parametrize("last", [date(2026, 3, 29), date(2026, 6, 30), date(2026, 10, 25)])
def test_voting_until_a_day_includes_its_last_second(last: date) -> None:
    ends = clock.end_of(last)
    edition = Edition(voting_from=clock.start_of(last), voting_to=ends, results_on=ends + timedelta(days=1))
    midnight = datetime.combine(last + timedelta(days=1), datetime.min.time(), WARSAW)
    assert edition.phase(midnight.astimezone(UTC) - SECOND) is Phase.VOTING
    assert edition.phase(midnight.astimezone(UTC)) is Phase.COUNTING


def test_phase_asks_the_clock_when_no_moment_is_given(now: datetime) -> None:
    edition = Edition(**CALENDAR)
    assert edition.phase() is Phase.RESULTS
    clock.show_as_on(day(11))
    assert edition.phase() is Phase.VOTING
    clock.show_as_on(None)


@pytest.mark.parametrize("at", [day(10) - SECOND, day(10), day(11), day(12), day(12) + SECOND])
def test_editions_in_voting_are_those_of_that_phase(db: None, at: datetime) -> None:
    later, edition = make_edition(**{**CALENDAR, "voting_from": day(11)}), make_edition(**CALENDAR)
    make_edition(**CALENDAR, archived=True)
    assert Edition.in_voting(at) == [one for one in (edition, later) if one.phase(at) is Phase.VOTING]


def test_current_edition_is_the_next_whose_voting_has_not_ended_else_the_last(db: None, now: datetime) -> None:
    assert Edition.current() is None
    years = {year: make_edition(code=str(year), voting_from=day(1).replace(year=year), voting_to=day(3).replace(year=year),
                                results_on=day(5).replace(year=year)) for year in (2027, 2025, 2026)}
    make_edition(code="2028", archived=True, voting_from=day(1).replace(year=2028), voting_to=day(3).replace(year=2028),
                 results_on=day(5).replace(year=2028))
    for at, year in ((day(1), 2026), (day(3), 2026), (day(3) + SECOND, 2027), (day(1).replace(year=2024), 2025),
                     (day(1).replace(year=2030), 2027)):
        assert Edition.current(at) == years[year], at


def test_archived_edition_is_current_only_where_there_is_no_other(db: None, now: datetime) -> None:
    archived = make_edition(archived=True)
    assert Edition.current() == archived
    other = make_edition(open_now=False)
    assert Edition.current() == other
