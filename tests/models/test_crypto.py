"""Keys, tokens and passwords."""

import base64
import stat
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal import config, crypto
from portal.crypto import KeyMissing, Keyring


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance of its own, without keys."""
    monkeypatch.setattr(config.settings, "instance", tmp_path)
    return tmp_path / "keys"


def test_missing_key_is_never_replaced_by_a_fresh_one(folder: Path) -> None:
    with pytest.raises(KeyMissing, match="the key 'ballot-2026' is missing: expected in .*/keys/ballot-2026"):
        Keyring().get("ballot-2026")
    assert not folder.exists()


def test_key_is_made_once_and_readable_by_its_owner_only(folder: Path) -> None:
    key = Keyring().create("ballot-2026")
    assert len(key) == 32
    assert Keyring().create("ballot-2026") == Keyring().get("ballot-2026") == key
    assert stat.S_IMODE((folder / "ballot-2026").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["ballot-2026"], "no half-written file is left"


def test_processes_that_begin_at_once_share_one_key(folder: Path) -> None:
    keys, start = [], threading.Barrier(8)

    def create() -> None:
        start.wait()
        keys.append(Keyring().create("seal"))

    threads = [threading.Thread(target=create) for _time in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8 and len(set(keys)) == 1


def test_key_may_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_KEY_BALLOT_2026", base64.b64encode(b"k" * 32).decode())
    assert Keyring().get("ballot-2026") == b"k" * 32
    assert Keyring().create("ballot-2026") == b"k" * 32 and not folder.exists()


@pytest.mark.parametrize("written", [b"", b"c2hvcnQ=", base64.b64encode(b"k" * 33)])
def test_spoilt_key_is_refused_and_left_alone(folder: Path, written: bytes) -> None:
    folder.mkdir()
    (folder / "seal").write_bytes(written)
    with pytest.raises(KeyMissing, match="must be 32 bytes"):
        Keyring().get("seal")
    with pytest.raises(KeyMissing):
        Keyring().create("seal")
    assert (folder / "seal").read_bytes() == written


@pytest.mark.parametrize("name", ["../../etc/passwd", "ballot-2026/../seal", "BALLOT 2026"])
def test_name_of_a_key_never_leaves_its_folder(folder: Path, name: str) -> None:
    assert Keyring().path(name).parent == folder


def test_keyed_hashes_differ_by_key_kind_and_parts(folder: Path) -> None:
    for name in ("index", "ballot-1", "ballot-2"):
        crypto.keyring.create(name)
    hashes = {crypto.keyed_hash("ballot-1", "pesel", "x"), crypto.keyed_hash("ballot-2", "pesel", "x"),
              crypto.keyed_hash("ballot-1", "account", "x"), crypto.keyed_hash("ballot-1", "pesel", "xy"),
              crypto.keyed_hash("ballot-1", "pesely", "x"), crypto.blind_index("pesel", "x"), crypto.blind_index("phone", "x")}
    assert len(hashes) == 7 and {len(value) for value in hashes} == {64}
    assert crypto.blind_index("pesel", "x") == crypto.blind_index("pesel", "x")


def test_tokens_have_256_random_bits_and_are_kept_as_hashes() -> None:
    tokens = {crypto.new_token() for _time in range(100)}
    assert len(tokens) == 100 and {len(token) for token in tokens} == {43}
    token = tokens.pop()
    assert token not in crypto.hash_token(token) and len(crypto.hash_token(token)) == 64


def test_codes_have_six_digits_zeros_included() -> None:
    codes = [crypto.new_code() for _time in range(2000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert any(code.startswith("0") for code in codes) and len(set(codes)) > 1900


def test_secrets_are_compared_whole() -> None:
    assert crypto.same("ąę", "ąę")
    assert not crypto.same("123456", "123457") and not crypto.same("123456", "12345") and not crypto.same("", "1")


@pytest.mark.parametrize("officer", [False, True])
def test_password_is_right_or_not(officer: bool) -> None:
    hashed = crypto.hash_password("cztery zielone konie", officer=officer)
    assert hashed.startswith("$argon2id$") and hashed != crypto.hash_password("cztery zielone konie", officer=officer)
    assert crypto.verify_password(hashed, "cztery zielone konie", officer=officer)
    for wrong in ("", "cztery zielone koni", "cztery zielone konie ", "Cztery zielone konie"):
        assert not crypto.verify_password(hashed, wrong, officer=officer)
    assert not crypto.verify_password("not a hash", "x", officer=officer)


def test_long_password_is_not_cut_off() -> None:
    hashed = crypto.hash_password("ż" * 128)
    assert not crypto.verify_password(hashed, "ż" * 127) and crypto.verify_password(hashed, "ż" * 128)


@pytest.mark.parametrize("officer", [False, True])
def test_unknown_person_takes_as_long_as_a_wrong_password(officer: bool) -> None:
    crypto._nobodys_password.cache_clear()  # Another test may have made one that costs nothing.
    hashed = crypto.hash_password("cztery zielone konie", officer=officer)

    def seconds(known: str | None) -> float:
        begun = time.perf_counter()
        assert not crypto.verify_password(known, "something else", officer=officer)
        return time.perf_counter() - begun

    known, unknown = zip(*((seconds(hashed), seconds(None)) for _time in range(7)), strict=True)
    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


def test_nobody_can_log_in_without_a_hash() -> None:
    assert not crypto.verify_password(None, "") and not crypto.verify_password(None, "cztery zielone konie")


def test_hash_with_older_parameters_is_noticed() -> None:
    resident, officer = crypto.hash_password("x"), crypto.hash_password("x", officer=True)
    assert not crypto.password_is_outdated(resident) and not crypto.password_is_outdated(officer, officer=True)
    assert crypto.password_is_outdated(resident, officer=True)


@pytest.mark.parametrize("officer", [False, True])
def test_one_password_has_one_spelling(officer: bool) -> None:
    """Keyboards and systems write ż as one sign or as two."""
    composed, apart = "\u017c\u00f3\u0142w i \u0107ma", "z\u0307o\u0301\u0142w i c\u0301ma"
    for chosen, typed in ((composed, apart), (apart, composed), (apart, apart)):
        assert crypto.verify_password(crypto.hash_password(chosen, officer=officer), typed, officer=officer)
    before = (crypto._OFFICERS if officer else crypto._RESIDENTS).hash(apart)
    assert crypto.verify_password(before, apart, officer=officer), "a hash from before there was one spelling"
    assert not crypto.verify_password(before, composed, officer=officer)


def test_two_hundred_logins_at_once_hash_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 46 MiB: what a burst takes is bounded, whatever a server's threads are."""
    running, most, guard = 0, 0, threading.Lock()

    def work(_self: object, _hashed: str, _password: str) -> bool:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(.002)
        with guard:
            running -= 1
        return True
    monkeypatch.setattr("argon2.PasswordHasher.verify", work)
    monkeypatch.setattr("argon2.PasswordHasher.hash", lambda self, password: str(work(self, "", password)))
    start = threading.Barrier(200)

    def log_in(at: int) -> None:
        start.wait(30)
        crypto.verify_password("x", "y", officer=bool(at % 2))
        crypto.hash_password("y", officer=bool(at % 3))
    with ThreadPoolExecutor(200) as threads:
        list(threads.map(log_in, range(200)))
    assert (running, most) == (0, 2)
