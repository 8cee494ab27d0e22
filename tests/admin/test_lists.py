"""The panel's lists: what they never show, and that no address of theirs makes an error."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal import clock
from portal.admin.labels import in_words
from portal.models import Message, Proposal
from portal.models.staff import Role
from portal.services import audit
from tests.admin.conftest import Enter, PanelVisitor
from tests.browser.words import pl
from tests.factories import PESEL, make_account, make_district, make_edition, make_pool, make_proposal

PAYLOAD = "Twój kod to 739415"


def make_message(**given: object) -> Message:
    return Message.create(**{"key": "k", "channel": "sms", "recipient": "+48600123456", "template": "registration_code",
                             "language": "pl", "payload": PAYLOAD, "state": "failed", "due_at": clock.now(),
                             "created_at": clock.now(), "error": "no such number", **given})


def rows(browser: PanelVisitor, path: str) -> list[str]:
    return [row.get_text(" ", strip=True) for row in browser.get(path).soup.select("tbody tr")]


@pytest.mark.parametrize("role", [Role.CLERK, Role.REMOVALS, Role.ADMINISTRATOR])
def test_accounts_are_shown_with_a_masked_pesel(enter: Enter, role: Role) -> None:
    account = make_account(make_district(), pesel=PESEL, family_name="Żuraw")
    officer = enter(role)
    for path in ("/admin/konta/", f"/admin/konta/details/?id={account.id}"):
        page = officer.get(path)
        assert f"••••••••{PESEL[-3:]}" in page.text and "Żuraw" in page.text
        secrets = (PESEL, account.pesel_index, account.password_hash, account.phone, account.street)
        assert not [secret for secret in secrets if secret in page.response.get_data(as_text=True)]
    assert not officer.get("/admin/konta/").soup.select("a[href*='/edit/'], a[href*='/export/'], a[href*='/new/']")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_messages_are_shown_without_text_and_address(enter: Enter, role: Role) -> None:
    message = make_message()
    officer = enter(role)
    for path in ("/admin/wiadomosci/", f"/admin/wiadomosci/details/?id={message.id}"):
        source = officer.get(path).response.get_data(as_text=True)
        assert "•••456" in source and "no such number" in source
        assert PAYLOAD not in source and "739415" not in source and message.recipient not in source


def test_messages_are_told_apart_in_words(enter: Enter) -> None:
    for number, template in enumerate(("welcome", "registration_code", "welcome")):
        make_message(key=f"{number}", template=template, language="uk")
    officer, path, welcome = enter(Role.COORDINATOR), "/admin/wiadomosci/?flt_template=welcome", pl("Account created")
    chosen = [(option["value"], option.get_text()) for option in officer.get(path).soup.select("[name=flt_template] option")]
    assert sorted(chosen[1:]) == [("registration_code", pl("Registration code")), ("welcome", welcome)]
    assert [row.count(welcome) for row in rows(officer, path)] == [1, 1]
    assert "Українська" in officer.get(f"/admin/wiadomosci/details/?id={Message.get().id}").text


def test_every_message_has_a_name(app: Flask) -> None:
    with app.test_request_context():
        known = {path.stem for path in (Path(app.root_path) / "templates/messages").glob("*.txt")}
        assert [name for name in sorted(known) if in_words("message", name) == name] == []
        assert in_words("message", "another") == "another"


def test_an_id_that_is_none_leads_back_to_the_list(enter: Enter) -> None:
    coordinator = enter(Role.COORDINATOR)
    for path in ("edycje/edit", "pule/edit", "projekty/edit", "projekty/details", "wiadomosci/details"):
        for id in ("abc", "", "-1", "1.5", "0", "99999999999999999999", "1,2", "\u0661", "1&id=2", "1'--"):
            answer = coordinator.client.get(f"/admin/{path}/?id={id}")
            assert (answer.status_code, answer.location) == (302, f"/admin/{path.partition('/')[0]}/"), (path, id)


def test_no_address_of_a_list_makes_an_error(enter: Enter) -> None:
    make_pool(make_edition(), proposals=2)
    coordinator = enter(Role.COORDINATOR)
    for query in ("page=-1", "page=999999999999999999999999", "page=abc", "page_size=100000", "sort=99", "sort=-1", "sort=2",
                  "sort=0&desc=1", "desc=x", "search=%25_%27\\", "search=" + "a+" * 300, "flt_state=lottery", "flt_edition=abc",
                  "flt_edition=99999999999999999999", "flt0_0=1", "url=//example.com", "url=javascript:alert(1)",
                  "url=\\\\example.com"):
        page = coordinator.get(f"/admin/projekty/?{query}")
        assert "example.com" not in str(page.soup.find("main")) and "javascript:" not in str(page.soup), query


def test_search_reads_polish_letters_in_either_case(enter: Enter) -> None:
    pool = make_pool(make_edition())
    make_proposal(pool, title="Łąka kwietna")
    make_proposal(pool, title="100% zieleni")
    coordinator = enter(Role.COORDINATOR)
    for typed, found in (("łąka", 1), ("ŁĄKA KWIETNA", 1), ("kwietna łąka", 1), ("łąka zieleni", 0), ("100%", 1), ("%", 1)):
        assert len(rows(coordinator, f"/admin/projekty/?search={typed.replace('%', '%25')}")) == found, typed


def test_filters_sort_and_pages_go_together(enter: Enter) -> None:
    wanted, other = make_pool(make_edition()), make_pool(make_edition())
    for number in range(60):
        make_proposal(wanted, title=f"Projekt {number:02}", state="admitted")
    make_proposal(wanted, state="refused")
    make_proposal(other, state="admitted")
    coordinator = enter(Role.COORDINATOR)
    address = f"/admin/projekty/?flt_edition={wanted.edition_id}&flt_state=admitted&sort=1"
    first = coordinator.get(address)
    assert "60 wpisów" in first.text
    second = coordinator.get(first.soup.select_one(".panel-pager a[rel=next]")["href"])
    titles = [row.select_one(".col-title").get_text() for page in (first, second) for row in page.soup.select("tbody tr")]
    assert titles == [f"Projekt {number:02}" for number in range(60)]
    assert first.soup.select_one("th[aria-sort=ascending]").get_text(strip=True).startswith("Tytuł")
    assert second.soup.select_one("#flt_state option[selected]")["value"] == "admitted"


def test_the_audit_log_is_filtered_by_actor_action_subject_and_day(enter: Enter) -> None:
    administrator, now = enter(Role.ADMINISTRATOR), clock.now()
    for number, age in enumerate((0, 1, 5)):
        audit.record(f"thing {number}", actor=f"officer:o{number}", subject="edition:2026", now=now - timedelta(days=age))
    day = (now - timedelta(days=1)).date()
    for query, found in (("", 3), ("flt_actor=o1", 1), ("flt_action=thing", 3), ("flt_subject=edition:2026", 3),
                         (f"flt_at_from={day}", 2), (f"flt_at_to={day}", 2), (f"flt_at_from={day}&flt_at_to={day}", 1)):
        assert len(rows(administrator, f"/admin/dziennik/?{query}")) == found, query


def test_an_export_holds_no_formula_and_keeps_the_filters(enter: Enter) -> None:
    pool = make_pool(make_edition())
    for sign in ("=", "+", "-", "@", "\t", "\r"):
        make_proposal(pool, title=f"{sign}HYPERLINK(1)", summary="zwykły opis, z przecinkiem")
    make_proposal(pool, title="Zwykły", state="refused")
    answer = enter(Role.COORDINATOR).client.get("/admin/projekty/export/csv/?flt_state=on_ballot")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    cells = [cell for row in csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")) for cell in row]
    assert len(cells) == 7 * 7 and not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'=HYPERLINK(1)" in cells and "Zwykły" not in cells


def test_what_residents_type_is_inert(enter: Enter) -> None:
    proposal = make_proposal(make_pool(make_edition()), title="<script>alert(1)</script>", summary="<img src=x onerror=y>")
    coordinator = enter(Role.COORDINATOR)
    for path in ("/admin/projekty/", f"/admin/projekty/details/?id={proposal.id}"):
        page = coordinator.get(path)
        assert "<script>alert" not in str(page.soup) and not page.soup.select("img[src=x]")
    assert Proposal.select().count() == 1
