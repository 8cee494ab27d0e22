"""portal db upgrade, and what every command has in common."""

import subprocess
import sys
from pathlib import Path

import pytest

from portal import __file__ as portal_file
from portal.cli import COMMANDS, main
from portal.services.pages import SHIPPED
from tests.cli.conftest import Portal

ROOT = Path(portal_file).parents[1]
UP_TO_DATE = "the database is up to date\n"


def test_upgrade_of_a_new_portal_makes_keys_and_tables_and_repeats_as_nothing(portal: Portal, tmp_path: Path):
    settings = {"INSTANCE": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}"}
    first = portal("db", "upgrade", **settings)
    assert (first.status, first.err) == (0, "")
    assert first.out.splitlines()[0].startswith("applied 0001")
    assert sorted(key.name for key in (tmp_path / "keys").iterdir()) == ["index", "seal", "secret"]
    assert {key.stat().st_mode & 0o777 for key in (tmp_path / "keys").iterdir()} == {0o600}
    kept = (tmp_path / "keys" / "seal").read_bytes()
    assert portal("db", "upgrade").out in (f"added {len(list((SHIPPED / 'pl').iterdir()))} pages\n", UP_TO_DATE)
    assert portal("db", "upgrade").out == UP_TO_DATE
    assert (tmp_path / "keys" / "seal").read_bytes() == kept


def test_upgrade_of_the_database_of_the_tests_has_nothing_to_do(portal: Portal):
    assert portal("db", "upgrade").out in (f"added {len(list((SHIPPED / 'pl').iterdir()))} pages\n", UP_TO_DATE)
    assert portal("db", "upgrade").out == UP_TO_DATE


@pytest.mark.parametrize("arguments", [
    (), ("nonsense",), ("db",), ("db", "nonsense"), ("count",), ("staff", "create"), ("--nonsense",), ("edition", "list", "more"),
    ("staff", "create", "a@b", "--role", "king")])
def test_wrong_use_is_exit_status_2_with_usage_on_stderr(portal: Portal, arguments: tuple[str, ...]):
    answer = portal(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("usage: portal")


@pytest.mark.parametrize("arguments", [("--help",), ("db", "--help"), ("serve", "--help")])
def test_help_is_no_error(portal: Portal, arguments: tuple[str, ...]):
    answer = portal(*arguments)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("usage: portal")


def test_every_command_explains_itself(portal: Portal):
    said = portal("--help").out
    assert len(COMMANDS) >= 9
    for name in ("db", "demo", "staff", "edition", "pabulib", "count", "audit", "config", "serve", "worker"):
        assert f"    {name}  " in said, f"{name} needs a line of help"


@pytest.mark.parametrize(("settings", "reason"), [
    ({"ENV": "test"}, "portal: PORTAL_ENV must be production or development, not 'test'\n"),
    ({"PESEL_MODE": "maybe"}, "portal: PORTAL_PESEL_MODE must be required, optional or off, not 'maybe'\n"),
    ({"SMS_DAILY_CAP": "many"}, "portal: PORTAL_SMS_DAILY_CAP must be a whole number, not 'many'\n"),
    ({"DATABASE_URL": "mongodb://x/y"}, "portal: PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql://\n"),
    ({"LISTEN": "5000"}, "portal: PORTAL_LISTEN must be an address and a port like 127.0.0.1:5000, not '5000'\n"),
])
def test_wrong_setting_is_exit_status_1_with_its_reason(portal: Portal, settings: dict[str, str], reason: str):
    answer = portal("edition", "list", **settings)
    assert (answer.status, answer.out, answer.err) == (1, "", reason)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nobody_is_served_in_production_without_its_gateways(portal: Portal, command: str):
    answer = portal(command, ENV="production")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "portal: production needs PORTAL_MAIL_URL, PORTAL_SMS_URL, PORTAL_TRUSTED_HOSTS\n"


def test_commands_on_data_need_no_gateways(portal: Portal):
    assert portal("edition", "list", ENV="production").status == 0


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////proc/nowhere/x.sqlite3"])
def test_database_out_of_reach_is_exit_status_1_without_a_traceback(portal: Portal, url: str, socket_enabled: None):
    answer = portal("edition", "list", DATABASE_URL=url)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("portal: ")


def test_interrupted_command_says_so_by_its_status(portal: Portal, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_fields: object) -> None:
        raise KeyboardInterrupt
    monkeypatch.setattr("portal.models.Edition.select", interrupt)
    assert portal("edition", "list").status == 130


@pytest.mark.parametrize(("arguments", "status"), [(["edition", "list"], 0), (["nonsense"], 2), (["count", "x"], 1)])
def test_python_dash_m_portal_is_the_command(portal: Portal, arguments: list[str], status: int, database_url: str):
    if not database_url.startswith("sqlite"):
        pytest.skip("once is enough")
    done = subprocess.run([sys.executable, "-m", "portal", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert callable(main)


def test_database_without_tables_is_answered_with_what_to_do(portal: Portal, tmp_path: Path):
    answer = portal("edition", "list", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert (answer.status, answer.err) == (1, "portal: no such table: edition (try: portal db upgrade)\n")
