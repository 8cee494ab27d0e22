"""What an officer proves beside the password: the code that the authenticator shows, or a recovery code; each works once."""

import re
from datetime import datetime

import pyotp

from portal import crypto
from portal.config import settings
from portal.database import transaction
from portal.errors import LoginRefused, require
from portal.models import Officer, RecoveryCode
from portal.services.account import record, write

TOTP_SECONDS = 30
RECOVERY_CODES = 10


def new_secret() -> str:
    """Return a random secret for an authenticator."""
    return pyotp.random_base32()


def otpauth(officer: Officer) -> str:
    """Return the address that an authenticator reads from the QR code."""
    return pyotp.TOTP(officer.totp_secret).provisioning_uri(name=officer.email, issuer_name=settings.site_name)


def matching_step(officer: Officer, code: str, *, now: datetime) -> int | None:
    """Return the time step that a code of the authenticator belongs to, one step of drift allowed (RFC 6238, 5.2)."""
    totp, step = pyotp.TOTP(officer.totp_secret), int(now.timestamp()) // TOTP_SECONDS
    return next((at for at in (step, step - 1, step + 1) if crypto.same(totp.generate_otp(at), _bare(code))), None)


def accept(officer: Officer, code: str, *, now: datetime) -> None:
    """Use up a code of the authenticator or a recovery code in the caller's transaction; raise LoginRefused.

    The officer is as read when the password was checked: who was renewed, shut out or got another password since is refused.
    """
    step = matching_step(officer, code, now=now)
    unchanged = Officer.id == officer.id, Officer.active, Officer.password_hash == officer.password_hash
    unused = [Officer.totp_step < step] if step else []
    accepted = Officer.update(totp_step=step or Officer.totp_step).where(*unchanged, *unused).execute()
    require(accepted and (step is not None or _use_recovery_code(officer, code, now)), LoginRefused)


def _use_recovery_code(officer: Officer, code: str, now: datetime) -> bool:
    if not RecoveryCode.delete().where(RecoveryCode.officer == officer, RecoveryCode.code_hash == _hash(officer, code)).execute():
        return False
    left = codes_left(officer)
    record(officer, "recovery code used", now, left=left)
    write(officer, "recovery_code_used", now=now, left=left)
    return True


def note_refusal(officer: Officer, *, device: str, is_known: bool, now: datetime) -> None:
    """Keep that the password was right but the code was not; tell the officer, unless it was on a device of the own."""
    with transaction():
        record(officer, "second factor refused", now, actor="system")
        if not is_known:
            write(officer, "officer_code_refused", now=now, device=device)


def replace_recovery_codes(officer: Officer) -> list[str]:
    """Give an officer ten new recovery codes in the caller's transaction, and return them: they are never readable again."""
    codes = [crypto.readable_code(3) for _code in range(RECOVERY_CODES)]
    RecoveryCode.delete().where(RecoveryCode.officer == officer).execute()
    RecoveryCode.add(*[{"officer": officer.id, "code_hash": _hash(officer, code)} for code in codes])
    return codes


def codes_left(officer: Officer) -> int:
    """Return how many recovery codes an officer has not used yet."""
    return int(RecoveryCode.select().where(RecoveryCode.officer == officer).count())


def _bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def _hash(officer: Officer, code: str) -> str:
    return crypto.keyed_hash("index", "recovery-code", officer.uid, _bare(code))
