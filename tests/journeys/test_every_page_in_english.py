"""Every page in English, on a small phone: axe finds no fault. A file for each language, so that they run side by side."""

from flask import Flask
from playwright.sync_api import Browser

from tests.journeys.every_page import MARKS, check_every_page

pytestmark = MARKS


def test_pages_are_in_order(db: None, server: str, portal_app: Flask, chromium: Browser) -> None:
    check_every_page(portal_app, chromium, server, language="en", width=320)
