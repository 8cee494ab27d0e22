"""Corrections of the own data as their service sees them: at once, after a code, after a link."""

import json
from datetime import datetime, timedelta
from functools import partial

import pytest

from portal import clock, crypto
from portal.errors import (ChangedMeanwhile, ChangeUnknown, CodeRefused, EmailTaken, LinkUnknown, NothingToChange, PortalError,
                           TooMany)
from portal.models import Account, AuditEntry, Ballot, EmailChange, Message, PasswordReset, PhoneChange, Session
from portal.models.account import AccountState
from portal.services import audit, login, profile
from tests.factories import PASSWORD, make_account, make_district, make_voting
from tests.services import raw
from tests.services.ballots import cast, choose
from tests.services.parallel import at_once, count_of

pytestmark = pytest.mark.usefixtures("app")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=24)
NEW_PHONE, NEW_EMAIL = "+48600111222", "nowa@example.org"


@pytest.fixture
def account(app: object) -> Account:
    return make_account(make_district(), email="stara@example.org")


def ask_phone(account: Account, now: datetime, phone: str = NEW_PHONE) -> str:
    """Ask for another number and return the code."""
    profile.ask_phone_change(account, phone=phone, address="192.0.2.1", now=now)
    return sent_code()


def sent_code() -> str:
    message = Message.select().where(Message.channel == "sms").order_by(Message.id.desc()).get()
    return str(json.loads(message.payload)["code"])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def ask_email(account: Account, now: datetime, email: str = NEW_EMAIL) -> str:
    """Ask for another address and return the token of the link."""
    profile.ask_email_change(account, email=email, now=now)
    return sent_token()


def sent_token() -> str:
    message = Message.select().where(Message.key.startswith("email-change:")).order_by(Message.id.desc()).get()
    return str(json.loads(message.payload)["path"].rpartition("/")[2])


def confirm_email(token: str, now: datetime, session: Session | None = None) -> None:
    profile.confirm_email_change(token, session=session, now=now)


def letters() -> dict[str, str]:
    """Return the templates of all letters with their recipients."""
    return {message.template: message.recipient for message in Message.select().where(Message.channel == "mail")}


def actions() -> list[str]:
    return [entry.action for entry in AuditEntry.select().order_by(AuditEntry.sequence)]


def test_names_address_and_notices_change_at_once(account: Account, now: datetime):
    district = make_district()
    profile.change_names(account, given_name="Łucja", family_name="Lis", now=now)
    profile.change_address(account, district=district.id, street="ul. Nowa 1", postcode="31-000", now=now)
    profile.change_notices(account, wants_news=True, language="en", now=now)
    changed = Account.get()
    assert (changed.name, changed.district, changed.street, changed.postcode) == ("Łucja Lis", district, "ul. Nowa 1", "31-000")
    assert (changed.wants_news, changed.language) == (True, "en")
    assert actions() == ["names changed", "address changed", "notices changed"]
    assert {entry.actor for entry in AuditEntry.select()} == {f"account:{account.uid}"}
    assert audit.verify() == []


def test_only_the_named_fields_of_the_own_account_change(account: Account, now: datetime):
    other = make_account(account.district)
    before = raw.table("account")
    profile.change_names(account, given_name="Łucja", family_name="Lis", now=now)
    after = {row["id"]: row for row in raw.table("account")}
    for row in before:
        differing = {name for name, value in row.items() if after[row["id"]][name] != value}
        assert differing == ({"given_name", "family_name"} if row["id"] == str(account.id) else set())
    assert Account.get_by_id(other.id).name == other.name


