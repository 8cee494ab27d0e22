"""What the validators accept, how they keep it, and what they refuse."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms.validators import Optional, ValidationError

from portal.forms import validators
from portal.forms.base import BaseForm
from portal.forms.fields_typed import PolishDateField


def kept(validator: Any, text: Any) -> Any:
    """Return what a field holds after its validator; None when it is refused."""
    field = SimpleNamespace(data=text)
    try:
        validator(None, field)
    except ValidationError as refusal:
        assert str(refusal), "a refusal has its words"
        return None
    return field.data


def make_pesel(prefix: str) -> str:
    """Return the number that begins with these ten digits, with its checksum."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return prefix + str(-sum(int(digit) * weight for digit, weight in zip(prefix, weights, strict=True)) % 10)


@pytest.mark.parametrize(("digits", "born"), [
    ("44051401359", date(1944, 5, 14)), ("90122400019", date(1990, 12, 24)), (make_pesel("0427080362"), date(2004, 7, 8)),
    (make_pesel("0022290362"), date(2000, 2, 29)), (make_pesel("2626150001"), date(2026, 6, 15)),
    (make_pesel("9989310001"), None), (make_pesel("9992310001"), None),
    (make_pesel("0607080001"), date(1906, 7, 8)), (make_pesel("0512310001"), None),
])
def test_birth_date_follows_from_the_pesel(now: datetime, digits: str, born: date | None) -> None:
    assert kept(validators.pesel, digits) == (digits if born else None)
    assert born is None or validators.birth_date_of(digits) == born


@pytest.mark.parametrize("typed", [" 44051401359", "44051401359 ", "\t44051401359\n"])
def test_pesel_loses_the_space_around_it(now: datetime, typed: str) -> None:
    assert kept(validators.pesel, typed) == "44051401359"


@pytest.mark.parametrize("typed", [
    "44051401358", "4405140135", "440514013590", "", "44051401a59", "440514 01359", "44-05-14-01359", "４４０５１４０１３５９",
    "٤٤٠٥١٤٠١٣٥٩", "४४०५१४०१३५९", "00000000000", "99999999999", "-4405140135", "4.405140136", make_pesel("9913010001"),
    make_pesel("9902300001"), make_pesel("0122290362"), make_pesel("2626160001"), make_pesel("0041010001"),
    make_pesel("0061010001"), "44051401359\0", "44051401359\u202e", None,
], ids=repr)
def test_what_is_no_pesel_is_refused(now: datetime, typed: str | None) -> None:
    """Wrong checksum, length, signs; digits of other scripts; days that do not exist; births tomorrow and in later centuries."""
    assert kept(validators.pesel, typed) is None


@pytest.mark.parametrize(("typed", "number"), [
    ("600123456", "+48600123456"), ("600 123 456", "+48600123456"), ("+48 600-123-456", "+48600123456"),
    ("0048 600 123 456", "+48600123456"), ("(600) 123 456", "+48600123456"), ("+44 7400 123456", "+447400123456"),
    ("+380 50 123 4567", "+380501234567"),
])
def test_mobile_number_is_kept_in_one_form(typed: str, number: str) -> None:
    assert kept(validators.mobile_number, typed) == number


@pytest.mark.parametrize("typed", ["", "12 616 11 11", "112", "600 123 45", "600 123 4567", "+48 70 123 45 67", "abc", "+48", "+",
                                   "800 123 456", "+1", "+881 6 123 45678", "600123456" * 30, "600123456\0x", None], ids=repr)
def test_what_no_code_can_be_sent_to_is_refused(typed: str | None) -> None:
    assert kept(validators.mobile_number, typed) is None


@pytest.mark.parametrize("typed", ["30-001", "30001", "30 001", " 30-001 "])
def test_postcode_is_kept_in_one_form(typed: str) -> None:
    assert kept(validators.postcode, typed) == "30-001"


@pytest.mark.parametrize("typed", ["", "3001", "300011", "30_001", "ab-cde", "３０００１", "30-00l", None], ids=repr)
def test_what_is_no_postcode_is_refused(typed: str | None) -> None:
    assert kept(validators.postcode, typed) is None


@pytest.mark.parametrize(("typed", "address"), [
    ("Anna@Example.ORG", "anna@example.org"), ("a.b+c@example.org", "a.b+c@example.org"),
    ("o'neil@example.org", "o'neil@example.org"), ("anna@xn--w-uga1v8h.pl", "anna@żółw.pl"), ("ANNA@ŻÓŁW.PL", "anna@żółw.pl"),
])
def test_email_is_kept_in_one_form(typed: str, address: str) -> None:
    assert kept(validators.email_address, typed) == address


@pytest.mark.parametrize("typed", [
    "", "anna", "@example.org", "anna@", "anna@example", "anna@@example.org", "an na@example.org", "anna@localhost",
    "anna@example.org\nBcc: x@example.org", "Anna <anna@example.org>", "anna@example.org, jan@example.org", '"an na"@example.org',
    "anna@[127.0.0.1]", "anna@exa mple.org", ".anna@example.org", "anna@-example.org", "anna@" + "a." * 130 + "pl",
    "anna@example.org\0", "an\u202ena@example.org", None,
], ids=repr)
def test_what_is_no_email_is_refused(typed: str | None) -> None:
    assert kept(validators.email_address, typed) is None


@pytest.mark.parametrize("typed", ["012345", "012 345", " 01-23-45 "])
def test_code_is_kept_without_spaces(typed: str) -> None:
    assert kept(validators.six_digits, typed) == "012345"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "١٢٣٤٥٦", "+12345", "12.456", None], ids=repr)
def test_what_is_no_code_is_refused(typed: str | None) -> None:
    assert kept(validators.six_digits, typed) is None


