"""Codes by text message: the number can be corrected at once, but no way leads around tries and caps."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from portal.errors import CodeRefused, RegistrationUnknown, TooMany
from portal.models import Account, Message, Registration, SendCount
from portal.models.message import MessageState
from portal.services import code, registration
from portal.services.registration import Applicant, begin_registration, confirm_registration, find_registration, resend_code
from tests.factories import PASSWORD_HASH, make_account, make_district
from tests.services import raw
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WRONG, RIGHT, THIRD = "+48600111222", "+48600111333", "+48600111444"


@pytest.fixture
def applicant() -> Applicant:
    return Applicant(email="ewa@example.org", phone=WRONG, given_name="Ewa", family_name="Żak", pesel=None,
                     birth_date="1944-05-14", district=make_district().id, street="ul. Krótka 1", postcode="30-002",
                     password_hash=PASSWORD_HASH, wants_news=True, language="pl")


@pytest.fixture
def token(applicant: Applicant, now: datetime) -> str:
    """A registration whose code went to the wrong number."""
    return begin_registration(applicant, address="192.0.2.1", now=now)


def correct(token: str, phone: str, now: datetime, *, address: str = "192.0.2.1") -> None:
    resend_code(token, address=address, now=now, phone=phone)


def sent() -> list[tuple[str, str]]:
    """Return the number and the code of every text message."""
    messages = Message.select().where(Message.channel == "sms").order_by(Message.id)
    return [(message.recipient, json.loads(message.payload)["code"]) for message in messages]


def guess(token: str, now: datetime, times: int) -> None:
    for _ in range(times):
        with pytest.raises(CodeRefused):
            confirm_registration(token, f"{(int(sent()[-1][1]) + 1) % 1_000_000:06d}", now=now)


def test_number_wrongly_typed_is_corrected_at_once(token: str, now: datetime):
    correct(token, RIGHT, now + SECOND)
    assert [phone for phone, _code in sent()] == [WRONG, RIGHT]
    confirm_registration(token, sent()[-1][1], now=now + SECOND)
    assert Account.get().phone == RIGHT
    assert WRONG not in str(raw.table("account"))


def test_code_sent_to_the_number_before_proves_nothing(token: str, now: datetime):
    correct(token, RIGHT, now + SECOND)
    with pytest.raises(CodeRefused):
        confirm_registration(token, sent()[0][1], now=now + SECOND)


def test_correction_brings_no_new_tries(token: str, now: datetime):
    guess(token, now, 3)
    correct(token, RIGHT, now)
    guess(token, now, 2)
    with pytest.raises(CodeRefused):
        confirm_registration(token, sent()[-1][1], now=now)


def test_nothing_is_sent_once_the_tries_are_used_up(token: str, now: datetime):
    guess(token, now, 5)
    for again in (partial(correct, token, RIGHT, now), partial(resend_code, token, address="192.0.2.1", now=now + MINUTE)):
        with pytest.raises(TooMany):
            again()
    assert len(sent()) == 1 and find_registration(token, now=now).phone == WRONG


def test_going_back_to_a_number_waits_for_its_minute(token: str, now: datetime):
    """To and fro between two numbers would send to each of them as often as somebody likes."""
    correct(token, RIGHT, now)
    with pytest.raises(TooMany):
        correct(token, WRONG, now + MINUTE - SECOND)
    assert find_registration(token, now=now).phone == RIGHT
    correct(token, WRONG, now + MINUTE)
    assert [phone for phone, _code in sent()] == [WRONG, RIGHT, WRONG]


def test_number_that_the_family_uses_too_is_corrected_at_once(applicant: Applicant, token: str, now: datetime):
    begin_registration(applicant._replace(phone=RIGHT), address="192.0.2.1", now=now)
    correct(token, RIGHT, now + SECOND)
    assert [phone for phone, _code in sent()] == [WRONG, RIGHT, RIGHT]


def test_minute_of_rest_holds_over_midnight_too(applicant: Applicant):
    midnight = datetime(2026, 6, 14, 22, tzinfo=UTC)
    token = begin_registration(applicant, address="192.0.2.1", now=midnight - SECOND)
    with pytest.raises(TooMany):
        resend_code(token, address="192.0.2.1", now=midnight)


def test_the_same_number_typed_again_is_no_correction(token: str, now: datetime):
    with pytest.raises(TooMany):
        correct(token, WRONG, now + SECOND)


def test_corrected_number_has_its_five_messages_a_day(applicant: Applicant, token: str, now: datetime):
    for at in range(5):
        begin_registration(applicant._replace(phone=RIGHT), address=f"192.0.2.{at}", now=now)
    with pytest.raises(TooMany):
        correct(token, RIGHT, now)
    assert find_registration(token, now=now).phone == WRONG
    assert json.loads(find_registration(token, now=now).data)["phone"] == WRONG


def test_one_registration_calls_up_no_more_than_its_address_may(token: str, now: datetime):
    for at in range(19):
        correct(token, f"+486002223{at:02d}", now)
    with pytest.raises(TooMany):
        correct(token, THIRD, now)
    assert len(sent()) == 20


@pytest.mark.parametrize(("cap", "differs"), [(5, "address"), (20, "phone"), (7, "both")])
def test_caps_hold_exactly_under_parallel_corrections(applicant: Applicant, now: datetime, setting, cap: int, differs: str):
    requests = 20 if cap < 20 else 24
    tokens = [begin_registration(applicant._replace(phone=f"+486001112{at:02d}"), address=f"192.0.2.{at}", now=now)
              for at in range(requests)]
    SendCount.delete().execute()
    setting(sms_daily_cap=7 if differs == "both" else 1000)
    jobs = [partial(correct, token, RIGHT if differs == "address" else f"+486003334{at:02d}", now + MINUTE,
                    address="198.51.100.1" if differs == "phone" else f"198.51.100.{at}") for at, token in enumerate(tokens)]
    results = at_once(*jobs)
    assert (results.count(None), count_of(TooMany, results)) == (cap, requests - cap)
    assert len(sent()) == requests + cap
    assert Registration.select().where(Registration.phone.not_in([f"+486001112{at:02d}" for at in range(24)])).count() == cap


@pytest.mark.parametrize("phones", [[RIGHT] * 20, [f"+486003334{at:02d}" for at in range(20)]])
def test_parallel_corrections_of_one_registration_leave_one_number_with_the_last_code(
        token: str, now: datetime, phones: list[str]):
    results = at_once(*[partial(correct, token, phone, now) for phone in phones])
    assert results.count(None) == len(sent()) - 1 <= (1 if len(set(phones)) == 1 else 19)
    assert results.count(None) + count_of(TooMany, results) == 20
    phone, last = sent()[-1]
    confirm_registration(token, last, now=now)
    assert Account.get().phone == phone


def test_registration_that_is_not_open_corrects_nothing(token: str, now: datetime):
    for wrong in ("", "unknown"):
        with pytest.raises(RegistrationUnknown):
            correct(wrong, RIGHT, now)
    assert len(sent()) == 1


def test_standing_tells_what_the_page_shows(token: str, now: datetime):
    guess(token, now, 2)
    found = code.standing(find_registration(token, now=now), now=now + 20 * SECOND)
    assert (found.phone, found.wait, found.tries_left, found.expired, found.is_final) == ("•••••••••222", 40, 3, False, False)
    assert code.standing(find_registration(token, now=now), now=now + 10 * MINUTE).expired
    for state in MessageState:
        Message.update(state=state).execute()
        assert code.standing(find_registration(token, now=now), now=now).is_final == (state in {"delivered", "failed"})
    Message.update(error="OSError").execute()
    assert code.standing(find_registration(token, now=now), now=now).reason == "", "an error of ours says nothing to a reader"
    Message.delete().execute()
    assert code.standing(find_registration(token, now=now), now=now).sms is None


def test_new_confirmation_link_replaces_the_one_before(now: datetime):
    account = make_account(make_district(), language="en")
    registration.send_confirmation(account, now=now)
    registration.send_confirmation(account, now=now)
    first, second = [json.loads(letter.payload)["path"].rpartition("/")[2] for letter in Message.select().order_by(Message.id)]
    with pytest.raises(RegistrationUnknown):
        registration.confirm_email(first, now=now)
    registration.confirm_email(second, now=now + timedelta(days=400))
    assert Account.get().email_confirmed_at == now + timedelta(days=400)
    assert {(letter.template, letter.recipient, letter.language) for letter in Message.select()} == {
        ("confirm_email", account.email, "en")}
    assert second not in raw.everything()


def test_confirmation_link_is_sent_three_times_a_day_and_says_so(now: datetime):
    account = make_account(make_district())
    results = at_once(*[partial(registration.send_confirmation, account, now=now)] * 8)
    assert (results.count(None), count_of(TooMany, results), Message.select().count()) == (3, 5, 3)
    assert "three times today" in next(result.message for result in results if result)
    registration.send_confirmation(account, now=now + timedelta(days=1))


def test_confirmed_address_gets_no_link_and_neither_does_the_one_before_a_change(now: datetime):
    confirmed = make_account(make_district(), email_confirmed_at=now)
    changed = make_account(make_district())
    Account.update(email="nowy@example.org").where(Account.id == changed.id).execute()
    for account in (confirmed, changed):
        registration.send_confirmation(account, now=now)
    assert (Message.select().count(), SendCount.select().count()) == (0, 0)