def test_move_leaves_the_ballot_that_is_cast_as_it_is(now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    cast(edition, district, account, now)
    profile.change_address(account, district=make_district().id, street="ul. Nowa 1", postcode="31-000", now=now)
    assert Ballot.get().district == district


@pytest.mark.parametrize("gone", [True, False])
def test_account_that_is_gone_or_frozen_meanwhile_does_not_change(account: Account, now: datetime, gone: bool):
    code, token = ask_phone(account, now), ask_email(account, now)
    if gone:
        Account.delete().execute()
    else:
        Account.update(state=AccountState.FROZEN).execute()
    before = raw.table("account")
    with pytest.raises(ChangedMeanwhile):
        profile.change_names(account, given_name="Ewa", family_name="Lis", now=now)
    with pytest.raises(PortalError):
        profile.confirm_phone_change(account, code, now=now)
    with pytest.raises(PortalError):
        confirm_email(token, now)
    assert raw.table("account") == before


def test_new_number_takes_effect_with_its_code_and_the_account_is_told(account: Account, now: datetime):
    code = ask_phone(account, now)
    assert (Account.get().phone, Message.get().recipient) == (account.phone, NEW_PHONE)
    profile.confirm_phone_change(account, code, now=now)
    assert (Account.get().phone, PhoneChange.select().count()) == (NEW_PHONE, 0)
    assert letters() == {"phone_changed": account.email}
    assert actions() == ["phone change asked for", "phone changed"]


@pytest.mark.parametrize("guesses", [4, 5])
def test_code_of_a_new_number_has_five_tries(account: Account, now: datetime, guesses: int):
    code = ask_phone(account, now)
    for _ in range(guesses):
        with pytest.raises(CodeRefused):
            profile.confirm_phone_change(account, wrong(code), now=now)
    if guesses < 5:
        profile.confirm_phone_change(account, code, now=now)
    else:
        with pytest.raises(CodeRefused):
            profile.confirm_phone_change(account, code, now=now)
    assert (Account.get().phone == NEW_PHONE) == (guesses < 5)


def test_code_of_a_new_number_lives_ten_minutes_and_a_new_one_comes_after_one(account: Account, now: datetime):
    first = ask_phone(account, now)
    with pytest.raises(CodeRefused):
        profile.confirm_phone_change(account, first, now=now + 10 * MINUTE)
    with pytest.raises(TooMany):
        profile.resend_phone_code(account, address="192.0.2.1", now=now + MINUTE - SECOND)
    profile.resend_phone_code(account, address="192.0.2.1", now=now + MINUTE)
    with pytest.raises(CodeRefused):
        profile.confirm_phone_change(account, first, now=now + MINUTE)
    profile.confirm_phone_change(account, sent_code(), now=now + MINUTE)
    assert Account.get().phone == NEW_PHONE


def test_code_sent_to_one_number_confirms_no_other(account: Account, now: datetime):
    first = ask_phone(account, now)
    ask_phone(account, now, "+48600333444")
    with pytest.raises(CodeRefused):
        profile.confirm_phone_change(account, first, now=now)
    assert Account.get().phone == account.phone


def test_number_changed_in_another_window_while_the_code_is_compared_is_not_taken(account: Account, now: datetime,
                                                                                  monkeypatch: pytest.MonkeyPatch):
    """The code proves the number that it was sent to, not the one asked for since."""
    code, same = ask_phone(account, now), crypto.same

    def asked_meanwhile(left: str, right: str) -> bool:
        monkeypatch.setattr(crypto, "same", same)
        ask_phone(account, now, "+48600333444")
        return same(left, right)
    monkeypatch.setattr(crypto, "same", asked_meanwhile)
    with pytest.raises(ChangeUnknown):
        profile.confirm_phone_change(account, code, now=now)
    assert (Account.get().phone, PhoneChange.get().phone) == (account.phone, "+48600333444")


def test_code_of_another_account_is_refused(account: Account, now: datetime):
    other = make_account(account.district)
    ask_phone(other, now)
    code = ask_phone(account, now)
    with pytest.raises(CodeRefused):
        profile.confirm_phone_change(other, code, now=now)
    profile.confirm_phone_change(account, code, now=now)
    assert Account.get_by_id(other.id).phone == other.phone


def test_code_works_once_for_parallel_requests(account: Account, now: datetime):
    code = ask_phone(account, now)
    results = at_once(*[partial(profile.confirm_phone_change, account, code, now=now)] * 4)
    assert results.count(None) == 1
    assert count_of(ChangeUnknown, results) + count_of(CodeRefused, results) == 3
    assert (actions().count("phone changed"), letters()) == (1, {"phone_changed": account.email})


def test_number_that_is_asked_for_anew_is_capped_like_every_other(account: Account, now: datetime):
    for at in range(5):
        ask_phone(account, now + at * MINUTE)
    with pytest.raises(TooMany):
        ask_phone(account, now + 5 * MINUTE)
    assert (Message.select().count(), PhoneChange.select().count()) == (5, 1)


def test_code_asked_for_a_day_ago_or_cancelled_is_worth_nothing(account: Account, now: datetime):
    code = ask_phone(account, now)
    with pytest.raises(ChangeUnknown):
        profile.confirm_phone_change(account, code, now=now + DAY)
    profile.cancel_change(account, PhoneChange, now=now)
    for asked in (partial(profile.confirm_phone_change, account, code), partial(profile.resend_phone_code, account, address="x")):
        with pytest.raises(ChangeUnknown):
            asked(now=now)
    assert Account.get().phone == account.phone
    assert actions() == ["phone change asked for", "phone change cancelled"]


def test_what_the_account_says_already_is_no_change(account: Account, now: datetime):
    with pytest.raises(NothingToChange):
        ask_phone(account, now, account.phone)
    with pytest.raises(NothingToChange):
        ask_email(account, now, account.email)
    assert Message.select().count() == 0


def test_new_address_takes_effect_with_its_link_and_the_old_one_is_told(account: Account, now: datetime):
    token = ask_email(account, now)
    assert letters() == {"email_change_link": NEW_EMAIL, "email_change_asked": "stara@example.org"}
    assert Account.get().email == "stara@example.org"
    confirm_email(token, now)
    changed = Account.get()
    assert (changed.email, changed.email_confirmed_at, changed.email_token_hash) == (NEW_EMAIL, now, None)
    assert letters()["email_changed"] == "stara@example.org"
    assert EmailChange.select().count() == 0
    assert actions() == ["e-mail change asked for", "e-mail changed"]


def test_letters_about_a_change_do_not_show_the_new_data(account: Account, now: datetime):
    confirm_email(ask_email(account, now), now)
    profile.confirm_phone_change(account, ask_phone(account, now), now=now)
    told = [message.payload for message in Message.select().where(Message.recipient == "stara@example.org")]
    assert len(told) == 3
    assert not any(new in payload for new in (NEW_EMAIL, NEW_PHONE) for payload in told)
    recorded = str(raw.table("audit_entry"))
    assert not any(datum in recorded for datum in (NEW_EMAIL, NEW_PHONE, "stara@example.org", account.phone))


def test_token_of_the_link_is_kept_only_as_its_hash(account: Account, now: datetime):
    assert ask_email(account, now) not in raw.everything()


def test_link_works_once_and_for_24_hours(account: Account, now: datetime):
    token = ask_email(account, now)
    for late in (now + DAY, now + 2 * DAY):
        with pytest.raises(LinkUnknown):
            confirm_email(token, late)
    confirm_email(token, now + DAY - SECOND)
    for used in (token, "unknown", ""):
        with pytest.raises(LinkUnknown):
            confirm_email(used, now)


def test_parallel_clicks_on_one_link_are_one_change(account: Account, now: datetime):
    token = ask_email(account, now)
    results = at_once(*[partial(confirm_email, token, now)] * 4)
    assert (results.count(None), count_of(LinkUnknown, results)) == (1, 3)
    assert actions().count("e-mail changed") == 1


def test_link_is_dead_once_it_is_cancelled_replaced_or_sent_again(account: Account, now: datetime):
    cancelled = ask_email(account, now)
    profile.cancel_change(account, EmailChange, now=now)
    replaced = ask_email(account, now, "inna@example.org")
    resent = ask_email(account, now)
    profile.resend_link(account, now=now)
    for token in (cancelled, replaced, resent):
        with pytest.raises(LinkUnknown):
            confirm_email(token, now)
    confirm_email(sent_token(), now)
    assert Account.get().email == NEW_EMAIL
    with pytest.raises(ChangeUnknown):
        profile.resend_link(account, now=now)


def test_five_letters_a_day_can_be_sent_for_a_change_of_address(account: Account, now: datetime):
    for at in range(5):
        ask_email(account, now, f"a{at}@example.org")
    with pytest.raises(TooMany):
        ask_email(account, now)
    with pytest.raises(TooMany):
        profile.resend_link(account, now=now)
    assert Message.select().where(Message.template == "email_change_link").count() == 5
    profile.resend_link(account, now=clock.start_of(clock.local(now).date() + timedelta(days=1)))


def test_change_of_address_ends_the_other_sessions_and_the_links_sent_to_the_old_one(account: Account, now: datetime):
    Account.update(email_token_hash=crypto.hash_token("confirm")).execute()
    PasswordReset.create(account=account, token_hash=crypto.hash_token("reset"), created_at=now)
    kept, _ended = (login.find_session(login.log_in(account.email, PASSWORD, now=now), now=now) for _ in range(2))
    others = login.find_session(login.log_in(make_account(account.district).email, PASSWORD, now=now), now=now)
    confirm_email(ask_email(account, now), now, kept)
    assert {session.id for session in Session.select()} == {kept.id, others.id}
    assert PasswordReset.select().count() == 0
    assert Account.get_by_id(account.id).email_token_hash is None


def test_known_address_is_told_alone_and_its_link_is_sent_to_nobody(account: Account, now: datetime):
    other = make_account(account.district, email="znana@example.org")
    profile.ask_email_change(account, email=other.email, now=now)
    assert letters() == {"email_change_known": other.email, "email_change_asked": account.email}
    assert profile.find_waiting(account, now=now).email.email == other.email, "the page of the one who asks says the same"


def test_address_that_got_an_account_meanwhile_is_not_taken_from_it(account: Account, now: datetime):
    token = ask_email(account, now)
    other = make_account(account.district, email=NEW_EMAIL)
    with pytest.raises(EmailTaken):
        confirm_email(token, now)
    assert [Account.get_by_id(one.id).email for one in (account, other)] == ["stara@example.org", NEW_EMAIL]
    assert "email_changed" not in letters()


def test_one_address_wanted_by_two_accounts_goes_to_the_first_that_opens_its_link(account: Account, now: datetime):
    tokens = [ask_email(one, now) for one in (account, make_account(account.district))]
    results = at_once(*[partial(confirm_email, token, now) for token in tokens])
    assert (results.count(None), count_of(EmailTaken, results)) == (1, 1)
    assert Account.select().where(Account.email == NEW_EMAIL).count() == 1


def test_changes_of_one_account_are_nobody_elses(account: Account, now: datetime):
    other = make_account(account.district)
    code = ask_phone(account, now)
    ask_email(account, now)
    assert profile.find_waiting(other, now=now) == profile.Waiting(None, None)
    for kind in (PhoneChange, EmailChange):
        profile.cancel_change(other, kind, now=now)
    with pytest.raises(ChangeUnknown):
        profile.confirm_phone_change(other, code, now=now)
    waiting = profile.find_waiting(account, now=now)
    assert (waiting.phone.phone, waiting.email.email) == (NEW_PHONE, NEW_EMAIL)
    assert profile.find_waiting(account, now=now + DAY) == profile.Waiting(None, None)


def test_new_password_forgets_what_was_asked_for_with_the_old_one(account: Account, now: datetime):
    code, token = ask_phone(account, now), ask_email(account, now)
    profile.forget_changes(account)
    with pytest.raises(ChangeUnknown):
        profile.confirm_phone_change(account, code, now=now)
    with pytest.raises(LinkUnknown):
        confirm_email(token, now)
