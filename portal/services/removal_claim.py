"""Claims about wrongly registered accounts: what a person without an account tells, brings and answers (then removal_case)."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import fn

from portal import clock, crypto, files, store
from portal.database import lock, transaction
from portal.errors import N_, CaseUnknown, OwnAccount, require
from portal.models import Account, CaseState, Deed, Edition, Evidence, Officer, Proof, RemovalCase, RemovalStep
from portal.network import network_of
from portal.services import code, removal_case, removal_evidence

DECIDED_WITHIN, BEFORE_VOTING_ENDS = timedelta(days=7), timedelta(days=1)
MOST_PER_PERSON_AND_DAY, MOST_FROM_ANYWHERE, MOST_PER_NETWORK_AND_HOUR, MOST_ANSWERS = 3, 10, 10, 20
TOO_MANY = N_("Too many claims came in for this person or this network. Try again tomorrow, or come to us with your document.")
TOO_MANY_ANSWERS = N_("You have sent us many messages about this case. We have them all; please come to us for anything further.")


class Claim(NamedTuple):
    """What a claimant tells."""

    name: str
    pesel: str
    email: str
    story: str
    proof: Proof
    language: str


def open_case(claim: Claim, *, address: str, now: datetime, visitor: Account | None = None,
              officer: Officer | None = None) -> RemovalCase:
    """Keep a claim, write to the claimant and return the case.

    Whether the PESEL has an account makes no difference here, and nobody looks but at that of a ``visitor`` who is logged in. The
    address is the caller's network address; an officer opens a case for who comes in person. A form that is sent twice makes one
    case. Raises OwnAccount, TooMany.
    """
    index = crypto.blind_index("pesel", claim.pesel)
    require(not visitor or visitor.pesel_index != index, OwnAccount)
    with transaction():
        lock("removal case numbers")
        for known in RemovalCase.select().where(RemovalCase.pesel_index == index, RemovalCase.state == CaseState.OPEN):
            if all(getattr(known, name) == told for name, told in claim._asdict().items()):
                return known
        if officer is None:
            _count_claim(index, claim.email, network_of(address), now)
        secret = crypto.new_token()
        case = RemovalCase.create(**claim._asdict(), number=_next_number(clock.local(now).year), pesel_index=index, secret=secret,
                                  secret_hash=crypto.hash_token(secret), created_at=now, due_at=_due_at(now))
        removal_case.note_step(case, Deed.OPENED, officer, None, now)
        removal_case.write_claimant(case, "claim_received", now, at_office=officer is not None)
    return case


def _count_claim(index: str, email: str, network: str, now: datetime) -> None:
    """Bound the letters to addresses that nobody has confirmed; strangers cannot use up what a person needs by themselves."""
    day = clock.start_of(clock.local(now).date())
    for scope, window, most in ((f"pesel:{index}:{network}", day, MOST_PER_PERSON_AND_DAY),
                                (f"pesel:{index}", day, MOST_FROM_ANYWHERE), (f"email:{email}", day, MOST_PER_PERSON_AND_DAY),
                                (f"network:{network}", clock.hour_of(now), MOST_PER_NETWORK_AND_HOUR)):
        code.count_sending("claim:" + crypto.keyed_hash("index", "claim", scope), window, most, refusal=TOO_MANY)


def _next_number(year: int) -> str:
    last = RemovalCase.select().where(RemovalCase.number.endswith(f"/{year}")).order_by(RemovalCase.id.desc()).first()
    return f"K/{int(last.number.split('/')[1]) + 1 if last else 1}/{year}"


def _due_at(now: datetime) -> datetime:
    """Return the end of the day by which officers decide: in a week, and a day before a voting ends that goes on."""
    ends = [edition.voting_to - BEFORE_VOTING_ENDS for edition in Edition.in_voting(now)]
    return clock.end_of(clock.local(max(now, min([now + DECIDED_WITHIN, *ends]))).date())


def find_case(secret: str) -> RemovalCase:
    """Return the case of a status page; raise CaseUnknown."""
    return require(RemovalCase.get_or_none(RemovalCase.secret_hash == crypto.hash_token(secret)), CaseUnknown)


def waits_for_person() -> Any:
    """Return the condition on cases with which officers cannot begin, or go on, before the claimant has brought something."""
    at_office = (RemovalStep.deed == Deed.OPENED) & RemovalStep.officer.is_null(False)
    said = RemovalStep.select().where(RemovalStep.case == RemovalCase.id, (RemovalStep.deed == Deed.ANSWERED) | at_office)
    brought = fn.EXISTS(said) | fn.EXISTS(Evidence.select(Evidence.id).where(Evidence.case == RemovalCase.id))
    return (RemovalCase.state == CaseState.MORE_NEEDED) | (RemovalCase.state == CaseState.OPEN) & ~brought


def is_waiting(case: RemovalCase) -> bool:
    """Tell whether a case waits for its claimant."""
    return bool(RemovalCase.select().where(RemovalCase.id == case.id, waits_for_person()).exists())


def answer(case: RemovalCase, words: str, *, now: datetime) -> None:
    """Keep what a claimant writes while officers have not decided; raise StepForbidden, and TooMany after twenty messages."""
    with transaction():
        code.count_sending("claim-answers:" + crypto.keyed_hash("index", "claim", case.number), case.created_at, MOST_ANSWERS,
                           refusal=TOO_MANY_ANSWERS)
        removal_case.advance(case, Deed.ANSWERED, words=words, now=now, **_renewed(case, now))


def add_evidence(case: RemovalCase, pages: list[bytes], *, now: datetime) -> None:
    """Keep the pages of a claimant's scan, as files.read_pages made them; raise FileUnusable, StepForbidden."""
    with transaction():
        removal_case.advance(case, Deed.SCAN_ADDED, now=now, **_renewed(case, now))
        removal_evidence.keep(case, pages, now=now)


def _renewed(case: RemovalCase, now: datetime) -> dict[str, Any]:
    """Return the new deadline of a case that has waited for what its claimant brings now; a reminder puts it off no more."""
    return {"due_at": _due_at(now)} if is_waiting(case) else {}


def add_files(case: RemovalCase, chosen: store.Chosen, *, address: str, now: datetime) -> store.Taken:
    """Keep those files of an upload that can be used; return their names, and of the others why not.

    The address is the caller's network address. Raises StepForbidden when officers have decided meanwhile.
    """
    return store.take_in(chosen, count=lambda: removal_evidence.count_try(case, address=address, now=now),
                         take=lambda name, data: add_evidence(case, store.read(files.read_pages, data, name), now=now))
