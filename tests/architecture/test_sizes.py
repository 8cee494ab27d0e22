"""No file and no function is longer than somebody reads at a glance."""

from pathlib import Path

import pytest

from tests.architecture import sources

MODULES = {"views": 250, "forms": 250, "services": 250, "messaging": 250, "models": 150, "admin": 150, "cli": 150}
MOST_IN_TEMPLATE, MOST_IN_TEST, MOST_IN_CONFTEST = 120, 400, 150
MOST_IN_FUNCTION, MOST_IN_VIEW, MOST_IN_PACKAGE = 40, 20, 10_000
MOST_IN_FACTORY = 60  # portal/__init__.py is a table of contents.


def too_long(paths: list[Path], most: int) -> list[str]:
    return [f"{sources.name(path)}: {sources.lines(path)} lines, at most {most}" for path in paths if sources.lines(path) > most]


@pytest.mark.parametrize(("layer", "most"), MODULES.items())
def test_modules_are_short(layer: str, most: int) -> None:
    long = too_long(sources.python(layer), most)
    assert not long, f"Split by topic, never into _2: {long}"


def test_templates_are_short() -> None:
    long = too_long(sources.templates(), MOST_IN_TEMPLATE)
    assert not long, f"Move a part into templates/components: {long}"


def test_test_modules_are_short() -> None:
    for path in sorted((sources.ROOT / "tests").rglob("*.py")):
        long = too_long([path], MOST_IN_CONFTEST if path.name == "conftest.py" else MOST_IN_TEST)
        assert not long, f"Split tests by topic; write factories, not forests of fixtures: {long}"


def test_application_factory_is_a_table_of_contents() -> None:
    long = too_long([sources.PORTAL / "__init__.py"], MOST_IN_FACTORY)
    assert not long, f"Each part of the portal has an init_app() of its own: {long}"


def test_functions_are_short() -> None:
    long = [f"{sources.name(path)}:{function.lineno} {function.name}: {length} lines, at most {most}"
            for path in sources.python() for function in sources.functions(path)
            if (length := function.end_lineno - function.lineno + 1) > (most := _limit(path, function))]
    assert not long, "Give a step of it a name of its own; of a view, a service:\n" + "\n".join(long)


def _limit(path: Path, function: sources.Function) -> int:
    routed = path.parent.name == "views" and function.decorator_list
    return MOST_IN_VIEW if routed else MOST_IN_FUNCTION


def test_whole_package_can_be_read() -> None:
    total = sum(sources.lines_of_code(path) for path in sources.python())
    assert total <= MOST_IN_PACKAGE, f"portal has {total} lines of Python code, more than {MOST_IN_PACKAGE}: what can go?"


def test_explanations_do_not_count_as_code(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text('"""What,\n\nhow."""\n\n# Why.\nT = """one\ntwo"""\n\n\ndef f():\n    """Do."""\n    return 1  # So\n')
    assert sources.lines_of_code(file) == 4
