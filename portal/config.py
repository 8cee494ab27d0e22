"""Every setting of the portal: its name, its default and what it means.

A value comes from the environment (``PORTAL_<NAME>``), else from ``instance/config.py``, else from the default, which stands
with the meaning in ``settings.toml``. Secrets and keys are never settings: see ``portal.crypto``.
"""

import os
import re
import runpy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class ConfigError(Exception):
    """A setting is missing or makes no sense; the portal does not start."""


class Setting(NamedTuple):
    """One setting; its type is that of its default, and a text has to match its pattern."""

    name: str
    default: str | int
    meaning: str
    pattern: str = "(?s).*"
    wanted: str = "be a whole number, not {!r}"

    @property
    def variable(self) -> str:
        return f"PORTAL_{self.name}"

    def parse(self, raw: object) -> str | int:
        """Convert a raw value to the type of the default; raise ConfigError when it makes no sense."""
        text = str(raw).strip()
        if not (text.isdecimal() if isinstance(self.default, int) else re.fullmatch(self.pattern, text)):
            raise ConfigError(f"{self.variable} must {self.wanted.format(text)}")
        return type(self.default)(text)


TABLE = tomllib.loads(Path(__file__).with_name("settings.toml").read_text("utf-8"))
SETTINGS = [Setting(name, **row) for name, row in TABLE.items()]


class Settings:
    """The settings in force, as attributes in lower case (``settings.base_url``)."""

    def __init__(self) -> None:
        self.instance = Path("instance").resolve()
        vars(self).update({setting.name.lower(): setting.default for setting in SETTINGS})

    def load(self, environ: Mapping[str, str], instance: Path) -> None:
        """Take the values from the environment over those of ``instance/config.py``; raise ConfigError."""
        self.instance = instance
        file = instance / "config.py"
        overrides = runpy.run_path(str(file)) if file.exists() else {}
        for setting in SETTINGS:
            raw = environ.get(setting.variable, overrides.get(setting.name, setting.default))
            setattr(self, setting.name.lower(), setting.parse(raw))
        self.database_url: str = getattr(self, "database_url") or f"sqlite:///{instance / 'portal.sqlite3'}"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no setting {name}")

    @property
    def development(self) -> bool:
        return bool(self.env == "development")

    @property
    def hosts(self) -> list[str]:
        named = [host.strip() for host in self.trusted_hosts.split(",") if host.strip()]
        return named or [urlsplit(self.base_url).hostname or "127.0.0.1"]

    def check_service(self) -> None:
        """Refuse to serve people without what a serious service needs; raise ConfigError. Commands on data do without."""
        if self.development:
            return
        missing = [name for name in ("MAIL_URL", "SMS_URL", "TRUSTED_HOSTS") if not getattr(self, name.lower())]
        if missing:
            raise ConfigError("production needs " + ", ".join(f"PORTAL_{name}" for name in missing))
        if not self.base_url.startswith("https://"):
            raise ConfigError("PORTAL_BASE_URL must begin with https:// in production")


settings = Settings()


def for_flask(values: Settings, secret: bytes) -> dict[str, Any]:
    """Return what Flask and its extensions are told."""
    mail = urlsplit(values.mail_url)
    return {
        "SECRET_KEY": secret,
        "TRUSTED_HOSTS": None if values.development else values.hosts,
        "SESSION_COOKIE_NAME": "session" if values.development else "__Host-session",
        "DEVICE_COOKIE_NAME": "device" if values.development else "__Host-device",
        "SESSION_COOKIE_SECURE": not values.development, "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,  # A token lives as long as its session: nobody loses a form to a coffee break.
        "RATELIMIT_STORAGE_URI": values.redis_url or "memory://", "RATELIMIT_ENABLED": True,
        "MAIL_SERVER": mail.hostname or "localhost",
        "MAIL_PORT": mail.port or (465 if mail.scheme == "smtps" else 25),
        "MAIL_USE_SSL": mail.scheme == "smtps", "MAIL_USE_TLS": mail.scheme == "smtp+tls",
        "MAIL_USERNAME": unquote(mail.username) if mail.username else None,
        "MAIL_PASSWORD": unquote(mail.password) if mail.password else None,
        "MAIL_DEFAULT_SENDER": values.mail_sender,
    }


def load(instance: Path | None = None) -> Settings:
    """Read the settings anew from this process's environment; raise ConfigError when they make no sense."""
    settings.load(os.environ, (instance or Path(os.environ.get("PORTAL_INSTANCE", "instance"))).resolve())
    return settings
