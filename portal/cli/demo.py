"""portal demo load: fictional editions, one of each age, with people who can log in. Development only."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from stdnum.pl import pesel as pesel_number

from portal import clock, crypto
from portal.cli.command import command
from portal.config import ConfigError, settings
from portal.database import transaction
from portal.models import Account, CostItem, District, Edition, Officer, Pool, Proposal, ProposalState, Role, Unit, VotingPoint
from portal.services import assessment, implementation, pages
from portal.services.pabulib import read_file
from portal.services.pabulib_import import import_files
from portal.services.staff import load_officer

CONTENT = Path(__file__).with_name("demo")
PAST = "2025"  # The edition whose results can be read.
PASSWORD = "wieczorny spacer nad Rudawą"  # Of everybody in the demo, which exists in development only.
Content = dict[str, Any]


@command("demo load", "load it, or bring its voting back to today; prints how to log in")
def load() -> None:
    if not settings.development:
        raise ConfigError("the demo edition is for PORTAL_ENV=development only")
    content = _read("edition")
    with transaction():
        edition = _load_edition(content, ProposalState.ON_BALLOT)
        _load_edition(_read("coming"), ProposalState.SUBMITTED)
        if not Edition.select().where(Edition.code == PAST).exists():
            files = [read_file(path, path.name) for path in sorted(CONTENT.glob("*.pb"))]
            import_files(files, PAST, with_ballots=True, actor="demo", now=clock.now())
        for name in content["voting_points"]:
            VotingPoint.get_or_create(edition=edition, name=name)
        resident = _load_resident(content["resident"])
        for officer in content["officers"]:
            if not Officer.select().where(Officer.email == officer["email"]).exists():
                known = load_officer(officer["email"], name=officer["name"], role=Role(officer["role"]), password=PASSWORD,
                                     now=clock.now())
                if "unit" in officer:
                    Officer.update(unit=Unit.get_or_create(name=officer["unit"])[0]).where(Officer.id == known.id).execute()
        past = Edition.get(Edition.code == PAST)
        implementation.settle(past, Officer.get(), now=past.results_on)
    pages.load(CONTENT / "news", is_news=True, now=clock.now())
    officers = "\n".join(f"    {officer['email']:<32} {officer['role']}" for officer in content["officers"])
    print((CONTENT / "loaded.txt").read_text("utf-8").format(
        edition=edition, until=clock.local(edition.voting_to), password=PASSWORD, resident=resident, officers=officers), end="")


def _read(name: str) -> Any:
    return json.loads((CONTENT / f"{name}.json").read_text("utf-8"))


def _load_edition(content: Content, state: ProposalState) -> Edition:
    """Create an edition with proposals in this state, or move the calendar of an earlier demo to today once it is over."""
    today = clock.local(clock.now()).date()
    calendar = {name: (clock.end_of if name.endswith("_to") else clock.start_of)(today + timedelta(days=days))
                for name, days in content["calendar"].items()}
    edition = Edition.get_or_none(Edition.code == content["code"])
    if edition:
        if getattr(edition, content["over_after"]) < clock.now():
            Edition.update(calendar).where(Edition.id == edition.id).execute()
        return Edition.get_by_id(edition.id)
    edition = Edition.create(code=content["code"], name=content["name"], lot_seed=f"demo-{content['code']}", **calendar)
    crypto.keyring.create(edition.ballot_key)
    assessment.seed_criteria(edition)
    parts: dict[str, tuple[District | None, Content]] = {"OM": (None, _read("citywide"))}
    for file in sorted(CONTENT.glob("district-*.json")):
        part = _read(file.stem)
        district, _ = District.get_or_create(name=part["name"], defaults={"number": part["number"]})
        if district.number is None:  # Known so far from an imported file only.
            District.update(number=part["number"]).where(District.id == district.id).execute()
        parts[f"D{part['number']}"] = district, part
    for letters, (where, part) in parts.items():
        pool = Pool.create(edition=edition, district=where, budget=part["budget"], max_cost=part["max_cost"])
        _load_proposals(pool, letters, content.get("proposals", {letters: part["proposals"]}).get(letters, []), state)
    return edition


def _load_proposals(pool: Pool, letters: str, ideas: list[Content], state: ProposalState) -> None:
    year, drawn = pool.edition.code[-2:], state == ProposalState.ON_BALLOT
    for order, idea in enumerate(ideas, 1):
        costs = idea.pop("costs")
        proposal = Proposal.create(
            pool=pool, number=f"BO.{letters}.{order}/{year}", slug=f"bo-{letters.lower()}-{order}-{year}", state=state,
            cost=sum(row["amount"] for row in costs), ballot_order=order if drawn else None,
            submitted_at=None if drawn else clock.now(), **{**idea, "categories": ",".join(idea["categories"])})
        CostItem.insert_many([{"proposal": proposal, **row} for row in costs]).execute()


def _load_resident(person: Content) -> Account:
    return Account.get_or_none(Account.email == person["email"]) or Account.create(
        **{**person, "district": District.get(number=person["district"])}, created_at=clock.now(), email_confirmed_at=clock.now(),
        birth_date=pesel_number.get_birth_date(person["pesel"]), password_hash=crypto.hash_password(PASSWORD),
        pesel_index=crypto.blind_index("pesel", person["pesel"]))
