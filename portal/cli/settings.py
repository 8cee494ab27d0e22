"""portal config: every setting, its value in force and its meaning; secrets are not shown."""

import re
from argparse import Namespace
from typing import Any

from portal.config import SETTINGS, settings


def add_command(commands: Any) -> None:
    commands.add_parser("config", help="list the settings").set_defaults(run=run)


def run(_chosen: Namespace) -> None:
    for setting in SETTINGS:
        value = re.sub(r"//[^/@]*@", "//•••@", str(getattr(settings, setting.name.lower())))
        print(f"{setting.variable}={value}\n    {setting.meaning}")
