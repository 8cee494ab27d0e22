"""What every answer tells the browser: content security policy, transport security, and what may be cached."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from portal.config import settings

POLICY = ("default-src 'none'; script-src 'self'{nonce}; style-src 'self'{nonce}; img-src 'self' data:{tiles}; "
          "font-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
          "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()"}


def csp_nonce() -> str:
    """Return this answer's nonce; only the panel's pages have inline scripts and use it."""
    return str(g.setdefault("csp_nonce", secrets.token_urlsafe(16)))


def map_source() -> dict[str, str]:
    """Return where maps begin and where their background comes from, and let this answer's page load it from there."""
    address = urlsplit(settings.map_tiles)
    g.tiles = f" {address.scheme}://{address.netloc.replace('{s}', '*')}" if address.netloc else ""
    return {"tiles": settings.map_tiles, "host": address.netloc.replace("{s}.", ""), "centre": settings.map_centre}


def finish(response: Response) -> Response:
    """Set the headers; what no rule made public is kept nowhere, and a view may have a stricter policy."""
    headers = response.headers
    headers.update(ALWAYS)
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce, tiles=g.get("tiles", "")))
    if not settings.development:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if request.endpoint not in {"static", "admin.static"} and "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    app.after_request(finish)
    app.jinja_env.globals["map_source"] = map_source
