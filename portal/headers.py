"""What every answer tells the browser: content security policy, transport security, and what may be cached."""

import secrets

from flask import Flask, Response, g, request

from portal.config import settings

POLICY = ("default-src 'none'; script-src 'self'{nonce}; style-src 'self'{nonce}; img-src 'self' data:; font-src 'self'; "
          "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"


def csp_nonce() -> str:
    """Return this answer's nonce; only the panel's pages have inline scripts and use it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def finish(response: Response) -> Response:
    """Set the headers; what no rule made public is kept nowhere."""
    headers = response.headers
    for name, value in ALWAYS.items():
        headers[name] = value
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    if not settings.development:
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    if request.endpoint not in {"static", "admin.static"} and "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    app.after_request(finish)
