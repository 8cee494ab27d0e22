"""The city's clock, over the days on which it is put forward and back."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from portal import clock


@pytest.mark.parametrize(("day", "begins", "hours"), [
    (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
    (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    (date(2026, 6, 15), datetime(2026, 6, 14, 22, tzinfo=UTC), 24),
    (date(2026, 12, 31), datetime(2026, 12, 30, 23, tzinfo=UTC), 24),
    (date(2028, 2, 29), datetime(2028, 2, 28, 23, tzinfo=UTC), 24),
])
def test_day_begins_and_ends_with_the_citys_midnight(day: date, begins: datetime, hours: int) -> None:
    assert clock.start_of(day) == begins
    assert clock.end_of(day) == begins + timedelta(hours=hours) - timedelta(microseconds=1)
    assert clock.local(clock.end_of(day)).strftime("%F %T") == f"{day} 23:59:59"
    assert clock.start_of(day).tzinfo is clock.end_of(day).tzinfo is UTC


def test_hour_is_rounded_down() -> None:
    moment = datetime(2026, 6, 15, 10, 59, 59, 999999, tzinfo=UTC)
    assert clock.hour_of(moment) == datetime(2026, 6, 15, 10, tzinfo=UTC)


def test_now_is_aware_and_can_be_shown_as_on_another_date(now: datetime) -> None:
    assert clock.now() == now and clock.now().tzinfo is UTC and not clock.is_previewing()
    another = datetime(2030, 1, 1, tzinfo=UTC)
    clock.show_as_on(another)
    assert clock.now() == another and clock.is_previewing()
    clock.show_as_on(None)
    assert clock.now() == now and not clock.is_previewing()


def test_preview_of_one_request_is_not_that_of_another(now: datetime) -> None:
    seen = []
    clock.show_as_on(datetime(2030, 1, 1, tzinfo=UTC))
    other = threading.Thread(target=lambda: seen.append(clock.now()))
    other.start()
    other.join()
    clock.show_as_on(None)
    assert seen == [now]
