"""The pages of open data: commitments, the check of the own ballot, the state at the close, the files of the results."""

import hashlib
import hmac
import logging
import subprocess
from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal import clock, crypto
from portal.models import Ballot, District, Edition
from portal.models.ballot import BallotState
from portal.services import closing, open_data
from tests.browser.words import pl
from tests.factories import make_account, make_edition, make_voting
from tests.page import Page, Visitor
from tests.services.ballots import cast, choose, first_picks, publish
from tests.services.test_open_data_pabulib import make_vote
from tests.views.steps import log_in

Voted = tuple[Edition, District, str, dict[str, str]]
HOUR = timedelta(hours=1)


@pytest.fixture
def voted(app: object, now: datetime) -> Voted:
    """A ballot that was cast an hour ago: edition, district, confirmation number and the fields of the choices."""
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    number = cast(edition, district, account, now)
    Ballot.update(cast_at=clock.hour_of(now) - HOUR).execute()
    return edition, district, number, first_picks(edition, district)


def ask(visitor: Visitor, voted: Voted, number: str = "", status: int = 200, **changed: str) -> Page:
    edition, district, known, picks = voted
    page = visitor.get(f"/otwarte-dane/{edition.code}/sprawdz-glos?dzielnica={district.number}")
    return visitor.submit(page, status=status, number=number or known,
                          **{name.replace("-", "__"): uid for name, uid in {**picks, **changed}.items()})


def test_commitments_are_text_for_everybody(visitor: Visitor, voted: Voted):
    answer = visitor.client.get(f"/otwarte-dane/{voted[0].code}/zobowiazania.txt")
    assert answer.mimetype == "text/plain" and answer.text == f"{Ballot.get().commitment}\n"
    assert answer.headers["Cache-Control"].startswith("public")
    assert visitor.client.get("/otwarte-dane/nie-ma/zobowiazania.txt").status_code == 404


def test_voter_finds_the_own_ballot_unchanged(visitor: Visitor, voted: Voted):
    found = ask(visitor, voted)
    assert pl("Your ballot is there, unchanged") in found.text
    command, commitment = found.soup.select_one("pre").get_text(), found.soup.select_one(".app-hash").get_text()
    text = command.removeprefix("printf '%s' '").removesuffix("' | sha256sum")
    assert hashlib.sha256(text.encode()).hexdigest() == commitment == Ballot.get().commitment


def test_printed_commands_work_in_a_shell(visitor: Visitor, voted: Voted):
    edition, district, *_rest = voted
    District.update(name="Wzgórza 'Nowe' $HOME").where(District.id == district.id).execute()
    found = ask(visitor, voted)  # Cast under another name of the district: what is computed is not found.
    command, commitment = found.soup.select_one("pre").get_text(), found.soup.select_one(".app-hash").get_text()
    assert run(command) == f"{commitment}  -" and commitment != Ballot.get().commitment
    Edition.update(lot_seed="ziarno").where(Edition.id == edition.id).execute()
    command = visitor.get(f"/losowanie/{edition.code}").soup.select("pre")[-1].get_text().replace(pl("project number"), "BO.1/26")
    assert run(command).endswith(f"= {hmac.new(b'ziarno', b'BO.1/26', 'sha256').hexdigest()}")


def run(command: str) -> str:
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("written", [str.lower, lambda number: number.replace("-", " "), lambda number: f" {number} "])
def test_number_may_be_written_in_any_way(visitor: Visitor, voted: Voted, written: object):
    assert pl("Your ballot is there, unchanged") in ask(visitor, voted, written(voted[2])).text  # type: ignore[operator]


def test_wrong_number_and_other_choices_get_the_same_calm_answer(visitor: Visitor, voted: Voted):
    edition, _district, _number, picks = voted
    calm = pl("There is no valid ballot with this number and exactly these choices. That can have simple reasons:")
    wrong = ask(visitor, voted, "2345-6789-ABCD-EFGH")
    first, second, *_rest = picks
    other = ask(visitor, voted, **{first: picks[second], second: picks[first]})
    Ballot.update(state=BallotState.VOID, void_reason="test").execute()
    void = ask(visitor, voted)
    for page in (wrong, other, void):
        assert calm in page.text and pl("Your ballot is there, unchanged") not in page.text
    assert edition


