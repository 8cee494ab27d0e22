"""Who may come to the portal, every address that it has, and what they meet there."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, session as browser_session
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import clock, crypto
from portal.errors import EXPIRED
from portal.messaging import sms
from portal.models import (Account, Attachment, Authorship, Criterion, Edition, EmailChange, Invitation, Job, JobKind, JobState,
                           Message, Officer, PasswordReset, PhoneChange, Proposal, Publication, RemovalCase, RemovalStep, Session,
                           Unit, VotingPoint)
from portal.models.attachment import FileKind
from portal.models.ballot import Channel
from portal.models.message import MessageChannel
from portal.models.proposal import ProposalState
from portal.models.removal import CaseState, Deed, Proof
from portal.models.staff import Role
from portal.services import attachment, audit, closing, open_data, voting
from portal.services.removal import Extent
from tests.factories import (OTHER_PESEL, make_account, make_edition, make_officer, make_page, make_pool, make_proposal,
                             make_registration, make_voting)
from tests.page import Visitor
from tests.services.ballots import publish

STRANGER, RESIDENT, VOTER = "stranger", "resident", "resident who has voted"
EVERYBODY = (STRANGER, RESIDENT, VOTER, *map(str, Role))
CODE = "registration"
TOKEN = "known-token"
UID = "known-session"
DRAFT, FILE, NEWS = "known-draft", "known-file", "wiadomosc"
EXTENT = Extent("account", "data", 0, 0, 0, ballots=[], on_paper=[], earlier=[], out_of_reach=[], proposals=[])


@dataclass(frozen=True, slots=True)
class World:
    """An edition in voting and one with results; a resident with a draft, another who has voted; something in every table."""

    edition: Edition
    counted: Edition
    resident: Account
    voter: Account


def make_world() -> World:
    now = clock.now()
    edition, district, resident = make_voting()
    voter = make_account(district, email_token_hash=crypto.hash_token(TOKEN))
    counted = make_edition(open_now=False)
    make_pool(counted, proposals=2)
    paper = voting.ballot_paper(edition, district)
    picks = {slot.name: contest.proposals[at].uid for contest in paper for at, slot in enumerate(contest.slots)}
    voting.save_draft(resident, edition, paper, picks, now=now)
    voting.store_ballot(edition, voting.read_picks(edition, paper, picks), voter_key=voting.voter_key(voter, edition),
                        channel=Channel.ONLINE, district=district.id, number="0000", now=now)
    Message.create(key="k", channel=MessageChannel.SMS, recipient="+48600123456", template="registration_code", language="pl",
                   due_at=now, created_at=now)
    make_registration(CODE, district)
    PhoneChange.create(account=resident, phone="+48600123458", created_at=now)
    EmailChange.create(account=make_account(district), email="nowy@example.org", created_at=now,
                       token_hash=crypto.hash_token(TOKEN))
    PasswordReset.create(account=voter, token_hash=crypto.hash_token(TOKEN), created_at=now)
    Session.create(uid=UID, token_hash="s", account=voter, created_at=now, seen_at=now, proved_at=now)
    make_officer(Role.EDITOR)
    make_officer(Role.EDITOR, enrolment_hash=crypto.hash_token(TOKEN), enrolment_expires_at=now + timedelta(days=1))
    audit.record("edition created", actor="demo", subject=f"edition:{edition.code}", now=now)
    audit.make_digest(clock.local(now).date() - timedelta(days=1), now=now)
    publish(counted, now)
    closing.close(counted, actor="test", now=now)
    open_data.make_files(counted, now=now)
    Publication.update(removed=1).execute()
    RemovalCase.create(number="K/1/2026", secret=TOKEN, secret_hash=crypto.hash_token(TOKEN), name="Ewa Żuk",
                       email="ewa@example.org",
                       pesel=OTHER_PESEL, pesel_index=crypto.blind_index("pesel", OTHER_PESEL), story="To nie moje konto.",
                       proof=Proof.SCAN, state=CaseState.REQUESTED, created_at=now, due_at=now,
                       requested_by=make_officer(Role.REMOVALS), extent=json.dumps(EXTENT._asdict()))
    RemovalStep.create(case=RemovalCase.get(), at=now, deed=Deed.REQUESTED)
    draft = make_proposal(edition.pools.first(), uid=DRAFT, number=DRAFT, slug=DRAFT, state=ProposalState.DRAFT)
    Authorship.create(proposal=draft, account=resident, is_lead=True, accepted_at=now)
    Invitation.create(proposal=draft, email="ola@example.org", token_hash=crypto.hash_token(TOKEN), created_at=now)
    file = Attachment(uid=FILE, proposal=edition.pools.first().proposals.order_by(Proposal.id).first(), name="a.jpg",
                      kind=FileKind.ATTACHMENT, media="image/jpeg", size=7, uploaded_at=now)
    attachment.STORE.keep([(file, b"picture")])
    Unit.create(name="Zarząd Zieleni")
    make_page(NEWS, is_news=True)
    make_page("faq", position=1)
    make_page("kontakt", position=2)
    Job.create(kind=JobKind.MAILING, about=NEWS, officer=Officer.get(), state=JobState.DONE, created_at=now, ended_at=now)
    VotingPoint.create(edition=edition, name="Biblioteka")
    Criterion.create(edition=edition, is_formal=True, position=1, question="Czy wszystko jest wypełnione?")
    return World(edition, counted, resident, voter)


class Person(Visitor):
    """A browser in which somebody is logged in since two minutes, so that the next page notes the session's use."""

    def __init__(self, app: Flask, who: str, world: World) -> None:
        super().__init__(app)
        self.who, self._seed = who, crypto.new_token()
        self._logged_in = {STRANGER: {}, RESIDENT: {"account": world.resident}, VOTER: {"account": world.voter}}.get(who)
        if self._logged_in is None:
            self._logged_in = {"officer": make_officer(Role(who))}
        self.enter()

    def enter(self) -> None:
        """Begin the browser's session anew."""
        with self.client.session_transaction() as session:
            session.clear()
            session.update({CODE: CODE, "csrf_token": self._seed})
            if self._logged_in:
                token, before = crypto.new_token(), clock.now() - timedelta(minutes=2)
                Session.create(token_hash=crypto.hash_token(token), created_at=before, seen_at=before, proved_at=before,
                               **self._logged_in)
                session.update({"_user_id": token, "_fresh": True})

    def csrf_token(self) -> str:
        """Return a token that goes with this browser's session."""
        with self.app.test_request_context():
            browser_session["csrf_token"] = self._seed
            return str(generate_csrf())


