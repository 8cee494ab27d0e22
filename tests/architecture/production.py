"""Run as a process of its own: starts the portal as a city runs it, and prints how it answers, as JSON."""

import json
import sys
from pathlib import Path

from portal import config, create_app, database

HOST = "https://budzet.example.pl"


def main() -> None:
    database.open_database(config.load().database_url)
    database.upgrade()
    app = create_app()
    answers = {}
    for path, base in (("/aktualnosci", HOST), ("/logowanie", HOST), ("/admin/", HOST), ("/dev/poczta", HOST), ("/nie-ma", HOST),
                       ("/jezyk/en", HOST), ("/aktualnosci", "https://evil.example.net")):
        response = app.test_client().get(path, base_url=base)
        answers[f"{base}{path}"] = {
            "status": response.status_code, "headers": dict(response.headers), "cookies": response.headers.getlist("Set-Cookie"),
            "text": response.text}
    Path(sys.argv[1]).write_text(json.dumps(answers), "utf-8")


if __name__ == "__main__":
    main()
