"""What a visitor does on the pages: registers, logs in, reads the code that came by text message."""

import json
from typing import Any

from portal.models import Account, District, Edition, Message
from portal.services import voting
from tests.factories import PASSWORD, PESEL
from tests.page import Page, Visitor


def in_english(visitor: Visitor) -> Visitor:
    """Let the visitor read English: the texts of the code, which no translator changes."""
    visitor.client.set_cookie("jezyk", "en")
    return visitor


def log_in(visitor: Visitor, account: Account, *, path: str = "/logowanie", status: int = 200, password: str = PASSWORD) -> Page:
    return visitor.submit(visitor.get(path), email=account.email, password=password, status=status)


def form_of_registration(district: District, **typed: Any) -> dict[str, Any]:
    """Return what somebody types who makes no mistake."""
    return {"given_name": "Ewa", "family_name": "Żak", "pesel": PESEL, "district": str(district.id), "street": "ul. Krótka 1",
            "postcode": "30-002", "email": "ewa@example.org", "phone": "600 111 222", "password": "zupa z kasztanów",
            "notice": "y", **typed}


def register(visitor: Visitor, district: District, *, status: int = 200, **typed: Any) -> Page:
    """Fill in the form and send it."""
    return visitor.submit(visitor.get("/rejestracja"), status=status, **form_of_registration(district, **typed))


def sent_code() -> str:
    """Return the code of the last text message."""
    message = Message.select().where(Message.channel == "sms").order_by(Message.id.desc()).get()
    return str(json.loads(message.payload)["code"])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def full_picks(edition: Edition, district: District) -> dict[str, str]:
    """Return a complete choice, as Visitor.submit takes it."""
    return {slot.name.replace("-", "__"): contest.proposals[at].uid
            for contest in voting.ballot_paper(edition, district) for at, slot in enumerate(contest.slots)}
