"""The resident's own pages."""

from flask import Flask

from tests.factories import OTHER_PESEL, PESEL, make_account, make_district
from tests.page import Visitor
from tests.views.steps import in_english, log_in


def test_overview_shows_the_own_data_and_masks_the_pesel(visitor: Visitor):
    account = make_account(make_district(number=4, name="Prądnik Biały"), pesel=PESEL)
    page = log_in(in_english(visitor), account)
    for shown in (account.name, account.email, "+48 600 123 456", "IV Prądnik Biały", "ul. Długa 5, 30-001", "••••••••359"):
        assert shown in page.text
    assert PESEL not in page.response.text
    assert page.response.headers["Cache-Control"] == "no-store"


def test_overview_leaves_out_a_pesel_that_there_is_not(visitor: Visitor):
    page = log_in(in_english(visitor), make_account(make_district()))
    assert "PESEL" not in page.text


def test_menu_marks_the_page_that_is_open(visitor: Visitor):
    page = log_in(in_english(visitor), make_account(make_district()))
    assert page.soup.select_one("nav.app-menu [aria-current=page]").get_text() == "Overview"


def test_everybody_sees_only_the_own_account(app: Flask):
    one, other = (make_account(make_district(), pesel=pesel, given_name=name)
                  for pesel, name in ((PESEL, "Ala"), (OTHER_PESEL, "Bea")))
    first, second = Visitor(app), Visitor(app)
    log_in(first, one)
    log_in(second, other)
    assert "Ala" in first.get("/moje-konto").text and "Bea" in second.get("/moje-konto").text
    assert other.email not in first.get("/moje-konto").text


def test_text_of_an_account_is_shown_as_text(visitor: Visitor):
    account = make_account(make_district(), given_name="<script>alert(1)</script>", street="{{ 7*7 }}<img src=x onerror=1>")
    page = log_in(visitor, account)
    assert not page.soup.select("main script, main img")
    assert "<script>alert(1)</script>" in page.heading and "{{ 7*7 }}" in page.text
