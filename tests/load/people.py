"""Voters for the bench: accounts with a login each, and some with a complete choice that waits to be cast."""

import json
from datetime import date

from flask import Flask, session
from flask_wtf.csrf import generate_csrf

from portal import clock, crypto
from portal.database import transaction
from portal.models import Account, BallotDraft, District, Edition, Session
from portal.services import voting


def make_voters(app: Flask, edition: Edition, district: District, number: int, *, chosen: bool) -> tuple[list[str], str]:
    """Create voters and return their cookies with the fields, token and all, that cast the choice of each of them."""
    now, password = clock.now(), crypto.hash_password("bench bench bench")
    tokens = [crypto.new_token() for _ in range(number)]
    stem = crypto.new_token(6).lower()
    picks = {slot.name: str(contest.proposals[at].uid) for contest in voting.ballot_paper(edition, district)
             for at, slot in enumerate(contest.slots)}
    with transaction():
        for at, token in enumerate(tokens):
            account = Account.create(
                email=f"{stem}{at}@example.org", phone="+48600000000", given_name="A", family_name="B", street="x",
                postcode="30-001", birth_date=date(1990, 1, 1), district=district, password_hash=password, created_at=now)
            Session.create(token_hash=crypto.hash_token(token), account=account, created_at=now, seen_at=now, proved_at=now)
            if chosen:
                BallotDraft.create(account=account, edition=edition, picks=json.dumps(picks), updated_at=now)
    cookies, csrf = _cookies(app, tokens)
    return cookies, f"csrf_token={csrf}&reviewed={voting.mark_reviewed(picks)}&submit=1"


def _cookies(app: Flask, tokens: list[str]) -> tuple[list[str], str]:
    with app.test_request_context():
        csrf = generate_csrf()
        raw = session["csrf_token"]
    signer = app.session_interface.get_signing_serializer(app)
    name = app.config["SESSION_COOKIE_NAME"]
    cookies = [f"{name}=" + signer.dumps({"_user_id": token, "_fresh": True, "csrf_token": raw}) for token in tokens]
    return cookies, csrf
