"""The browser that somebody logs in with: what it is called, and whether its owner has logged in there before."""

import re
from typing import NamedTuple

from portal import crypto
from portal.services.account import Person

MOST_TOKENS = 5  # A family may share a browser.
# What a browser or system is called, and what its name for itself holds; the first that fits, because each names others too.
BROWSERS = (("Edge", "Edg"), ("Opera", "OPR/"), ("Samsung Internet", "SamsungBrowser"), ("Firefox", "Firefox/"),
            ("Firefox", "FxiOS"), ("Chrome", "Chrome/"), ("Chrome", "CriOS"), ("Safari", "Safari/"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("ChromeOS", "CrOS"),
           ("macOS", "Macintosh"), ("Linux", "Linux"))


class Browser(NamedTuple):
    """What is known of a browser in which somebody logs in."""

    address: str = ""
    user_agent: str = ""
    tokens: str = ""  # Its long-lived cookie: a token for each person who has logged in there.


def device_words(user_agent: str) -> str:
    """Return browser and system as people call them, "Firefox, Windows", or nothing when they are not known."""
    found = [next((name for name, sign in names if sign in user_agent), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found))


def known_device(person: Person | None, browser: Browser) -> str:
    """Return the random part of the browser's token for a person, empty when it has none."""
    return next((nonce for nonce, mark in _tokens(browser) if person and crypto.same(mark, _sign(person, nonce))), "")


def new_tokens(person: Person, browser: Browser) -> str:
    """Return the browser's long-lived cookie with a token for this person in it, in which nobody can read who that is.

    A token is random, signed for one person and the present password: it dies with the password. It opens nothing; whoever
    holds it is only throttled apart from everybody else who tries the same account.
    """
    mine = known_device(person, browser) or crypto.new_token(16)
    others = [f"{nonce}.{mark}" for nonce, mark in _tokens(browser) if nonce != mine]
    return "~".join([f"{mine}.{_sign(person, mine)}", *others][:MOST_TOKENS])


def _tokens(browser: Browser) -> list[tuple[str, str]]:
    """Return what is in the cookie as random part and mark of each token, and nothing that is no token."""
    return re.findall(r"(?<![^~])([A-Za-z0-9_-]{22})\.([0-9a-f]{64})(?![^~])", browser.tokens)[:MOST_TOKENS]


def _sign(person: Person, nonce: str) -> str:
    return crypto.keyed_hash("secret", "login-device", person.uid, person.password_hash, nonce)
