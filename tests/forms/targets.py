"""Every form with the page that it stands on, who fills it in, and what is right in it."""

import importlib
import pkgutil
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyotp
from flask import Flask
from flask_admin.model import BaseModelView

from portal import clock, crypto, forms
from portal.admin.fields import PanelForm
from portal.forms.base import BaseForm
from portal.models import (Account, AuditEntry, Authorship, Ballot, BallotDraft, Card, Criterion, District, Edition, EmailChange,
                           Invitation, Message, Officer, Page, PageVersion, PasswordReset, PhoneChange, Pool, Proposal,
                           RecoveryCode, Registration, RemovalCase, RemovalStep, Revision, SendCount, Session, Sheet, Stage,
                           Throttle, Transition, Unit, VotingPoint)
from portal.models.account import AccountState
from portal.models.proposal import ProposalState
from portal.models.removal import CaseState
from portal.models.staff import Role
from portal.services import removal, removal_case, voting
from portal.services.paper import field_of
from tests import page as pages
from tests.architecture.people import CODE, DRAFT, RESIDENT, STRANGER, TOKEN, VOTER, Person, World, make_world, panel_views
from tests.factories import (PASSWORD, PASSWORD_HASH, PESEL, TOTP_SECRET, make_account, make_edition, make_officer, make_page,
                             make_pool, make_proposal, make_registration)
from tests.forms import drafts
from tests.page import prefilled
from tests.services.cases import request

OFFICER = "kontrola@example.org"
Values = dict[str, str]


def make_rows() -> World:
    """What the forms need beside people: an edition that is still to come, and an officer who knows a code."""
    world, soon = make_world(), clock.now() + timedelta(days=9)
    make_officer(Role.CLERK, email=OFFICER, password_hash=crypto.hash_password(PASSWORD, officer=True))
    coming = make_edition(code="2099", voting_from=soon, voting_to=soon + timedelta(days=1), results_on=soon + timedelta(days=2))
    make_proposal(make_pool(coming))
    make_edition(code="2100", voting_from=soon, voting_to=soon + timedelta(days=1), results_on=soon + timedelta(days=2))
    return world


@dataclass(frozen=True, slots=True)
class Target:
    """Where a form is sent, and which tables a success may change."""

    path: str
    who: str
    right: Callable[[World, Person], Values]
    changes: set[Any] = field(default_factory=set)
    prepare: Callable[[World], None] = lambda _world: None
    notes: set[Any] = field(default_factory=set)  # Where even a refusal leaves a trace.


def _registration(world: World, _person: Person) -> Values:
    return {"given_name": "Łucja", "family_name": "Żuraw", "pesel": PESEL, "birth_date": "", "street": "ul. Długa 5",
            "district": str(world.resident.district_id), "postcode": "30-001", "email": "lucja@example.org",
            "phone": "+48600123456", "password": "trzy złote rybki", "notice": "y", "wants_news": "y"}


def _sent_nothing_yet(_world: World) -> None:
    SendCount.delete().execute()


def _no_claim_yet(world: World) -> None:
    _sent_nothing_yet(world)
    RemovalCase.delete().where(RemovalCase.number != "K/1/2026").execute()


def _wait_for_code(world: World) -> None:
    Account.delete().where(Account.email == "nowa@example.org").execute()
    Registration.delete().execute()
    _sent_nothing_yet(world)
    make_registration(CODE, world.resident.district)


def _picks(world: World, _person: Person) -> Values:
    paper = voting.ballot_paper(world.edition, world.resident.district)
    return {slot.name: contest.proposals[at].uid for contest in paper for at, slot in enumerate(contest.slots)}


def _nothing_chosen_yet(_world: World) -> None:
    BallotDraft.delete().execute()


def _not_voted_yet(world: World) -> None:
    key = voting.voter_key(world.resident, world.edition)
    Ballot.delete().where(Ballot.voter_key == key).execute()
    paper = voting.ballot_paper(world.edition, world.resident.district)
    voting.save_draft(world.resident, world.edition, paper, _picks(world, None), now=clock.now())  # type: ignore[arg-type]


