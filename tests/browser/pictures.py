"""Takes the pictures of the guide and of the README from the running portal: `make pictures`.

A demo edition in a folder of its own is served, a resident registers in each language, and what the pages look like is kept.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import launch
from tests.browser.server import ROOT, serve

GUIDE, README = ROOT / "portal" / "static" / "images" / "guide", ROOT / "docs" / "images"
LANGUAGES = {"pl": "91061512348", "en": "88030423114", "uk": "94092077653"}  # Each registers with a PESEL number of its own.
RESIDENT, PASSWORD = "mieszkanka@example.org", "wieczorny spacer nad Rudawą"
NEW_PASSWORD = "trzy złote rybki w stawie"
SHOT = (640, 480)


def keep(page: Page, path: Path, *, at: str = "main h1") -> None:
    """Write what the window shows from an element on."""
    page.evaluate("document.activeElement.blur()")
    page.locator(at).first.evaluate("element => scrollTo(0, Math.max(0, element.getBoundingClientRect().y + scrollY - 24))")
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        if path.suffix == ".webp":
            picture.convert("RGB").save(path, quality=72, method=6)
        else:
            picture.convert("RGB").quantize(128).save(path, optimize=True)


def go_on(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form button[type=submit]").last.click()


def latest_letter(page: Page, url: str, pattern: str) -> str:
    """Return what the newest message in the mailbox that fits says there."""
    for _attempt in range(100):
        page.goto(f"{url}/dev/poczta")
        found = re.search(pattern, "\n".join(page.locator("main article").all_inner_texts()))
        if found:
            return found[1]
        page.wait_for_timeout(300)
    raise AssertionError(f"no message says {pattern}")


def guide(browser: Browser, url: str, language: str, pesel: str) -> None:
    """Register in a language, and keep what the way looks like."""
    context = browser.new_context(viewport={"width": SHOT[0], "height": SHOT[1]}, device_scale_factor=1.5)
    context.add_cookies([{"name": "jezyk", "value": language, "url": url}])
    page, other = context.new_page(), context.new_page()
    page.goto(f"{url}/rejestracja")
    keep(page, GUIDE / f"{language}-1-formularz.webp")
    typed = {"given_name": "Hanna", "family_name": "Nowak", "pesel": pesel, "street": "ul. Długa 5", "postcode": "31-147",
             "email": f"hanna.{language}@example.org", "phone": f"60010{pesel[-4:]}", "password": NEW_PASSWORD}
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=district]", index=1)
    page.check("[name=notice]")
    go_on(page)
    keep(page, GUIDE / f"{language}-2-kod.webp")
    code = latest_letter(other, url, rf"\+48{typed['phone']}.*\s+([0-9]{{6}}) ")
    page.fill("[name=code]", code)
    with page.expect_navigation():
        page.press("[name=code]", "Enter")
    link = latest_letter(other, url, rf"{typed['email']}[\s\S]*?(/rejestracja/adres/[\w-]+)")
    page.goto(url + link)
    keep(page, GUIDE / f"{language}-3-email.webp")
    go_on(page)
    page.goto(f"{url}/logowanie")
    page.fill("[name=email]", typed["email"])
    page.fill("[name=password]", NEW_PASSWORD)
    go_on(page)
    page.goto(f"{url}/moje-konto")
    keep(page, GUIDE / f"{language}-4-konto.webp", at=".app-menu")
    context.clear_cookies()
    context.add_cookies([{"name": "jezyk", "value": language, "url": url}])
    page.goto(f"{url}/haslo/przypomnij")
    page.fill("[name=email]", typed["email"])
    go_on(page)
    page.goto(url + latest_letter(other, url, rf"{typed['email']}[\s\S]*?(/haslo/nowe/[\w-]+)"))
    keep(page, GUIDE / f"{language}-5-haslo.webp")
    context.close()


def readme(browser: Browser, url: str) -> None:
    """Keep the main pages, large and on a phone, by day and by night."""
    for name, path, width, height, scheme in (
            ("home", "/", 1280, 1180, "light"), ("home-dark", "/", 1280, 1180, "dark"), ("home-phone", "/", 390, 844, "light"),
            ("projects", "/projekty", 1280, 1000, "light"), ("results", "/wyniki/2025/miasto", 1280, 1500, "light"),
            ("faq", "/faq", 1280, 1000, "light"), ("style", "/dev/styl", 1280, 1400, "light")):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.goto(url + path)
        keep(page, README / f"{name}.png", at="body")
        context.close()
    for name, width, height in (("ballot", 1280, 1100), ("ballot-phone", 390, 844)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{url}/logowanie?next=/glosowanie")
        page.fill("[name=email]", RESIDENT)
        page.fill("[name=password]", PASSWORD)
        go_on(page)
        page.locator("main .app-row input[type=radio]").nth(1).check(force=True)
        page.locator("main .app-row input[type=radio]").nth(5).check(force=True)
        keep(page, README / f"{name}.png", at="body" if width > 1000 else "main h1")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="portal-pictures-") as folder:
        url = f"sqlite:///{folder}/portal.sqlite3"
        environ = os.environ | {"PORTAL_ENV": "development", "PORTAL_INSTANCE": folder, "PORTAL_DATABASE_URL": url}
        for command in (("db", "upgrade"), ("demo", "load")):
            subprocess.run([sys.executable, "-m", "portal", *command], env=environ, cwd=ROOT, check=True,
                           stdout=subprocess.DEVNULL)
        with serve(url, Path(folder)) as address, sync_playwright() as playwright:
            browser = launch(playwright)
            for language, pesel in LANGUAGES.items():
                guide(browser, address, language, pesel)
            readme(browser, address)
            browser.close()


if __name__ == "__main__":
    main()
