"""Guessing passwords: counted exactly, slowed down more and more, and never a way to keep the owner out."""

import json
import logging
from datetime import datetime, timedelta
from functools import partial

import pytest

from portal import crypto
from portal.errors import LoginRefused, Throttled
from portal.models import Account, Message, Officer, Session, Throttle
from portal.models.staff import Role
from portal.network import network_of
from portal.services import login, login_throttle
from portal.services.login_device import Browser, device_words, new_tokens
from tests.factories import PASSWORD, make_account, make_district, make_officer
from tests.services import raw
from tests.services.parallel import at_once, count_of
from tests.services.test_login import totp

pytestmark = pytest.mark.usefixtures("app")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
EMAIL, HOME = "ola@example.org", Browser("192.0.2.1")


@pytest.fixture
def account() -> Account:
    return make_account(make_district(), email=EMAIL)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were compared with a hash, none of which takes time."""
    seen: list[str] = []

    def verify(hashed: str | None, password: str, *, officer: bool = False) -> bool:
        seen.append(password)
        return hashed is not None and password == PASSWORD
    monkeypatch.setattr(crypto, "verify_password", verify)
    return seen


def wait_after(now: datetime, *, email: str = EMAIL, password: str = "wrong", browser: Browser = HOME) -> int | str:
    """Try to log in and return how many seconds one has to wait instead, or what became of it."""
    try:
        login.log_in(email, password, now=now, browser=browser)
    except Throttled as error:
        return int(error.headers["Retry-After"])
    except LoginRefused:
        return "refused"
    return "in"


def fail(times: int, now: datetime, **how: str | Browser) -> None:
    assert [wait_after(now, **how) for _ in range(times)] == ["refused"] * times


@pytest.mark.parametrize("email", [EMAIL, "nikt@example.org"])
def test_waits_begin_after_five_failures_and_double_up_to_a_quarter_of_an_hour(
        account: Account, compared: list[str], now: datetime, email: str):
    fail(4, now, email=email)
    waits = []
    for _ in range(11):
        fail(1, now, email=email)
        waits.append(wait_after(now, email=email))
        now += waits[-1] * SECOND
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert len(compared) == 15


def test_try_that_comes_too_early_is_neither_compared_nor_counted(account: Account, compared: list[str], now: datetime):
    fail(5, now)
    assert [wait_after(now + 4 * SECOND, password=PASSWORD) for _ in range(50)] == [1] * 50
    assert compared == ["wrong"] * 5
    assert wait_after(now + 5 * SECOND, password=PASSWORD) == "in", "guessing on has not made it longer"


@pytest.mark.parametrize("email", [EMAIL, "nikt@example.org"])
def test_twenty_parallel_guesses_have_five_comparisons(account: Account, compared: list[str], now: datetime, email: str):
    results = at_once(*[partial(login.log_in, email, "wrong", now=now, browser=Browser(f"192.0.2.{at}")) for at in range(20)])
    assert (count_of(LoginRefused, results), count_of(Throttled, results), len(compared)) == (5, 15, 5)
    later = now + 5 * SECOND
    results = at_once(*[partial(login.log_in, email, "wrong", now=later, browser=Browser(f"192.0.2.{at}")) for at in range(20)])
    assert (count_of(LoginRefused, results), len(compared)) == (1, 6)


def test_one_network_address_has_thirty_comparisons_however_many_ask_at_once(compared: list[str], now: datetime):
    for at in range(20):
        fail(1, now, email=f"o{at}@example.org")
    results = at_once(*[partial(login.log_in, f"p{at}@example.org", "wrong", now=now, browser=HOME) for at in range(20)])
    assert (count_of(LoginRefused, results), count_of(Throttled, results), len(compared)) == (10, 10, 30)
    assert wait_after(now, email="q@example.org", browser=Browser("192.0.2.2")) == "refused"


def test_refused_try_leaves_no_trace_in_the_other_count(account: Account, compared: list[str], now: datetime):
    """Somebody who may not try from here has not failed at the account either."""
    for at in range(30):
        fail(1, now, email=f"o{at}@example.org")
    for _ in range(9):
        assert wait_after(now) == 5
    fail(5, now, browser=Browser("192.0.2.2"))


def test_logins_that_succeed_are_not_counted(account: Account, compared: list[str], now: datetime):
    for at in range(40):
        make_account(account.district, email=f"o{at}@example.org")
        assert wait_after(now, email=f"o{at}@example.org", password=PASSWORD) == "in"
    assert Throttle.select().count() == 0


def test_many_who_succeed_at_once_from_one_address_leave_no_count(compared: list[str], now: datetime):
    """In the last hour of voting a whole mobile network logs in at once."""
    emails = [str(make_account(make_district()).email) for _ in range(10)]
    for _ in range(4):
        results = at_once(*[partial(login.log_in, email, PASSWORD, now=now, browser=HOME) for email in emails])
        assert count_of(str, results) == 10, results
    assert Throttle.select().count() == 0


def test_success_forgets_failures_of_the_account_but_not_of_the_address(account: Account, compared: list[str], now: datetime):
    """Else whoever has an account could guess at others without end."""
    fail(4, now)
    for at in range(24):
        fail(1, now, email=f"o{at}@example.org")
    assert wait_after(now, password=PASSWORD) == "in"
    assert [row.failures for row in Throttle.select().where(Throttle.scope.contains("from"))] == [28]
    fail(2, now)
    assert wait_after(now, email="p@example.org") == 5


def test_success_takes_back_the_wait_that_its_own_try_began(account: Account, compared: list[str], now: datetime):
    for at in range(29):
        fail(1, now, email=f"o{at}@example.org")
    assert wait_after(now, password=PASSWORD) == "in"
    fail(1, now, email="p@example.org")


def test_hour_without_failures_makes_up_for_one(account: Account, compared: list[str], now: datetime):
    fail(5, now)
    fail(1, now + 5 * SECOND)  # The sixth: ten seconds to wait, and from then on time counts.
    later = now + 15 * SECOND + HOUR
    fail(1, later)
    assert wait_after(later) == 10


def test_day_without_failures_forgets_them_all(account: Account, compared: list[str], now: datetime):
    for _ in range(40):
        wait_after(now)
        now += 15 * MINUTE
    fail(5, now + 24 * HOUR)
    assert wait_after(now + 24 * HOUR) == 5, "only the new ones count"


def test_network_address_earns_a_try_each_minute(compared: list[str], now: datetime):
    """People of a library make mistakes all day long, and nobody there has to wait for it."""
    for minute in range(300):
        fail(1, now + minute * MINUTE, email=f"o{minute}@example.org")
    assert wait_after(now + 300 * MINUTE, email="p@example.org") == "refused"


def test_clocks_that_differ_a_little_refuse_nobody(account: Account, compared: list[str], now: datetime):
    fail(1, now)
    fail(4, now - 300 * MILLISECOND)
    assert wait_after(now - 300 * MILLISECOND) == 5


@pytest.mark.parametrize("email", ["OLA@example.org", "Ola@Example.Org"])
def test_letter_case_gives_no_new_tries(account: Account, compared: list[str], now: datetime, email: str):
    fail(5, now)
    assert wait_after(now, email=email) == 5


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("", ""), ("unix:", "unix:")])
def test_half_of_an_ipv6_address_is_one_caller(address: str, network: str):
    assert network_of(address) == network


def known(person: Account | Officer, address: str = "192.0.2.9") -> Browser:
    """Return a browser in which somebody has logged in before."""
    return Browser(address, tokens=new_tokens(person, Browser()))


def test_owner_gets_in_on_a_known_device_while_others_guess(account: Account, compared: list[str], now: datetime):
    fail(5, now)
    assert wait_after(now, password=PASSWORD) == 5
    assert wait_after(now, password=PASSWORD, browser=known(account, HOME.address)) == "in"
    assert wait_after(now, password=PASSWORD) == 5, "which does not help the others"


def test_known_device_enters_from_an_address_that_must_wait(account: Account, compared: list[str], now: datetime):
    for at in range(30):
        fail(1, now, email=f"o{at}@example.org")
    assert wait_after(now, password=PASSWORD) == 5
    assert wait_after(now, password=PASSWORD, browser=known(account, HOME.address)) == "in"


def test_stolen_device_cookie_has_five_tries_of_its_own(account: Account, compared: list[str], now: datetime):
    device = known(account)
    fail(5, now, browser=device)
    assert wait_after(now, browser=device) == 5
    assert wait_after(now, browser=Browser("192.0.2.9", tokens=f"x~{device.tokens}~{device.tokens}")) == 5
    assert wait_after(now, password=PASSWORD, browser=known(account)) == "in", "the owner's other browser is another device"


def test_device_cookie_is_worth_nothing_for_others_altered_or_after_a_new_password(
        account: Account, compared: list[str], now: datetime):
    other = make_account(account.district)
    right = known(account).tokens
    fail(5, now)
    for tokens in (known(other).tokens, right[:-1] + ("0" if right[-1] != "0" else "1"), right.partition(".")[2], right[1:],
                   "x" + right, right.partition(".")[0] + ".", ".", "~", "\udcff", "ż.ż"):
        assert wait_after(now, password=PASSWORD, browser=Browser(tokens=tokens)) == 5, tokens
    Account.update(password_hash=crypto.hash_password(PASSWORD)).execute()
    assert wait_after(now, password=PASSWORD, browser=Browser(tokens=right)) == 5


def test_family_shares_a_browser_and_nobody_reads_who_they_are(account: Account, compared: list[str], now: datetime):
    family, browser = [account, *(make_account(account.district) for _ in range(4))], HOME
    for person in family:
        browser = Browser(HOME.address, tokens=new_tokens(person, browser))
    assert browser.tokens.count("~") == 4
    assert new_tokens(account, browser).count("~") == 4, "who comes again has one token still"
    for person in family:
        fail(5, now, email=person.email, browser=Browser("192.0.2.7"))
        assert wait_after(now, email=person.email, password=PASSWORD, browser=browser) == "in"
        assert person.uid not in browser.tokens and person.email not in browser.tokens
    sixth = new_tokens(make_account(account.district), browser)
    assert sixth.count("~") == 4


def letters() -> list[Message]:
    return list(Message.select().where(Message.template == "suspicious_login"))


def test_owner_is_told_of_a_login_after_many_failures_from_an_unknown_browser(
        account: Account, compared: list[str], now: datetime):
    fail(5, now)
    windows = Browser("192.0.2.9", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0")
    assert wait_after(now + MINUTE, password=PASSWORD, browser=windows) == "in"
    [letter] = letters()
    told = json.loads(letter.payload)
    assert (letter.recipient, told["path"], told["device"]) == (EMAIL, "/haslo/przypomnij", "Firefox, Windows")
    assert wait_after(now + MINUTE, password=PASSWORD) == "in"
    assert len(letters()) == 1, "the failures are forgotten"


@pytest.mark.parametrize(("failures", "device"), [(4, False), (5, True), (0, False)])
def test_owner_is_not_told_of_everyday_logins(account: Account, compared: list[str], now: datetime, failures: int, device: bool):
    fail(failures, now)
    assert wait_after(now, password=PASSWORD, browser=known(account) if device else HOME) == "in"
    assert not letters()


def session_of(person: Account | Officer, now: datetime) -> Session:
    token = login._open_session(person, "", now)
    found = login.find_session(token, now=now)
    assert found
    return found


@pytest.mark.parametrize("kind", ["resident", "officer"])
def test_proof_of_the_own_password_is_noted(account: Account, now: datetime, kind: str):
    session = session_of(account if kind == "resident" else make_officer(Role.CLERK), now)
    later = now + 20 * MINUTE
    with pytest.raises(LoginRefused) as refusal:
        login.prove(session, "wrong", address="192.0.2.1", now=later)
    assert str(refusal.value) == "This is not your current password."
    assert (Session.get().proved_at, session.proved_at) == (now, now)
    login.prove(session, PASSWORD, address="192.0.2.1", now=later)
    assert (Session.get().proved_at, session.proved_at) == (later, later)
    assert Throttle.select().count() == 0


def test_parallel_proofs_have_five_comparisons(account: Account, compared: list[str], now: datetime):
    session = session_of(account, now)
    results = at_once(*[partial(login.prove, session, "wrong", address="192.0.2.1", now=now)] * 20)
    assert (count_of(LoginRefused, results), count_of(Throttled, results), len(compared)) == (5, 15, 5)
    other = session_of(account, now)  # Each session has a count of its own.
    login.prove(other, PASSWORD, address="192.0.2.1", now=now + MINUTE)
    assert [row.proved_at for row in Session.select().order_by(Session.id)] == [now, now + MINUTE]


def test_guesses_at_the_login_do_not_keep_the_owner_from_proving(account: Account, compared: list[str], now: datetime):
    session = session_of(account, now - MINUTE)
    fail(5, now)
    login.prove(session, PASSWORD, address="192.0.2.1", now=now)
    assert Session.get().proved_at == now and wait_after(now) == 5, "nor does the proof give guesses back"


def test_forgotten_failures_let_the_owner_in_at_once(account: Account, compared: list[str], now: datetime):
    fail(5, now)
    login.forget_failures(account)
    assert wait_after(now, password=PASSWORD) == "in"


def test_officers_have_a_door_of_their_own(compared: list[str], now: datetime):
    officer = make_officer(Role.CLERK, email=EMAIL)
    make_account(make_district(), email=EMAIL)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            login.log_in_officer(EMAIL, PASSWORD, "000000", now=now, browser=HOME)
    with pytest.raises(Throttled):
        login.log_in_officer(EMAIL, PASSWORD, totp(now), now=now, browser=HOME)
    assert wait_after(now, password=PASSWORD) == "in"
    assert login.log_in_officer(EMAIL, PASSWORD, totp(now), now=now, browser=known(officer))


def test_counts_and_logs_name_nobody(account: Account, compared: list[str], now: datetime, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    browser = Browser("198.51.100.77", tokens=new_tokens(account, HOME))
    fail(5, now, browser=Browser("198.51.100.77"))
    assert wait_after(now, browser=Browser("198.51.100.77")) == 5
    assert wait_after(now, password=PASSWORD, browser=browser) == "in"
    session = session_of(account, now)
    with pytest.raises(LoginRefused):
        login.prove(session, "zgadywane", address="198.51.100.77", now=now)
    events = [record.getMessage().partition(":")[0] for record in caplog.records if record.name == "portal.services.login"]
    assert events == ["login refused"] * 5 + ["login throttled", "logged in", "proof refused"]
    for secret in (EMAIL, "198.51.100.77", PASSWORD, "zgadywane", browser.tokens):
        assert secret not in caplog.text
        assert secret not in str(raw.table("throttle"))
    assert account.uid in caplog.text


def test_right_try_gives_back_no_more_than_itself(now: datetime):
    """Others have failed between the count and the success: their failures and their wait stay."""
    allowance = login_throttle.for_address("resident", "192.0.2.1")
    [mine] = login_throttle.take_try(allowance, now=now)
    for _ in range(29):
        login_throttle.take_try(allowance, now=now)
    login_throttle.give_back(mine)
    row = Throttle.get()
    assert (row.failures, row.blocked_until) == (29, now + 5 * SECOND)


@pytest.mark.parametrize(("user_agent", "words"), [
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0",
     "Edge, Windows"),
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
     "Chrome, Android"),
    ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36",
     "Samsung Internet, Android"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 "
     "Safari/604.1", "Safari, iPhone"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
     "Safari, macOS"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 OPR/123.0", "Opera, Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/141.0 Mobile/15E148 Safari/604.1",
     "Chrome, iPhone"),
    ("curl/8.5", ""), ("", "")])
def test_browser_is_called_as_people_call_it(user_agent: str, words: str):
    assert device_words(user_agent) == words