def _sheet(world: World, _person: Person) -> Values:
    """Return what is typed of a sheet whose voter has no PESEL number."""
    paper = voting.ballot_paper(world.edition, world.resident.district)
    marks = {f"marks-{field_of(slot)}": contest.proposals[at].number
             for contest in paper for at, slot in enumerate(contest.slots)}
    return {"pesel": "", "birth_date": "24.12.1970", "given_name": "Łucja", "family_name": "Żuraw", "number": "1",
            "district": str(world.resident.district_id), "reason": "", **marks}


def _no_sheet_yet(_world: World) -> None:
    Sheet.delete().execute()
    Ballot.delete().where(Ballot.channel == "paper").execute()


def _unconfirmed(world: World) -> None:
    Account.update(email_token_hash=crypto.hash_token(TOKEN)).where(Account.id == world.voter.id).execute()


def _not_failed_yet(_world: World) -> None:
    Throttle.delete().execute()


def _known_password(world: World) -> None:
    _not_failed_yet(world)
    Account.update(password_hash=PASSWORD_HASH).where(Account.id.in_([world.resident.id, world.voter.id])).execute()
    PasswordReset.delete().execute()
    PasswordReset.create(account=world.voter, token_hash=crypto.hash_token(TOKEN), created_at=clock.now())


def _as_registered(world: World) -> None:
    """Give the resident back what a right form has changed."""
    _not_failed_yet(world)
    _sent_nothing_yet(world)
    told = {**world.resident.__data__, "password_hash": PASSWORD_HASH}
    Account.insert(**told).on_conflict(conflict_target=[Account.id], update=told).execute()


def _unused_code(world: World) -> None:
    _not_failed_yet(world)
    Officer.update(totp_step=0).where(Officer.email == OFFICER).execute()


def _invited(_world: World) -> None:
    Officer.update(enrolment_hash=None).where(Officer.email != OFFICER).execute()
    Officer.update(enrolment_hash=crypto.hash_token(TOKEN), enrolment_expires_at=clock.now() + timedelta(days=1),
                   password_hash="").where(Officer.email == OFFICER).execute()


def _own_password(world: World) -> None:
    _not_failed_yet(world)
    Officer.update(password_hash=crypto.hash_password(PASSWORD, officer=True)).where(Officer.role == Role.VERIFIER).execute()


def _code_now() -> str:
    return pyotp.TOTP(TOTP_SECRET).at(clock.now())


def _log_in(_world: World, _person: Person) -> Values:
    return {"email": OFFICER, "password": PASSWORD, "code": _code_now()}


def _as_shown(path: str, **given: str) -> Callable[[World, Person], Values]:
    """Return what a page of the panel would send, with what is typed into it."""
    return lambda _world, person: {**prefilled(pages.Page(person.client.get(path)).form()), **given}


def _edit(view: str, url: str, model: Any, /, **given: str) -> tuple[str, Callable[[], Target]]:
    def target() -> Target:
        path = f"/admin/{url}/edit/?id={model.select().order_by(model.id.desc()).first().id}"
        who = Role.ADMINISTRATOR if model is Officer else Role.COORDINATOR
        return Target(path, who, _as_shown(path, **given), {model, AuditEntry, Session})
    return f"{view}.edit_view", target


def _create(view: str, url: str, model: Any, /, **given: Any) -> tuple[str, Callable[[], Target]]:
    path = f"/admin/{url}/new/"
    return f"{view}.create_view", lambda: Target(path, Role.COORDINATOR, _as_shown(
        path, **{name: value() if callable(value) else value for name, value in given.items()}), {
        model, AuditEntry, *([Criterion] if model is Edition else [])})


def _correct(datum: str, *, changes: Any = None, **right: str) -> Callable[[], Target]:
    path = f"/moje-konto/dane/{datum}"
    return lambda: Target(path, RESIDENT, lambda *_of: right, changes or {Account, AuditEntry}, _as_registered)


