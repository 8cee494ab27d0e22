"""Registration as its service sees it: a code proves the phone, one account per PESEL and per e-mail address."""

import json
import logging
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from peewee import IntegrityError

from portal import clock, crypto
from portal.errors import CodeRefused, PeselTaken, RegistrationUnknown, TooMany
from portal.models import Account, AuditEntry, Message, Registration, SendCount
from portal.services import audit, registration
from portal.services.registration import Applicant, begin_registration, confirm_registration, resend_code
from tests.factories import OTHER_PESEL, PASSWORD_HASH, PESEL, make_account, make_district
from tests.services import raw
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def applicant() -> Applicant:
    return Applicant(email="ewa@example.org", phone="+48600111222", given_name="Ewa", family_name="Żak", pesel=PESEL,
                     birth_date="1944-05-14", district=make_district().id, street="ul. Krótka 1", postcode="30-002",
                     password_hash=PASSWORD_HASH, wants_news=True, language="pl")


def begin(applicant: Applicant, now: datetime, *, address: str = "192.0.2.1") -> str:
    return begin_registration(applicant, address=address, now=now)


def sent_code() -> str:
    """Return the code of the last text message."""
    message = Message.select().where(Message.channel == "sms").order_by(Message.id.desc()).get()
    return str(json.loads(message.payload)["code"])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def mails() -> list[str]:
    return [message.template for message in Message.select().where(Message.channel == "mail").order_by(Message.id)]


def test_right_code_turns_the_form_into_an_account(applicant: Applicant, now: datetime):
    confirm_registration(begin(applicant, now), sent_code(), now=now)
    account = Account.get()
    assert (account.email, account.phone, account.name) == ("ewa@example.org", "+48600111222", "Ewa Żak")
    assert (account.pesel, account.masked_pesel, account.birth_date) == (PESEL, "••••••••359", date(1944, 5, 14))
    assert (account.district_id, account.street, account.postcode) == (applicant.district, "ul. Krótka 1", "30-002")
    assert (account.state, account.created_at, account.email_confirmed_at, account.wants_news) == ("active", now, None, True)
    assert Registration.select().count() == 0
    assert mails() == ["welcome"]
    assert [entry.action for entry in AuditEntry.select()] == ["account created"]
    assert audit.verify() == []


def test_message_goes_out_in_the_language_of_the_form(applicant: Applicant, now: datetime):
    confirm_registration(begin(applicant._replace(language="en"), now), sent_code(), now=now)
    assert {message.language for message in Message.select()} == {"en"}


def test_waiting_registration_shows_no_personal_data_at_rest(applicant: Applicant, now: datetime):
    begin(applicant, now)
    stored = raw.table("registration")[0]
    assert stored["phone"] == applicant.phone
    for secret in (PESEL, "ewa@example.org", "Ewa", "Żak", "Krótka", PASSWORD_HASH, sent_code()):
        assert secret not in str(stored).replace(applicant.phone, "")
    assert PESEL not in raw.everything()


def test_pesel_is_nowhere_in_the_database_once_there_is_an_account(applicant: Applicant, now: datetime):
    confirm_registration(begin(applicant, now), sent_code(), now=now)
    assert PESEL not in raw.everything()
    assert Account.get().pesel_index == crypto.blind_index("pesel", PESEL)


