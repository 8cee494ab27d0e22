"""The resident's own pages: the overview, the data with their changes, what waits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal import cache, clock
from portal.models import Account, Edition, EmailChange, Message, PhoneChange
from portal.services import profile
from tests.factories import OTHER_PESEL, PASSWORD, PESEL, make_account, make_district, make_voting
from tests.page import Page, Visitor
from tests.services.ballots import cast, choose
from tests.services.test_profile import sent_token
from tests.views.steps import in_english, log_in, sent_code, wrong

DATA = "/moje-konto/dane"
SLUGS = ("imie-i-nazwisko", "adres", "powiadomienia", "telefon", "email", "pesel")


@pytest.fixture
def account(app: Flask) -> Account:
    return make_account(make_district(number=4, name="Prądnik Biały"), pesel=PESEL, email="stara@example.org")


@pytest.fixture
def resident(visitor: Visitor, account: Account) -> Visitor:
    log_in(in_english(visitor), account)
    return visitor


def change(resident: Visitor, slug: str, *, status: int = 200, **typed: Any) -> Page:
    """Fill in the page of a datum and send it."""
    return resident.submit(resident.get(f"{DATA}/{slug}"), status=status, **typed)


def test_overview_shows_the_own_data_and_masks_the_pesel(resident: Visitor, account: Account):
    page = resident.get("/moje-konto")
    for shown in (account.name, account.email, "+48 600 123 456", "IV Prądnik Biały", "ul. Długa 5, 30-001", "••••••••359"):
        assert shown in page.text
    assert PESEL not in page.response.text
    assert page.response.headers["Cache-Control"] == "no-store"


def test_overview_leaves_out_a_pesel_that_there_is_not(visitor: Visitor):
    page = log_in(in_english(visitor), make_account(make_district()))
    assert "PESEL" not in page.text


def test_overview_says_what_can_be_done_now(visitor: Visitor, now: datetime):
    edition, district, account = make_voting()
    page = log_in(in_english(visitor), account)
    assert "You have not voted yet." in page.text and page.soup.select_one("main a[href='/glosowanie']")
    choose(edition, district, account, now)
    assert "Your ballot is not cast yet" in visitor.get("/moje-konto").response.text
    cast(edition, district, account, now)
    page = visitor.get("/moje-konto")
    assert "Your ballot is recorded." in page.text and "You have not voted" not in page.text


def test_overview_survives_an_edition_that_nobody_can_vote_in_and_none_at_all(resident: Visitor):
    assert "Your data" in resident.get("/moje-konto").text
    start = clock.now() - timedelta(days=9)
    Edition.create(code="stara", name="Dawna", voting_from=start, voting_to=start + timedelta(days=1), archived=True,
                   results_on=start + timedelta(days=2), lot_seed="x")
    assert "See the results" in resident.get("/moje-konto").text


def test_menu_marks_the_page_that_is_open(resident: Visitor):
    for path, marked in (("/moje-konto", "Overview"), (DATA, "Update my data"), (f"{DATA}/adres", "Update my data"),
                         ("/moje-konto/moje-dane", "My data")):
        assert resident.get(path).soup.select_one("nav.app-menu [aria-current]").get_text() == marked


def test_everybody_sees_only_the_own_account(app: Flask):
    one, other = (make_account(make_district(), pesel=pesel, given_name=name)
                  for pesel, name in ((PESEL, "Ala"), (OTHER_PESEL, "Bea")))
    first, second = Visitor(app), Visitor(app)
    log_in(first, one)
    log_in(second, other)
    for path in ("/moje-konto", DATA, f"{DATA}/imie-i-nazwisko", "/moje-konto/moje-dane.json"):
        shown, also = first.get(path).response.text, second.get(path).response.text
        assert ("Ala" in shown, "Bea" in shown, "Ala" in also, "Bea" in also) == (True, False, False, True)


def test_text_of_an_account_is_shown_as_text(visitor: Visitor):
    account = make_account(make_district(), given_name="<script>alert(1)</script>", street="{{ 7*7 }}<img src=x onerror=1>")
    page = log_in(visitor, account)
    assert not page.soup.select("main script, main img")
    assert "<script>alert(1)</script>" in page.heading and "{{ 7*7 }}" in page.text
    assert not visitor.get(DATA).soup.select("main script, main img")


def test_each_datum_of_registration_has_a_link_that_says_what_it_changes(resident: Visitor):
    page = resident.get(DATA)
    links = {" ".join(link.get_text().split()): link["href"] for link in page.soup.select(".govuk-summary-list a")}
    assert links == {
        "Change: Name": f"{DATA}/imie-i-nazwisko", "Change: PESEL number": f"{DATA}/pesel", "Change: District": f"{DATA}/adres",
        "Change: Address": f"{DATA}/adres", "Change: E-mail address": f"{DATA}/email",
        "Change: Mobile phone number": f"{DATA}/telefon", "Change: Password": "/moje-konto/haslo",
        "Change: News about the participatory budget": f"{DATA}/powiadomienia",
        "Change: Language of messages": f"{DATA}/powiadomienia"}
    assert "stara@example.org (not confirmed yet)" in page.text and PESEL not in page.response.text


def test_names_address_and_notices_are_prefilled_and_change_at_once(resident: Visitor, account: Account):
    district = make_district()
    page = change(resident, "imie-i-nazwisko", given_name="Łucja")
    assert (page.path, "Łucja Żuraw" in page.text, "Your name has been changed." in page.text) == (DATA, True, True)
    change(resident, "adres", district=str(district.id), postcode="31000")
    change(resident, "powiadomienia", language="en", wants_news="y")
    changed = Account.get()
    assert (changed.name, changed.district) == ("Łucja Żuraw", district)
    assert (changed.street, changed.postcode) == ("ul. Długa 5", "31-000")
    assert (changed.language, changed.wants_news) == ("en", True)
    change(resident, "powiadomienia", wants_news=None)
    assert Account.get().wants_news is False


def test_address_says_that_a_cast_ballot_stays(resident: Visitor):
    assert "A ballot that you have cast already stays as it is." in resident.get(f"{DATA}/adres").text


@pytest.mark.parametrize("slug", SLUGS)
def test_no_field_that_the_page_does_not_show_is_taken(resident: Visitor, account: Account, slug: str):
    page = resident.get(f"{DATA}/{slug}")
    sneaked = {"email_confirmed_at": "2026-01-01", "state": "frozen", "id": "7", "uid": "x", "password_hash": "x", "pesel": PESEL,
               "pesel_index": "x", "email": "zla@example.org", "phone": "+48600999888", "account": "1", "birth_date": "1.1.1999",
               "created_at": "2020-01-01"}
    own = {control.get("name") for control in page.soup.select("main form [name]")}
    before = Account.get().__data__
    resident.submit(page, status=200 if slug in SLUGS[:3] else 400,
                    **{name: value for name, value in sneaked.items() if name not in own})
    assert Account.get().__data__ == before
    assert EmailChange.select().count() == PhoneChange.select().count() == 0


@pytest.mark.parametrize(("slug", "typed"), [("telefon", {"phone": "600111222"}), ("email", {"email": "nowa@example.org"}),
                                             ("pesel", {"pesel": OTHER_PESEL})])
def test_phone_address_and_pesel_ask_for_the_current_password(resident: Visitor, slug: str, typed: dict[str, str]):
    for password in ("", "zgadywane hasło"):
        page = change(resident, slug, status=400, password=password, **typed)
        assert page.soup.select_one("#password-error") and not page.soup.select_one("#password").get("value")
        (name, value), = typed.items()
        assert page.soup.select_one(f"#{name}")["value"] in {value, "+48600111222"}, "what was typed is kept"
    assert (Message.select().count(), Account.get().pesel) == (0, PESEL)


def test_phone_changes_with_its_code(resident: Visitor, account: Account, now: datetime):
    page = change(resident, "telefon", phone="600 111 222", password=PASSWORD)
    assert (page.path, page.heading) == (f"{DATA}/telefon/kod", "Confirm your new phone number")
    assert "•••••••••222" in page.text
    code = sent_code()
    assert "+48 600 111 222 waits for the code" in resident.get(DATA).text
    page = resident.submit(page, code=wrong(code), status=400)
    assert page.errors == ["This code is not right or no longer valid. Check the message or ask for a new code."]
    with time_machine.travel(now + timedelta(seconds=60), tick=False):
        page = resident.submit(page, action=f"{DATA}/telefon/kod/nowy")
        assert "A new code is on its way." in page.text
        page = resident.submit(page, code=sent_code())
        assert (page.path, "Your new phone number is in force." in page.text) == (DATA, True)
        assert resident.get(f"{DATA}/telefon/kod").path == DATA, "nothing waits any more"
    assert Account.get().phone == "+48600111222"


def test_page_of_the_code_shows_the_message_on_its_way(resident: Visitor):
    change(resident, "telefon", phone="600 111 222", password=PASSWORD)
    fragment = resident.client.get(f"{DATA}/telefon/kod/stan")
    assert fragment.status_code == 200 and fragment.text.strip().startswith("<p")


def test_change_of_the_phone_can_be_given_up(resident: Visitor, account: Account):
    change(resident, "telefon", phone="600 111 222", password=PASSWORD)
    page = resident.submit(resident.get("/moje-konto"), action=f"{DATA}/anuluj/telefon")
    assert "Everything stays as it was." in page.text and "waits for the code" not in page.text
    assert (PhoneChange.select().count(), Account.get().phone) == (0, account.phone)


def test_address_changes_with_its_link_without_a_login(app: Flask, resident: Visitor, account: Account):
    page = change(resident, "email", email="Nowa@Example.org", password=PASSWORD)
    assert page.path == DATA and "nowa@example.org waits until you open the link" in page.text
    elsewhere = in_english(Visitor(app))
    page = elsewhere.get(f"{DATA}/email/{sent_token()}")
    assert Account.get().email == account.email, "a mail scanner that follows links confirms nothing"
    page = elsewhere.submit(page)
    assert (page.path, "Your new e-mail address is in force." in page.text) == ("/", True)
    assert (Account.get().email, Account.get().email_confirmed_at is None) == ("nowa@example.org", False)
    assert resident.get(DATA).path == "/logowanie", "sessions elsewhere end"


def test_address_confirmed_in_the_own_browser_keeps_its_session(resident: Visitor):
    change(resident, "email", email="nowa@example.org", password=PASSWORD)
    page = resident.submit(resident.get(f"{DATA}/email/{sent_token()}"))
    assert page.path == DATA and "nowa@example.org (confirmed)" in page.text


def test_used_wrong_and_old_links_get_one_page(resident: Visitor, now: datetime):
    change(resident, "email", email="nowa@example.org", password=PASSWORD)
    page = resident.get(f"{DATA}/email/{sent_token()}")
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        log_in(resident, Account.get())
        old = resident.submit(resident.get(page.path), status=404)
    log_in(resident, Account.get())
    resident.submit(resident.get(page.path))
    used, wrong_one = (resident.submit(resident.get(page.path + end), status=404) for end in ("", "x"))
    assert used.text == wrong_one.text == old.text
    assert "This link is not valid or was used already." in used.text


def test_change_of_the_address_can_be_sent_again_and_given_up(resident: Visitor):
    change(resident, "email", email="nowa@example.org", password=PASSWORD)
    page = resident.submit(resident.get(DATA), action=f"{DATA}/email/ponownie")
    assert "An e-mail with a new link is on its way." in page.text
    assert Message.select().where(Message.template == "email_change_link").count() == 2
    page = resident.submit(page, action=f"{DATA}/anuluj/email")
    assert EmailChange.select().count() == 0 and "Everything stays as it was." in page.text
    response = resident.post(f"{DATA}/email/ponownie", {"csrf_token": page.soup.select_one("[name=csrf_token]")["value"]})
    assert response.headers["Location"] == DATA


def test_unconfirmed_address_has_its_button_until_it_is_confirmed(resident: Visitor, account: Account, now: datetime):
    page = resident.submit(resident.get("/moje-konto"), action=f"{DATA}/email/potwierdzenie")
    assert "An e-mail with a new link is on its way." in page.text
    assert Message.get().recipient == account.email
    Account.update(email_confirmed_at=now).execute()
    for path in ("/moje-konto", DATA):
        assert "not confirmed yet" not in resident.get(path).text


def test_resident_neither_sees_nor_ends_what_another_waits_for(app: Flask, resident: Visitor, account: Account, now: datetime):
    other = make_account(make_district())
    profile.ask_phone_change(other, phone="+48600111222", address="192.0.2.1", now=now)
    profile.ask_email_change(other, email="nowa@example.org", now=now)
    for path in ("/moje-konto", DATA, "/moje-konto/moje-dane.json"):
        shown = resident.get(path).response.text
        assert not any(foreign in shown for foreign in ("600 111 222", "600111222", "nowa@example.org"))
    token = resident.get(DATA).soup.select_one("[name=csrf_token]")["value"]
    for path in (f"{DATA}/anuluj/telefon", f"{DATA}/anuluj/email", f"{DATA}/email/ponownie", f"{DATA}/telefon/kod/nowy",
                 f"{DATA}/telefon/kod"):
        assert resident.post(path, {"csrf_token": token, "code": sent_code()}).status_code == 302
    assert profile.find_waiting(other, now=now).phone and profile.find_waiting(other, now=now).email
    assert {one.phone for one in Account.select()} == {account.phone, other.phone}
    assert Message.select().count() == 3


@pytest.mark.parametrize("path", ["/moje-konto", DATA, f"{DATA}/imie-i-nazwisko", f"{DATA}/telefon", "/moje-konto/moje-dane",
                                  "/moje-konto/usun"])
def test_page_asks_the_database_little(visitor: Visitor, statements: list[str], monkeypatch: pytest.MonkeyPatch, path: str):
    """These pages are what people look at while they wait; the edition comes from the cache."""
    monkeypatch.setattr(cache, "SECONDS", 60)
    _, _, account = make_voting()
    log_in(visitor, account)
    visitor.get(path)
    statements.clear()
    visitor.get(path)
    assert len([one for one in statements if one.startswith("SELECT")]) <= 7, "\n".join(statements)


def test_date_of_birth_is_shown_as_it_is_typed(visitor: Visitor):
    log_in(in_english(visitor), make_account(make_district()))
    page = visitor.get(f"{DATA}/pesel")
    assert page.soup.select_one("#birth_date")["value"] == "24.12.1990"
    change(visitor, "pesel", birth_date="28.2.1985", password=PASSWORD)
    assert str(Account.get().birth_date) == "1985-02-28"


def test_where_pesel_is_switched_off_none_is_asked_for(visitor: Visitor, setting: Any):
    setting(pesel_mode="off")
    log_in(in_english(visitor), make_account(make_district()))
    page = visitor.get(f"{DATA}/pesel")
    assert (page.heading, page.soup.select_one("#pesel")) == ("Change your date of birth", None)
    resident = in_english(Visitor(visitor.app))
    log_in(resident, make_account(make_district(), pesel=PESEL))
    assert f"{DATA}/pesel" not in resident.get(DATA).response.text
    resident.get(f"{DATA}/pesel", status=404)


def test_pesel_once_given_has_to_stay_a_pesel(resident: Visitor):
    page = change(resident, "pesel", status=400, pesel="", password=PASSWORD)
    assert page.errors == ["Enter your PESEL number."] and not page.soup.select_one("#birth_date")
    page = change(resident, "pesel", status=400, pesel="44051401358", password=PASSWORD)
    assert page.errors == ["Enter a valid PESEL number: 11 digits, as on the identity card."]
    change(resident, "pesel", pesel=OTHER_PESEL, password=PASSWORD)
    assert Account.get().pesel == OTHER_PESEL
