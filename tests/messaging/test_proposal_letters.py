"""Letters about a project: each move has its words, and who reads which reasons."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.messaging.rendering import Rendered, render
from portal.models import Authorship, Message
from portal.models.assessment import LEADS, Move
from portal.models.message import MessageChannel
from portal.models.proposal import Proposal
from portal.services import proposals, support
from tests.factories import make_account, make_district, make_edition, make_pool, make_proposal
from tests.messaging.conftest import Write

WORDS = "Za mało miejsca.\n{{ 7*7 }} <b>x</b> %(name)s"
GIVEN = {"name": "Ewa", "title": "Ławki", "number": "BO.D4.7/26", "path": "/projekty/lawki", "until": "2026-06-30", "days": 7,
         "required": 15}
Letter = Callable[..., Rendered]


@pytest.fixture
def letter(write: Write) -> Letter:
    """Renders the letter about a move: ``letter(Move.REFUSED, is_author=False)``."""
    def make(move: Move, *, is_author: bool = True, words: str = WORDS, language: str = "en", **given: Any) -> Rendered:
        key = f"{move}{is_author}{language}{len(words)}"
        message = write(MessageChannel.MAIL, key=key, language=language, move=str(move), words=words, is_author=is_author,
                        **{**GIVEN, **given})
        message.template = "proposal_moved"
        return render(message)
    return make


@pytest.mark.parametrize("language", ["en", "pl", "uk"])
def test_each_move_has_a_subject_and_a_sentence_of_its_own(letter: Letter, language: str):
    found = [letter(move, words="", language=language) for move in Move]
    assert len({one.subject for one in found}) == len({one.text for one in found}) == len(Move)
    assert all("BO.D4.7/26" in one.subject and "Ławki" in one.text and "\n\n\n" not in one.text for one in found)


@pytest.mark.parametrize("is_author", [True, False])
@pytest.mark.parametrize("move", Move)
def test_reasons_reach_those_whom_they_concern(letter: Letter, move: Move, is_author: bool):
    hidden = {Move.PROTESTED, Move.WITHDRAWN, Move.CORRECTED} | (set() if is_author else {Move.RETURNED})
    one = letter(move, is_author=is_author)
    assert (WORDS in one.text) == (move not in hidden) and ("The city writes:" in one.text) == (move not in hidden)
    assert "\n\n\n" not in one.text and "<b>" not in one.html


@pytest.mark.parametrize("is_author", [True, False])
@pytest.mark.parametrize("move", Move)
def test_authors_are_led_to_what_they_can_do_and_followers_to_the_end_of_the_letters(
        letter: Letter, move: Move, is_author: bool):
    one = letter(move, is_author=is_author)
    links = [link["href"] for link in BeautifulSoup(one.html, "html.parser").find_all("a")]
    account = ["http://localhost/moje-konto/projekty"] if is_author and move in (Move.RETURNED, Move.REFUSED) else []
    assert links == ["http://localhost/projekty/lawki", *account]
    assert ("by 30\xa0June\xa02026" in one.text) == (is_author and move == Move.RETURNED)
    assert ("stop following" in one.text) != is_author and ("your project" in one.text) == is_author


def test_letters_are_delivered_as_services_write_them(app: Flask, now: datetime):
    """From every state that leads to it, with each move as services/proposals.py writes it."""
    district = make_district()
    proposal = make_proposal(make_pool(make_edition(), district), correct_until=now)
    Authorship.create(proposal=proposal, account=make_account(district), is_lead=True)
    support.follow(make_account(district), proposal)
    with app.app_context():
        for move in Move:
            Proposal.update(state=LEADS[move][0][0]).where(Proposal.id == proposal.id).execute()
            proposals.advance(Proposal.get(), move, words="Bo tak.", now=now)
        letters = [render(message) for message in Message.select()]
    quiet = {Move.SUBMITTED, Move.CORRECTED}
    assert len(letters) == 2 * len(Move) - len(quiet) and all(proposal.number in one.subject for one in letters)
