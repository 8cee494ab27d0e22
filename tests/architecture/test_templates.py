"""Templates escape everything, hold no scripts and styles of their own, and stand on a layout."""

import re
from pathlib import Path

import pytest

from tests.architecture import sources

FORBIDDEN = {
    r"\|\s*safe\b": "is inserted unescaped: let the template build the markup",
    r"autoescape\s+false": "switches escaping off",
    r"<style[\s>]": "has a style sheet inside: write it in assets/scss",
    r"<script(?![^>]*\ssrc=)[\s>]": "has a script inside: write it in assets/js",
    r"<[a-zA-Z][^<>]*\sstyle\s*=": "has a style attribute: give it a class",
    r"<[a-zA-Z][^<>]*\son[a-z]+\s*=": "has a script in an attribute: listen in assets/js",
    r"javascript:": "has a script in an address",
    r"(src|href)\s*=\s*[\"'](https?:)?//": "loads from another site: bring it by npm",
}
EXEMPT = {(r"<[a-zA-Z][^<>]*\sstyle\s*=", "messages/letter.html")}  # Mail programs read no other styles.
LAYOUTS = {"layouts/base.html", "layouts/page.html", "layouts/account.html", "layouts/paper.html", "admin/panel.html"}
# The only ones that stand on no layout.
STANDALONE = {"layouts/base.html", "layouts/paper.html", "admin/panel.html", "messages/letter.html"}
OWN_HEADING = {"home/show_home.html"}  # Its h1 stands in a banner.
POST_FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)


def _name(path: Path) -> str:
    return str(path.relative_to(sources.TEMPLATES))


def _source(path: Path) -> str:
    return re.sub(r"{#.*?#}", "", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_templates_hold_nothing_dangerous(pattern: str) -> None:
    found = [f"{sources.name(path)} {FORBIDDEN[pattern]}: {match[0].strip()[:80]}" for path in sources.templates()
             for match in re.finditer(pattern, _source(path)) if (pattern, _name(path)) not in EXEMPT]
    assert not found, "\n".join(found)


def test_code_marks_nothing_as_safe() -> None:
    """But for the texts of the catalogues, which are ours, and what stands between lines."""
    found = [f"{sources.name(path)}:{number}" for path in sources.python() if sources.name(path) != "portal/i18n.py"
             for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if re.search(r"\b[mM]arkup\(", line)]
    assert not found, f"Markup is made by templates, which escape: {found}"


def test_every_page_stands_on_a_layout() -> None:
    for path in sources.templates():
        source, extended = _source(path), re.search(r"{%-?\s*extends\s+\"([^\"]+)\"", _source(path))
        if extended:
            assert extended[1] in LAYOUTS, f"{sources.name(path)} extends {extended[1]}, which is no layout"
        elif _name(path) not in STANDALONE and path.parent.name != "messages":
            left = re.sub(r"{%-?\s*macro.*?endmacro\s*-?%}|{%.*?%}", "", source, flags=re.DOTALL).strip()
            assert not left, f"{sources.name(path)} is neither a page with a layout nor a file of macros: {left[:80]}"


def test_pages_leave_headings_and_titles_to_their_layout() -> None:
    found = [sources.name(path) for path in sources.templates() if _name(path) not in LAYOUTS | STANDALONE | OWN_HEADING
             and re.search(r"<h1[\s>]|<title[\s>]|<html[\s>]", _source(path))]
    assert not found, f"Fill the block heading; the layout prints the h1 and the title: {found}"


def test_every_form_that_is_posted_carries_a_token() -> None:
    found = [sources.name(path) for path in sources.templates() for form in POST_FORM.findall(_source(path))
             if not re.search(r"csrf_token|hidden_tag\(\)|form_fields\(form\)", form)]
    assert not found, f"Put {{{{ form.csrf_token }}}} into the form: {found}"


def test_every_template_is_used() -> None:
    used = "\n".join(path.read_text("utf-8") for path in [*sources.python(), *sources.templates()])
    spare = [sources.name(path) for path in sources.templates() if f'"{_name(path)}"' not in used
             and path.parent.name != "messages" and path.name != "words.html" and "admin/model" not in _name(path)]
    assert not spare, f"Nothing renders these: {spare}"