def _case_that_is(state: CaseState) -> Callable[[World], None]:
    """Bring the case of the world, the holder of its account and its extent back to how a form finds them."""
    def prepare(world: World) -> None:
        now, case = clock.now(), RemovalCase.select().order_by(RemovalCase.id).first()
        Throttle.delete().execute()
        RemovalCase.update(state=CaseState.CONFIRMED, closed_at=None, requested_by=None, approved_by=None, protocol=None).where(
            RemovalCase.id == case.id).execute()
        if not Account.select().where(Account.pesel_index == case.pesel_index).exists():
            make_account(world.resident.district, pesel=case.pesel)
        if state is CaseState.REQUESTED:
            request(RemovalCase.get_by_id(case.id), make_officer(Role.REMOVALS), now)
        else:
            Account.update(state=AccountState.ACTIVE).where(Account.pesel_index == case.pesel_index).execute()
            RemovalCase.update(state=state).where(RemovalCase.id == case.id).execute()
    return prepare


def _nothing_answered_yet(world: World) -> None:
    _sent_nothing_yet(world)
    _case_that_is(CaseState.MORE_NEEDED)(world)


def _of_case(page: str, who: Role, right: Callable[[World, Person], Values], state: CaseState, *changes: Any) -> Target:
    path = f"/admin/zgloszenia/{page}/?id={RemovalCase.select().order_by(RemovalCase.id).first().id}"
    noted = {AuditEntry} if page in {"usuniecie", "zatwierdzenie"} else set()  # That the password was right.
    return Target(path, who, right, {RemovalCase, RemovalStep, AuditEntry, *changes}, _case_that_is(state), noted)


def _version(**given: str) -> Callable[[World, Person], Values]:
    return lambda _world, _person: {"version": str(RemovalCase.select().order_by(RemovalCase.id).first().version), **given}


def _previewed(world: World, person: Person) -> Values:
    account = removal_case.found_account(RemovalCase.select().order_by(RemovalCase.id).first())
    seen = removal.find_extent(account, now=clock.now()).digest() if account else ""
    return _version(seen=seen, password=PASSWORD)(world, person)


def _invited_to_a_proposal(_world: World) -> None:
    Authorship.delete().where(~Authorship.is_lead).execute()
    Invitation.delete().execute()
    Invitation.create(proposal=Proposal.get(uid=DRAFT), email="ola@example.org", token_hash=crypto.hash_token(TOKEN),
                      created_at=clock.now())


def _proposal_that_is(state: ProposalState) -> Callable[[World], None]:
    """Bring the last proposal, its cards and the lot of its edition back to how a form finds them."""
    def prepare(_world: World) -> None:
        row = Proposal.select().order_by(Proposal.id.desc()).first()
        Card.delete().where(Card.proposal == row).execute()
        Proposal.update(state=state, version=0).where(Proposal.id == row.id).execute()
        known = {"order_seed": None, "supporters_required": 0, "corrections_to": clock.now() + timedelta(days=9)}
        Edition.update(known).where(Edition.id == row.pool.edition).execute()
    return prepare


def _of_proposal(page: str, state: ProposalState, *changes: Any, who: Role = Role.VERIFIER, **right: str) -> Target:
    path = f"/admin/projekty/{page}/?id={Proposal.select().order_by(Proposal.id.desc()).first().id}"
    return Target(path, who, lambda *_of: right, {AuditEntry, Proposal, Transition, Card, *changes}, _proposal_that_is(state))


def _second_draft(_world: World) -> None:
    page = Page.get()
    PageVersion.delete().where(PageVersion.page == page, PageVersion.language == "pl", PageVersion.number > 1).execute()
    make_page(page.slug, number=2, publisher=None, published_at=None)


