"""Lists and forms of the panel in a browser: what is asked before a row goes, with and without scripts, where keys lead."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from portal.models import Criterion, Officer, Proposal
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from tests.browser.window import Window
from tests.browser.words import pl
from tests.factories import make_page
from tests.journeys.officer import enters_the_panel

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"]),
              pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]


def at_work(open_window: Any, role: Role = Role.COORDINATOR, **options: Any) -> Window:
    """Open a window of an officer, however often one has logged in within this half minute."""
    Officer.update(totp_step=0).execute()
    window: Window = open_window(**options)
    window.visit("/admin/logowanie")
    enters_the_panel(window, role)
    return window


def delete_of(window: Window, question: str) -> tuple[Locator, Locator]:
    """Return what opens the question of a row, and the button that deletes it."""
    row = window.page.locator("tbody tr", has_text=question).first
    return row.locator("summary"), row.get_by_role("button", name=f"{pl('Delete')} {question}")


@pytest.mark.parametrize("scripts", [True, False])
def test_row_is_deleted_by_a_second_press_and_the_filter_stays(open_window: Any, scripts: bool) -> None:
    # Given the questions of one edition
    window = at_work(open_window, java_script_enabled=scripts, viewport={"width": 320, "height": 640})
    question = Criterion.select().order_by(Criterion.id.desc()).get()
    window.visit(f"/admin/pytania/?flt_edition={question.edition_id}")
    opens, deletes = delete_of(window, question.question)

    # When somebody presses "Delete"
    expect(deletes).to_be_hidden()
    opens.click()

    # Then the row is named and still there, until the second press
    expect(window.page.get_by_text(pl("Delete this for good? “%(row)s”", row=question.question))).to_be_visible()
    assert Criterion.select().where(Criterion.id == question.id).exists()
    window.press(deletes)
    assert not Criterion.select().where(Criterion.id == question.id).exists()
    assert f"flt_edition={question.edition_id}" in window.page.url


def test_row_is_deleted_by_keyboard(open_window: Any) -> None:
    window = at_work(open_window, keyboard=True)
    window.visit("/admin/pytania/")
    before, question = Criterion.select().count(), window.page.locator("td.col-question").first.inner_text()
    opens, deletes = delete_of(window, question)
    window.reach(opens)
    window.page.keyboard.press("Enter")
    assert Criterion.select().count() == before
    window.press(deletes)
    assert Criterion.select().count() == before - 1


def test_one_box_ticks_all_rows_and_follows_them(open_window: Any) -> None:
    window = at_work(open_window)
    window.visit("/admin/projekty/")
    everything, rows = window.page.locator("[data-select-all]"), window.page.locator("input[name=rowid]")
    everything.check()
    assert rows.locator(":scope:checked").count() == rows.count() > 2
    rows.nth(1).uncheck()
    assert everything.evaluate("box => [box.checked, box.indeterminate]") == [False, True]
    rows.nth(1).check()
    assert everything.evaluate("box => [box.checked, box.indeterminate]") == [True, False]
    plain = at_work(open_window, java_script_enabled=False)
    plain.visit("/admin/projekty/")
    expect(plain.page.locator("[data-select-all]")).to_be_hidden()


def test_table_is_a_stop_of_the_keyboard_only_while_it_scrolls(open_window: Any) -> None:
    window = at_work(open_window)
    window.visit("/admin/dzielnice/")
    table = window.page.locator(".table-responsive")
    expect(table).not_to_have_attribute("tabindex", "0")
    assert table.get_attribute("role") is None and table.get_attribute("aria-label") is None
    window.page.set_viewport_size({"width": 320, "height": 640})
    expect(table).to_have_attribute("tabindex", "0")
    assert table.get_attribute("role") == "region"


def test_summary_of_errors_leads_into_groups_and_shows_labels(open_window: Any) -> None:
    # Given a card that is sent empty
    window = at_work(open_window, keyboard=True)
    proposal = Proposal.get(Proposal.state == ProposalState.SUBMITTED)
    window.visit(f"/admin/projekty/karta/?id={proposal.id}&version={proposal.version}")
    window.press(window.button(pl("Save")), status=400)

    # Then nothing is said with a question mark and a colon
    links = window.page.locator(".panel-errors a")
    assert "?:" not in window.page.locator(".panel-errors").inner_text()

    # And each link leads to the first answer of its question, which stands below its question on the screen
    window.reach(links.nth(1))
    window.page.keyboard.press("Enter")
    group = links.nth(1).get_attribute("href").removeprefix("#")
    assert window.page.evaluate("document.activeElement.id") == f"{group}-0"
    expect(window.page.locator(f"[id='{group}'] legend")).to_be_in_viewport()


@pytest.mark.parametrize("scripts", [True, False])
def test_summary_of_errors_leads_to_a_field_with_its_label(open_window: Any, scripts: bool) -> None:
    window = at_work(open_window, java_script_enabled=scripts, viewport={"width": 320, "height": 400})
    window.visit("/admin/edycje/new/")
    window.page.get_by_role("button", name=pl("Save"), exact=True).click()
    window.page.locator(".panel-errors a[href='#voting_to']").click()
    expect(window.page.locator("label[for=voting_to]")).to_be_in_viewport()
    expect(window.page.locator("#voting_to")).to_be_focused()


def test_editor_sees_which_version_is_public_now(open_window: Any) -> None:
    window = at_work(open_window, Role.EDITOR)
    page = make_page("pytania").page
    make_page("pytania", number=2, title="Pytania wiosny")
    make_page("pytania", number=3, title="Pytania lata", published_at=None, publisher=None)
    window.visit(f"/admin/strony/details/?id={page.id}")
    assert window.heading == "Pytania lata /strony/pytania"
    draft, public, earlier = window.page.locator(".panel-history").first.locator("li").all_inner_texts()
    assert pl("public now") in public and pl("earlier version") in earlier
    assert not [words for words in (pl("public now"), pl("earlier version")) if words in draft]
    window.press(window.page.get_by_role("link", name="Pytania wiosny"))
    assert pl("public now") in window.page.get_by_role("main").inner_text()
    expect(window.page.get_by_role("heading", name=pl("Preview"), exact=True)).to_be_visible()
