"""What every answer tells the browser, in development and as a city runs it."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from bs4 import BeautifulSoup

from portal.models.staff import Role
from tests.architecture import sources
from tests.architecture.people import STRANGER, Visit
from tests.architecture.production import HOST

MAPS = "https://tile.openstreetmap.org"  # The background of maps, on the pages that have one.
PRODUCTION = {
    "PORTAL_ENV": "production", "PORTAL_BASE_URL": HOST, "PORTAL_TRUSTED_HOSTS": "budzet.example.pl", "PORTAL_PROXIES": "0",
    "PORTAL_MAIL_URL": "smtp://portal:tajne@mail.example.pl", "PORTAL_SMS_URL": "smsapi://tajne@api.smsapi.pl",
}


def policy(headers: Any) -> dict[str, list[str]]:
    """Return the content security policy as directives with their sources."""
    parts = [part.split() for part in headers["Content-Security-Policy"].split(";")]
    return {name: allowed for name, *allowed in parts}


@pytest.mark.parametrize("who", [STRANGER, Role.ADMINISTRATOR])
def test_every_answer_has_its_headers(reading: list[Visit], who: str) -> None:
    for visit in reading:
        headers, rule = visit.response.headers, visit.rule.rule
        assert headers["X-Content-Type-Options"] == "nosniff", rule
        assert headers["Referrer-Policy"] in {"same-origin", "strict-origin", "no-referrer"}, f"{rule}: addresses hold secrets"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", rule
        assert "Strict-Transport-Security" not in headers, f"{rule}: a laptop has no TLS"


@pytest.mark.parametrize("who", [STRANGER, Role.ADMINISTRATOR])
def test_policy_lets_no_page_run_or_load_what_is_not_ours(reading: list[Visit], who: str) -> None:
    for visit in reading:
        allowed = policy(visit.response.headers)
        assert {"default-src", "frame-ancestors", "base-uri"} <= {name for name in allowed if allowed[name] == ["'none'"]}
        assert allowed["form-action"] in (["'self'"], ["'none'"])
        for name, places in allowed.items():
            known = {"'none'", "'self'", *({"data:", MAPS} if name == "img-src" else {"data:"} if name == "font-src" else ())}
            strange = [place for place in places if place not in known and not re.fullmatch("'nonce-[A-Za-z0-9_-]{22}'", place)]
            assert not strange, f"{visit.rule.rule}: {name} allows {strange}"


@pytest.mark.parametrize("who", [STRANGER, Role.COORDINATOR, Role.ADMINISTRATOR])
def test_no_page_breaks_its_own_policy(reading: list[Visit], who: str) -> None:
    for visit in reading:
        if visit.response.mimetype != "text/html":
            continue
        soup, allowed = BeautifulSoup(visit.response.data, "html.parser"), policy(visit.response.headers)
        for tag in soup.select("script:not([src]), style"):
            assert f"'nonce-{tag.get('nonce')}'" in allowed[f"{tag.name}-src"], f"{visit.rule.rule} has an inline <{tag.name}>"
        for tag in soup.select("script[src], link[rel=stylesheet], img, iframe, object"):
            place = tag.get("src") or tag.get("href") or tag.get("data") or ""
            assert re.match("/[^/]|data:image/", place), f"{visit.rule.rule} loads {place} from elsewhere"


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answers of a portal in production, by address."""
    folder = tmp_path_factory.mktemp("production")
    environment = {**os.environ, **PRODUCTION, "PORTAL_INSTANCE": str(folder), "PORTAL_DATABASE_URL": ""}
    done = subprocess.run([sys.executable, "-m", "tests.architecture.production", str(folder / "answers.json")],
                          cwd=sources.ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(json.loads((folder / "answers.json").read_text("utf-8")))


def test_production_insists_on_tls(production: dict[str, Any]) -> None:
    for address, answer in production.items():
        match = re.match(r"max-age=([0-9]+)", answer["headers"].get("Strict-Transport-Security", ""))
        assert match and int(match[1]) >= 31_536_000, f"{address}: {answer['status']} {match}"


def test_production_cookies_stay_on_their_host_and_off_scripts(production: dict[str, Any]) -> None:
    [session] = production[f"{HOST}/logowanie"]["cookies"]
    assert session.startswith("__Host-session=")
    [language] = production[f"{HOST}/jezyk/en"]["cookies"]
    for cookie in (session, language):
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes, cookie
        assert not any(part.startswith("Domain") for part in attributes), cookie


def test_production_answers_only_to_its_name(production: dict[str, Any]) -> None:
    assert production[f"{HOST}/aktualnosci"]["status"] == 200
    stranger = production["https://evil.example.net/aktualnosci"]
    assert stranger["status"] == 400
    assert "evil.example.net" not in stranger["text"]


def test_production_has_no_mailbox(production: dict[str, Any]) -> None:
    assert production[f"{HOST}/dev/poczta"]["status"] == 404


def test_panel_of_production_asks_for_the_login(production: dict[str, Any]) -> None:
    answer = production[f"{HOST}/admin/"]
    assert (answer["status"], answer["headers"]["Location"]) == (302, "/admin/logowanie?next=/admin/")
