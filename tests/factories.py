"""Things to test with, made with one call each; what matters to a test, the test says."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle
from typing import Any

from peewee import sort_models

from portal import clock, crypto, database
from portal.models import Account, District, Edition, Officer, Page, PageVersion, Pool, Proposal, Registration
from portal.models.base import BaseModel
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services.registration import Applicant


def _tables(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Return the models that have a table: the others only pass on what they have in common."""
    for kind in base.__subclasses__():
        yield from _tables(kind) if kind.__subclasses__() else [kind]


MODELS = sort_models(_tables(BaseModel))
PASSWORD = "cztery zielone konie"
PASSWORD_HASH = crypto.hash_password(PASSWORD)
OFFICER_HASH = crypto.hash_password(PASSWORD, officer=True)
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PESEL = "44051401359"
OTHER_PESEL = "90122400019"

_numbers = count(1)
_districts = cycle(range(20, 100))  # Of a larger number the Roman numeral would fill a page.


def empty_database() -> None:
    """Delete every row, and give the connection back."""
    with database.transaction():
        if not database.on_sqlite():
            database.database.execute_sql("SET LOCAL session_replication_role = replica")
        for model in reversed(MODELS):
            model.delete().execute()
    database.release()


def make_district(**given: Any) -> District:
    number = next(_districts)
    return District.create(**{"number": number, "name": f"Dzielnica {number}", **given})


def make_edition(*, open_now: bool = True, **given: Any) -> Edition:
    """An edition with its ballot key; voting began yesterday and lasts a week, or ended yesterday."""
    start = clock.now() - timedelta(days=1 if open_now else 8)
    values = {"code": f"e{next(_numbers)}", "name": "Budżet 2026", "voting_from": start, "voting_to": start + timedelta(days=7),
              "results_on": start + timedelta(days=7), "lot_seed": "seed", **given}
    edition = Edition.create(**values)
    crypto.keyring.create(edition.ballot_key)
    return edition


def make_pool(edition: Edition, district: District | None = None, *, proposals: int = 0, **given: Any) -> Pool:
    pool = Pool.create(**{"edition": edition, "district": district, "budget": 100_000_00, **given})
    for _ in range(proposals):
        make_proposal(pool)
    return pool


def make_proposal(pool: Pool, **given: Any) -> Proposal:
    number = next(_numbers)
    return Proposal.create(**{
        "pool": pool, "number": f"BO.{number}/26", "slug": f"projekt-{number}", "title": f"Projekt {number}",
        "summary": "Ławki i drzewa przy szkole.", "cost": 10_000_00, "state": ProposalState.ON_BALLOT, "ballot_order": number,
        **given})


def make_account(district: District, **given: Any) -> Account:
    number = next(_numbers)
    values = {"email": f"osoba{number}@example.org", "phone": "+48600123456", "given_name": "Anna", "family_name": "Żuraw",
              "birth_date": date(1990, 12, 24), "district": district, "street": "ul. Długa 5", "postcode": "30-001",
              "password_hash": PASSWORD_HASH, "created_at": datetime(2026, 1, 1, tzinfo=UTC), **given}
    if values.get("pesel"):
        values["pesel_index"] = crypto.blind_index("pesel", values["pesel"])
    return Account.create(**values)


def make_page(slug: str = "wiadomosc", *, language: str = "pl", published: datetime | None = None, **given: Any) -> PageVersion:
    """A published version of a page, which is made when it is not there yet; with ``number`` a later one."""
    page = Page.get_or_none(Page.slug == slug) or Page.create(slug=slug, **{
        name: given.pop(name) for name in ("is_news", "position", "withdrawn") if name in given})
    return PageVersion.create(page=page, language=language, **{
        "number": 1, "title": f"Strona {slug}", "lead": "O czym jest ta strona.", "body": "## Pierwsza część\n\nTreść.",
        "author": "Ewa Pisarska", "written_at": clock.now(), "publisher": "Jan Wydawca",
        "published_at": published or clock.now(), **given})


def make_registration(token: str, district: District, **given: Any) -> Registration:
    """A filled-in form that waits for the code 012345, found by this token."""
    applicant = Applicant(email="nowa@example.org", phone="+48600123457", given_name="Ewa", family_name="Lis", pesel=None,
                          birth_date="1990-12-24", district=district.id, street="ul. Długa 5", postcode="30-001",
                          password_hash="x", wants_news=False, language="pl")
    hashed, now = crypto.hash_token(token), clock.now()
    values = {"token_hash": hashed, "phone": applicant.phone, "data": json.dumps(applicant._asdict()), "created_at": now,
              "code_hash": crypto.keyed_hash("index", "sms-code", hashed, "012345"), "sent_at": now - timedelta(hours=1),
              "code_expires_at": now + timedelta(minutes=5), **given}
    return Registration.create(**values)


def make_officer(role: Role, **given: Any) -> Officer:
    number = next(_numbers)
    values = {"email": f"urzednik{number}@example.org", "name": "Jan Urzędnik", "role": role, "created_at": clock.now(),
              "password_hash": OFFICER_HASH, "totp_secret": TOTP_SECRET, **given}
    return Officer.create(**values)


def make_voting(*, proposals: int = 4, **given: Any) -> tuple[Edition, District, Account]:
    """An edition in voting with a citywide and a district pool, and a resident of that district."""
    edition, district = make_edition(**given), make_district()
    make_pool(edition, proposals=proposals)
    make_pool(edition, district, proposals=proposals)
    return edition, district, make_account(district)
