"""An officer of the demo edition at the panel."""

import pyotp

from portal.cli import demo
from portal.models import Officer
from portal.models.staff import Role
from tests.browser.window import Window
from tests.browser.words import pl


def enters_the_panel(window: Window, role: Role) -> None:
    """Log in with password and authenticator, on the panel's own page; once per officer and half minute."""
    officer = Officer.get(Officer.role == role)
    window.fill(pl("E-mail address"), officer.email)
    window.fill(pl("Password"), demo.PASSWORD)
    window.fill(pl("Code from the authenticator"), pyotp.TOTP(officer.totp_secret).now())
    window.press(window.button(pl("Log in")))
