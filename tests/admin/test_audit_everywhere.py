"""Whatever an officer changes in the panel stands in the audit log, and so does what is done at its doors."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from werkzeug.routing import Rule

from portal import clock, database
from portal.admin.labels import in_words
from portal.models import Account, AuditEntry, Edition, Proposal, Publication, RemovalCase, Stage, Throttle, VotingPoint
from portal.models.staff import Role
from portal.services import closing, paper
from tests.admin.desk import DESK, at
from tests.architecture.people import STRANGER, Person, World, address, panel_views, rules
from tests.factories import PASSWORD, PESEL, make_account, make_edition, make_officer
from tests.forms.targets import TARGETS, Target, make_rows
from tests.forms.test_fuzz import contents
from tests.page import Page, prefilled
from tests.services import cases
from tests.services.ballots import first_picks, publish

# Not of the city's business: what is counted of failures, and when a page was last seen (which contents() leaves out).
PASSING = {AuditEntry, Throttle}
# What these change is kept in the officer's own browser; nothing is stored.
IN_THE_BROWSER = {"admin.start_preview", "admin.stop_preview", "panel_removals.action_view", "panel_proposals.action_view"}
PESELS = (f"{number:011d}" for number in count(1))


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that is sent about a row in a certain state: what to type, on which page, and where it goes if not back there."""

    who: Role
    row: Callable[[World], Any]
    page: str
    typed: dict[str, Any]
    to: str = ""

    @staticmethod
    def given(value: Any, row: Any) -> Any:
        """Return what is typed, about this row, or a file of this content and name."""
        return value.format(id=row and row.id) if isinstance(value, str) else (io.BytesIO(value[0]), value[1])

    def play(self, app: Flask, world: World) -> tuple[Person, str, dict[str, Any]]:
        row, person = self.row(world), Person(app, self.who, world)
        page = self.page if self.page.startswith("/") else at(self.page, row)
        page = page.format(id=row and row.id)
        to = self.to.format(id=row and row.id) if self.to.startswith("/") else self.to and at(self.to, row)
        return person, to or page, {
            **as_the_page_shows(person, page), **{name: self.given(value, row) for name, value in self.typed.items()}}


def known(make: Callable[..., RemovalCase]) -> Callable[[World], RemovalCase]:
    """Return what brings a case about a known account to a step."""
    def bring(world: World) -> RemovalCase:
        pesel = next(PESELS)
        make_account(world.resident.district, pesel=pesel)
        return make(clock.now(), pesel=pesel, email=f"osoba{pesel}@example.com", address=f"192.0.2.{int(pesel)}")
    return bring


def removed(world: World) -> RemovalCase:
    case = known(cases.requested_case)(world)
    cases.approve(case, clock.now())
    return case


def with_pesel(world: World) -> Account:
    return make_account(world.resident.district, pesel=next(PESELS))


def carried_out(world: World) -> Proposal:
    proposal = world.counted.pools.first().proposals.first()
    Proposal.update(state="in_progress").where(Proposal.id == proposal.id).execute()
    Stage.create(proposal=proposal, at=clock.now(), title="Ławki stoją")
    return proposal


def with_removed(ballots: int) -> Callable[[World], Any]:
    """Return what lets the published results of the world wait for a correction after so many ballots, or not."""
    def bring(world: World) -> Any:
        Publication.update(removed=ballots).execute()
        return world.counted
    return bring


def unpublished(_world: World) -> Edition:
    return make_edition(open_now=False)


def published_long_ago(_world: World) -> Edition:
    """Return an edition whose ballot key has served."""
    ago = [clock.now() - timedelta(days=days) for days in (60, 50, 45, 40)]
    edition = make_edition(code="dawna", voting_from=ago[0], voting_to=ago[1], results_on=ago[2])
    publish(edition, ago[3])
    closing.close(edition, actor="test", now=clock.now())
    RemovalCase.update(state="refused", closed_at=clock.now()).execute()
    return edition


