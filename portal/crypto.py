"""Sealed values, blind indexes, tokens, codes and password hashes.

Keys are 32 random bytes each, named, taken from ``PORTAL_KEY_<NAME>`` (base64) or ``instance/keys/<name>``, never from the
database. A key is made only where something new begins (a database, an edition); a key that should be there and is not raises
KeyMissing, because a fresh one would let people vote twice.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import threading
import unicodedata
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.config import settings


class KeyMissing(Exception):
    """A key that existing data depend on is not where it should be."""


class SealBroken(Exception):
    """A sealed value was altered, or sealed for another purpose or under another key."""


class Keyring:
    """Named keys, read once per process from the environment or the key folder.

    The key of an edition lives in a process only as long as its file does: another process may have destroyed it.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[object, str], tuple[bytes, Path | None]] = {}

    def path(self, name: str) -> Path:
        return Path(settings.instance) / "keys" / re.sub(r"[^a-z0-9-]", "_", name.lower())

    def variable(self, name: str) -> str | None:
        """Return what the environment calls a key, if the key comes from there."""
        variable = "PORTAL_KEY_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
        return variable if os.environ.get(variable) else None

    def get(self, name: str) -> bytes:
        """Return a key; raise KeyMissing when there is none."""
        known = settings.instance, name
        key, file = self._keys.get(known) or self._read(name)
        if file and not os.path.exists(file):
            self._keys.pop(known, None)
            raise KeyMissing(f"the key {name!r} is missing: it was in {file}")
        self._keys[known] = key, file
        return key

    def _read(self, name: str) -> tuple[bytes, Path | None]:
        """Return a key, and its file if it has to be looked for each time."""
        path, variable = self.path(name), self.variable(name)
        try:
            encoded = os.environ[variable] if variable else path.read_text("ascii")
        except FileNotFoundError:
            raise KeyMissing(f"the key {name!r} is missing: expected in {path}") from None
        key = base64.b64decode(encoded)
        if len(key) != 32:
            raise KeyMissing(f"the key {name!r} must be 32 bytes in base64")
        return key, None if variable or name in SYSTEM_KEYS else path

    def create(self, name: str) -> bytes:
        """Make a key unless it exists, readable by the owner only, and return it."""
        try:
            return self.get(name)
        except KeyMissing:
            path = self.path(name)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=".") as file:
                file.write(base64.b64encode(secrets.token_bytes(32)))
                file.flush()
                os.fsync(file.fileno())
                with suppress(FileExistsError):  # A link fails where a file is: of two processes that begin at once one key wins.
                    os.link(file.name, path)
            return self.get(name)

    def destroy(self, name: str) -> None:
        """Delete the file of an edition's key, and so the key in every process that has read it."""
        self.path(name).unlink(missing_ok=True)


keyring = Keyring()
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, none of which looks like another.
SYSTEM_KEYS = ("secret", "seal", "index")


def seal_bytes(plain: bytes, purpose: str) -> bytes:
    """Encrypt and authenticate data for one purpose (AES-256-GCM, random nonce, the purpose as associated data)."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(keyring.get("seal")).encrypt(nonce, plain, purpose.encode())


def unseal_bytes(sealed: bytes, purpose: str) -> bytes:
    """Decrypt data sealed for the same purpose; raise SealBroken."""
    try:
        return AESGCM(keyring.get("seal")).decrypt(sealed[:12], sealed[12:], purpose.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(purpose) from None


def keyed_hash(key: str, *parts: str) -> str:
    """Return the hexadecimal HMAC-SHA-256 of the parts under a named key."""
    return hmac.new(keyring.get(key), "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def blind_index(kind: str, value: str) -> str:
    """Return the keyed hash by which a sealed value is found without being opened."""
    return keyed_hash("index", kind, value)


def new_token(size: int = 32) -> str:
    """Return a random URL-safe token of so many bytes (32: 256 bits)."""
    return secrets.token_urlsafe(size)


def readable_code(groups: int) -> str:
    """Return a random code that people can copy by hand, of so many groups of 20 bits."""
    return "-".join("".join(map(secrets.choice, [CODE_SIGNS] * 4)) for _group in range(groups))


def digest(text: str) -> str:
    """Return the SHA-256 of a text, by which people see that they speak of the same."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_token(token: str) -> str:
    """Return what the database keeps of a random token."""
    return digest(token)


def new_code() -> str:
    """Return six random digits for a text message."""
    return f"{secrets.randbelow(1_000_000):06d}"


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


# Residents: OWASP's first Argon2id profile, so that the logins of the last voting hour fit. Officers: RFC 9106, low memory.
_RESIDENTS = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
_OFFICERS = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_hashing = threading.BoundedSemaphore(2)  # Bounds the memory that a burst of logins can take.


def _composed(password: str) -> str:
    """Return the one spelling of a password: keyboards write ż as one sign or as two (NIST SP 800-63B-4, 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str, *, officer: bool = False) -> str:
    """Return the Argon2id hash of a password."""
    with _hashing:
        return (_OFFICERS if officer else _RESIDENTS).hash(_composed(password))


@cache
def _nobodys_password(officer: bool) -> str:
    return hash_password(secrets.token_hex(), officer=officer)


def verify_password(hashed: str | None, password: str, *, officer: bool = False) -> bool:
    """Tell whether the password is right; without a hash take as long as with one and answer no."""
    compared = hashed or _nobodys_password(officer)
    spellings = dict.fromkeys((_composed(password), password))  # The second is that of a hash from before there was one spelling.
    return any([_matches(compared, spelling, officer) for spelling in spellings]) and bool(hashed)


def _matches(hashed: str, password: str, officer: bool) -> bool:
    with _hashing, suppress(VerifyMismatchError, InvalidHashError):
        return (_OFFICERS if officer else _RESIDENTS).verify(hashed, password)
    return False


def password_is_outdated(hashed: str, *, officer: bool = False) -> bool:
    """Tell whether a hash was made with older parameters and should be renewed at login."""
    return (_OFFICERS if officer else _RESIDENTS).check_needs_rehash(hashed)
