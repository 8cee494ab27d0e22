"""What slows the guessing of passwords down, and never shuts anybody out for good.

Each try is counted before the password is compared, so that parallel guesses cannot share one, and given back when it was right.
After so many failures in a row one has to wait before the next try, twice as long each time, up to a quarter of an hour; a try
that comes too early is neither compared nor counted. Time without failures makes up for them one by one.

Failures count for the account and for the network address. Whoever keeps guessing at an account so that its owner has to wait
gains nothing: a browser in which the owner has logged in before is a known device and has a count of its own, instead of both
(OWASP, device cookies), and a password reset, which makes the browser one, is open to the owner all the time.
An unknown e-mail address is counted like that of an account, and counts hold keyed hashes, so they tell nobody who has one.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from portal import crypto
from portal.database import lock, transaction
from portal.errors import Throttled
from portal.models import Throttle
from portal.network import network_of

SHORTEST, LONGEST, DOUBLINGS = timedelta(seconds=5), timedelta(minutes=15), 8


class Allowance(NamedTuple):
    """How many failures in a row somebody has before waits begin, and the time without failures that makes up for one."""

    scope: str
    free: int
    forgiven_after: timedelta


class Try(NamedTuple):
    """A try that was counted, with what the count was before it."""

    counted: Throttle
    failures: int
    free_since: datetime


def for_account(door: str, email: str) -> Allowance:
    """Return what everybody has together for one e-mail address as typed; the door is that of residents or of officers."""
    return Allowance(f"{door}:{crypto.keyed_hash('index', 'login-email', email.lower())}", 5, timedelta(hours=1))


def for_device(device: str) -> Allowance:
    return Allowance(f"device:{crypto.keyed_hash('index', 'login-device', device)}", 5, timedelta(hours=1))


def for_session(uid: str) -> Allowance:
    return Allowance(f"session:{uid}", 5, timedelta(hours=1))


def for_address(door: str, address: str) -> Allowance:
    """Return what one network address has: more, and sooner anew, because a library or a mobile network is one address."""
    return Allowance(f"{door}-from:{crypto.keyed_hash('index', 'login-address', network_of(address))}", 30, timedelta(minutes=1))


def take_try(*allowances: Allowance, now: datetime) -> list[Try]:
    """Count a try against each allowance, exactly, however many ask at once; raise Throttled, counting none, if one must wait."""
    with transaction():
        return [_count(allowance, now) for allowance in allowances]


def _count(allowance: Allowance, now: datetime) -> Try:
    lock(f"throttle:{allowance.scope}")
    row, _made = Throttle.get_or_create(scope=allowance.scope, defaults={"failed_at": now, "blocked_until": now})
    if row.failures >= allowance.free and row.blocked_until > now:
        raise Throttled(row.blocked_until - now)
    forgiven = max(0, (now - row.blocked_until) // allowance.forgiven_after)
    failures = max(0, row.failures - forgiven)
    free_since = row.blocked_until + forgiven * allowance.forgiven_after if failures else now
    over = failures + 1 - allowance.free
    row.failures, row.failed_at = allowance.free + min(over, DOUBLINGS), now
    row.blocked_until = now + min(LONGEST, SHORTEST * 2 ** min(over, DOUBLINGS)) if over >= 0 else free_since
    row.save()
    return Try(row, failures, free_since)


def give_back(*tries: Try) -> None:
    """Undo the count of tries that were right, in the caller's transaction; what others have failed meanwhile stays counted."""
    for one in tries:
        lock(f"throttle:{one.counted.scope}")  # Else a count that is being taken would write over it.
        this = Throttle.id == one.counted.id
        alone = this & (Throttle.failures == one.counted.failures) & (Throttle.blocked_until == one.counted.blocked_until)
        if not Throttle.update(failures=one.failures, blocked_until=one.free_since).where(alone).execute():
            Throttle.update(failures=Throttle.failures - 1).where(this, Throttle.failures > 0).execute()
        Throttle.delete().where(this, Throttle.failures == 0).execute()


def forget(scope: str) -> None:
    """Forget all failures of a scope."""
    Throttle.delete().where(Throttle.scope == scope).execute()
