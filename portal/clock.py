"""The portal's one clock: the moment, the city's time zone, and "as on date X".

Times are kept in UTC and meant in Europe/Warsaw. Nothing else asks the machine for the time, so that tests, and an officer who
previews the portal as on another date, can set it for their own request only.
"""

from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Europe/Warsaw")
_shown: ContextVar[datetime | None] = ContextVar("shown", default=None)


def now() -> datetime:
    """Return this moment, aware, in UTC; in a preview, the moment previewed."""
    return _shown.get() or present()


def present() -> datetime:
    """Return the real moment, whatever a preview shows: for what must stay secret until then."""
    return datetime.now(UTC)


def show_as_on(moment: datetime | None) -> None:
    """Set what now() answers in this request or test; None returns to the real time."""
    _shown.set(moment)


def is_previewing() -> bool:
    """Tell whether now() answers another moment than the real one."""
    return _shown.get() is not None


def local(moment: datetime) -> datetime:
    """Return the moment on the city's clocks."""
    return moment.astimezone(CITY_ZONE)


def start_of(day: date) -> datetime:
    """Return the moment at which a day begins in the city."""
    return datetime.combine(day, time(), CITY_ZONE).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the moment at which a day ends in the city: "until the 30th" holds to its last second, DST included."""
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def hour_of(moment: datetime) -> datetime:
    """Round a moment down to the hour, so that it no longer tells who came when."""
    return moment.replace(minute=0, second=0, microsecond=0)
