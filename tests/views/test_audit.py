"""Everybody can keep the daily digests of the audit log, and nobody learns from them what it says."""

from datetime import datetime, timedelta

import pytest

from portal.models import AuditDigest
from portal.services import audit
from portal.views.audit import MOST_DAYS
from tests.page import Page, Visitor
from tests.views.steps import in_english

DAY = timedelta(days=1)


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def lines(page: Page) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in page.soup.select("tbody tr")]


def test_each_day_is_listed_with_its_entries_and_hash(reader: Visitor, now: datetime):
    first, second = (audit.record("secret deed", actor="officer:secret", subject="x", now=now - age * DAY) for age in (2, 1))
    audit.make_digests(now=now)
    page = reader.get("/dziennik")
    assert lines(page) == [["14\xa0June\xa02026", "2", second.hash], ["13\xa0June\xa02026", "1", first.hash]]
    assert "secret" not in page.response.text
    assert "your line must still be here" in page.text


def test_only_the_newest_days_are_listed(reader: Visitor, now: datetime):
    today = now.date()
    AuditDigest.insert_many([{"day": today - number * DAY, "entries": number, "hash": "f" * 64}
                             for number in range(1, MOST_DAYS + 3)]).execute()
    found = lines(reader.get("/dziennik"))
    assert (len(found), found[0][:2], found[-1][1]) == (MOST_DAYS, ["14\xa0June\xa02026", "1"], "400")


def test_portal_without_a_log_says_so(reader: Visitor):
    page = reader.get("/dziennik")
    assert "There is no day here yet." in page.text and not page.soup.table


def test_page_is_public_and_comes_from_the_cache(visitor: Visitor):
    response = visitor.get("/dziennik").response
    assert response.headers["Cache-Control"].startswith("public") and "Set-Cookie" not in response.headers