def with_sheet(number: int, *, differs: bool = False) -> Callable[[World], VotingPoint]:
    """Return what brings a sheet to its second entry, or to the third."""
    def bring(world: World) -> VotingPoint:
        point, district, clerk = VotingPoint.get(), world.resident.district, make_officer(Role.CLERK)
        paper.enter_sheet(point, number, clerk, paper.Entry(district.id, first_picks(world.edition, district)), now=clock.now(),
                          person=Account(birth_date=date(1970, 12, number), given_name="Ola", family_name="Lis"))
        if differs:
            paper.enter_again(point, number, make_officer(Role.CLERK), paper.Entry(None, {}, "unsigned"), now=clock.now())
        return point
    return bring


SCENES = {
    "panel_paper.again_view": Scene(Role.CLERK, with_sheet(8), "/admin/punkty-glosowania/drugi-wpis/?id={id}", {
        "number": "8", "reason": "unsigned"}),
    "panel_paper.settle_view": Scene(Role.CLERK, with_sheet(9, differs=True), "/admin/punkty-glosowania/trzeci-wpis/?id={id}", {
        "reason": "unsigned"}),
    "panel_results.publish_view": Scene(Role.COORDINATOR, unpublished, "/admin/wyniki/publikacja/?id={id}", {"count": "1"}),
    "panel_jobs.create_view": Scene(Role.COORDINATOR, lambda _world: None, "/admin/zadania/new/", {
        "code": "2018", "files": (b"META", "a.pb")}),
    "panel_results.action_view": Scene(Role.COORDINATOR, lambda world: world.counted, "/admin/wyniki/", {
        "action": "files", "rowid": "{id}"}, "/admin/wyniki/action/"),
    "panel_results.key_view": Scene(Role.COORDINATOR, published_long_ago, "/admin/wyniki/klucz/?id={id}", {"seen": "dawna"}),
    "panel_editions.settle_view": Scene(Role.COORDINATOR, with_removed(0), "/admin/edycje/rozstrzygniecie/?id={id}", {}),
    "panel_results.correct_view": Scene(Role.COORDINATOR, with_removed(1), "/admin/wyniki/korekta/?id={id}", {}),
    "panel_proposals.end_view": Scene(Role.COORDINATOR, carried_out, "/admin/projekty/koniec/?id={id}", {"move": "done"}),
    "panel_proposals.remove_view": Scene(Role.COORDINATOR, carried_out, "/admin/projekty/details/?id={id}", {},
                                         "/admin/projekty/usun-etap/?id={id}"),
    "panel_removals.create_view": Scene(Role.REMOVALS, lambda _world: None, f"{DESK}new/", {
        "name": "Ewa Żuk", "pesel": PESEL, "email": "ewa@example.org", "story": "To nie ja."}),
    "panel_removals.decide_view": Scene(Role.REMOVALS, known(cases.open_case), "details", {"deed": "frozen", "words": "Wątpię."},
                                        "decyzja"),
    "panel_removals.remove_view": Scene(Role.REMOVALS, known(cases.confirmed_case), "usuniecie", {"password": PASSWORD}),
    "panel_removals.approve_view": Scene(Role.COORDINATOR, known(cases.requested_case), "zatwierdzenie", {
        "password": PASSWORD}),
    "panel_removals.return_view": Scene(Role.COORDINATOR, known(cases.requested_case), "zatwierdzenie", {"words": "?"}, "zwrot"),
    "panel_removals.reveal_view": Scene(Role.REMOVALS, known(cases.open_case), "pesel", {"reason": "document"}),
    "panel_removals.scan_view": Scene(Role.REMOVALS, known(cases.open_case), "details", {}, "skan"),
    "panel_removals.protocol_view": Scene(Role.REMOVALS, removed, "details", {}, "protokol"),
    "panel_proposals.list_view": Scene(Role.VERIFIER, lambda _world: Proposal.select().order_by(Proposal.id).first(),
                                       "/admin/projekty/details/?id={id}", {},
                                       "/admin/projekty/lista/?id={id}"),
    "panel_criteria.delete_view": Scene(Role.COORDINATOR, lambda _world: None, "/admin/pytania/", {}, "/admin/pytania/delete/"),
    "panel_accounts.reveal_view": Scene(Role.REMOVALS, with_pesel, "/admin/konta/pesel/?id={id}", {"reason": "document"}),
}


