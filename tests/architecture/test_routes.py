"""Every route is open on purpose or guarded, and each person gets in where the lists below say."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.admin.guard import Guarded
from portal.models.staff import Role
from tests.architecture.people import EVERYBODY, RESIDENT, STRANGER, VOTER, Person, Visit, World, panel_views, visits

# Pages without a person behind them; from the cache for strangers.
PUBLIC = {"home.show_home", "pages.show_page", "pages.show_history", "pages.list_news", "pages.find", "proposals.list_proposals",
          "proposals.show_proposal", "results.show_results", "results.show_pool", "audit.list_digests", "proposals.list_points",
          "proposals.download_list", "proposals.show_lot", "open_data.show_index", "open_data.list_commitments"}
# Forms and switches that anyone may use, and what machines watch.
OPEN = {
    "static", "admin.static", "home.switch_language", "machines.alive", "machines.ready", "mailbox.read_mailbox",
    "mailbox.show_style",
    "login.log_in", "login.log_out", "login.extend_session", "panel_login.log_in", "panel_login.log_out", "panel_login.enrol",
    "password.ask_reset", "password.reset_asked", "password.reset_password",
    "registration.register", "registration.enter_code", "registration.resend_code", "registration.finished",
    "registration.code_state", "registration.correct_number", "registration.confirm_email",
    "attachment.show_file", "proposals_draft.start", "open_data.check_ballot", "open_data.download",
    "profile.confirm_email", "removal.open_case", "removal.show_case", "removal.add_scan", "removal.add_answer",
}
# Addresses that end with a secret which machines know. The gateway reports by GET, so this one may write when it is read.
MACHINES = {"machines.report_sms"}
RESIDENTS = {"profile.overview", "voting.choose", "voting.save_choice", "voting.review", "voting.cast_ballot", "voting.confirm"}
RESIDENTS |= {
    "profile.show_data", "profile.change_datum", "profile.enter_code", "profile.code_state", "profile.resend_code",
    "profile.send_link", "profile.cancel_change", "profile.own_data", "profile.download_data", "profile.delete_account",
}
RESIDENTS |= {"support.decide", "support.answer_invitation"}
RESIDENTS |= {"login.list_sessions", "login.end_session", "login.end_other_sessions", "password.change_password"}
# A resident's own proposal: nobody else's, and after the visits before not even there.
OWN_PROPOSAL = {f"proposals_draft.{name}" for name in (
    "show_draft", "edit_section", "add_files", "edit_authors", "preview", "send", "decide", "copy")}
RESIDENTS |= {"proposals_draft.list_own"} | OWN_PROPOSAL
# Which officers a view of the panel lets in, and what they may do there beside reading.
PANEL = {
    "admin": (set(Role), {"index"}),
    "panel_editions": ({Role.COORDINATOR}, {"create_view", "edit_view", "draw_view", "settle_view"}),
    "panel_districts": ({Role.COORDINATOR}, {"create_view", "edit_view"}),
    "panel_pools": ({Role.COORDINATOR}, {"create_view", "edit_view"}),
    "panel_proposals": ({Role.VERIFIER, Role.COORDINATOR}, {
        "card_view", "correct_view", "paper_view", "decide_view", "list_view"}),
    "panel_units": ({Role.COORDINATOR}, {"create_view", "edit_view"}),
    "panel_criteria": ({Role.COORDINATOR}, {"create_view", "edit_view", "delete_view"}),
    "panel_paper": ({Role.CLERK, Role.COORDINATOR}, {"enter_view", "again_view", "settle_view", "ballots_view"}),
    "panel_statistics": ({Role.COORDINATOR, Role.ADMINISTRATOR}, set()),
    "panel_results": ({Role.COORDINATOR, Role.ADMINISTRATOR}, {"publish_view", "key_view"}),
    "panel_removals": ({Role.REMOVALS, Role.COORDINATOR}, {"approve_view", "return_view", "protocol_view"}),
    "panel_accounts": ({Role.REMOVALS, Role.ADMINISTRATOR, Role.CLERK}, set()),
    "panel_pages": ({Role.EDITOR, Role.COORDINATOR}, {"create_view", "edit_view", "write_view", "version_view", "mail_view"}),
    "panel_jobs": ({Role.EDITOR, Role.COORDINATOR, Role.ADMINISTRATOR}, {"state_view"}),
    "panel_messages": ({Role.COORDINATOR, Role.ADMINISTRATOR}, set()),
    "panel_officers": ({Role.ADMINISTRATOR}, {"create_view", "edit_view", "renew_view"}),
    "panel_audit": ({Role.ADMINISTRATOR}, {"export"}),
    "panel_digests": ({Role.ADMINISTRATOR}, {"export"}),
    "panel_own_access": (set(Role), {"index", "change_password", "renew_codes", "end_other_sessions"}),
    "panel_proof": (set(Role), {"index"}),
}
# What only some of the roles may do that a view lets in.
NARROWER = {
    "panel_removals": ({Role.REMOVALS}, {"create_view", "decide_view", "scan_view", "reveal_view", "remove_view", "action_view"}),
    "panel_accounts": ({Role.REMOVALS, Role.ADMINISTRATOR}, {"reveal_view"}),
    "panel_paper": ({Role.COORDINATOR}, {"create_view", "edit_view"}),
    "panel_results": ({Role.COORDINATOR}, {"correct_view", "action_view"}),
    "panel_jobs": ({Role.COORDINATOR}, {"create_view"}),
    "panel_proposals": ({Role.COORDINATOR}, {"edit_view", "export", "assign_view", "action_view", "stage_view", "end_view",
                                             "remove_view"}),
}
# Steps of a registration: there only for the browser that is at this step.
STEPS = {"enter_code", "code_state", "correct_number", "finished"}
READING = {"index_view", "details_view"}
PREVIEWERS = {Role.COORDINATOR, Role.ADMINISTRATOR}


def test_every_route_is_listed_with_its_guard(portal_app: Flask) -> None:
    views, wanted = panel_views(portal_app), {"public": PUBLIC, "form": OPEN, "machine": MACHINES, "resident": RESIDENTS}
    for rule in portal_app.url_map.iter_rules():
        endpoint, view = rule.endpoint, portal_app.view_functions[rule.endpoint]
        if endpoint in {"static", "admin.static"}:
            continue
        if endpoint.partition(".")[0] in views:
            assert endpoint.partition(".")[0] in PANEL, f"Say in PANEL who may open {rule.rule}"
            continue
        guard = getattr(view, "guard", None)
        assert guard, f"{rule.rule} is open to anybody: name a guard of portal.access beside its address"
        assert endpoint in wanted.get(guard, set()), (
            f"{rule.rule} has the guard {guard!r}. If that is right, add {endpoint!r} to its list in {__name__}")


def test_every_view_of_the_panel_is_guarded(portal_app: Flask) -> None:
    for name, view in panel_views(portal_app).items():
        for method in ("is_accessible", "inaccessible_callback"):
            inherited = getattr(type(view), method) is getattr(Guarded, method)
            assert inherited, f"{name}: inherit {method}() from portal.admin.guard.Guarded"
        assert set(view.roles) == PANEL.get(name, (set(),))[0], f"{name} is open to {view.roles}: is that right? See PANEL"


def test_the_lists_hold_nothing_that_is_gone(portal_app: Flask) -> None:
    gone = (PUBLIC | OPEN | MACHINES | RESIDENTS) - set(portal_app.view_functions) | set(PANEL) - set(panel_views(portal_app))
    assert not gone, f"Take these out of the lists: {gone}"


def expected(rule: Rule, who: str) -> set[str]:
    """Return how somebody may be received at a route."""
    view, _, action = rule.endpoint.partition(".")
    if rule.endpoint in PUBLIC | MACHINES:
        return {"entered"}
    if rule.endpoint == "panel_login.log_out":
        return {"panel login"}
    if rule.endpoint in OPEN:
        return {"entered", "hidden"} if action in STEPS else {"entered"}
    if rule.endpoint == "login.end_session" and who in {RESIDENT, VOTER}:
        return {"hidden"} if who == RESIDENT else {"entered", "hidden"}  # It is the voter's, until it has ended.
    if rule.endpoint in OWN_PROPOSAL and who in {RESIDENT, VOTER}:
        return {"hidden"} if who == VOTER else {"entered"}
    if rule.endpoint in RESIDENTS:
        return {"entered"} if who in {RESIDENT, VOTER} else {"login"}
    if who in {STRANGER, RESIDENT, VOTER}:
        return {"panel login"}
    roles, also = PANEL.get(view, (set(), set()))
    if view == "admin":
        return {"hidden"} if action == "start_preview" and who not in PREVIEWERS else {"entered"}
    some, what = NARROWER.get(view, (set(), set()))
    may = who in roles and action in READING | also or who in some and action in what
    return {"entered"} if may else {"hidden"}


def differences(found: list[Visit], who: str) -> str:
    return "\n".join(f"{visit.rule.rule}: {visit.outcome}, not {' or '.join(expected(visit.rule, who))}"
                     for visit in found if visit.outcome not in expected(visit.rule, who))


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_person_reads_what_the_lists_say(reading: list[Visit], who: str) -> None:
    wrong = differences(reading, who)
    assert not wrong, f"What a {who} may read is not what the lists in {__name__} say:\n{wrong}"


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_person_sends_what_the_lists_say(person: Person, world: World, statements: list[str], who: str) -> None:
    wrong = differences(list(visits(person, world, statements, "POST")), who)
    assert not wrong, f"What a {who} may send is not what the lists in {__name__} say:\n{wrong}"
