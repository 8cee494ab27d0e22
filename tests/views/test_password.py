"""A new password as a visitor sets it: by the link of a letter, or with the current one under "My account"."""

import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask

from portal.models import Account, Message, PasswordReset, Session
from tests.factories import PASSWORD, make_account, make_district
from tests.page import Page, Visitor
from tests.views.steps import in_english, log_in

NEW = "zupa z kasztanów i śliwek"


@pytest.fixture
def account(app: Flask) -> Account:
    return make_account(make_district(), email="ola@example.org", given_name="Ola", family_name="Żuraw")


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    return in_english(visitor)


def ask(visitor: Visitor, email: str, *, status: int = 200) -> Page:
    return visitor.submit(visitor.get("/haslo/przypomnij"), email=email, status=status)


def link() -> str:
    """Return the address in the last letter."""
    letter = Message.select().where(Message.template == "password_reset").order_by(Message.id.desc()).get()
    return str(json.loads(letter.payload)["path"])


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/moje-konto").path == "/moje-konto"


def token_of(visitor: Visitor, path: str) -> str:
    return str(visitor.get(path).soup.select_one("main input[name=csrf_token]")["value"])


def test_forgotten_password_is_set_anew_by_a_link(reader: Visitor, account: Account):
    page = reader.get("/logowanie")
    page = reader.get(page.soup.find("a", string="Forgot your password?")["href"])
    page = reader.submit(page, email=account.email)
    assert (page.path, page.heading) == ("/haslo/wyslane", "Check your e-mail")
    assert "If there is an account with the address ola@example.org, an e-mail with a link is on its way" in page.text
    page = reader.submit(reader.get(link()), new_password=NEW)
    assert (page.path, page.heading) == ("/logowanie", "Log in"), "nobody is logged in by it"
    assert "Your new password is set. Log in with it." in page.text
    assert log_in(reader, account, password=NEW).heading == "Hello, Ola"


def test_password_that_is_wrong_leaves_the_link_as_it_was(reader: Visitor, account: Account):
    ask(reader, account.email)
    page = reader.get(link())
    for guess, told in (("", "Choose a password."), ("short", "The password needs at least 10 characters."),
                        ("qwertyuiop", "This is one of the most common passwords, which are guessed first. Choose another one."),
                        ("żuraw na dachu", "Do not use your name, your e-mail address or the name of the portal or city in the "
                         "password."), ("x" * 129, "This can have at most 128 characters.")):
        page = reader.submit(page, new_password=guess, status=400)
        assert page.errors == [told]
        assert not page.soup.select_one("#new_password").get("value")
    assert reader.submit(page, new_password="x y z " * 21 + "ab").path == "/logowanie", "128 characters count, all of them"
    assert log_in(reader, account, password="x y z " * 21 + "ab").heading == "Hello, Ola"


def test_looking_at_the_link_does_not_use_it_up(reader: Visitor, account: Account):
    """Scanners of mail open every link."""
    ask(reader, account.email)
    for _ in range(3):
        assert reader.get(link()).heading == "Choose a new password"
    reader.client.head(link())
    assert reader.submit(reader.get(link()), new_password=NEW).path == "/logowanie"


@pytest.mark.parametrize("path", ["/haslo/nowe/x", "/haslo/nowe/" + "A" * 43, "/haslo/nowe/%2e%2e", "/haslo/nowe/" + "x" * 5000])
def test_unknown_link_leads_to_asking_for_a_new_one(reader: Visitor, account: Account, path: str):
    ask(reader, account.email)
    page = reader.get(path, status=404)
    assert page.heading == "This link is no longer valid"
    assert page.soup.select_one("main a.govuk-button")["href"] == "/haslo/przypomnij"
    answer = reader.post(path, {"csrf_token": token_of(reader, "/logowanie"), "new_password": NEW})
    assert answer.status_code == 404
    log_in(reader, account)


def test_used_older_and_old_links_say_the_same(reader: Visitor, account: Account, now: datetime):
    ask(reader, account.email)
    older = link()
    ask(reader, account.email)
    told = [reader.get(older, status=404).text]
    page = reader.get(link())
    with time_machine.travel(now + timedelta(minutes=60), tick=False):
        told += [reader.submit(page, new_password=NEW, status=404).text]
    reader.submit(page, new_password=NEW)
    told += [reader.submit(page, new_password="inne hasło złodzieja", status=404).text, reader.get(link(), status=404).text]
    assert told == told[:1] * 4
    log_in(reader, account, password=NEW)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
                                     {"Forwarded": "host=evil.example"}, {"Origin": "https://evil.example"}])
def test_letter_never_names_the_host_that_was_asked_for(reader: Visitor, account: Account, headers: dict[str, str]):
    form = {"email": account.email, "csrf_token": token_of(reader, "/haslo/przypomnij")}
    own = {"Cookie": f"session={reader.client.get_cookie('session').value}"}
    client = reader.app.test_client(use_cookies=False)  # A client with cookies would keep them from another host.
    assert client.post("/haslo/przypomnij", data=form, headers={**headers, **own}).status_code == 302
    assert "evil" not in "".join(message.payload for message in Message.select())
    assert not urlsplit(link()).netloc, "the address before it comes from the settings"


