"""Language of the page, and how dates, numbers and money are written in it."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

import phonenumbers
from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask, g, request
from flask_babel import get_locale, get_translations, gettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from portal import clock
from portal.extensions import babel

LANGUAGES = {"pl": "Polski", "en": "English", "uk": "Українська"}
DEFAULT = "pl"
COOKIE = "jezyk"


def choose_language() -> str:
    """Return the language that the visitor chose with the switch, else Polish, the language of the city."""
    chosen = request.cookies.get(COOKIE, DEFAULT) if request else DEFAULT
    return chosen if chosen in LANGUAGES else DEFAULT


def language() -> str:
    """Return the code of the language being rendered."""
    try:
        locale = g._flask_babel.babel_locale  # Where get_locale() finds it too, after it has asked for longer.
    except (AttributeError, RuntimeError):
        locale = get_locale()
    return locale.language if locale else DEFAULT


def money(grosze: int) -> str:
    """Write an amount of grosze in zł, with grosze only where there are any."""
    return _money(grosze, language())


@lru_cache(maxsize=4096)
def _money(grosze: int, locale: str) -> str:
    pattern = "#,##0.00" if grosze % 100 else "#,##0"
    return f"{format_decimal(Decimal(grosze) / 100, pattern, locale=locale)}\N{NO-BREAK SPACE}zł"


def day(value: date | datetime | str) -> str:
    """Write a date, or its ISO text that a letter brings, in words that keep together; in English as the British do."""
    value = date.fromisoformat(value) if isinstance(value, str) else value
    value = clock.local(value).date() if isinstance(value, datetime) else value
    return format_date(value, "long", "en_GB" if language() == "en" else language()).replace(" ", "\N{NO-BREAK SPACE}")


def days_left(value: datetime) -> int:
    """Return how many days of the city's calendar there are until a moment."""
    return (clock.local(value).date() - clock.local(clock.now()).date()).days


def moment(value: datetime | str) -> str:
    """Write a date and time, or its ISO text, on the city's clocks; the end of a day as each language has it."""
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    time = f"{clock.local(value):%H:%M:%S}"
    return gettext("%(day)s, %(time)s", day=day(value), time=gettext("23:59") if time == "23:59:59" else time[:5])


def phone(value: str) -> str:
    """Write a phone number in groups."""
    return phonenumbers.format_number(phonenumbers.parse(value), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def number(value: int | Decimal) -> str:
    """Write a number with the language's separators."""
    return format_decimal(value, locale=language())


def lines(text: str) -> Markup:
    """Write a text with its lines as they were written."""
    return Markup("<br>\n").join(text.splitlines())


@cache
def _catalogue(_language: str) -> Any:
    """Return the texts of a language; Flask-Babel itself looks for them anew for each text of a page."""
    return get_translations()


@pass_eval_context
def _text(context: EvalContext, text: str, many: str = "", num: int = 0, /, **values: Any) -> str:
    """Write a text of a template, in the form that the number asks for; Jinja's own way takes three times as long."""
    texts = _catalogue(language())
    found = texts.ungettext(text, many, num) if many else texts.ugettext(text)
    return (Markup(found) if context.autoescape else found) % {"num": num, **values}


def init_app(app: Flask) -> None:
    babel.init_app(app, default_locale=DEFAULT, default_timezone=str(clock.CITY_ZONE), locale_selector=choose_language)
    app.jinja_env.globals.update(_=_text, ngettext=_text, languages=LANGUAGES)
    app.jinja_env.filters.update(money=money, day=day, moment=moment, number=number, phone=phone, lines=lines,
                                 days_left=days_left)