def test_nothing_of_pesel_and_code_reaches_log_or_audit(applicant: Applicant, now: datetime, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    token = begin(applicant, now)
    code = sent_code()
    with pytest.raises(CodeRefused):
        confirm_registration(token, wrong(code), now=now)
    confirm_registration(token, code, now=now)
    begin(applicant, now)
    with pytest.raises(PeselTaken):
        confirm_registration(begin(applicant._replace(email="inna@example.org"), now), sent_code(), now=now)
    assert caplog.records, "Peewee logs its statements at this level"
    recorded = str([str(entry) + entry.actor + entry.subject + entry.detail for entry in AuditEntry.select()])
    for secret in (PESEL, code, token):
        assert secret not in caplog.text
        assert secret not in recorded
    assert "ewa@example.org" not in recorded


def test_right_code_is_refused_after_five_wrong_ones(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            confirm_registration(token, wrong(sent_code()), now=now)
    with pytest.raises(CodeRefused):
        confirm_registration(token, sent_code(), now=now)
    assert Account.select().count() == 0


def test_right_code_is_taken_after_four_wrong_ones(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    for _ in range(4):
        with pytest.raises(CodeRefused):
            confirm_registration(token, wrong(sent_code()), now=now)
    confirm_registration(token, sent_code(), now=now)
    assert Account.select().count() == 1


def test_new_code_does_not_bring_new_tries(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    for _ in range(3):
        with pytest.raises(CodeRefused):
            confirm_registration(token, wrong(sent_code()), now=now)
    later = now + MINUTE
    resend_code(token, address="192.0.2.1", now=later)
    for _ in range(2):
        with pytest.raises(CodeRefused):
            confirm_registration(token, wrong(sent_code()), now=later)
    with pytest.raises(CodeRefused):
        confirm_registration(token, sent_code(), now=later)


def test_twenty_parallel_guesses_have_five_tries_together(applicant: Applicant, now: datetime, monkeypatch: pytest.MonkeyPatch):
    token, compared = begin(applicant, now), []
    monkeypatch.setattr(crypto, "same", lambda left, right: compared.append(right) or False)
    results = at_once(*[partial(confirm_registration, token, "000000", now=now)] * 20)
    assert count_of(CodeRefused, results) == 20
    assert len(compared) == 5
    assert Registration.get().tries == 5


def test_earlier_code_is_dead_once_a_new_one_is_sent(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    first = sent_code()
    resend_code(token, address="192.0.2.1", now=now + MINUTE)
    assert first != sent_code()
    with pytest.raises(CodeRefused):
        confirm_registration(token, first, now=now + MINUTE)
    confirm_registration(token, sent_code(), now=now + MINUTE)


def test_code_of_another_registration_is_refused(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    begin(applicant._replace(email="inna@example.org"), now)
    with pytest.raises(CodeRefused):
        confirm_registration(token, sent_code(), now=now)


@pytest.mark.parametrize(("after", "taken"), [(10 * MINUTE - SECOND, True), (10 * MINUTE, False), (HOUR, False)])
def test_code_lives_for_ten_minutes(applicant: Applicant, now: datetime, after: timedelta, taken: bool):
    token = begin(applicant, now)
    if taken:
        confirm_registration(token, sent_code(), now=now + after)
    else:
        with pytest.raises(CodeRefused):
            confirm_registration(token, sent_code(), now=now + after)
    assert Account.select().count() == taken


def test_new_code_can_be_had_after_sixty_seconds_and_not_before(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    with pytest.raises(TooMany):
        resend_code(token, address="192.0.2.1", now=now + MINUTE - SECOND)
    assert Message.select().count() == 1
    resend_code(token, address="192.0.2.1", now=now + MINUTE)
    assert Message.select().count() == 2


def test_ten_parallel_resends_send_one_message(applicant: Applicant, now: datetime):
    token = begin(applicant, now)
    moments = [now + MINUTE + timedelta(milliseconds=at // 2) for at in range(10)]
    results = at_once(*[partial(resend_code, token, address="192.0.2.1", now=moment) for moment in moments])
    assert count_of(TooMany, results) == 9
    assert Message.select().count() == 2


def test_one_number_gets_five_messages_a_day(applicant: Applicant, now: datetime):
    for at in range(5):
        begin(applicant, now, address=f"192.0.2.{at}")
    with pytest.raises(TooMany):
        begin(applicant, now, address="192.0.2.9")
    assert (Message.select().count(), Registration.select().count()) == (5, 5)
    begin(applicant._replace(phone="+48600111333"), now)
    begin(applicant, clock.start_of(clock.local(now).date() + timedelta(days=1)), address="192.0.2.9")


def test_one_address_gets_twenty_messages_an_hour(applicant: Applicant, now: datetime):
    for at in range(20):
        begin(applicant._replace(phone=f"+486001112{at:02d}"), now)
    with pytest.raises(TooMany):
        begin(applicant._replace(phone="+48600111299"), now)
    begin(applicant._replace(phone="+48600111299"), now, address="192.0.2.2")
    begin(applicant._replace(phone="+48600111298"), now + HOUR)


def test_whole_portal_stops_at_its_daily_cap(applicant: Applicant, now: datetime, setting):
    setting(sms_daily_cap=3)
    for at in range(3):
        begin(applicant._replace(phone=f"+4860011122{at}"), now)
    with pytest.raises(TooMany):
        begin(applicant._replace(phone="+48600111229"), now)
    begin(applicant._replace(phone="+48600111229"), now + timedelta(days=1))


def test_refused_message_uses_up_no_other_allowance(applicant: Applicant, now: datetime, setting):
    setting(sms_daily_cap=1)
    begin(applicant, now)
    with pytest.raises(TooMany):
        begin(applicant._replace(phone="+48600111999"), now)
    assert [count.sent for count in SendCount.select()] == [1] * 4, "of the number, its minute of rest, the address, the portal"


@pytest.mark.parametrize(("cap", "differs"), [(5, "address"), (20, "phone"), (7, "both")])
def test_caps_hold_exactly_under_parallel_requests(applicant: Applicant, now: datetime, setting, cap: int, differs: str):
    setting(sms_daily_cap=7 if differs == "both" else 1000)
    requests = 20 if cap < 20 else 24  # More than the cap, at once.
    jobs = [partial(begin, applicant if differs == "address" else applicant._replace(phone=f"+486001112{at:02d}"), now,
                    address="192.0.2.1" if differs == "phone" else f"192.0.2.{at}") for at in range(requests)]
    results = at_once(*jobs)
    assert count_of(str, results) == cap
    assert count_of(TooMany, results) == requests - cap
    assert (Message.select().count(), Registration.select().count()) == (cap, cap)


def test_network_address_and_number_are_counted_without_being_kept(applicant: Applicant, now: datetime):
    begin(applicant, now, address="192.0.2.77")
    assert applicant.phone not in str(raw.table("send_count"))
    assert "192.0.2.77" not in raw.everything()


def test_taken_pesel_is_told_only_to_who_has_the_right_code(applicant: Applicant, now: datetime):
    make_account(make_district(), pesel=PESEL)
    token = begin(applicant, now)
    with pytest.raises(CodeRefused):
        confirm_registration(token, wrong(sent_code()), now=now)
    with pytest.raises(PeselTaken):
        confirm_registration(token, sent_code(), now=now)
    assert (Account.select().count(), mails()) == (1, [])
    with pytest.raises(RegistrationUnknown):
        confirm_registration(token, sent_code(), now=now)


def test_taken_email_is_told_to_that_address_alone(applicant: Applicant, now: datetime):
    make_account(make_district(), email=applicant.email, pesel=OTHER_PESEL)
    confirm_registration(begin(applicant, now), sent_code(), now=now)
    assert (Account.select().count(), Registration.select().count()) == (1, 0)
    assert mails() == ["already_registered"]
    assert Message.get(Message.channel == "mail").recipient == applicant.email


def test_a_family_shares_a_phone(applicant: Applicant, now: datetime):
    confirm_registration(begin(applicant, now), sent_code(), now=now)
    second = applicant._replace(email="jan@example.org", pesel=OTHER_PESEL)
    confirm_registration(begin(second, now), sent_code(), now=now)
    assert [account.phone for account in Account.select()] == [applicant.phone] * 2


def test_people_without_pesel_register_with_their_birth_date(applicant: Applicant, now: datetime):
    for email in ("a@example.org", "b@example.org"):
        confirm_registration(begin(applicant._replace(email=email, pesel=None), now), sent_code(), now=now)
    assert [(account.pesel, account.pesel_index) for account in Account.select()] == [(None, None)] * 2


def test_two_parallel_registrations_of_one_pesel_make_one_account(applicant: Applicant, now: datetime):
    tokens, codes = [], []
    for at in range(6):
        tokens.append(begin(applicant._replace(email=f"o{at}@example.org", phone=f"+4860011122{at}"), now))
        codes.append(sent_code())
    results = at_once(*[partial(confirm_registration, token, code, now=now) for token, code in zip(tokens, codes, strict=True)])
    assert count_of(PeselTaken, results) == 5
    assert Account.select().count() == 1
    assert audit.verify() == []


def test_code_works_once_for_parallel_requests(applicant: Applicant, now: datetime):
    token, code = begin(applicant, now), sent_code()
    results = at_once(*[partial(confirm_registration, token, code, now=now)] * 4)
    assert results.count(None) == 1
    assert count_of(RegistrationUnknown, results) + count_of(CodeRefused, results) == 3
    assert (Account.select().count(), mails()) == (1, ["welcome"])


def test_code_that_was_used_a_moment_ago_is_refused(applicant: Applicant, now: datetime, monkeypatch: pytest.MonkeyPatch):
    """A parallel request makes the account between this one's look at the code and its use."""
    token, code, same = begin(applicant, now), sent_code(), crypto.same

    def used_meanwhile(left: str, right: str) -> bool:
        monkeypatch.setattr(crypto, "same", same)
        confirm_registration(token, code, now=now)
        return same(left, right)
    monkeypatch.setattr(crypto, "same", used_meanwhile)
    with pytest.raises(RegistrationUnknown):
        confirm_registration(token, code, now=now)
    assert (Account.select().count(), mails()) == (1, ["welcome"])


def test_unknown_used_and_old_tokens_are_one_and_the_same(applicant: Applicant, now: datetime):
    used, old = begin(applicant, now), begin(applicant._replace(email="b@example.org", pesel=None), now)
    confirm_registration(old, sent_code(), now=now)
    for token, when in (("unknown", now), ("", now), (old, now), (used, now + 24 * HOUR)):
        with pytest.raises(RegistrationUnknown):
            confirm_registration(token, "123456", now=when)
        with pytest.raises(RegistrationUnknown):
            resend_code(token, address="192.0.2.1", now=when)
    assert registration.find_registration(used, now=now + 24 * HOUR - SECOND)


def test_token_is_stored_hashed(applicant: Applicant, now: datetime):
    assert begin(applicant, now) not in raw.everything()


def test_confirmation_link_works_once_and_is_stored_hashed(applicant: Applicant, now: datetime):
    confirm_registration(begin(applicant, now), sent_code(), now=now)
    path = json.loads(Message.get(Message.template == "welcome").payload)["path"]
    token = path.removeprefix("/rejestracja/adres/")
    assert token not in raw.everything()
    with pytest.raises(RegistrationUnknown):
        registration.confirm_email(token + "x", now=now)
    registration.confirm_email(token, now=now + HOUR)
    assert Account.get().email_confirmed_at == now + HOUR
    with pytest.raises(RegistrationUnknown):
        registration.confirm_email(token, now=now + HOUR)


def test_failure_that_is_no_duplicate_leaves_the_registration_as_it_was(applicant: Applicant, now: datetime):
    """When the district goes while the code is on its way, nobody is told that they have an account."""
    token = begin(applicant._replace(district=0), now)
    with pytest.raises(IntegrityError):
        confirm_registration(token, sent_code(), now=now)
    assert (Registration.select().count(), Account.select().count(), mails()) == (1, 0, [])
