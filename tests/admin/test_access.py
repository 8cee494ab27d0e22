"""Who gets into which page of the panel: every rule of it, from the application's own map, for every kind of person."""

from typing import Any

import pytest
from flask import Flask

from portal.admin.base import SECRETS, PanelView
from portal.models import District, Officer
from portal.models.fields import SealedField
from portal.models.staff import Role
from tests.admin.conftest import Enter
from tests.factories import make_account, make_district, make_edition, make_pool

SWITCHES = {"create_view": "can_create", "edit_view": "can_edit", "delete_view": "can_delete", "export": "can_export",
            "details_view": "can_view_details", "action_view": "_actions", "ajax_lookup": "form_ajax_refs",
            "ajax_update": "column_editable_list"}
ACTIONS = {"panel_removals": ["remove"], "panel_proposals": ["assign"], "panel_results": ["files"]}
DELETABLE = {"panel_criteria"}  # Cards that are filled in keep their questions.
UNSEALED = {"panel_removals": {"name"}}  # Officers find a case by its claimant's name.
OPEN_TO_ALL = {"panel_login.log_in", "panel_login.log_out", "panel_login.enrol", "admin.static"}


def tables(app: Flask) -> list[Any]:
    """Return the panel's views of tables."""
    return [view for view in panel(app).values() if isinstance(view, PanelView)]


def panel(app: Flask) -> dict[str, Any]:
    """Return the panel's views by the name of their blueprint."""
    return {view.endpoint: view for view in app.extensions["admin"][0]._views}


def guarded_rules(app: Flask) -> list[tuple[Any, str, str]]:
    """Return the view, the path and the method of everything under /admin/ that is not open to all."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin") and rule.endpoint not in OPEN_TO_ALL:
            path = rule.rule.replace("<export_type>", "csv") + "?id=1&name=district"
            assert "<" not in path, f"{rule.rule}: say here what stands in its place"
            view = panel(app)[rule.endpoint.partition(".")[0]]
            found += [(view, path, method) for method in rule.methods - {"HEAD", "OPTIONS"}]
    return found


def answers(browser: Any, rules: list[tuple[Any, str, str]]) -> dict[tuple[str, str], Any]:
    token = browser.token()
    return {(path, method): browser.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
            for _view, path, method in rules}


def test_the_map_has_the_whole_panel(app: Flask) -> None:
    paths = {path.partition("?")[0] for _view, path, _method in guarded_rules(app)}
    assert {"/admin/", "/admin/podglad", "/admin/edycje/edit/", "/admin/dziennik/export/csv/", "/admin/konta/action/"} <= paths
    assert len(paths) > 60


def test_strangers_are_sent_to_the_login(app: Flask, enter: Enter) -> None:
    for (path, method), answer in answers(enter(), guarded_rules(app)).items():
        assert answer.status_code == 302, f"{method} {path}: {answer.status}"
        assert answer.location.startswith("/admin/logowanie"), path


def test_residents_are_sent_to_the_login(app: Flask, enter: Enter) -> None:
    resident = enter(account=make_account(make_district()))
    for (path, method), answer in answers(resident, guarded_rules(app)).items():
        assert answer.status_code == 302, f"{method} {path}: {answer.status}"
        assert answer.location.startswith("/admin/logowanie"), path


@pytest.mark.parametrize("role", list(Role))
def test_an_officer_gets_in_where_the_role_is_named_and_nowhere_else(app: Flask, enter: Enter, role: Role) -> None:
    make_pool(make_edition(), proposals=1)
    rules, officer = guarded_rules(app), enter(role)
    for (view, path, method), answer in zip(rules, answers(officer, rules).values(), strict=True):
        assert answer.status_code < 500, path
        if role not in view.roles:
            assert answer.status_code == 404, f"{role} may {method} {path}"
        elif method == "GET" and path.count("/") == 3:
            assert answer.status_code == 200, path


@pytest.mark.parametrize("role", list(Role))
def test_what_a_view_does_not_switch_on_does_not_exist(app: Flask, enter: Enter, role: Role) -> None:
    adapter, rules = app.url_map.bind("localhost"), guarded_rules(app)
    for (view, path, method), answer in zip(rules, answers(enter(role), rules).values(), strict=True):
        name = adapter.match(path.partition("?")[0], method=method)[0].partition(".")[2]
        if name in SWITCHES and not getattr(view, SWITCHES[name]):
            assert answer.status_code == 404, f"{method} {path}"


def test_nothing_can_be_deleted_or_done_to_many_rows_at_once(app: Flask) -> None:
    """The actions there are lead to pages that say what would be done, or make files that change nothing."""
    for view in tables(app):
        assert view.can_delete is (view.endpoint in DELETABLE), view.endpoint
        assert [name for name, _label in view._actions] == ACTIONS.get(view.endpoint, []), view.endpoint


def test_no_view_names_a_sealed_or_secret_column(app: Flask) -> None:
    for view in tables(app):
        sealed = {field.name for field in view.model._meta.sorted_fields if isinstance(field, SealedField)} | SECRETS
        sealed -= UNSEALED.get(view.endpoint, set())
        shown = {name for name, _label in [*view._list_columns, *view._details_columns, *view._export_columns]}
        assert shown and not sealed & (shown | set(view.form_columns)), view.endpoint
        assert all(column.name not in sealed for column in view._search_fields), view.endpoint


@pytest.mark.parametrize("role", list(Role))
def test_a_post_without_a_token_is_refused(app: Flask, enter: Enter, role: Role) -> None:
    officer = enter(role)
    posts = [path for _view, path, method in guarded_rules(app) if method == "POST"] + ["/admin/logowanie", "/admin/wyloguj"]
    assert len(posts) > 20
    for path in posts:
        assert officer.client.post(path, data={"name": "x"}).status_code == 400, path
        assert officer.client.post(path, data={"name": "x", "csrf_token": "foreign"}).status_code == 400, path


def test_the_role_counts_at_every_request(enter: Enter) -> None:
    officer = enter(Role.COORDINATOR)
    assert officer.get("/admin/edycje/").heading == "Edycje"
    Officer.update(role=Role.EDITOR).where(Officer.id == officer.officer.id).execute()
    officer.get("/admin/edycje/", status=404)


def test_officer_who_is_not_let_in_stays_in_the_frame_of_the_panel(enter: Enter) -> None:
    for address in ("/admin/strony/", "/admin/nie-ma/"):
        page = enter(Role.ADMINISTRATOR).get(address, status=404)
        assert page.soup.select_one("header.panel-header form") and page.soup.select_one("main a[href='/admin/']")


def test_panel_pages_are_stored_nowhere(enter: Enter) -> None:
    answer = enter(Role.ADMINISTRATOR).client.get("/admin/konta/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


def test_every_table_is_a_page_that_reads_well(app: Flask, enter: Enter) -> None:
    make_account(make_district())
    make_pool(make_edition(), proposals=2)
    for role in Role:
        officer = enter(role)
        for view in [view for view in panel(app).values() if role in view.roles]:
            officer.get(f"{view.url.rstrip('/')}/")
            if getattr(view, "can_create", False) and role in view.restricted.get("create_view", view.roles):
                officer.get(f"{view.url}/new/")
    officer = enter(Role.COORDINATOR)
    officer.get(f"/admin/dzielnice/edit/?id={District.select().first().id}")
