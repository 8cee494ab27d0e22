"""What the pages say: tests look for what a Polish reader sees, by the text that the code has for it."""

from pathlib import Path
from typing import Any

from babel.support import Translations

import portal

POLISH = Translations.load(str(Path(portal.__file__).with_name("translations")), ["pl"])


def pl(msgid: str, **params: Any) -> str:
    """Return a text of the portal in Polish."""
    text = POLISH.gettext(msgid)
    return text % params if params else text
