"""The own data to take away: everything about oneself, nothing about others, never a choice."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal import crypto
from portal.models import Account, Authorship, Ballot, CostItem, Follow, Message, Proposal, Support
from portal.models.message import MessageChannel
from portal.services import login, profile, profile_export
from portal.services.login_device import Browser
from tests.factories import (OTHER_PESEL, PASSWORD, PESEL, make_account, make_district, make_edition, make_pool, make_proposal,
                             make_voting)
from tests.services.ballots import cast, choose, first_picks

pytestmark = pytest.mark.usefixtures("app")


def export(account: Account, now: datetime) -> dict[str, Any]:
    return json.loads(json.dumps(profile_export.export(account, now=now)))


def test_export_holds_all_that_the_portal_knows(now: datetime):
    edition, district, account = make_voting()
    login.log_in(account.email, PASSWORD, now=now, browser=Browser(user_agent="Firefox"))
    choose(edition, district, account, now)
    profile.ask_phone_change(account, phone="+48600111222", address="192.0.2.1", now=now)
    profile.ask_email_change(account, email="nowa@example.org", now=now)
    profile.change_notices(account, wants_news=True, language="pl", now=now)
    data = export(Account.get(), now)
    moment = "2026-06-15T10:30:00+00:00"
    assert data["account"]["email"] == account.email and data["account"]["birth_date"] == "1990-12-24"
    assert data["district"] == {"number": district.number, "name": district.name}
    assert data["consents"] == {"privacy_notice_read_at": "2026-01-01T00:00:00+00:00", "news": {"wanted": True, "set_at": moment}}
    assert [(change["what"], change["new"]) for change in data["waiting_changes"]] == [
        ("phone", "+48600111222"), ("email", "nowa@example.org")]
    assert data["sessions"] == [{"device": "Firefox", "logged_in_at": moment, "last_used_at": moment}]
    assert data["unfinished_ballots"] == [{"edition": edition.name, "saved_at": moment}]
    assert data["ballots"] == []
    assert [message["template"] for message in data["messages"]] == ["email_change_asked"]
    assert data["audit"] == [{"at": moment, "action": action, "by": "you"} for action in (
        "phone change asked for", "e-mail change asked for", "notices changed")]


def test_export_holds_the_projects_that_somebody_wrote_supports_and_follows(now: datetime):
    district = make_district()
    account, other, pool = make_account(district), make_account(district), make_pool(make_edition(), district)
    draft, joined, liked, foreign = [make_proposal(pool, number=number, title=title) for number, title in (
        ("u1", "Ławki"), ("BO.1/26", "Drzewa"), ("BO.2/26", "Rower"), ("BO.3/26", "Obcy"))]
    Proposal.update(state="draft", latitude=50.5).where(Proposal.id == draft.id).execute()
    CostItem.create(proposal=draft, what="Deski", amount=120_00)
    Authorship.create(proposal=draft, account=account, is_lead=True, shows_name=True)
    Authorship.create(proposal=joined, account=account, accepted_at=now)
    Authorship.create(proposal=foreign, account=other, is_lead=True)
    Support.create(proposal=liked, account=account, created_at=now)
    Follow.create(proposal=liked, account=account)
    Follow.create(proposal=foreign, account=other)
    data, moment = export(account, now), "2026-06-15T10:30:00+00:00"
    first, second = data["projects"]
    assert (first["title"], first["state"], first["latitude"], first["costs"]) == ("Ławki", "draft", 50.5, [["Deski", 120_00]])
    assert [(one["first_author"], one["joined_at"], one["name_shown"]) for one in (first, second)] == [
        (True, None, True), (False, moment, False)]
    assert data["supports"] == [{"project": "BO.2/26 Rower", "given_at": moment}]
    assert data["followed"] == [{"project": "BO.2/26 Rower"}]


def test_export_tells_that_a_ballot_is_recorded_and_never_what_is_in_it(now: datetime):
    edition, district, account = make_voting()
    choose(edition, district, account, now)
    number = cast(edition, district, account, now)
    text = json.dumps(export(account, now))
    assert json.loads(text)["ballots"] == [{"edition": edition.name, "channel": "online", "state": "recorded"}]
    ballot = Ballot.get()
    for secret in (number, ballot.commitment, ballot.voter_key, str(ballot.id), *first_picks(edition, district).values()):
        assert secret not in text


def test_export_passes_over_editions_whose_key_is_destroyed(now: datetime):
    account = make_account(make_district())
    edition = make_edition(open_now=False)
    crypto.keyring._keys.clear()
    crypto.keyring.path(edition.ballot_key).unlink()
    assert export(account, now)["ballots"] == []


def test_export_masks_the_pesel_and_leaves_out_what_only_guards_the_account(now: datetime):
    account = make_account(make_district(), pesel=PESEL, email_token_hash=crypto.hash_token("x"))
    data = export(account, now)
    assert data["account"]["pesel"] == "••••••••359"
    text = json.dumps(data)
    for secret in (PESEL, account.pesel_index, account.password_hash, account.email_token_hash):
        assert secret not in text


def test_export_holds_nothing_of_others(now: datetime):
    district = make_district()
    account = make_account(district, pesel=PESEL, phone="+48600111333")
    other = make_account(district, pesel=OTHER_PESEL, given_name="Zenobia", street="ul. Obca 9")
    profile.ask_email_change(other, email="obca@example.org", now=now)
    login.log_in(other.email, PASSWORD, now=now, browser=Browser(user_agent="Obca"))
    text = json.dumps(export(account, now), ensure_ascii=False)
    assert not any(trace in text for trace in ("Zenobia", "Obca", "obca", other.email, "e-mail change"))


def test_messages_to_whoever_had_the_number_before_are_left_out(now: datetime):
    account = make_account(make_district(), phone="+48600111333", created_at=now)
    for days, key in ((2, "before"), (0, "own")):
        Message.create(key=key, channel=MessageChannel.SMS, recipient="+48600111333", template=key, language="pl", due_at=now,
                       created_at=now - timedelta(days=days))
    assert [message["template"] for message in export(account, now)["messages"]] == ["own"]