DAY = {"voting_from": "2098-06-01T00:00:00", "voting_to": "2098-06-10T23:59:59", "results_on": "2098-06-20T12:00:00"}
SENT = {Message, SendCount}
TARGETS: dict[str, Callable[[], Target]] = {
    "LoginForm": lambda: Target("/logowanie", STRANGER, lambda world, _person: {
        "email": world.resident.email, "password": PASSWORD}, {Session, Account}, _not_failed_yet),  # An old hash is renewed.
    "AskResetForm": lambda: Target("/haslo/przypomnij", STRANGER, lambda world, _person: {"email": world.resident.email},
                                   {PasswordReset, AuditEntry, *SENT}, _sent_nothing_yet),
    "NewPasswordForm": lambda: Target(f"/haslo/nowe/{TOKEN}", STRANGER, lambda *_of: {"new_password": "trzy złote rybki"},
                                      {Account, PasswordReset, PhoneChange, EmailChange, Session, AuditEntry, Message},
                                      _known_password),
    "ChangePasswordForm": lambda: Target("/moje-konto/haslo", RESIDENT, lambda *_of: {
        "current_password": PASSWORD, "new_password": "trzy złote rybki"}, {
        Account, PhoneChange, EmailChange, AuditEntry, Message}, _known_password),
    "RegistrationForm": lambda: Target("/rejestracja", STRANGER, _registration, {Registration, *SENT}, _sent_nothing_yet),
    "CodeForm": lambda: Target("/rejestracja/kod", STRANGER, lambda *_of: {"code": "012345"},
                               {Registration, Account, AuditEntry, Message}, _wait_for_code),
    "NumberForm": lambda: Target("/rejestracja/numer", STRANGER, lambda *_of: {"phone": "+48600123458"}, {Registration, *SENT},
                                 _wait_for_code),
    "NamesForm": _correct("imie-i-nazwisko", given_name="Łucja", family_name="Lis"),
    "AddressForm": lambda: Target("/moje-konto/dane/adres", RESIDENT, lambda world, _person: {
        "district": str(world.resident.district_id), "street": "ul. Nowa 1", "postcode": "31-000"}, {Account, AuditEntry},
        _as_registered),
    "NoticesForm": _correct("powiadomienia", language="en", wants_news="y"),
    "PhoneForm": _correct("telefon", phone="+48600123459", password=PASSWORD, changes={PhoneChange, AuditEntry, *SENT}),
    "EmailForm": _correct("email", email="nowa@example.org", password=PASSWORD, changes={EmailChange, AuditEntry, *SENT}),
    "IdentityForm": _correct("pesel", pesel=PESEL, birth_date="", password=PASSWORD,
                             changes={Account, AuditEntry, BallotDraft, *SENT}),
    "DeleteAccountForm": lambda: Target("/moje-konto/usun", RESIDENT, lambda *_of: {"sure": "y", "password": PASSWORD}, {
        Account, Session, BallotDraft, PhoneChange, EmailChange, AuditEntry, Message, Proposal, Authorship, Invitation},
        _as_registered),
    "ConfirmEmailForm": lambda: Target(f"/rejestracja/adres/{TOKEN}", STRANGER, lambda *_of: {}, {Account}, _unconfirmed),
    "BallotForm": lambda: Target("/glosowanie", RESIDENT, _picks, {BallotDraft}, _nothing_chosen_yet),
    "PanelLoginForm": lambda: Target("/admin/logowanie", STRANGER, _log_in, {Session, AuditEntry, Officer}, _unused_code,
                                     {AuditEntry, Message}),
    "EnrolmentForm": lambda: Target(f"/admin/dostep/{TOKEN}", STRANGER, lambda *_of: {
        "password": "trzy złote rybki", "code": _code_now()}, {Officer, RecoveryCode, AuditEntry}, _invited),
    "PanelPasswordForm": lambda: Target("/admin/moj-dostep/haslo", Role.VERIFIER, lambda *_of: {
        "current_password": PASSWORD, "password": "trzy złote rybki"}, {Officer, AuditEntry, Message}, _own_password),
    "PanelProofForm": lambda: Target("/admin/potwierdz/", Role.VERIFIER, lambda *_of: {"password": PASSWORD},
                                     {AuditEntry}, _own_password),
    "DecisionForm": lambda: _of_case("decyzja", Role.REMOVALS, _version(deed="confirmed", words="dowód"), CaseState.OPEN,
                                     Message),
    "RequestForm": lambda: _of_case("usuniecie", Role.REMOVALS, _previewed, CaseState.CONFIRMED, Account, Message),
    "ApprovalForm": lambda: _of_case("zatwierdzenie", Role.COORDINATOR, _version(password=PASSWORD), CaseState.REQUESTED, Account,
                                     Message),
    "ReturnForm": lambda: _of_case("zwrot", Role.COORDINATOR, _version(words="jeszcze raz"), CaseState.REQUESTED),
    "RevealForm": lambda: _of_case("pesel", Role.REMOVALS, lambda *_of: {"reason": "document"}, CaseState.OPEN),
    "WalkInForm": lambda: Target("/admin/zgloszenia/new/", Role.REMOVALS, lambda *_of: {
        "name": "Łucja Żuraw", "pesel": PESEL, "email": "lucja@example.org", "language": "pl", "story": "Ktoś już ma konto."},
        {RemovalCase, RemovalStep, AuditEntry, Message}),
    "ClaimForm": lambda: Target("/zgloszenie-konta", STRANGER, lambda *_of: {
        "given_name": "Łucja", "family_name": "Żuraw", "pesel": PESEL, "email": "lucja@example.org", "story": "To nie ja.",
        "proof": "in_person", "notice": "y"}, {RemovalCase, RemovalStep, AuditEntry, *SENT}, _no_claim_yet),
    "AnswerForm": lambda: Target(f"/zgloszenie-konta/{TOKEN}/odpowiedz", STRANGER, lambda *_of: {"words": "Kiedy mogę przyjść?"},
                                 {RemovalCase, RemovalStep, AuditEntry, SendCount}, _nothing_answered_yet, {SendCount}),
    **drafts.targets(Target),
    "JoinForm": lambda: Target(f"/projekty/wspolautor/{TOKEN}", VOTER, lambda *_of: {"shows_name": "y"},
                               {Authorship, Invitation}, _invited_to_a_proposal),
    "StageForm": lambda: _of_proposal("etap", ProposalState.FUNDED, Stage, who=Role.COORDINATOR, title="Ławki stoją",
                                      words="Jeszcze drzewa.", cost="12 000,50", shows_1="Ławka"),
    "MoveForm": lambda: _of_proposal("decyzja", ProposalState.SUBMITTED, move="taken_up", words="Zaczynamy.", version="0"),
    "CorrectionForm": lambda: _of_proposal("poprawki", ProposalState.SUBMITTED, Revision, parts="title", words="Popraw.",
                                           until=f"{clock.now().date() + timedelta(days=8)}", version="0"),
    "PaperForm": lambda: _of_proposal("papier", ProposalState.SUBMITTED, number="12"),
    "CardForm": lambda: _of_proposal("karta", ProposalState.SUBMITTED, is_positive="True", words="Zgoda.", cost="12 000,50",
                                     running_cost="0"),
    "AssignForm": lambda: _of_proposal("jednostki", ProposalState.SUBMITTED, who=Role.COORDINATOR, units=str(Unit.get().id)),
    "DrawForm": lambda: Target(f"/admin/edycje/losowanie/?id={Edition.get(Edition.code == '2099').id}", Role.COORDINATOR,
                               lambda *_of: {"seed": "12 5 33 41 7 48"}, {Edition, Proposal, Transition, AuditEntry},
                               _proposal_that_is(ProposalState.ADMITTED)),
    "VersionForm": lambda: Target(f"/admin/strony/pisz/?id={Page.get().id}&language=uk", Role.EDITOR, lambda *_of: {
        "base": str(PageVersion.select().where(PageVersion.language == "uk").count()), "title": "Питання", "lead": "Коротко.",
        "body": "## Розділ {#rozdzial}", "change": "Нове"}, {PageVersion, AuditEntry}),
    "PublishForm": lambda: Target(f"/admin/strony/wersja/?id={Page.get().id}&language=pl&number=2", Role.EDITOR, lambda *_of: {
        "at": "2098-06-01T12:00:00", "later": "1"}, {PageVersion, AuditEntry}, _second_draft),
    "SheetForm": lambda: Target(f"/admin/punkty-glosowania/pierwszy-wpis/?id={VotingPoint.get().id}", Role.CLERK, _sheet,
                                {Sheet, Ballot, AuditEntry}, _no_sheet_yet),
    "OfficerForm": lambda: Target("/admin/urzednicy/new/", Role.ADMINISTRATOR, lambda *_of: {
        "name": "Jan Nowy", "email": f"{secrets.token_hex(6)}@example.org", "role": "clerk"}, {Officer, AuditEntry, Message}),
    "CheckForm": lambda: Target(f"/otwarte-dane/{Edition.select().order_by(Edition.id).first().code}/sprawdz-glos?dzielnica="
                                f"{District.select().order_by(District.id).first().number}", STRANGER, lambda world, _person: {
                                    "number": "2345-6789-ABCD-EFGH", **_picks(world, _person)}),
    "PreviewForm": lambda: Target("/admin/podglad", Role.COORDINATOR, lambda *_of: {"moment": "2026-09-01T12:00"}),
    **dict([
        _create("panel_editions", "edycje", Edition, code="2098", name="Budżet 2098", citywide_picks="3", district_picks="3",
                supporters_required="15", count_rule="greedy", **DAY),
        _edit("panel_editions", "edycje", Edition, name="Budżet 2099"),
        _create("panel_districts", "dzielnice", District, number="99", name="Nowa"),
        _edit("panel_districts", "dzielnice", District, name="Stara"),
        _create("panel_pools", "pule", Pool, budget="1 000 000,50", minimum_points="0",
                district=lambda: f"{District.get_or_create(name='Nowy Dół', defaults={'number': 777})[0].id}"),
        _edit("panel_pools", "pule", Pool, budget="2 000 000"),
        _edit("panel_proposals", "projekty", Proposal, title="Ławki", cost="12 000"),
        _create("panel_units", "jednostki", Unit, name="Zarząd Dróg"),
        _edit("panel_units", "jednostki", Unit, name="Zarząd Lasów"),
        _create("panel_criteria", "pytania", Criterion, position="3", question="Czy da się to zrobić?"),
        _edit("panel_criteria", "pytania", Criterion, position="4", question="Czy warto?"),
        _edit("panel_officers", "urzednicy", Officer, name="Jan Inny"),
        _create("panel_pages", "strony", Page, slug="nowa-strona", position="30"),
        _edit("panel_pages", "strony", Page, position="31"),
        _create("panel_paper", "punkty-glosowania", VotingPoint, name="Filia nr 3", sheets_received="12"),
        _edit("panel_paper", "punkty-glosowania", VotingPoint, name="Filia nr 4"),
    ]),
}


def known_forms(app: Flask) -> set[str]:
    """Return the name of every form of the portal, and of every table that the panel writes."""
    for module in pkgutil.iter_modules(forms.__path__, "portal.forms."):
        importlib.import_module(module.name)
    found = {kind.__name__ for kind in _kinds(BaseForm) if kind.__module__.startswith("portal.") and kind is not PanelForm}
    for name, view in panel_views(app).items():
        for action in ("create", "edit"):
            inherited = getattr(type(view), f"{action}_view", None) is getattr(BaseModelView, f"{action}_view")
            found |= {f"{name}.{action}_view"} if inherited and getattr(view, f"can_{action}") else set()
    of_files = {"ScanForm", "FilesForm", "ImportForm"}  # See test_removal_scan.py, test_attachment.py and admin/test_jobs.py.
    return found - of_files


def _kinds(base: type) -> Iterator[type]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
