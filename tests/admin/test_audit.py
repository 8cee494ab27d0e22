"""The audit log in the panel: found by who, what and when; and its daily digests."""

import csv
import io
from datetime import timedelta

import pytest

from portal import clock
from portal.models import AuditEntry
from portal.models.staff import Role
from portal.services import audit
from tests.admin.conftest import Enter, PanelVisitor
from tests.factories import make_officer

LOG, DIGESTS = "/admin/dziennik/", "/admin/skroty-dziennika/"


@pytest.fixture
def administrator(enter: Enter) -> PanelVisitor:
    return enter(Role.ADMINISTRATOR)


def numbers(browser: PanelVisitor, query: str) -> list[str]:
    return [cell.get_text() for cell in browser.get(f"{LOG}?{query}").soup.select("td.col-sequence")]


def test_officers_are_found_and_shown_by_their_names(administrator: PanelVisitor) -> None:
    officer, now = make_officer(Role.CLERK, name="Łucja Żak"), clock.now()
    audit.record("edition changed", actor=f"officer:{officer.uid}", subject="edition:2026", now=now)
    audit.record("officer changed", actor="system", subject=f"officer:{officer.uid}", now=now)
    for query, found in (("flt_actor=łucja", ["1"]), ("flt_actor=ŻAK", ["1"]), (f"flt_actor={officer.uid}", ["1"]),
                         ("flt_actor=sys", ["2"]), ("flt_actor=Jan", []), ("flt_subject=Łucja", ["2"]),
                         ("flt_subject=2026", ["1"]), ("sort=2", ["1", "2"])):
        assert numbers(administrator, query) == found, query
    page = administrator.get(LOG)
    assert page.text.count(f"Łucja Żak (officer:{officer.uid})") == 2
    entry = AuditEntry.get(AuditEntry.sequence == 1)
    assert f"Łucja Żak (officer:{officer.uid})" in administrator.get(f"{LOG}details/?id={entry.id}").text
    export = administrator.client.get(f"{LOG}export/csv/?flt_actor=żak").text
    (row,) = list(csv.reader(io.StringIO(export)))[1:]
    assert row[0] == "1" and row[2].startswith("Łucja Żak (") and row[-1] == entry.hash
    assert row[3] == "edition changed" and "zmieniono edycję" in page.text, "a file says what is kept, a page what it means"


def test_actions_that_occur_are_offered_once(administrator: PanelVisitor) -> None:
    for action in ("edition changed", "account created", "edition changed"):
        audit.record(action, actor="x", subject="x", now=clock.now())
    offered = administrator.get(LOG).soup.select("#flt_action option")
    assert [option["value"] for option in offered] == ["", "account created", "edition changed"]
    assert [option.get_text() for option in offered] == ["Wszystkie", "utworzono konto", "zmieniono edycję"]
    assert numbers(administrator, "flt_action=edition changed") == ["3", "1"]


def test_digests_are_read_and_exported_by_administrators_alone(administrator: PanelVisitor, enter: Enter) -> None:
    entry = audit.record("x", actor="x", subject="x", now=clock.now() - timedelta(days=2))
    audit.make_digests(now=clock.now())
    cells = [cell.get_text() for cell in administrator.get(DIGESTS).soup.select("td.col-day, td.col-hash")]
    assert cells == ["14\xa0czerwca\xa02026", entry.hash, "13\xa0czerwca\xa02026", entry.hash]
    rows = list(csv.reader(io.StringIO(administrator.client.get(f"{DIGESTS}export/csv/").text)))
    assert rows[1:] == [["2026-06-14", "1", entry.hash], ["2026-06-13", "1", entry.hash]]
    enter(Role.COORDINATOR).get(DIGESTS, status=404)
    assert administrator.send(f"{DIGESTS}delete/", id=1).status_code == 404