@pytest.mark.parametrize("emails", [["ola@example.org", "zlodziej@example.org"], ["zlodziej@example.org", "ola@example.org"],
                                    ["ola@example.org,zlodziej@example.org"], ["ola@example.org\nBcc: zlodziej@example.org"],
                                    ["ola@example.org%00zlodziej@example.org"], ["Ola <ola@example.org>"]])
def test_letter_goes_to_the_account_alone_however_many_addresses_are_sent(reader: Visitor, account: Account, emails: list[str]):
    form = {"email": emails, "csrf_token": token_of(reader, "/haslo/przypomnij")}
    reader.post("/haslo/przypomnij", form)
    assert {message.recipient for message in Message.select()} <= {account.email}
    assert PasswordReset.select().where(PasswordReset.account != account).count() == 0


def test_link_of_one_account_takes_no_orders_for_another(reader: Visitor, account: Account):
    other = make_account(account.district, email="jan@example.org")
    ask(reader, account.email)
    page = reader.get(link())
    form = {"csrf_token": page.form().input["value"], "new_password": NEW, "email": other.email, "account": str(other.id),
            "token": "x"}
    assert reader.post(link(), form).status_code == 302
    log_in(in_english(Visitor(reader.app)), other)
    assert Account.get_by_id(other.id).password_hash == other.password_hash


def test_new_password_throws_everybody_out_and_makes_this_browser_known(reader: Visitor, account: Account):
    thief = in_english(Visitor(reader.app))
    log_in(thief, account)
    ask(reader, account.email)
    reader.submit(reader.get(link()), new_password=NEW)
    assert not is_in(thief) and Session.select().count() == 0
    for _ in range(5):
        log_in(thief, account, password="guess", status=400)
    assert log_in(thief, account, password=NEW, status=429)
    assert log_in(reader, account, password=NEW).heading == "Hello, Ola"


def test_twenty_first_letter_from_one_address_is_refused_with_a_word(reader: Visitor):
    for at in range(20):
        ask(reader, f"obcy{at}@example.org")
    page = ask(reader, "obcy@example.org", status=429)
    assert page.errors == ["Too many e-mails were asked for from your network. Try again in an hour or write to us."]
    assert page.soup.select_one("#email")["value"] == "obcy@example.org"


def test_page_of_the_link_keeps_its_address_from_others(reader: Visitor, account: Account):
    ask(reader, account.email)
    page = reader.get(link())
    assert page.response.headers["Referrer-Policy"] == "same-origin"
    assert page.response.headers["Cache-Control"] == "no-store"
    addresses = [tag.get("href") or tag.get("src") for tag in page.soup.select("[href], [src]")]
    assert all(address.startswith(("/", "#", "mailto:", "tel:")) for address in addresses)
    assert link() not in page.response.text.replace(f'next={link()}"', ""), "nor does the page repeat it"


def test_resident_changes_the_own_password(reader: Visitor, account: Account):
    thief = in_english(Visitor(reader.app))
    for visitor in (reader, thief):
        log_in(visitor, account)
    page = reader.get("/moje-konto/haslo")
    assert page.soup.select_one(".app-menu a[aria-current]").get_text() == "Password"
    page = reader.submit(page, current_password=PASSWORD, new_password=NEW)
    assert "Your password is changed. All your other sessions have ended." in page.text
    assert is_in(reader) and not is_in(thief)
    for _ in range(5):
        log_in(thief, account, password=PASSWORD, status=400)
    log_in(thief, account, password=NEW, status=429)
    reader.client.delete_cookie("session")
    assert log_in(reader, account, password=NEW).heading == "Hello, Ola", "this browser is known with the new password"


def test_changing_it_needs_the_current_one(reader: Visitor, account: Account):
    log_in(reader, account)
    page = reader.get("/moje-konto/haslo")
    for _ in range(5):
        page = reader.submit(page, current_password="guess", new_password=NEW, status=400)
        assert page.errors == ["This is not your current password."]
    page = reader.submit(page, current_password=PASSWORD, new_password=NEW, status=429)
    assert page.errors == ["There were too many failed attempts. Try again in 5 s."]
    page = reader.submit(page, new_password="olaola", status=400)
    assert page.errors == ["Enter your password.", "The password needs at least 10 characters."]
    assert Account.get().password_hash == account.password_hash


def test_registration_refuses_common_passwords_too(reader: Visitor):
    make_district()
    page = reader.submit(reader.get("/rejestracja"), password="1q2w3e4r5t", status=400)
    assert "This is one of the most common passwords, which are guessed first. Choose another one." in page.errors


@pytest.mark.parametrize("path", ["/rejestracja", "/moje-konto/haslo"])
def test_password_fields_work_with_managers_and_carry_the_words_of_the_meter(reader: Visitor, account: Account, path: str):
    if path != "/rejestracja":
        log_in(reader, account)
    page = reader.get(path)
    field = page.soup.select_one("input[autocomplete=new-password]")
    assert set(json.loads(field["data-meter"])) == {"short", "own", "pattern", "fair", "good"}
    assert field["data-own"].split("\n")[0] == "Budżet Obywatelski"
    assert not {"maxlength", "onpaste", "pattern"} & set(field.attrs)
    assert page.soup.select_one("input[autocomplete=username], input[autocomplete=email]")
