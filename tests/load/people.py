"""People for the bench: voters who are logged in, some with a complete choice that waits to be cast, and others at the login."""

import json
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from flask import Flask, session
from flask_wtf.csrf import generate_csrf

from portal import clock, crypto
from portal.database import transaction
from portal.models import Account, BallotDraft, District, Edition, Session
from portal.services import voting

PASSWORD = "bench bench bench"


def make_voters(app: Flask, edition: Edition, district: District, number: int, *, chosen: bool) -> tuple[list[str], str]:
    """Create voters and return their cookies with the fields, token and all, that cast the choice of each of them."""
    now = clock.now()
    tokens = [crypto.new_token() for _ in range(number)]
    picks = {slot.name: str(contest.proposals[at].uid) for contest in voting.ballot_paper(edition, district)
             for at, slot in enumerate(contest.slots)}
    with transaction():
        for token, account in zip(tokens, make_accounts(district, number)):
            Session.create(token_hash=crypto.hash_token(token), account=account, created_at=now, seen_at=now, proved_at=now)
            if chosen:
                BallotDraft.create(account=account, edition=edition, picks=json.dumps(picks), updated_at=now)
    cookies, csrf = cookies_of(app, tokens)
    return cookies, f"csrf_token={csrf}&reviewed={voting.mark_reviewed(picks)}&submit=1"


def make_logins(app: Flask, district: District, number: int) -> list[tuple[str, str]]:
    """Return the fields of the login form of so many people, each with the cookie of a browser at that form."""
    with transaction():
        accounts = make_accounts(district, number)
    [cookie], csrf = cookies_of(app, [None])
    return [(urlencode({"csrf_token": csrf, "email": account.email, "password": PASSWORD}), cookie) for account in accounts]


def make_accounts(district: District, number: int) -> list[Account]:
    hashed, stem, now = crypto.hash_password(PASSWORD), crypto.new_token(6).lower(), clock.now()
    return [Account.create(
        email=f"{stem}{at}@example.org", phone="+48600000000", given_name="A", family_name="B", street="x", postcode="30-001",
        birth_date=date(1990, 1, 1), district=district, password_hash=hashed, created_at=now) for at in range(number)]


def cookies_of(app: Flask, tokens: Sequence[str | None]) -> tuple[list[str], str]:
    """Return the cookies of these sessions, None being a stranger's, and the form token that goes with each."""
    with app.test_request_context():
        csrf = generate_csrf()
        raw = session["csrf_token"]
    signer = app.session_interface.get_signing_serializer(app)
    name = app.config["SESSION_COOKIE_NAME"]
    people = ({"_user_id": token, "_fresh": True} if token else {} for token in tokens)
    cookies = [f"{name}=" + signer.dumps({**person, "csrf_token": raw}) for person in people]
    return cookies, csrf