def test_what_is_missing_is_pointed_out(visitor: Visitor, voted: Voted):
    page = ask(visitor, voted, "za krótki", status=400)
    assert page.errors == [pl("A confirmation number has 16 letters and digits.")]
    name = next(iter(voted[3]))
    page = ask(visitor, voted, status=400, **{name: ""})
    assert page.soup.select_one(f"#{name}")["aria-invalid"] == "true"
    assert page.soup.select_one(".govuk-error-summary a")["href"] == f"#{name}"
    assert page.soup.select_one("#number")["value"] == voted[2], "what was typed stays"


def test_check_stores_and_logs_nothing(visitor: Visitor, voted: Voted, statements: list[str], caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    statements.clear()
    answer = ask(visitor, voted)
    assert not [text for text in statements if text.split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert answer.response.headers["Cache-Control"] == "no-store"
    assert not any(secret in caplog.text for secret in (voted[2], *voted[3].values()))


def test_page_says_what_was_fixed_and_how_many_were_removed_since(visitor: Visitor, app: object, now: datetime):
    edition = make_vote(30)
    path = f"/otwarte-dane/{edition.code}"
    assert not visitor.get(path).soup.select(".app-hash")
    closing.close(edition, actor="test", now=now)
    kept = closing.closing_of(edition)
    assert kept
    page = visitor.get(path)
    assert [mark.get_text() for mark in page.soup.select(".app-hash")] == [kept.commitments, kept.choices]
    assert pl("No ballot cast online was removed since.") in page.text
    lines = visitor.client.get(f"{path}/zobowiazania.txt").data
    assert hashlib.sha256(lines).hexdigest() == kept.commitments
    Ballot.delete().where(Ballot.id == closing.online(edition).limit(1).get().id).execute()
    assert visitor.get(path).soup.select_one(".govuk-inset-text").get_text().startswith("Od tego czasu usunięto 1 głos,")


def test_files_can_be_taken_once_results_are_published(visitor: Visitor, app: object, now: datetime):
    edition = make_vote(20)
    path = f"/otwarte-dane/{edition.code}"
    assert not visitor.get(path).soup.select("main table") and visitor.client.get(f"{path}/README.txt").status_code == 404
    publish(edition, now)
    open_data.make_files(edition, now=now)
    links = [link["href"] for link in visitor.get(path).soup.select("main table a")]
    assert len(links) == 9
    for link in links:
        answer = visitor.client.get(link)
        assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment") and answer.data
        assert not answer.headers["Cache-Control"].startswith("public"), "files would crowd pages out of the cache"
    for strange in ("../secret", "%2e%2e%2f", ".", "recount.pyc"):
        assert visitor.client.get(f"{path}/{strange}").status_code in {404, 308}


def test_imported_edition_names_the_source(visitor: Visitor, app: object):
    edition = make_edition(open_now=False, archived=True)
    page = visitor.get(f"/otwarte-dane/{edition.code}")
    assert "pabulib.org" in page.text and not page.soup.select("main table")


def test_seed_of_the_lot_for_ties_is_shown_from_the_beginning_of_voting(visitor: Visitor, app: object, now: datetime):
    open_now = make_edition(lot_seed="abc-seed")
    assert "abc-seed" in visitor.get(f"/losowanie/{open_now.code}").text
    coming = make_edition(lot_seed="abc-seed", voting_from=now + HOUR, voting_to=now + 2 * HOUR, results_on=now + 3 * HOUR)
    assert "abc-seed" not in visitor.get(f"/losowanie/{coming.code}").text


def test_residents_pages_are_there_without_the_key(visitor: Visitor, app: Flask, now: datetime):
    edition = make_vote(5)
    publish(edition, now)
    log_in(visitor, make_account(District.get()))
    crypto.keyring.destroy(edition.ballot_key)
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and not rule.rule.startswith("/admin"):
            assert visitor.client.get(rule.rule, follow_redirects=True).status_code < 500, rule
