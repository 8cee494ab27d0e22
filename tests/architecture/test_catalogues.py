"""Every text can be read in every language, and the catalogues say what the code says."""

import re
from configparser import ConfigParser
from functools import cache

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

from portal.i18n import LANGUAGES
from tests.architecture import sources

CATALOGUES = sorted((sources.PORTAL / "translations").glob("*/LC_MESSAGES/messages.po"))
EACH = pytest.mark.parametrize("language", [path.parts[-3] for path in CATALOGUES])
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|{\w+}")
RUN = "Run `make translations`, then fill in what is new"
Key = str | tuple[str, ...]


@cache
def _catalogue(language: str) -> Catalog:
    path = sources.PORTAL / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _messages(language: str) -> list[Message]:
    return [message for message in _catalogue(language) if message.id]


def _texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple | list) else (message.string,)


def _extracted() -> set[Key]:
    """Return the texts of the sources, found as setup.cfg tells Babel to find them."""
    with (sources.PORTAL / "translations" / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    setup = ConfigParser(interpolation=None)
    setup.read(sources.ROOT / "setup.cfg")
    keywords = DEFAULT_KEYWORDS | parse_keywords(setup["extract_messages"]["keywords"].split())
    found = extract_from_dir(sources.PORTAL, methods, options, keywords)
    return {tuple(text) if isinstance(text, tuple | list) else text for _file, _line, text, _comments, _context in found}


def test_there_is_a_catalogue_for_every_language_but_that_of_the_msgids() -> None:
    assert {path.parts[-3] for path in CATALOGUES} == set(LANGUAGES) - {"en"}


@EACH
def test_catalogue_is_current(language: str) -> None:
    written = {tuple(message.id) if message.pluralizable else message.id for message in _messages(language)}
    extracted = _extracted()
    assert extracted == written, f"{RUN}. Missing: {extracted - written}. No longer used: {written - extracted}"


@EACH
def test_catalogue_is_complete(language: str) -> None:
    empty = [message.id for message in _messages(language) if not all(text.strip() for text in _texts(message))]
    assert not empty, f"These have no text: {empty}"


@EACH
def test_plurals_have_all_their_forms(language: str) -> None:
    assert _catalogue(language).num_plurals == 3
    short = [message.id for message in _messages(language) if message.pluralizable and len(_texts(message)) != 3]
    assert not short, f"There must be three forms (1 plik, 2 pliki, 5 plików): {short}"


@EACH
def test_placeholders_are_equal_on_both_sides(language: str) -> None:
    wrong = []
    for message in _messages(language):
        sides = message.id if message.pluralizable else (message.id,)
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in sides}
        wrong += [f"{message.id!r}: {text!r}" for text in _texts(message)
                  if text and frozenset(PLACEHOLDER.findall(text)) not in wanted]
        wrong += [f"{message.id!r}: {error}" for error in message.check() if any(_texts(message))]
    assert not wrong, "A placeholder of the code is missing or misspelt in the translation:\n" + "\n".join(wrong)


@EACH
def test_catalogues_hold_nothing_doubtful_or_obsolete(language: str) -> None:
    catalogue = _catalogue(language)
    fuzzy = [message.id for message in catalogue if message.id and message.fuzzy]
    assert not fuzzy, f"Check these and remove the mark fuzzy: {fuzzy}"
    assert not catalogue.obsolete, f"{RUN}: {list(catalogue.obsolete)}"


@EACH
def test_texts_keep_their_space_at_the_ends(language: str) -> None:
    def ends(text: str) -> tuple[bool, bool]:
        return text[:1].isspace(), text[-1:].isspace()

    wrong = [message.id for message in _messages(language) if not message.pluralizable and message.string
             and ends(message.id) != ends(message.string)]
    assert not wrong, f"A space at the end of a text is part of it: {wrong}"
