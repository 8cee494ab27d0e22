"""Before voting ends no answer of the portal depends on what ballots choose, whoever asks for whatever there is to read.

The same ballots of the same voters choose one thing, then another, with all else left as it is, also their commitments, which
differ between choices by nature. Every page and file that somebody can reach has to stay the same to the last byte.
"""

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from bs4 import BeautifulSoup

from portal import clock, crypto
from portal.admin.dashboard import KEPT_AS, MAY_PREVIEW
from portal.models import (Account, Ballot, BallotState, Channel, Choice, District, Edition, JobKind, Role, Sheet, SheetState,
                           VotingPoint)
from portal.services import jobs, voting
from portal.services.paper import Entry
from portal.services.statistics import ALIKE, LEAST_IN_A_BURST
from tests.architecture.people import EVERYBODY, Person, World, address, rules
from tests.factories import OTHER_PESEL, make_officer

RANDOM = re.compile(rb"nonce-[\w-]+|nonce=\"[\w-]+\"|/ID\s*\[?<[0-9A-Fa-f<> ]+>\]?")
WAY_BACK = re.compile("[?&]url=[^&]*")
CHANGES_THE_LANGUAGE = "/jezyk/"
Answers = dict[str, tuple[int, bytes, bytes]]


@pytest.fixture
def voted(world: World) -> Edition:
    """Ballots of the edition in voting: of a known person, many of one network in one hour, on paper, and one entered once."""
    edition, voter = world.edition, world.voter
    known = {"pesel": OTHER_PESEL, "pesel_index": crypto.blind_index("pesel", OTHER_PESEL)}
    Account.update(known).where(Account.id == voter.id).execute()
    Ballot.update(voter_key=voting.voter_key(Account.get_by_id(voter.id), edition)).execute()
    hour, one = clock.hour_of(clock.now()) - timedelta(hours=1), {"edition": edition, "district": voter.district, "age_from": 30}
    for at in range(LEAST_IN_A_BURST):
        Ballot.create(**one, id=uuid4(), voter_key=f"online {at}", channel=Channel.ONLINE, cast_at=hour, network="0123abcd",
                      commitment=f"{at:064x}")
    for at, state in enumerate((BallotState.RECORDED, BallotState.UNDER_CHECK)):
        Ballot.create(**one, id=uuid4(), voter_key=f"paper {at}", channel=Channel.PAPER, cast_at=hour, state=state)
    for at, ballot in enumerate(Ballot.select().where(Ballot.channel == Channel.PAPER).order_by(Ballot.voter_key)):
        Sheet.create(point=VotingPoint.get(), number=at + 1, ballot=ballot, first_officer=make_officer(Role.CLERK),
                     state=SheetState.ENTERED if at else SheetState.RECORDED)
    assert LEAST_IN_A_BURST > ALIKE
    return edition


def choose(edition: Edition, turns: Iterable[int]) -> None:
    """Let each ballot choose what lies so many places further down, and the sheet that waits for its second entry too."""
    district: District = Ballot.select().where(Ballot.edition == edition).order_by(Ballot.voter_key).first().district
    Choice.delete().execute()
    contests = voting.ballot_paper(edition, district)
    for ballot, turn in zip(Ballot.select().where(Ballot.edition == edition).order_by(Ballot.voter_key), turns):
        marks = [voting.Mark(slot, contest.proposals[(at + turn) % len(contest.proposals)])
                 for contest in contests for at, slot in enumerate(contest.slots)]
        if ballot.state == BallotState.UNDER_CHECK:
            picks = {mark.slot.name: mark.proposal.uid for mark in marks}
            Sheet.update(first_picks=json.dumps(Entry(district.id, picks))).where(Sheet.state == SheetState.ENTERED).execute()
        else:
            voting.store_choices(ballot.id, edition, marks)