@pytest.mark.parametrize("text", ["", "Zażółć gęślą jaźń", "O'Neil-Żuraw", "名前", "Łódź\r\n\tul. Długa 5/7", "👩‍💻", "İstanbul",
                                  "שלום", None], ids=repr)
def test_text_of_any_language_is_clean(text: str | None) -> None:
    assert kept(validators.clean_text, text) == text


@pytest.mark.parametrize("sign", [
    "\0", "\x01", "\x08", "\x0b", "\x1b", "\x7f", "\x85", "\x9f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066",
    "\u2067", "\u2068", "\u2069", "\ud800", "\udfff", "\ue000", "\uf8ff", "\ufffe", "\uffff", "\U0010ffff", "\U000f0000",
], ids=ascii)
def test_signs_that_nobody_types_are_refused(sign: str) -> None:
    for text in (sign, f"Anna{sign}", f"{sign}Anna", f"An{sign}na"):
        assert kept(validators.clean_text, text) is None


class DateForm(BaseForm):
    """One date."""

    born = PolishDateField("Born", validators=[Optional(), validators.plausible_birth_date])


def date_of(app: Flask, typed: str) -> date | None:
    """Return the date that a form reads; None when it has an error."""
    with app.test_request_context():
        form = DateForm(MultiDict({"born": typed}), meta={"csrf": False})
        return form.born.data if form.validate() else None


@pytest.mark.parametrize("typed", ["24.12.1990", "24-12-1990", "24/12/1990", "1990-12-24", "24 12 1990", " 24.12.1990 "])
def test_date_may_be_typed_in_many_ways(portal_app: Flask, now: datetime, typed: str) -> None:
    assert date_of(portal_app, typed) == date(1990, 12, 24)


@pytest.mark.parametrize("typed", [
    "32.12.1990", "29.02.1990", "24.13.1990", "12/24/1990", "24.12.90", "24.12.1905", "16.06.2026", "0", "24.12.1990x",
    "24.12.19900", "yesterday", "24.12.\0", "9" * 5000], ids=lambda text: text[:12])
def test_what_is_no_birth_date_is_refused(portal_app: Flask, now: datetime, typed: str) -> None:
    assert date_of(portal_app, typed) is None


def test_born_today_is_a_birth_date(portal_app: Flask, now: datetime) -> None:
    assert date_of(portal_app, "15.06.2026") == date(2026, 6, 15)


@pytest.mark.parametrize("name", [name for name in dir(validators) if callable(getattr(validators, name))
                                  and getattr(getattr(validators, name), "__annotations__", {}).get("_form")])
def test_validators_are_quick_and_may_run_twice(now: datetime, name: str) -> None:
    validator = getattr(validators, name)
    if name != "plausible_birth_date":
        assert kept(validator, "1" * 100_000) in {None, "1" * 100_000}
    good = {"pesel": "44051401359", "mobile_number": "+48600123456", "postcode": "30-001", "six_digits": "123456",
            "email_address": "anna@example.org", "plausible_birth_date": date(1990, 12, 24), "clean_text": "Anna",
            "one_line": "Anna", "no_web_address": "Anna"}
    assert kept(validator, kept(validator, good[name])) == good[name]


@pytest.mark.parametrize("typed", ["Anna\nWygraj", "Anna\rMaria", "Anna\tMaria", "Anna\u2028Maria", "Anna\x85Maria"], ids=repr)
def test_line_has_no_second_line(typed: str) -> None:
    assert kept(validators.one_line, typed) is None
    assert kept(validators.one_line, "Anna Maria") == "Anna Maria"


@pytest.mark.parametrize("typed", ["http://evil.example", "Wygraj na WWW.evil.example", "ftp://a",
                                   "Nagroda na evil.pl", "a/b", "ja@evil"])
def test_name_is_no_advertisement(typed: str) -> None:
    assert kept(validators.no_web_address, typed) is None
    assert kept(validators.no_web_address, "Żuraw-Świś") == "Żuraw-Świś"


def guessable(password: str, *words: str | None) -> bool:
    try:
        validators.refuse_guessable(password, words)
    except ValidationError as refusal:
        assert str(refusal), "a refusal has its words"
        return True
    return False


def test_ten_thousand_most_common_passwords_are_refused(app: Flask) -> None:
    common = validators._common_passwords()
    assert len(common) == 10_000
    with app.test_request_context():
        assert all(map(guessable, common))
        for password in ("qwertyuiop", "QWERTYUIOP", "1234567890", "1q2w3e4r5t", "Password123", "realmadrid"):
            assert guessable(password), password


@pytest.mark.parametrize("password", [
    "kowalska99", "KOWALSKA-99", "moja Kowalska jest", "zolc-latka!1", "Żółć i łątka", "k o w a l s k a",
    "anna.kowalska@example.org", "annakowalskaexampleorg", "a.kowalska77x", "bud\u017cetobywatelski", "BudzetObywatelski26",
    "Budżet  Obywatelski", "krakow2026!", "Kraków jest piękny", "kra\u0301ko\u0301w2026"])
def test_own_words_are_refused_however_they_are_spelled(app: Flask, password: str) -> None:
    with app.test_request_context():
        assert guessable(password, "Żółć-Łatka", "Łątka", "anna.kowalska@example.org"), password


@pytest.mark.parametrize("password", ["cztery zielone konie", "zupa z kasztanów", "example.org jest", "budżet na drzewa",
                                      "Jan ma psa 12", "        xy        ", "aaaaaaaaab", "😀😀😀😀😀😀😀😀😀😀"])
def test_other_passwords_are_the_persons_own_choice(app: Flask, password: str) -> None:
    with app.test_request_context():
        assert not guessable(password, "Jan", None, "", "Li", "jan@example.org"), password
