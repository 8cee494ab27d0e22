"""Lines of text that stand for values: dates, moments on the city's clocks, money in zł, places in degrees."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.widgets import DateTimeLocalInput

from portal import clock
from portal.forms.fields import TextWidget

PATTERN = "%Y-%m-%dT%H:%M:%S"
WAYS_TO_WRITE_A_DAY = ("%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d", "%d %m %Y")


def grosze(typed: str) -> int | None:
    """Return an amount that was typed in zł in grosze; None when it is no amount."""
    plain = re.sub(r"\s|zł$", "", typed).replace(",", ".")
    return int(Decimal(plain) * 100) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", plain, re.ASCII) else None


class TypedField(StringField):
    """A line of text that stands for a value; what was typed stays when it is wrong.

    Each kind says by ``written(value)`` how a value is typed, and by ``read(typed)``, which may raise ValueError with a message,
    what value was typed.
    """

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.written(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if typed:
            self.data = self.object_data if typed == self.written(self.object_data) else self.read(typed)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        if self.process_errors:  # "Required" would hide what is wrong with the text.
            self.errors = list(self.process_errors)
            return False
        return super().validate(form, extra_validators)


class PolishDateField(TypedField):
    """A date, day first."""

    widget = TextWidget()

    def written(self, value: Any) -> str:
        return value.strftime(WAYS_TO_WRITE_A_DAY[0]) if value else ""

    def read(self, typed: str) -> date:
        for way in WAYS_TO_WRITE_A_DAY:
            with suppress(ValueError):
                return datetime.strptime(typed, way).date()
        raise ValueError(_("Enter a date that exists, like 24.12.1990."))


class MoneyField(TypedField):
    """An amount typed in zł and kept in grosze."""

    def written(self, value: Any) -> str:
        if value is None:
            return ""
        zloty, grosze = divmod(value, 100)
        return f"{zloty:,}".replace(",", " ") + (f",{grosze:02}" if grosze else "")

    def read(self, typed: str) -> int:
        amount = grosze(typed)
        if amount is None:
            raise ValueError(_("Enter an amount in zł, like 1 250 000 or 999,50."))
        return amount


class DegreesField(TypedField):
    """A latitude or longitude in Poland, in degrees."""

    widget = TextWidget()

    def written(self, value: Any) -> str:
        return "" if value is None else f"{value:.6f}".replace(".", ",")

    def read(self, typed: str) -> float:
        plain = typed.replace(",", ".").removesuffix("°").strip()
        least, most = (49, 55) if self.name == "latitude" else (14, 25)
        if not re.fullmatch(r"[0-9]{2}(\.[0-9]{1,15})?", plain, re.ASCII) or not least <= float(plain) <= most:
            raise ValueError(_("Enter degrees from %(least)s to %(most)s, like %(example)s.", least=least, most=most,
                               example="50,061430" if least > 20 else "19,936580"))
        return float(plain)


class CityMomentField(TypedField):
    """A date and time on the city's clocks, kept in UTC."""

    widget = DateTimeLocalInput()

    def __call__(self, **kwargs: Any) -> Any:
        return super().__call__(step="1", **kwargs)

    def written(self, value: Any) -> str:
        return clock.local(value).strftime(PATTERN) if value else ""

    def read(self, typed: str) -> datetime:
        try:
            naive = datetime.strptime(typed if typed.count(":") == 2 else f"{typed}:00", PATTERN)
        except ValueError:
            naive = datetime.min
        if not 2000 <= naive.year <= 2100:
            raise ValueError(_("Enter a date and time."))
        if (naive.hour, naive.minute, naive.second) == (23, 59, 59):
            naive = naive.replace(microsecond=999999)  # The last second of a day counts to its end.
        moment = naive.replace(tzinfo=clock.CITY_ZONE).astimezone(UTC)
        if clock.local(moment).replace(tzinfo=None) != naive:
            raise ValueError(_("There is no such time on that day: the clocks are put forward."))
        return moment
