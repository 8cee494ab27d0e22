"""How a command is declared: beside the function that runs it and gets its arguments by their names."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from typing import Any

ACTOR = "command line"  # As the audit log names who works in a shell.
Run = Callable[..., int | None]


def command(words: str, help: str, *arguments: Any) -> Callable[[Run], Run]:
    """Let a function run as these words, of which the first may name a group; the arguments are those of argument()."""
    def declare(run: Run) -> Run:
        run.command = words, help, arguments  # type: ignore[attr-defined]
        return run
    return declare


def argument(*names: str, **options: Any) -> Any:
    """Return one argument of a command, as ArgumentParser.add_argument() takes it."""
    return names, options


def make_parser(groups: Mapping[str, str], commands: Iterable[Run], description: str) -> ArgumentParser:
    """Return the parser of these commands; ``groups`` says what those of a group are about."""
    parser = ArgumentParser(prog="portal", description=description)
    places = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    for run in commands:
        words, help, arguments = run.command  # type: ignore[attr-defined]
        group, _, name = words.rpartition(" ")
        if group not in places:
            places[group] = places[""].add_parser(group, help=groups[group]).add_subparsers(required=True, metavar="ACTION")
        declared = places[group].add_parser(name, help=help)
        declared.set_defaults(run=run)
        for names, options in arguments:
            declared.add_argument(*names, **options)
    return parser
