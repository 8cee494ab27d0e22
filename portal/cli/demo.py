"""portal demo load: a fictional edition in its voting phase, with people who can log in. Development only."""

import json
from argparse import Namespace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from stdnum.pl import pesel as pesel_number

from portal import clock, crypto
from portal.config import ConfigError, settings
from portal.database import database, transaction
from portal.models import Account, CostItem, District, Edition, Officer, Pool, Proposal
from portal.models.proposal import ProposalState
from portal.models.staff import Role
from portal.services.staff import load_officer

CONTENT = Path(__file__).with_name("demo")
PASSWORD = "wieczorny spacer nad Rudawą"  # Of everybody in the demo, which exists in development only.
Content = dict[str, Any]


def add_command(commands: Any) -> None:
    group = commands.add_parser("demo", help="a fictional edition").add_subparsers(required=True, metavar="ACTION")
    group.add_parser("load", help="load it, or bring its voting back to today; prints how to log in").set_defaults(run=run)


def run(_chosen: Namespace) -> None:
    if not settings.development:
        raise ConfigError("the demo edition is for PORTAL_ENV=development only")
    content = _read("edition")
    with database.connection_context(), transaction():
        edition = _load_edition(content)
        resident = _load_resident(content["resident"])
        for officer in content["officers"]:
            if not Officer.select().where(Officer.email == officer["email"]).exists():
                load_officer(officer["email"], name=officer["name"], role=Role(officer["role"]), password=PASSWORD,
                             now=clock.now())
    officers = "\n".join(f"    {officer['email']:<32} {officer['role']}" for officer in content["officers"])
    print(f"""{edition.name}: voting is open until {clock.local(edition.voting_to):%d.%m.%Y}.
The password of everybody below is: {PASSWORD}
  Resident, at /logowanie:
    {resident.email}
  Officers, at /admin/ (their codes and all messages are shown at /dev/poczta):
{officers}""")


def _read(name: str) -> Any:
    return json.loads((CONTENT / f"{name}.json").read_text("utf-8"))


def _load_edition(content: Content) -> Edition:
    """Create the edition, or move the voting of an earlier demo to today."""
    today = clock.local(clock.now()).date()
    calendar = {
        "proposals_from": clock.start_of(today - timedelta(days=200)), "proposals_to": clock.end_of(today - timedelta(days=170)),
        "admitted_on": clock.start_of(today - timedelta(days=30)), "voting_from": clock.start_of(today - timedelta(days=3)),
        "voting_to": clock.end_of(today + timedelta(days=11)), "results_on": clock.start_of(today + timedelta(days=20)),
    }
    edition = Edition.get_or_none(Edition.code == content["code"])
    if edition:
        if edition.voting_to < clock.now():
            Edition.update(calendar).where(Edition.id == edition.id).execute()
        return Edition.get_by_id(edition.id)
    edition = Edition.create(code=content["code"], name=content["name"], lot_seed=f"demo-{content['code']}", **calendar)
    crypto.keyring.create(edition.ballot_key)
    _load_pool(edition, None, "OM", {**content["citywide"], "proposals": _read("citywide")})
    for file in sorted(CONTENT.glob("district-*.json")):
        part = json.loads(file.read_text("utf-8"))
        district, _ = District.get_or_create(name=part["name"], defaults={"number": part["number"]})
        if district.number is None:  # Known so far from an imported file only.
            District.update(number=part["number"]).where(District.id == district.id).execute()
        _load_pool(edition, district, f"D{part['number']}", part)
    return edition


def _load_pool(edition: Edition, district: District | None, letters: str, part: Content) -> None:
    pool = Pool.create(edition=edition, district=district, budget=part["budget"], max_cost=part["max_cost"])
    for order, idea in enumerate(part["proposals"], 1):
        year = edition.code[-2:]
        proposal = Proposal.create(
            pool=pool, number=f"BO.{letters}.{order}/{year}", slug=f"bo-{letters.lower()}-{order}-{year}",
            cost=sum(row["amount"] for row in idea["costs"]), state=ProposalState.ON_BALLOT, ballot_order=order,
            categories=",".join(idea["categories"]),
            **{key: idea[key] for key in ("title", "summary", "description", "justification", "place", "latitude", "longitude",
                                          "beneficiaries")})
        CostItem.insert_many([{"proposal": proposal, **row} for row in idea["costs"]]).execute()


def _load_resident(person: Content) -> Account:
    resident = Account.get_or_none(Account.email == person["email"])
    if resident is None:
        known = {key: person[key] for key in ("email", "phone", "given_name", "family_name", "street", "postcode", "pesel")}
        born: date = pesel_number.get_birth_date(person["pesel"])
        resident = Account.create(
            **known, pesel_index=crypto.blind_index("pesel", person["pesel"]), birth_date=born,
            district=District.get(District.number == person["district"]), password_hash=crypto.hash_password(PASSWORD),
            created_at=clock.now(), email_confirmed_at=clock.now())
    return resident
