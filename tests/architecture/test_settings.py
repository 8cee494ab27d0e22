"""Every setting is told of, and the portal refuses to start with ones that a city must not run with."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.config import SETTINGS, ConfigError, Settings, for_flask
from tests.architecture import sources
from tests.architecture.test_headers import PRODUCTION


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command ``portal`` in a process of its own."""
    return subprocess.run([sys.executable, "-m", "portal", *arguments], cwd=sources.ROOT, env={**os.environ, **environment},
                          capture_output=True, text=True, timeout=60)


def load(instance: Path, **environment: str) -> Settings:
    """Return the settings of an environment."""
    settings = Settings()
    settings.load(environment, instance)
    settings.check_service()
    return settings


def test_config_lists_every_setting_and_no_secret(tmp_path: Path) -> None:
    done = command("config", PORTAL_INSTANCE=str(tmp_path), PORTAL_DATABASE_URL="postgresql://portal:tajne@localhost/portal",
                   PORTAL_REDIS_URL="redis://:tajne@localhost/0", PORTAL_MAIL_URL="smtp://portal:tajne@mail.example.pl",
                   PORTAL_SMS_URL="smsapi://tajne@api.smsapi.pl")
    assert done.returncode == 0, done.stderr
    for setting in SETTINGS:
        assert f"{setting.variable}=" in done.stdout and setting.meaning in done.stdout, setting.name
    assert "tajne" not in done.stdout


def test_readme_lists_every_setting() -> None:
    readme = (sources.ROOT / "README.md").read_text("utf-8")
    missing = [setting.variable for setting in SETTINGS if setting.variable not in readme]
    assert not missing, f"Add these to the settings in README.md: {missing}"
    known = {setting.variable for setting in SETTINGS} | {"PORTAL_INSTANCE"}
    gone = {name for name in re.findall("PORTAL_[A-Z_]+[A-Z]", readme) if name not in known and not name.startswith("PORTAL_KEY")}
    assert not gone, f"There are no such settings: {gone}"


def test_code_reads_the_environment_in_two_places_only() -> None:
    reading = {sources.name(path) for path in sources.python() if re.search(r"os\.(environ|getenv)", path.read_text("utf-8"))}
    assert reading == {"portal/config.py", "portal/crypto.py"}, "Make it a Setting in portal/config.py"


def test_every_setting_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in sources.python() if path.name != "demo.py")
    unused = [setting.name for setting in SETTINGS if not re.search(rf"(settings|values|self)\.{setting.name.lower()}\b", code)
              and f'"{setting.name.lower()}"' not in code]
    assert not unused, f"Nothing reads these settings: {unused}"


def test_production_starts_with_what_it_needs(tmp_path: Path) -> None:
    assert not load(tmp_path, **PRODUCTION).development


@pytest.mark.parametrize(("variable", "value"), [
    ("PORTAL_MAIL_URL", ""), ("PORTAL_SMS_URL", ""), ("PORTAL_TRUSTED_HOSTS", ""), ("PORTAL_ENV", "staging"),
    ("PORTAL_BASE_URL", "http://budzet.example.pl"),
    ("PORTAL_PESEL_MODE", "maybe"), ("PORTAL_WORKERS", "many"), ("PORTAL_PROXIES", "-1"),
    ("PORTAL_SMS_DAILY_CAP", "1e3"),
])
def test_production_refuses_to_start_without_or_with_the_wrong(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        load(tmp_path, **{**PRODUCTION, variable: value})


def test_production_is_what_one_gets_without_asking(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="production needs PORTAL_MAIL_URL, PORTAL_SMS_URL, PORTAL_TRUSTED_HOSTS"):
        load(tmp_path)


def test_refusal_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    done = command("serve", PORTAL_ENV="production", PORTAL_INSTANCE=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("portal: production needs") and done.stderr.count("\n") == 1


def test_instance_config_overrides_defaults_and_the_environment_overrides_both(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("CITY = 'Łódź'\nSITE_NAME = 'BO'\nWORKERS = 8\n", "utf-8")
    settings = load(tmp_path, PORTAL_ENV="development", PORTAL_SITE_NAME="Budżet")
    assert (settings.city, settings.site_name, settings.workers, settings.threads) == ("Łódź", "Budżet", 8, 2)


def test_what_flask_is_told_in_production(tmp_path: Path) -> None:
    told = for_flask(load(tmp_path, **PRODUCTION), b"secret")
    assert told["TRUSTED_HOSTS"] == ["budzet.example.pl"]
    assert told["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert told["SESSION_COOKIE_SECURE"] and told["SESSION_COOKIE_HTTPONLY"] and told["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert told["RATELIMIT_ENABLED"] and told["MAX_CONTENT_LENGTH"] <= 2**20
    assert (told["MAIL_USERNAME"], told["MAIL_PASSWORD"], told["MAIL_SERVER"]) == ("portal", "tajne", "mail.example.pl")


def test_unknown_setting_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="there is no setting colour"):
        _ = load(tmp_path, PORTAL_ENV="development").colour
