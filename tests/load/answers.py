"""How long refusals take for people who are known and unknown: whoever measures must not learn who has an account."""

import logging
import statistics
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from portal import clock, crypto
from portal.database import database
from portal.errors import LoginRefused
from portal.models import Account, District
from portal.models.removal import Proof
from portal.services import login, password, removal_claim
from portal.services.login_device import Browser
from portal.services.removal_claim import Claim
from tests.load.people import make_accounts
from tests.load.removals import milliseconds

TIMES = 200
Ask = Callable[[str, str, str, datetime], Any]


def log_in(email: str, _pesel: str, address: str, now: datetime) -> None:
    with suppress(LoginRefused):
        login.log_in(email, "not the password", now=now, browser=Browser(address, "", ""))


def claim(_email: str, pesel: str, address: str, now: datetime) -> None:
    told = Claim(name="Ewa Żuk", pesel=pesel, email=f"{pesel}@example.org", story="x", proof=Proof.IN_PERSON, language="pl")
    removal_claim.open_case(told, address=address, now=now)


QUESTIONS: dict[str, Ask] = {
    "login": log_in,
    "forgotten password": lambda email, _pesel, address, now: password.ask_reset(email, address=address, now=now),
    "claim of a wrongly registered account": claim,
}


def measure() -> Iterator[tuple[str, str, str]]:
    """Yield rows of the report: the medians of answers to known and unknown people, asked in turn."""
    logging.getLogger("portal").setLevel(logging.ERROR)  # Each refusal is a line of the log.
    with database.connection_context():
        for number, (name, ask) in enumerate(QUESTIONS.items()):
            known = make_accounts(District.get(District.number == 7), TIMES)
            for at, account in enumerate(known):
                account.pesel = f"{number}1{at:09}"
                account.pesel_index = crypto.blind_index("pesel", account.pesel)
                account.save(only=[Account.pesel, Account.pesel_index])
            taken: tuple[list[float], list[float]] = [], []
            for at, account in enumerate(known):
                for times, email, pesel in zip(taken, (account.email, f"no-{account.email}"),
                                               (account.pesel, f"{number}2{at:09}"), strict=True):
                    address = f"10.{number}.{at}.{len(times) % 250}"
                    times.append(milliseconds(lambda: ask(email, pesel, address, clock.now())))
            medians = [statistics.median(times) for times in taken]
            yield (f"answer to known and unknown people: {name}, medians of {TIMES}",
                   f"{medians[0]:.2f} ms and {medians[1]:.2f} ms", "≤ 5 ms or 5 % apart")
