"""Layers and topics: who may import whom, and what a file may be called."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture import sources

TOPICS = {
    "account", "district", "edition", "proposal", "ballot", "removal", "page", "message", "audit", "staff", "registration",
    "code", "login", "profile", "password", "proposals", "support", "assessment", "voting", "paper", "counting", "results",
    "pages", "job", "jobs", "retention", "pabulib", "attachment", "implementation", "closing", "open_data", "statistics",
}
# What a layer has beside its topics; a topic that outgrew its file is split by a second word, never by a number.
PARTS = {
    "models": {"base", "fields"},
    "services": {"proposals_catalogue", "proposals_draft", "proposals_lot",
                 "pabulib_format", "pabulib_import", "login_device", "login_throttle", "profile_export",
                 "staff_codes", "removal_case", "removal_claim", "removal_approval", "removal_evidence",
                 "removal_log", "results_publication",
                 "counting_shares", "voting_person"},
    "forms": {"base", "fields", "fields_typed", "validators", "removal_desk"},
    "views": {"proposals_draft", "home", "machines", "mailbox"},
    "admin": {"base", "guard", "converter", "dashboard", "fields", "filters", "labels", "changes", "staff_access", "removal_desk",
              "removal_approval", "assessment_changes", "assessment_edition"},
}
JUNK = re.compile("(utils?|helpers?|common|misc|tools?|functions|lib|stuff|.*_?[0-9]+|new_.*|.*_(new|old))")
WEB = re.compile(r"(flask|werkzeug|wtforms|jinja2)|portal\.(access|extensions|headers|i18n|templating|views|forms|admin|cli)\b")
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


@pytest.mark.parametrize("layer", ["services", "models"])
def test_services_and_models_know_nothing_of_the_web(layer: str) -> None:
    found = [f"{sources.name(path)}:{line} imports {module}" for path in sources.python(layer)
             for line, module in sources.imported(path) if WEB.match(module)]
    assert not found, "Take the actor, the moment and the input as arguments instead:\n" + "\n".join(found)


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(sources.ROOT)
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda _config: None)  # It would silence the portal's logs.
    status = lint_imports(config_filename=os.fspath(sources.ROOT / "setup.cfg"), no_cache=True, no_logo=True)
    assert status == 0, "Imports run downward only; see the contracts in setup.cfg:\n" + capsys.readouterr().out


@pytest.mark.parametrize("layer", PARTS)
def test_file_names_are_topics(layer: str) -> None:
    known = TOPICS | PARTS[layer] | {"__init__"}
    strange = [sources.name(path) for path in sources.python(layer) if path.stem not in known]
    assert not strange, f"A new topic is a decision: list it in {__name__}, or move the code to its topic: {strange}"


def test_no_file_is_a_junk_drawer() -> None:
    junk = [sources.name(path) for path in sources.python()
            if JUNK.fullmatch(path.stem)]
    assert not junk, f"Name a file after the topic that it serves: {junk}"


def test_nothing_but_the_clock_asks_for_the_time() -> None:
    asking = [f"{sources.name(path)}:{line}" for path in sources.python() if path.name != "clock.py"
              for line in _asks_the_time(path)]
    assert not asking, f"Take the moment as an argument, or call clock.now() in a view: {asking}"


def _asks_the_time(path: Path) -> Iterator[int]:
    for node in ast.walk(sources.tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCKS:
            yield node.lineno


def test_migrations_stand_alone() -> None:
    found = [path.name for path in sorted((sources.PORTAL / "migrations").iterdir())
             if not re.fullmatch(r"[0-9]{4}_[a-z_]+\.sql", path.name)]
    assert not found, f"A migration is SQL, a frozen copy; today's models will change under it: {found}"
