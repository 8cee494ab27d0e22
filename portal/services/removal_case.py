"""Cases of wrongly registered accounts, from the claim to the decision on the claimant's identity.

A person without an account says that somebody else registered on their PESEL. One officer compares the proof of identity and asks
for the removal of the account together with its votes, which a second officer approves (removal_approval).
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from portal import clock, crypto
from portal.database import lock, transaction
from portal.errors import N_, CaseChanged, CaseUnknown, NoSuchAccount, StepForbidden
from portal.messaging.outbox import enqueue
from portal.models.account import Account
from portal.models.edition import Edition, Phase
from portal.models.message import MessageChannel
from portal.models.removal import ENDED, LEADS, CaseState, Deed, Proof, RemovalCase, RemovalStep
from portal.models.staff import Officer
from portal.network import network_of
from portal.services import audit, removal, removal_evidence
from portal.services.code import count_sending

DECIDED_WITHIN, BEFORE_VOTING_ENDS = timedelta(days=7), timedelta(days=1)
MOST_PER_PERSON_AND_DAY, MOST_FROM_ANYWHERE, MOST_PER_NETWORK_AND_HOUR, MOST_ANSWERS = 3, 10, 10, 20
TOO_MANY = N_("Too many claims came in for this person or this network. Try again tomorrow, or come to us with your document.")
TOO_MANY_ANSWERS = N_("You have sent us many messages about this case. We have them all; please come to us for anything further.")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claimant tells."""

    name: str
    pesel: str
    email: str
    story: str
    proof: Proof
    language: str


def open_case(claim: Claim, *, address: str, now: datetime, officer: Officer | None = None) -> tuple[RemovalCase, str]:
    """Keep a claim, write to the claimant and return the case with the secret of its status page.

    Whether the PESEL has an account makes no difference here, and nobody looks. The address is the caller's network address; an
    officer opens a case for who comes in person. A form that is sent twice makes one case. Raises TooMany.
    """
    index = crypto.blind_index("pesel", claim.pesel)
    with transaction():
        lock("removal case numbers")
        for known in RemovalCase.select().where(RemovalCase.pesel_index == index, RemovalCase.state == CaseState.OPEN):
            if all(getattr(known, name) == told for name, told in asdict(claim).items()):
                return known, str(known.secret)
        if officer is None:
            _count_claim(index, claim.email, network_of(address), now)
        secret = crypto.new_token()
        case = RemovalCase.create(**asdict(claim), number=_next_number(clock.local(now).year), pesel_index=index, created_at=now,
                                  secret=secret, secret_hash=crypto.hash_token(secret), due_at=_due_at(now))
        _note(case, Deed.OPENED, officer, None, now)
        write_claimant(case, "claim_received", now, at_office=officer is not None)
    return case, secret


def _count_claim(index: str, email: str, network: str, now: datetime) -> None:
    """Bound the letters to addresses that nobody has confirmed; strangers cannot use up what a person needs by themselves."""
    day = clock.start_of(clock.local(now).date())
    for scope, window, most in ((f"pesel:{index}:{network}", day, MOST_PER_PERSON_AND_DAY),
                                (f"pesel:{index}", day, MOST_FROM_ANYWHERE), (f"email:{email}", day, MOST_PER_PERSON_AND_DAY),
                                (f"network:{network}", clock.hour_of(now), MOST_PER_NETWORK_AND_HOUR)):
        count_sending("claim:" + crypto.keyed_hash("index", "claim", scope), window, most, refusal=TOO_MANY)


def _next_number(year: int) -> str:
    last = RemovalCase.select().where(RemovalCase.number.endswith(f"/{year}")).order_by(RemovalCase.id.desc()).first()
    return f"K/{int(last.number.split('/')[1]) + 1 if last else 1}/{year}"


def _due_at(now: datetime) -> datetime:
    """Return the end of the day by which officers decide: in a week, and a day before a voting ends that goes on."""
    ends = [edition.voting_to - BEFORE_VOTING_ENDS for edition in Edition.select().where(Edition.archived == False)  # noqa: E712
            if edition.phase(now) is Phase.VOTING]
    return clock.end_of(clock.local(max(now, min([now + DECIDED_WITHIN, *ends]))).date())


def find_case(secret: str) -> RemovalCase:
    """Return the case of a status page; raise CaseUnknown."""
    case: RemovalCase | None = RemovalCase.get_or_none(RemovalCase.secret_hash == crypto.hash_token(secret))
    if case is None:
        raise CaseUnknown
    return case


def found_account(case: RemovalCase) -> Account | None:
    """Return the account on the PESEL of a case, if there is one; who has registered since the claim is another matter."""
    wanted = Account.pesel_index == case.pesel_index, Account.created_at <= case.created_at
    account: Account | None = Account.get_or_none(*wanted) if case.pesel_index else None
    return account


def other_cases(case: RemovalCase) -> list[RemovalCase]:
    """Return the other cases of the same PESEL: for officers, never for claimants."""
    return list(RemovalCase.select().where(RemovalCase.pesel_index == case.pesel_index, RemovalCase.id != case.id)
                .order_by(RemovalCase.id)) if case.pesel_index else []


def account_of(case: RemovalCase) -> Account:
    """Return the account on the PESEL of a case; raise NoSuchAccount."""
    account = found_account(case)
    if account is None:
        raise NoSuchAccount
    return account


def answer(case: RemovalCase, words: str, *, now: datetime) -> None:
    """Keep what a claimant writes while officers have not decided; raise StepForbidden, and TooMany after twenty messages."""
    with transaction():
        count_sending("claim-answers:" + crypto.keyed_hash("index", "claim", case.number), case.created_at, MOST_ANSWERS,
                      refusal=TOO_MANY_ANSWERS)
        advance(case, Deed.ANSWERED, words=words, now=now, **_renewed(case, now))


