"""The words of every message, in every language, as they are sent: compare, and write anew with UPDATE_SNAPSHOTS=1."""

import html
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.i18n import LANGUAGES
from portal.messaging.rendering import Rendered, render
from portal.models.message import Message, MessageChannel
from tests.messaging.conftest import Write

SNAPSHOTS = Path(__file__).with_name("snapshots")
TEMPLATES = Path(__file__).parents[2] / "portal" / "templates" / "messages"
SMS = {"phone_change_code", "registration_code"}
LINK = {"name": "Ewa", "path": "/rejestracja/adres/Xy-0_z"}
CASE = {"name": "Ewa Lis", "number": "K/12/2026", "path": "/zgloszenie-konta/Xy-0_z"}
PROPOSAL = {"name": "Ewa", "number": "BO.D4.7/26", "title": "Ławki przy szkole", "is_author": True,
            "path": "/projekty/bo-d4-7-26-lawki-przy-szkole"}
SHOWN: dict[str, dict[str, Any]] = {
    "account_deleted": {"name": "Ewa"},
    "account_frozen": {"name": "Ewa"},
    "account_removed": {"name": "Ewa"},
    "account_unfrozen": {"name": "Ewa"},
    "already_registered": {},
    "ballot_recorded": {"name": "Ewa", "edition": "Budżet 2026"},
    "ballot_waits": {"name": "Ewa", "edition": "Budżet 2026", "until": "2026-06-22T21:59:59.999999+00:00",
                     "path": "/glosowanie/podsumowanie"},
    "cards_due": {"name": "Jan", "number": 3, "path": "/admin/projekty/"},
    "claim_confirmed": CASE,
    "claim_more_needed": {**CASE, "words": "Na zdjęciu nie widać nazwiska.\nProsimy o drugie."},
    "claim_received": {**CASE, "at_office": False},
    "claim_refused": {**CASE, "words": "Numer PESEL w dokumencie jest inny."},
    "claim_removed": {**CASE, "may_vote": True},
    "coauthor_invited": {"inviter": "Ewa Lis", "path": "/projekty/wspolautor/Xy-0_z"},
    "confirm_email": LINK,
    "email_change_asked": {"name": "Ewa"},
    "email_change_known": {},
    "email_change_link": LINK,
    "email_changed": {"name": "Ewa"},
    "identity_changed": {"name": "Ewa"},
    "news": {"name": "Ewa", "title": "Głosujemy", "lead": "Lista projektów jest gotowa.", "path": "/strony/glosujemy"},
    "officer_code_refused": {"name": "Jan", "device": "Firefox, Linux"},
    "officer_invited": {"name": "Jan", "path": "/admin/dostep/Xy-0_z"},
    "officer_password_changed": {"name": "Jan"},
    "password_changed": {"name": "Ewa", "path": "/haslo/przypomnij"},
    "password_reset": {"name": "Ewa", "path": "/haslo/nowe/Xy-0_z"},
    "phone_change_code": {"code": "042042"},
    "phone_changed": {"name": "Ewa"},
    "proposal_moved": {**PROPOSAL, "move": "returned", "words": "Brakuje kosztu ławek.\nPodaj go.", "until": "2026-06-30",
                       "days": 7, "required": 15},
    "recovery_code_used": {"name": "Jan", "left": 9},
    "recovery_codes_replaced": {"name": "Jan"},
    "registration_code": {"code": "042042"},
    "stage_posted": {**PROPOSAL, "stage": "Ławki stoją", "words": "Jeszcze w tym tygodniu posadzimy drzewa."},
    "suspicious_login": {"name": "Ewa", "path": "/haslo/przypomnij", "device": "Firefox, Linux"},
    "welcome": LINK,
}
MESSAGES = [(template, language) for template in SHOWN for language in LANGUAGES]


def rendered(write: Write, template: str, language: str, **given: Any) -> Rendered:
    channel = MessageChannel.SMS if template in SMS else MessageChannel.MAIL
    message = write(channel, key=f"{template}:{language}", language=language, **{**SHOWN[template], **given})
    message.template = template
    return render(message)


def test_every_message_has_a_snapshot():
    assert {file.stem for file in TEMPLATES.glob("*.txt")} == set(SHOWN)
    assert {file.name for file in SNAPSHOTS.iterdir()} == {f"{template}.{language}.txt" for template, language in MESSAGES}


@pytest.mark.parametrize(("template", "language"), MESSAGES)
def test_words_are_those_of_the_snapshot(write: Write, template: str, language: str):
    message = rendered(write, template, language)
    said = f"Subject: {message.subject}\n\n{message.text}" if message.subject else message.text + "\n"
    file = SNAPSHOTS / f"{template}.{language}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(said, "utf-8")
    assert said == file.read_text("utf-8")


