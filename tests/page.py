"""A visitor without scripts: fetches pages, checks each of them, fills in their forms and follows redirects."""

import re
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

CONTROLS = "input:not([type=hidden]), select, textarea"


class Page:
    """A page as its reader meets it."""

    def __init__(self, response: TestResponse) -> None:
        self.response, self.status = response, response.status_code
        self.path = urlsplit(response.request.url).path
        self.soup = BeautifulSoup(response.get_data(as_text=True), "html.parser")

    @property
    def title(self) -> str:
        return self.soup.title.get_text(strip=True) if self.soup.title else ""

    @property
    def heading(self) -> str:
        return " ".join(self.soup.h1.get_text().split()) if self.soup.h1 else ""

    @property
    def text(self) -> str:
        main = self.soup.find("main") or self.soup
        return " ".join(main.get_text(" ").split())

    @property
    def errors(self) -> list[str]:
        """The messages of the error summary."""
        return [item.get_text(strip=True) for item in self.soup.select(".govuk-error-summary__list li")]

    def form(self, action: str | None = None) -> Tag:
        """Return the main form, or the one with this action."""
        forms = [form for form in self.soup.select("main form") if action is None or form.get("action") == action]
        assert forms, f"{self.path} has no such form"
        return forms[0]


def faults(page: Page, app: Flask) -> list[str]:
    """Return what is wrong with a page, whichever it is."""
    soup, found = page.soup, []
    if len(soup.find_all("h1")) != 1:
        found.append("there must be one h1")
    if page.heading and page.heading not in page.title:
        found.append(f"the title {page.title!r} does not repeat the heading {page.heading!r}")
    if not (soup.html and soup.html.get("lang")):
        found.append("the language is missing")
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    found += [f"the id {name} occurs twice" for name in {name for name in ids if ids.count(name) > 1}]
    labelled = {label.get("for") for label in soup.find_all("label")}
    for control in soup.select(CONTROLS):
        if control.get("id") not in labelled and not control.find_parent("label") and not control.get("aria-label"):
            found.append(f"{control.get('name')} has no label")
    for tag in soup.find_all(True):
        inline = [name for name in tag.attrs if name.startswith("on") or name == "style"]
        found += [f"<{tag.name}> has {name}" for name in inline]
    found += ["there is an inline script" for script in soup.find_all("script") if not script.get("src")]
    addresses = [link["href"] for link in soup.find_all("a", href=True)]
    found += [f"the link {address} leads nowhere" for address in addresses if not _leads(address, page, app)]
    if "\N{REPLACEMENT CHARACTER}" in soup.get_text():
        found.append("a character is broken")
    return found


def _leads(address: str, page: Page, app: Flask) -> bool:
    if address.startswith("#"):
        return page.soup.find(id=address[1:]) is not None
    path = urlsplit(address).path
    if re.match("[a-z]+:", address):
        return address.startswith(("mailto:", "tel:", "http://localhost", "https://"))
    try:
        app.url_map.bind("localhost").match(path, method="GET")
    except HTTPException:
        return False
    return True


class Visitor:
    """A browser window with its cookies."""

    def __init__(self, app: Flask) -> None:
        self.app, self.client = app, app.test_client()

    def get(self, path: str, *, status: int = 200, **options: Any) -> Page:
        return self._look(self.client.get(path, follow_redirects=True, **options), status)

    def submit(self, page: Page, *, action: str | None = None, status: int = 200, **typed: Any) -> Page:
        """Send a form of the page as the browser would, with what was typed; None empties a field."""
        form = page.form(action)
        values = {**prefilled(form), **{name.replace("__", "-"): value for name, value in typed.items()}}
        sent = {name: value for name, value in values.items() if value is not None}
        target = form.get("action") or page.response.request.url
        return self._look(self.client.post(target, data=sent, follow_redirects=True), status)

    def post(self, path: str, data: Any = None, **options: Any) -> TestResponse:
        """Send something that no page offers."""
        return self.client.post(path, data=data, **options)

    def _look(self, response: TestResponse, status: int) -> Page:
        page = Page(response)
        assert page.status == status, f"{page.path}: {page.status}, {page.heading}: {page.errors or page.text[:300]}"
        if response.mimetype == "text/html":
            assert not faults(page, self.app), f"{page.path}: {faults(page, self.app)}"
        return page


def prefilled(form: Tag) -> dict[str, Any]:
    """Return what a form would send if nobody typed anything."""
    values: dict[str, Any] = {}
    for control in form.select("input[name], select[name], textarea[name]"):
        name, kind = str(control["name"]), control.get("type", "text")
        if control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            values[name] = chosen.get("value", chosen.get_text()) if chosen else ""
        elif kind in {"checkbox", "radio"}:
            if control.has_attr("checked"):
                values[name] = control.get("value", "on")
        elif control.name == "textarea":
            values[name] = control.get_text()
        elif kind not in {"submit", "button", "file"}:
            values[name] = control.get("value", "")
    return values