def read(person: Person, paths: Iterable[str]) -> Answers:
    """Return what somebody gets at these addresses, but for what is random by nature."""
    answers = {}
    for path in paths:
        response = person.client.get(path, buffered=True)
        headers = "\n".join(f"{name}: {value}" for name, value in sorted(response.headers)).encode()
        answers[path] = response.status_code, RANDOM.sub(b"", headers), RANDOM.sub(b"", response.data)
    return answers


def found_on(answers: Answers) -> set[str]:
    """Return the addresses to which pages lead: by their links, and by each choice in a form that looks for something."""
    found = set()
    for path, (_status, _headers, body) in answers.items():
        soup = BeautifulSoup(body if body.lstrip().startswith(b"<!DOCTYPE html>") else b"", "html.parser")
        here = path.partition("?")[0]
        links = {WAY_BACK.sub("", str(link["href"]).partition("#")[0]) for link in soup.find_all("a", href=True)}
        found |= {f"{here}{link}" if link.startswith("?") else link for link in links}
        for form in soup.select("form[method=get]"):
            options = [(str(select["name"]), str(option.get("value", ""))) for select in form.select("select[name]")
                       for option in select.find_all("option")]
            found |= {f"{str(form.get('action') or here)}?{name}={value}" for name, value in options if value}
    return {path for path in found if path.startswith("/") and not path.startswith(CHANGES_THE_LANGUAGE)}


def explore(person: Person, world: World) -> Answers:
    """Return what this person gets at the address of each route, and wherever the pages there lead."""
    code = world.edition.code
    known = [f"/wyniki/{code}", f"/wyniki/{code}/miasto", f"/otwarte-dane/{code}", f"/otwarte-dane/{code}/recount.py"]
    known += [path for rule in rules(person.app, "GET")
              if not (path := address(person.app, rule, world)).startswith(CHANGES_THE_LANGUAGE)]
    answers = read(person, known)
    return answers | read(person, sorted(found_on(answers) - set(known)))


def alike(edition: Edition) -> None:
    """Let all ballots choose the same."""
    choose(edition, [0] * Ballot.select().count())


def differently(edition: Edition) -> None:
    """Let ballots choose this and that."""
    choose(edition, range(1, Ballot.select().count() + 1))


def changed(person: Person, before: Answers) -> list[str]:
    """Return the addresses that answer otherwise by now."""
    after = read(person, before)
    return [path for path in before if before[path] != after[path]]


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_answer_depends_on_what_ballots_choose(person: Person, voted: Edition, world: World, who: str) -> None:
    alike(voted)
    before = explore(person, world)
    differently(voted)
    told = changed(person, before)
    assert not told, f"To a {who} these tell something of the choices before voting has ended: {told}"


@pytest.mark.parametrize("who", MAY_PREVIEW)
def test_preview_of_a_later_date_tells_nothing_either(person: Person, voted: Edition, world: World, who: str) -> None:
    with person.client.session_transaction() as session:
        session[KEPT_AS] = (voted.results_on + timedelta(days=1)).isoformat()
    alike(voted)
    before = {path: answer for path, answer in explore(person, world).items() if not path.startswith("/admin")}
    differently(voted)
    told = changed(person, before)
    assert not told, f"In a preview these tell something of the choices before voting has ended: {told}"


def count_for(person: Person, edition: Edition) -> None:
    """Let the worker count, as this officer asks for it."""
    jobs.ask(JobKind.COUNT, person._logged_in["officer"], about=edition.code, now=clock.now())
    assert jobs.run_waiting(clock=clock.now)


@pytest.mark.parametrize("who", [Role.COORDINATOR])
def test_the_guard_sees_what_depends_on_choices(person: Person, voted: Edition, who: str) -> None:
    """A guard that cannot fail guards nothing: after the end of voting the officers see the count and the patterns."""
    with time_machine.travel(voted.voting_to + timedelta(hours=1), tick=False):
        person.enter()
        alike(voted)
        count_for(person, voted)
        before = read(person, [f"/admin/{page}/?id={voted.id}" for page in ("wyniki/publikacja", "statystyki/details")])
        differently(voted)
        count_for(person, voted)
        assert changed(person, before) == list(before)
