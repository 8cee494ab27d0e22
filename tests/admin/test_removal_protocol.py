"""The protocol of a removal: a PDF that says what happened, whatever people have typed."""

import json
from datetime import datetime, timedelta
from typing import Any

import pypdfium2
import pytest
from flask import Flask

from portal.admin.removal_approval import make_protocol
from portal.models import Edition, RemovalCase
from portal.services.removal import Extent
from tests.browser.words import pl
from tests.factories import PESEL, make_edition
from tests.services.ballots import publish

NAME = "Żółcisława Święćka-Łoś"


@pytest.fixture
def case(app: Flask, now: datetime) -> RemovalCase:
    """A case as approve_removal leaves it, not stored: a protocol depends on what was written down alone."""
    make_edition(code="2026", name="Budżet 2026", open_now=False)
    make_edition(code="2027", name="Budżet 2027")
    extent = Extent(account="uid-1", data="", sessions=2, drafts=0, supports=1,
                    ballots=[["2026", "recorded"], ["2027", "void"]], on_paper=["2025"], earlier=["2023"],
                    out_of_reach=["2024"],
                    proposals=[["BO.D4.7/26", "withdrawn"], ["BO.OM.1/26", "stays"]])
    steps = [{"at": now.isoformat(), "deed": deed, "officer": "Jan Ćwik", "words": words}
             for deed, words in (("confirmed", "dowód osobisty"), ("requested", ""), ("removed", ""))]
    told = {"number": "K/12/2026", "opened_at": (now - timedelta(days=3)).isoformat(), "removed_at": now.isoformat(),
            "proof": "in_person", "claimant": NAME, "pesel": f"••••••••{PESEL[-3:]}", "account": "uid-1",
            "holder": "Błażej Śnięty", "email": "b@example.org", "registered_at": (now - timedelta(days=90)).isoformat(),
            "requested_by": "Jan Ćwik", "approved_by": "Maria Źdźbło", "steps": steps, "editions": {},
            "extent": extent._asdict()}
    return RemovalCase(number="K/12/2026", name=NAME, pesel=PESEL, protocol=json.dumps(told))


def change(case: RemovalCase, **told: Any) -> None:
    case.protocol = json.dumps({**json.loads(case.protocol), **told})


def text_of(app: Flask, case: RemovalCase) -> str:
    with app.test_request_context():
        document = pypdfium2.PdfDocument(make_protocol(case))
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


def test_protocol_tells_who_claimed_who_decided_and_what_went(app: Flask, case: RemovalCase):
    text = text_of(app, case)
    for told in ("K/12/2026", NAME, "Błażej Śnięty, b@example.org", "Jan Ćwik", "Maria Źdźbło", "dowód osobisty", "uid-1",
                 "Budżet 2026", "Budżet 2027: " + pl("void"), "BO.D4.7/26: " + pl("withdrawn"),
                 "••••••••" + PESEL[-3:], pl("Case %(number)s, page %(page)s of %(pages)s", number="K/12/2026", page=1, pages=2)):
        assert told in text, f"{told} is missing in {text}"
    assert PESEL not in text


def test_names_in_cyrillic_can_be_read(app: Flask, case: RemovalCase):
    change(case, claimant="Олена Їжакевич-Ґудзь")
    assert "Олена Їжакевич-Ґудзь" in text_of(app, case)


def test_what_could_not_be_removed_is_listed_with_the_reason(app: Flask, case: RemovalCase):
    text = text_of(app, case)
    assert "2025 " + pl("A clerk has seen the voter, so they were not cast from this account; they stay.")[:30] in text
    assert "2023 " + pl("They were cast before this account existed, so not from it; they stay.")[:30] in text
    assert "2024 " + pl("The key of the ballots was destroyed after the time for objections, so nobody can tell whether one "
                        "was cast from this account; if so, it stays.")[:30] in text


def test_results_that_were_published_are_to_be_corrected_others_are_not(
        app: Flask, case: RemovalCase, now: datetime):
    assert pl("To be corrected") not in text_of(app, case)
    publish(Edition.get(Edition.code == "2026"), now)
    assert pl("To be corrected") + " Budżet 2026 " in text_of(app, case)
    extent = json.loads(case.protocol)["extent"]
    change(case, extent={**extent, "ballots": [["2027", "recorded"]]})
    assert pl("To be corrected") not in text_of(app, case)


@pytest.mark.parametrize("odd", [
    "x" * 2000, "słowo " * 1500, "<b>tak</b> **tak** & {nb} %s", "a\0b\u202e\u2066\x1b[31m\tc", "🗳️👩‍👩‍👧", "שלום العربية",
    "\ud800", "e\u0301\u0301" * 500, "\n" * 300, ""])
def test_nothing_that_is_typed_breaks_it(app: Flask, case: RemovalCase, odd: str, caplog: pytest.LogCaptureFixture):
    steps = json.loads(case.protocol)["steps"]
    change(case, claimant=odd, holder=odd, approved_by=odd, steps=[{**step, "officer": odd, "words": odd} for step in steps])
    assert "K/12/2026" in text_of(app, case)
    assert not caplog.records  # Which would say what was typed.


@pytest.mark.parametrize("lines", range(0, 30, 6))
def test_no_heading_and_no_signature_stands_alone(app: Flask, case: RemovalCase, lines: int):
    step = json.loads(case.protocol)["steps"][0]
    change(case, steps=[{**step, "words": "słowo\n" * lines}])
    with app.test_request_context():
        pages = [page.get_textpage().get_text_range().split("\n") for page in pypdfium2.PdfDocument(make_protocol(case))]
    for page in pages:
        for heading in ("What was removed", "What stays, and what could not be removed", "Published results", "Signatures"):
            assert pl(heading) not in "\n".join(page[-3:])
    assert [pl("Signatures") in "\n".join(page) for page in pages] == ["____" in "\n".join(page) for page in pages]


def test_words_stand_as_they_were_typed(app: Flask, case: RemovalCase):
    change(case, claimant="<b>Anna</b> **Z\u0307uk**\x07", holder="Ok\u202esana")
    text = text_of(app, case)
    assert "<b>Anna</b> **Żuk**" in text and "Oksana, b@example.org" in text


def test_pages_tell_their_title_and_language(app: Flask, case: RemovalCase):
    with app.test_request_context():
        data = make_protocol(case)
    about = pypdfium2.PdfDocument(data).get_metadata_dict()
    assert about["Title"] == pl("Protocol: removal of a wrongly registered account together with its votes")
    assert b"/Lang (pl)" in data