@pytest.fixture
def world(app: Flask) -> World:
    return make_rows()


def panel_posts(app: Flask) -> list[Rule]:
    """Return every address of the panel to which an officer can send something."""
    return [rule for rule in rules(app, "POST") if rule.rule.startswith("/admin/")]


def senders(app: Flask, rule: Rule) -> list[str]:
    """Return who gets in there."""
    view = panel_views(app).get(rule.endpoint.partition(".")[0])
    return list(map(str, view.roles)) if view else [STRANGER, Role.ADMINISTRATOR]


def right_forms(app: Flask, path: str) -> list[Target]:
    """Return the known forms that stand at an address."""
    return [target for target in (make() for make in TARGETS.values()) if target.path.partition("?")[0] == path.partition("?")[0]]


def send(person: Person, path: str, values: dict[str, Any]) -> tuple[set[Any], int]:
    """Send something, and return the tables that it changed and how many entries the audit log got."""
    before, entries = contents(), AuditEntry.select().count()
    response = person.client.post(path, data={"csrf_token": person.csrf_token(), **values}, buffered=True)
    assert response.status_code < 500, f"{path}: {response.status}"
    changed = {model for model, rows in contents().items() if rows != before[model]} - PASSING
    return changed, AuditEntry.select().count() - entries


def as_the_page_shows(person: Person, path: str) -> dict[str, Any]:
    """Return what the form of a page would send if nothing were typed, and nothing when it has none."""
    page = Page(person.client.get(path))
    form = page.soup.select_one("main form[method=post]") if page.status == 200 else None
    return {name: value for name, value in (prefilled(form) if form else {}).items() if name != "csrf_token"}


def attempts(app: Flask, world: World, rule: Rule) -> Iterator[tuple[Person, str, dict[str, Any]]]:
    """Return who sends what to an address: the right forms that are known, and what its page would send by itself."""
    if rule.endpoint in SCENES:
        yield SCENES[rule.endpoint].play(app, world)
        return
    path = address(app, rule, world)
    for target in right_forms(app, path):
        target.prepare(world)
        person = Person(app, target.who, world)
        yield person, target.path, target.right(world, person)
    for who in senders(app, rule):
        person = Person(app, who, world)
        yield person, path, as_the_page_shows(person, path) if "GET" in rule.methods else {}


def test_whatever_is_sent_in_the_panel_is_recorded_when_it_changes_anything(app: Flask, world: World) -> None:
    recorded = set()
    for rule in panel_posts(app):
        for person, path, values in attempts(app, world, rule):
            changed, entries = send(person, path, values)
            assert not changed or entries, f"{rule.endpoint}: {person.who} changes {changed}, and nobody knows: audit.record()"
            recorded |= {rule.endpoint} if entries else set()
    with app.test_request_context(), force_locale("pl"):
        actions = AuditEntry.select(AuditEntry.action).distinct().scalars()
        raw = [action for action in actions if in_words("audit", action) == action]
    assert not raw, f"Say in templates/admin/audit/words.html what these mean: {raw}"
    silent = {rule.endpoint for rule in panel_posts(app)} - recorded - IN_THE_BROWSER - switched_off(app)
    silent -= {"panel_jobs.create_view"} if database.on_sqlite() else set()  # No import while people vote, as they do here.
    assert not silent, f"Nothing happened here. Put what is right there into tests.forms.targets, or into SCENES: {silent}"


def switched_off(app: Flask) -> set[str]:
    """Return what Flask-Admin offers to every view and ours refuses."""
    views = panel_views(app)
    return {rule.endpoint for rule in panel_posts(app) for name, _, action in [rule.endpoint.partition(".")]
            if action in {"create_view", "edit_view", "delete_view", "ajax_update", "action_view"} and name in views
            and not getattr(views[name], {"create_view": "can_create", "edit_view": "can_edit", "delete_view": "can_delete",
                                          "ajax_update": "column_editable_list", "action_view": "_actions"}[action])}
