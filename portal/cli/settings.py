"""portal config: every setting, its value in force and its meaning; secrets are not shown."""

import re

from portal.cli.command import command
from portal.config import SETTINGS, settings


@command("config", "list the settings")
def show() -> None:
    for setting in SETTINGS:
        value = re.sub(r"//[^/@]*@", "//•••@", str(getattr(settings, setting.name.lower())))
        print(f"{setting.variable}={value}\n    {setting.meaning}")