@pytest.mark.parametrize("template", SHOWN)
def test_polish_and_english_differ(write: Write, template: str):
    assert rendered(write, template, "pl").text != rendered(write, template, "en").text


@pytest.mark.parametrize(("template", "language"), [pair for pair in MESSAGES if pair[0] not in SMS])
def test_html_says_what_the_text_says(write: Write, template: str, language: str):
    message = rendered(write, template, language)
    page = BeautifulSoup(message.html, "html.parser")
    assert page.html["lang"] == language
    assert page.title.get_text() == page.h1.get_text() == message.subject
    said = " ".join(page.body.get_text().split())
    for paragraph in message.text.split("\n\n"):
        assert " ".join(paragraph.split()) in said
    assert not page.find_all(["script", "img", "link", "style"]) and "url(" not in message.html, "nobody is tracked"


@pytest.mark.parametrize("may_vote", [True, False])
def test_letter_about_a_removal_hurries_only_who_can_still_vote(write: Write, may_vote: bool):
    message = rendered(write, "claim_removed", "en", may_vote=may_vote)
    assert ("Voting is still open" in message.text) == may_vote
    assert "\n\n\n" not in message.text and "<p></p>" not in message.html
    links = [link["href"] for link in BeautifulSoup(message.html, "html.parser").find_all("a")]
    assert links == ["http://localhost/rejestracja", "http://localhost/zgloszenie-konta/Xy-0_z"]


@pytest.mark.parametrize("template", ["claim_more_needed", "claim_refused"])
def test_words_of_an_officer_are_quoted_as_they_are(write: Write, template: str):
    words = "<script>alert(1)</script>\n{{ 7*7 }} %(name)s"
    message = rendered(write, template, "en", words=words)
    assert words in message.text and words not in message.subject
    assert not BeautifulSoup(message.html, "html.parser").find("script")


def test_lines_of_an_officer_stay_lines(write: Write):
    paragraph = rendered(write, "claim_more_needed", "en").html.partition(">Na zdjęciu")[2].partition("</p>")[0]
    assert paragraph.split() == "nie widać nazwiska.<br> Prosimy o drugie.".split()


def test_letter_to_who_was_at_the_office_asks_for_nothing(write: Write):
    message = rendered(write, "claim_received", "en", at_office=True)
    assert "You need not do anything" in message.text and "please show us who you are" not in message.text
    assert "If you cannot come" not in message.text and "\n\n\n" not in message.text


@pytest.mark.parametrize("template", ["claim_received", "account_frozen", "account_removed"])
def test_letter_that_asks_somebody_to_come_says_where_and_when(write: Write, template: str, setting):
    setting(office_address="Rynek 1, pok. 2", office_hours="7-15")
    assert "Rynek 1, pok. 2, working days 7-15" in rendered(write, template, "en").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_message_is_one_line_that_begins_with_the_code(write: Write, language: str):
    message = rendered(write, "registration_code", language)
    assert (message.subject, message.html) == ("", None)
    assert re.match("042042 ", message.text) and "\n" not in message.text
    assert len(message.text) <= 160


def test_link_leads_to_the_address_of_the_settings_whatever_host_was_asked(write: Write, post: Flask, setting):
    setting(base_url="https://bo.example.org/")
    with post.test_request_context(base_url="https://evil.example"):
        message = rendered(write, "welcome", "en")
    assert "https://bo.example.org/rejestracja/adres/Xy-0_z" in message.text
    link = BeautifulSoup(message.html, "html.parser").find("a")
    assert link["href"] == link.get_text() == "https://bo.example.org/rejestracja/adres/Xy-0_z"
    assert "evil" not in message.text + message.html


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "<a href=https://evil.example>x</a>", "{{ 7*7 }}", "%(name)s %d"])
def test_name_is_shown_as_it_is(write: Write, name: str):
    message = rendered(write, "welcome", "en", name=name)
    assert f"Hello {name}," in message.text
    assert html.escape(name) in message.html.replace("&#34;", "&quot;")
    assert not BeautifulSoup(message.html, "html.parser").find("script")
    assert len(BeautifulSoup(message.html, "html.parser").find_all("a")) == 1


def test_letter_knows_nothing_of_the_visitor_whose_request_sends_it(write: Write, post: Flask):
    alone = rendered(write, "welcome", "pl")
    with post.test_request_context("/", headers={"Cookie": "jezyk=en"}):
        assert rendered(write, "welcome", "pl") == alone


def test_html_is_well_formed(write: Write):
    open_tags: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, _attributes: object) -> None:
            if tag not in {"meta", "br", "hr"}:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag
    Balance().feed(rendered(write, "welcome", "pl").html)
    assert open_tags == []


def test_message_that_is_out_cannot_be_rendered_again(write: Write):
    write()
    Message.update(payload=None).execute()
    with pytest.raises(TypeError):
        render(Message.get())