def add_evidence(case: RemovalCase, pages: list[bytes], *, now: datetime) -> None:
    """Keep the pages of a claimant's scan, as removal_evidence.read made them; raise EvidenceRefused, StepForbidden."""
    with transaction():
        advance(case, Deed.SCAN_ADDED, now=now, **_renewed(case, now))
        removal_evidence.keep(case, pages, now=now)


def _renewed(case: RemovalCase, now: datetime) -> dict[str, Any]:
    """Return the new deadline when a claimant brings what officers have waited for; a reminder puts it off no more."""
    brought = RemovalStep.select().where(RemovalStep.case == case, RemovalStep.deed.in_((Deed.SCAN_ADDED, Deed.ANSWERED)))
    return {"due_at": _due_at(now)} if case.state == CaseState.MORE_NEEDED or not brought.exists() else {}


def ask_for_more(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Ask the claimant for what is missing; raise CaseChanged, StepForbidden."""
    with transaction():
        advance(case, Deed.MORE_ASKED, officer=officer, words=words, version=version, now=now)
        write_claimant(case, "claim_more_needed", now, words=words)


def confirm_identity(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Note that the claimant is the person of the PESEL, and destroy the scans; raise CaseChanged, StepForbidden."""
    with transaction():
        removal_evidence.destroy(case)
        advance(case, Deed.CONFIRMED, officer=officer, words=words, version=version, now=now)
        write_claimant(case, "claim_confirmed", now)


def refuse(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """End a case without a removal, tell the claimant why and give a frozen account back; raise CaseChanged, StepForbidden."""
    with transaction():
        queue_up(case)
        removal_evidence.destroy(case)
        account = found_account(case)
        if account and all(other.state in ENDED for other in other_cases(case)) and removal.unfreeze_account(account, now=now):
            write_holder(account, "account_unfrozen", now)
        advance(case, Deed.REFUSED, officer=officer, words=words, version=version, now=now, closed_at=now)
        write_claimant(case, "claim_refused", now, words=words)


def freeze(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Shut the account out while officers are in doubt; raise CaseChanged, StepForbidden, NoSuchAccount."""
    with transaction():
        queue_up(case)
        account = account_of(case)
        if not removal.freeze_account(account, now=now):
            raise StepForbidden
        write_holder(account, "account_frozen", now)
        advance(case, Deed.FROZEN, officer=officer, words=words, version=version, now=now)


def unfreeze(case: RemovalCase, officer: Officer, words: str, *, version: int, now: datetime) -> None:
    """Give a frozen account back to its holder; raise CaseChanged, StepForbidden, NoSuchAccount."""
    with transaction():
        queue_up(case)
        account = account_of(case)
        if not removal.unfreeze_account(account, now=now):
            raise StepForbidden
        write_holder(account, "account_unfrozen", now)
        advance(case, Deed.UNFROZEN, officer=officer, words=words, version=version, now=now)


def queue_up(case: RemovalCase) -> None:
    """Let one decision at a time pass on the cases of a PESEL, until the caller's transaction ends."""
    lock(f"removal of {case.pesel_index}")


def note_view(case: RemovalCase, officer: Officer, what: str, *, now: datetime, **detail: Any) -> None:
    """Keep in the audit log that an officer has looked at what is sealed: ``scan viewed``, ``PESEL revealed``."""
    audit.record(what, actor=f"officer:{officer.uid}", subject=f"removal:{case.number}", now=now, **detail)


def advance(case: RemovalCase, deed: Deed, *, now: datetime, officer: Officer | None = None, words: str = "",
            version: int | None = None, **values: Any) -> None:
    """Take a case one step on, in the caller's transaction, and note it in its history and in the audit log.

    Whoever changes an account does so before, as its holder does: the log is the last that anybody waits for. The version is that
    of the case which the officer has seen. Raises CaseChanged when there is another by now, StepForbidden in another state.
    """
    sources, target = LEADS[deed]
    values |= {"state": target} if target else {}
    known = [RemovalCase.version == version] if version is not None else []
    done = (RemovalCase.update(version=RemovalCase.version + 1, **values)
            .where(RemovalCase.id == case.id, RemovalCase.state.in_(sources), *known).execute())
    current = RemovalCase.get_by_id(case.id)
    if not done:
        raise CaseChanged if version is not None and current.version != version else StepForbidden
    case.__data__.update(current.__data__)
    _note(case, deed, officer, words or None, now)


def _note(case: RemovalCase, deed: Deed, officer: Officer | None, words: str | None, now: datetime) -> None:
    RemovalStep.create(case=case, at=now, deed=deed, officer=officer, words=words)
    audit.record(f"removal case {deed.replace('_', ' ')}", actor=f"officer:{officer.uid}" if officer else "claimant",
                 subject=f"removal:{case.number}", now=now)


def write_claimant(case: RemovalCase, template: str, now: datetime, **payload: Any) -> None:
    """Write to a claimant, with the link to the status page, in the caller's transaction."""
    enqueue(MessageChannel.MAIL, template, key=f"{template}:{case.number}:{case.version}", recipient=str(case.email),
            language=case.language, now=now, name=case.name, number=case.number,
            path=f"/zgloszenie-konta/{case.secret}", **payload)


def write_holder(account: Account, template: str, now: datetime) -> None:
    """Write to the holder of an account that a case is about, in the caller's transaction."""
    enqueue(MessageChannel.MAIL, template, key=f"{template}:{account.uid}:{crypto.new_token(9)}", recipient=account.email,
            language=account.language, now=now, name=account.given_name)
