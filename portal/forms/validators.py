"""Validators: what a field's text must be, said in words."""

import re
import runpy
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _, lazy_gettext
from stdnum.pl import pesel as pesel_number
from wtforms import Field, Form
from wtforms.validators import NumberRange, Regexp, ValidationError

from portal import clock
from portal.config import settings

COMMON_PASSWORDS = 10_000
SHORTEST_OWN_WORD = 4
MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


class Within(NumberRange):
    """The range of a whole number; the original fails with one of hundreds of digits, which no float holds."""

    def __call__(self, form: Form, field: Field) -> None:
        if field.data is not None:
            field.data = min(max(field.data, self.min - 1), self.max + 1)
            self.message = self.message or lazy_gettext("Enter a whole number from %(min)s to %(max)s.")
        super().__call__(form, field)


def clean_text(_form: Form, field: Field) -> None:
    """Refuse what no keyboard types: NUL and other controls, lone surrogates, marks that reorder text."""
    for sign in field.data or "":
        category = unicodedata.category(sign)
        control = category == "Cc" and sign not in "\n\r\t"
        if control or category in {"Cs", "Co", "Cn"} or unicodedata.bidirectional(sign) in BIDI_CONTROLS:
            raise ValidationError(_("This text contains characters that cannot be used. Type it again instead of pasting it."))


# Refuses line breaks and tabs where a line is asked for: they could add paragraphs to a letter.
one_line = Regexp(r"[^\n\r\t\v\f\x85\u2028\u2029]*\Z", message=lazy_gettext("Write this in one line."))


def no_web_address(_form: Form, field: Field) -> None:
    """Refuse a web address in a name, which goes into letters to an address that nobody has confirmed yet."""
    if re.search(r"[/@]|www\.|\.\w{2}", field.data or "", re.IGNORECASE):
        raise ValidationError(_("A name cannot hold a web address."))


def email_address(_form: Form, field: Field) -> None:
    """Accept an e-mail address that can exist, and keep it in lower case."""
    try:
        checked = validate_email(field.data or "", check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise ValidationError(_("Enter an e-mail address like name@example.pl.")) from None
    field.data = checked.normalized.lower()


def mobile_number(_form: Form, field: Field) -> None:
    """Accept a mobile number, Polish when no country is given, and keep it as +48123456789."""
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(field.data or "", "PL")
        satellite = phonenumbers.region_code_for_number(number) == "001"  # A code to it costs a fortune.
        if not satellite and phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in MOBILE:
            field.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return
    raise ValidationError(_("Enter a mobile number like 600 123 456, or with a country code like +44 7400 123456."))


def _today() -> date:
    return clock.local(clock.now()).date()


def pesel(_form: Form, field: Field) -> None:
    """Accept 11 ASCII digits with the right checksum and a birth date that exists and is not in the future."""
    digits = (field.data or "").strip()
    born = birth_date_of(digits) if re.fullmatch("[0-9]{11}", digits) else None
    if born is None or born.year < _today().year - 120:
        raise ValidationError(_("Enter a valid PESEL number: 11 digits, as on the identity card."))
    field.data = digits


def birth_date_of(digits: str) -> date | None:
    """Return the birth date that a PESEL tells; None when it is none, or of somebody who is not born yet."""
    born = pesel_number.get_birth_date(digits) if pesel_number.is_valid(digits) else None
    return born if born and born <= _today() else None


def plausible_birth_date(_form: Form, field: Field) -> None:
    """Accept the birth date of somebody alive."""
    if field.data and (field.data.year < _today().year - 120 or field.data > _today()):
        raise ValidationError(_("Check the date of birth."))


def postcode(_form: Form, field: Field) -> None:
    """Accept a Polish postcode and keep it as 30-001."""
    digits = re.sub(r"[\s-]", "", field.data or "")
    if not re.fullmatch("[0-9]{5}", digits):
        raise ValidationError(_("Enter a postcode like 30-001."))
    field.data = f"{digits[:2]}-{digits[2:]}"


def six_digits(_form: Form, field: Field) -> None:
    """Accept a code with or without spaces."""
    digits = re.sub(r"[\s-]", "", field.data or "")
    if not re.fullmatch("[0-9]{6}", digits):
        raise ValidationError(_("Enter the six digits of the code."))
    field.data = digits


@cache
def _common_passwords() -> frozenset[str]:
    """Return the most common passwords that leaked elsewhere, read once and without the other word lists of zxcvbn."""
    folder = Path(find_spec("zxcvbn").submodule_search_locations[0])  # type: ignore[union-attr,index]
    ranked = runpy.run_path(str(folder / "frequency_lists.py"))["FREQUENCY_LISTS"]["passwords"]
    return frozenset(word.casefold() for word in ranked[:COMMON_PASSWORDS])


def _bare(text: str) -> str:
    """Return the letters and digits of a text as they are on every keyboard: without case, accents and signs between them."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(sign for sign in plain if sign.isalnum())


def _own_words(words: Iterable[str | None]) -> set[str]:
    """Return what a guesser would try first: each text whole and in its parts, of an e-mail address the name."""
    own = {_bare(settings.site_name), _bare(settings.city)}
    for word in filter(None, words):
        name = word.rpartition("@")[0] or word
        own |= {_bare(word), _bare(name), *map(_bare, re.split(r"[\W_]+", name))}
    return {word for word in own if len(word) >= SHORTEST_OWN_WORD}


def refuse_guessable(password: str, words: Iterable[str | None]) -> None:
    """Refuse the 10,000 most common passwords, and one that holds a word of the person's own or the portal's or city's name.

    The words are names and whole e-mail addresses. Raises ValidationError. Nothing is asked of the kinds of characters.
    """
    if unicodedata.normalize("NFC", password).casefold() in _common_passwords():
        raise ValidationError(_("This is one of the most common passwords, which are guessed first. Choose another one."))
    if any(word in _bare(password) for word in _own_words(words)):
        raise ValidationError(_("Do not use your name, your e-mail address or the name of the portal or city in the password."))
