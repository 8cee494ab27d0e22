"""Every setting of the portal: its name, its default and what it means.

A value comes from the environment (``PORTAL_<NAME>``), else from ``instance/config.py``, else from the default here.
``portal config`` prints this table. Secrets and keys are never settings: see ``portal.crypto``.
"""

import os
import re
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


class ConfigError(Exception):
    """A setting is missing or makes no sense; the portal does not start."""


@dataclass(frozen=True)
class Setting:
    """One setting; its type is that of its default."""

    name: str
    default: str | int | bool
    meaning: str

    @property
    def variable(self) -> str:
        return f"PORTAL_{self.name}"

    def parse(self, raw: object) -> str | int | bool:
        """Convert a raw value to the type of the default; raise ConfigError when it cannot be."""
        text = str(raw).strip()
        if isinstance(self.default, bool):
            if text.lower() in {"1", "true", "yes", "on"}:
                return True
            if text.lower() in {"", "0", "false", "no", "off"}:
                return False
            raise ConfigError(f"{self.variable} must be true or false, not {text!r}")
        if isinstance(self.default, int):
            if not text.isdecimal():
                raise ConfigError(f"{self.variable} must be a whole number, not {text!r}")
            return int(text)
        return text


SETTINGS = (
    Setting("ENV", "production", "production, or development (mailbox at /dev/poczta, cookies without TLS)"),
    Setting("DATABASE_URL", "", "sqlite:///path or postgresql://user:password@host/name; empty: instance/portal.sqlite3"),
    Setting("DATABASE_POOL", 20, "most connections that one process holds open"),
    Setting("REDIS_URL", "", "redis://host/0 for rate limits and the task queue; needed with several web nodes"),
    Setting("BASE_URL", "http://127.0.0.1:5000", "public address of the portal, used in messages"),
    Setting("TRUSTED_HOSTS", "", "host names that requests may ask for, separated by commas; required in production"),
    Setting("PROXIES", 0, "how many reverse proxies stand in front and set X-Forwarded-*"),
    Setting("MAIL_URL", "", "smtp://user:password@host:port, smtps:// for TLS from the start; required in production"),
    Setting("MAIL_SENDER", "Budżet Obywatelski <budzet@example.org>", "sender of every e-mail"),
    Setting("SMS_URL", "", "smsapi://token@host of the SMSAPI gateway (api.smsapi.pl); required in production"),
    Setting("SMS_SENDER", "", "sender name registered with the gateway; empty: the gateway's default"),
    Setting("SMS_DAILY_CAP", 20000, "most text messages that the whole portal sends in a day"),
    Setting("PESEL_MODE", "required", "required, optional or off: whether registration asks for the PESEL number"),
    Setting("SITE_NAME", "Budżet Obywatelski", "name of the portal"),
    Setting("CITY", "Kraków", "name of the city, as shown"),
    Setting("CONTACT_EMAIL", "budzet@example.org", "address that residents write to"),
    Setting("OFFICE_ADDRESS", "pl. Wszystkich Świętych 3-4, pok. 29", "where residents come in person"),
    Setting("OFFICE_HOURS", "pon.-pt. 8:00-15:00", "when they can come"),
    Setting("MAP_TILES", "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "background of maps; empty: points on plain ground"),
    Setting("MAP_CENTRE", "50.0614,19.9372", "latitude and longitude at which maps begin"),
    Setting("WORKERS", 2, "processes of the web server"),
    Setting("THREADS", 2, "threads of each process of the web server; more only wait for each other (see docs/bench.md)"),
    Setting("LISTEN", "127.0.0.1:5000", "address and port of the web server"),
)


class Settings:
    """The settings in force, as attributes in lower case (``settings.base_url``)."""

    def __init__(self) -> None:
        self.instance = Path("instance").resolve()
        self.load({}, self.instance)

    def load(self, environ: Mapping[str, str], instance: Path) -> None:
        """Take the values from the environment over those of ``instance/config.py``; raise ConfigError."""
        self.instance = instance
        file = instance / "config.py"
        overrides = runpy.run_path(str(file)) if file.exists() else {}
        for setting in SETTINGS:
            raw = environ.get(setting.variable, overrides.get(setting.name, setting.default))
            setattr(self, setting.name.lower(), setting.parse(raw))
        if not getattr(self, "database_url"):
            setattr(self, "database_url", f"sqlite:///{instance / 'portal.sqlite3'}")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no setting {name}")

    @property
    def development(self) -> bool:
        return bool(self.env == "development")

    @property
    def hosts(self) -> list[str]:
        named = [host.strip() for host in self.trusted_hosts.split(",") if host.strip()]
        return named or [urlsplit(self.base_url).hostname or "127.0.0.1"]

    def check(self) -> None:
        """Refuse values that make no sense; raise ConfigError."""
        if self.env not in {"production", "development"}:
            raise ConfigError(f"PORTAL_ENV must be production or development, not {self.env!r}")
        if self.pesel_mode not in {"required", "optional", "off"}:
            raise ConfigError(f"PORTAL_PESEL_MODE must be required, optional or off, not {self.pesel_mode!r}")
        if urlsplit(self.database_url).scheme not in {"sqlite", "postgresql"}:
            raise ConfigError("PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql://")
        if not re.fullmatch(r"[^\s/]+:[0-9]{1,5}", self.listen):
            raise ConfigError(f"PORTAL_LISTEN must be an address and a port like 127.0.0.1:5000, not {self.listen!r}")

    def check_service(self) -> None:
        """Refuse to serve people without what a serious service needs; raise ConfigError. Commands on data do without."""
        self.check()
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
        "SESSION_COOKIE_SECURE": not values.development,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 1_000,
        "WTF_CSRF_TIME_LIMIT": None,  # A token lives as long as its session: nobody loses a form to a coffee break.
        "WTF_CSRF_SSL_STRICT": True,
        "RATELIMIT_STORAGE_URI": values.redis_url or "memory://",
        "RATELIMIT_ENABLED": True,
        "MAIL_SERVER": mail.hostname or "localhost",
        "MAIL_PORT": mail.port or (465 if mail.scheme == "smtps" else 25),
        "MAIL_USE_SSL": mail.scheme == "smtps",
        "MAIL_USE_TLS": mail.scheme == "smtp+tls",
        "MAIL_USERNAME": unquote(mail.username) if mail.username else None,
        "MAIL_PASSWORD": unquote(mail.password) if mail.password else None,
        "MAIL_DEFAULT_SENDER": values.mail_sender,
        "MAIL_SUPPRESS_SEND": False,
        "BABEL_DEFAULT_LOCALE": "pl",
    }


def load(instance: Path | None = None) -> Settings:
    """Read the settings anew from this process's environment; raise ConfigError when they make no sense."""
    settings.load(os.environ, (instance or Path(os.environ.get("PORTAL_INSTANCE", "instance"))).resolve())
    settings.check()
    return settings