def rules(app: Flask, method: str) -> list[Rule]:
    """Return every route that answers a method; what logs out comes last."""
    found = [rule for rule in app.url_map.iter_rules() if method in rule.methods]
    return sorted(found, key=lambda rule: rule.endpoint.endswith("log_out"))


def panel_views(app: Flask) -> dict[str, Any]:
    """Return the views of the panel by the name of their endpoints."""
    return {view.endpoint: view for view in app.extensions["admin"][0]._views}


def address(app: Flask, rule: Rule, world: World) -> str:
    """Return an address that exists for a route."""
    proposal = world.edition.pools.first().proposals.order_by(Proposal.id).first()
    known = {
        "static": {"filename": "images/logo.svg"}, "admin.static": {"filename": "admin/js/helpers.js"},
        "home.switch_language": {"code": "pl"}, "proposals.show_proposal": {"slug": proposal.slug},
        "results.show_results": {"code": world.counted.code},
        "results.show_pool": {"code": world.counted.code, "pool": "miasto"}, "registration.confirm_email": {"token": TOKEN},
        "support.decide": {"slug": proposal.slug, "deed": "obserwuje"}, "support.answer_invitation": {"token": TOKEN},
        "proposals.show_lot": {"code": world.edition.code}, "open_data.show_index": {"code": world.counted.code},
        **dict.fromkeys(("open_data.list_commitments", "open_data.check_ballot"), {"code": world.edition.code}),
        "open_data.download": {"code": world.counted.code, "name": "README.txt"},
        "password.reset_password": {"token": TOKEN}, "login.end_session": {"uid": UID},
        "panel_login.enrol": {"token": TOKEN},
        "profile.change_datum": {"datum": "adres"}, "profile.cancel_change": {"datum": "email"},
        "profile.send_link": {"link": "ponownie"},
        "profile.confirm_email": {"token": TOKEN},
        "attachment.show_file": {"uid": FILE, "name": "a.jpg"}, **_own_proposal(rule),
        **dict.fromkeys(("removal.show_case", "removal.add_scan", "removal.add_answer"), {"secret": TOKEN}),
        **dict.fromkeys(("pages.show_page", "pages.show_history"), {"slug": NEWS}),
        "machines.report_sms": {"secret": sms.report_secret()},
    }
    view, _, action = rule.endpoint.partition(".")
    values = known.get(rule.endpoint, {"export_type": "csv"} if action == "export" else {})
    assert set(rule.arguments) == set(values), f"Tell in {__name__}.address() which address of {rule.rule} exists"
    if action.endswith("_view") and action not in {"index_view", "create_view", "delete_view", "action_view"}:
        model = panel_views(app)[view].model
        values["id"] = model.select().order_by(model.id).first().id
        if view == "panel_pages":
            values.update(language="pl", number=1)
    with app.test_request_context():
        return str(app.url_for(rule.endpoint, **values))


