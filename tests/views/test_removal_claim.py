"""The form in which somebody reports that another has registered on the own PESEL."""

import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.models import Message, RemovalCase
from portal.services import removal_claim
from tests.architecture.people import writes
from tests.factories import OTHER_PESEL, PESEL, make_account, make_district
from tests.page import Page, Visitor, prefilled
from tests.services.cases import open_case
from tests.views.steps import in_english, log_in
from tests.views.test_enumeration import Answer, answer, token_of

FORM = "/zgloszenie-konta"
CLAIM = {"given_name": "Ewa", "family_name": "Żuk", "pesel": PESEL, "email": "ewa@example.org", "notice": "y",
         "story": "Ktoś założył konto.\r\nTo nie ja.", "proof": "in_person"}


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def claim(reader: Visitor, *, status: int = 200, **typed: Any) -> Page:
    """Fill in the form and send it; without mistakes the page of the case is what comes."""
    return reader.submit(reader.get(FORM), status=status, **{**CLAIM, **typed})


def test_form_says_what_will_happen_and_where_to_come(reader: Visitor, setting: Any):
    setting(office_address="Rynek 1, pok. 2", office_hours="7-15")
    page = reader.get(FORM)
    assert "Rynek 1, pok. 2, working days 7-15. Bring your identity card or another document" in page.text
    assert "Cover everything but your names and PESEL number." in page.text
    assert [radio["value"] for radio in page.soup.select("[type=radio]")] == ["in_person", "scan"], "what we recommend is first"
    tokens = {field["name"]: field["autocomplete"] for field in page.soup.select("main [autocomplete]")}
    assert tokens == {"given_name": "given-name", "family_name": "family-name", "pesel": "off", "email": "email"}
    assert not page.soup.select("main [type=file]"), "a scan is a step of its own: a mistake here never loses it"


@pytest.mark.parametrize(("field", "value", "error"), [
    ("given_name", "", "Enter your first name."),
    ("family_name", " \t ", "Enter your last name."),
    ("given_name", "www.example.org", "A name cannot hold a web address."),
    ("family_name", "x" * 101, "This can have at most 100 characters."),
    ("pesel", "", "Enter your PESEL number."),
    ("pesel", "44051401358", "Enter a valid PESEL number: 11 digits, as on the identity card."),
    ("pesel", "٤٤٠٥١٤٠١٣٥٩", "Enter a valid PESEL number: 11 digits, as on the identity card."),
    ("email", "ewa(at)example.org", "Enter an e-mail address like name@example.pl."),
    ("email", "ewa@example.org\nBcc: a@example.org", "Write this in one line."),
    ("story", " \r\n ", "Write what happened."),
    ("story", "x" * 2001, "This can have at most 2000 characters."),
    ("story", "a\0b", "This text contains characters that cannot be used. Type it again instead of pasting it."),
    ("story", "\u202eabc", "This text contains characters that cannot be used. Type it again instead of pasting it."),
    ("proof", None, "Choose how you will show us who you are."),
    ("proof", "word of honour", "Not a valid choice."),
    ("notice", None, "Please read how your data are used and tick the box."),
])
def test_mistake_is_said_beside_its_field_and_all_that_was_typed_stays(reader: Visitor, field: str, value: Any, error: str):
    page = claim(reader, status=400, **{field: value})
    assert page.errors == [error] and page.title.startswith("Error: ")
    [link] = page.soup.select(".govuk-error-summary__list a")
    group = page.soup.select_one(link["href"]).find_parent(class_="govuk-form-group")
    assert error in group.select_one(".govuk-error-message").get_text()
    typed = {**CLAIM, "story": CLAIM["story"].replace("\r", "")}
    kept = {name: text.lstrip("\n") for name, text in prefilled(page.form()).items()}
    assert {name: kept.get(name) for name in typed if name != field} == {name: typed[name] for name in typed if name != field}
    assert not RemovalCase.select().exists() and not Message.select().exists()


def test_end_of_a_line_counts_as_one_sign(reader: Visitor):
    claim(reader, story="x\r\n" * 999 + "xx")
    assert len(RemovalCase.get().story) == 2000


def test_fields_that_the_form_does_not_have_are_ignored(reader: Visitor):
    claim(reader, state="removed", number="K/9/2020", name="Inna", secret_hash="x", approved_by="1", language="uk")
    case = RemovalCase.get()
    assert (case.state, case.number, case.name, case.approved_by, case.language) == ("open", "K/1/2026", "Ewa Żuk", None, "en")


def walk(app: Flask, pesel: str) -> list[Answer]:
    """Claim a PESEL, look at the case and write to it; return every answer on the way, without number and secret."""
    browser = in_english(Visitor(app))
    sent = browser.post(FORM, {**CLAIM, "pesel": pesel, "csrf_token": token_of(browser, FORM)})
    path = sent.headers["Location"]
    answers = [sent, browser.client.get(path)]
    form = {"csrf_token": token_of(browser, path), "words": "Halo?"}
    answers += [browser.post(f"{path}/odpowiedz", form), browser.client.get(path)]
    own = re.compile(rf"{path.rpartition('/')[2]}|K/[0-9]+/2026")
    return [(status, [(name, own.sub("…", value)) for name, value in headers if name != "Content-Length"], own.sub("…", body))
            for status, headers, body in map(answer, answers)]


def test_claim_is_answered_alike_whether_the_pesel_has_an_account(app: Flask, statements: list[str]):
    make_account(make_district(), pesel=PESEL)
    walk(app, "90010112301")  # The year's first number is found in another way.
    told, done = [], []
    for pesel in (PESEL, OTHER_PESEL):
        statements.clear()
        told.append(walk(app, pesel))
        done.append([re.sub(r"\s+|s[0-9a-f]{32}", " ", statement) for statement in statements])
        assert writes(statements)
    assert [status for status, *_ in told[0]] == [302, 200, 302, 200]
    assert told[0] == told[1]
    assert done[0] == done[1], "nobody looks"


def test_pesel_of_the_own_account_is_told_with_the_way_to_delete_it(reader: Visitor):
    district = make_district()
    log_in(reader, make_account(district, pesel=PESEL))
    page = claim(reader, status=400)
    assert page.errors == ["This is the PESEL number of your own account, which you are logged in to. No report is needed."]
    assert page.soup.select_one("main a[href='/moje-konto/usun']") and not RemovalCase.select().exists()
    make_account(district, pesel=OTHER_PESEL)
    assert claim(reader, pesel=OTHER_PESEL).heading == "Your case K/1/2026", "of other accounts nobody is told"


@pytest.mark.parametrize("same", ["pesel", "email"])
def test_fourth_claim_of_a_day_is_refused_in_the_form(reader: Visitor, now: datetime, same: str):
    for at, pesel in enumerate(("90010112301", OTHER_PESEL, "44051401359")):
        open_case(now, "127.0.0.1", **({"email": f"e{at}@example.org"} if same == "pesel" else {"pesel": pesel}))
    page = claim(reader, status=400)
    assert page.errors == [removal_claim.TOO_MANY]
    assert prefilled(page.form())["story"].lstrip("\n") == CLAIM["story"].replace("\r", "")
    assert RemovalCase.select().count() == 3