def _own_proposal(rule: Rule) -> dict[str, dict[str, str]]:
    """Return the address of the resident's draft in which a route lies."""
    known = {"uid": DRAFT, "section": "zalaczniki" if "file" in rule.endpoint else "podstawy", "deed": "wycofaj"}
    own = rule.endpoint.startswith("proposals_draft.")
    return {rule.endpoint: {name: known[name] for name in rule.arguments}} if own else {}


def in_polish(app: Flask, text: str) -> str:
    """Return a text of the code as a page shows it."""
    with app.test_request_context():
        return str(gettext(text))


def outcome(app: Flask, response: TestResponse) -> str:
    """Say in a word how somebody was received."""
    if response.status_code >= 500:
        return "error"
    if response.status_code == 404:
        return "hidden"
    if response.status_code == 400 and in_polish(app, EXPIRED[0]) in response.text:
        return "expired"
    target = urlsplit(response.headers.get("Location", "")).path
    return {"/logowanie": "login", "/admin/logowanie": "panel login"}.get(target, "entered")


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that somebody asked for, and what the database was told to change meanwhile."""

    rule: Rule
    response: TestResponse
    outcome: str
    writes: list[str]


def visits(person: Person, world: World, statements: list[str], method: str) -> Iterator[Visit]:
    """Send a person to every route; with POST nothing but a right token is sent."""
    for rule in rules(person.app, method):
        path = address(person.app, rule, world)
        data = {"csrf_token": person.csrf_token()} if method == "POST" else None
        statements.clear()
        response = person.client.open(path, method=method, data=data, buffered=True)
        yield Visit(rule, response, outcome(person.app, response), writes(statements))
        if rule.endpoint.endswith("log_out") and method == "POST":
            person.enter()


def writes(statements: list[str]) -> list[str]:
    """Return the statements that change data; that a session is in use may be noted by any request."""
    reading = re.compile(r"\s*(SELECT|WITH|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)\b", re.IGNORECASE)
    touch = re.compile(r'UPDATE "session" SET "seen_at" = \S+ WHERE')
    return [statement for statement in statements if not reading.match(statement) and not touch.match(statement)]
