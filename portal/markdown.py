"""The Markdown that editors write: CommonMark with tables, ids and placeholders, as HTML that can do nobody harm."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.attrs import attrs_plugin

# `## Heading {#id}`, `[words]{#id}`, `![what it shows](/address){width=640 height=480}`.
ATTRIBUTES = {"*": {"id"}, "a": {"href", "title"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"},
              "td": {"class"}, "th": {"class"}}
TAGS = {"a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre", "span", "strong", "table",
        "tbody", "td", "th", "thead", "tr", "ul"}
READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("reference")  # A few blow a page up.
READER.use(attrs_plugin, spans=True, allowed=("id", "width", "height"))
IDENTIFIER = re.compile(r"(?<!\s)\s*\{#([a-z][a-z0-9-]*)\}$")
RIGHT = "app-right"


class Prose(NamedTuple):
    """What a text looks like on a page, and the headings of its sections by their ids."""

    html: str
    sections: dict[str, str]

    def __html__(self) -> str:
        return self.html


def _kept(element: str, attribute: str, value: str) -> str | None:
    if attribute == "src" and (not value.startswith("/") or value.startswith("//")):
        return None  # Pictures come from here: nobody else learns who reads.
    return None if attribute == "class" and value != RIGHT else value


@lru_cache(maxsize=300)
def _rendered(text: str) -> Prose:
    tokens, sections = READER.parse(text), dict[str, str]()
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and (words := tokens[place + 1].children):
            named = IDENTIFIER.search(words[-1].content)
            words[-1].content = IDENTIFIER.sub("", words[-1].content)
            token.tag = tokens[place + 2].tag = f"h{min(max(int(token.tag[1]), 2), 4)}"  # The only h1 is the page's title.
            token.attrs = {"id": named[1] if named else f"czesc-{place}"}
            if token.tag == "h2":
                sections[str(token.attrs["id"])] = "".join(word.content for word in words)
        elif token.attrs.pop("style", "") == "text-align:right":  # The pages' own policy allows no styles in them.
            token.attrs["class"] = RIGHT
    html = nh3.clean(READER.renderer.render(tokens, READER.options, {}), tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_kept,
                     url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener")
    html = html.replace("<table>", '<div class="app-scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Prose(html.replace("<img ", '<img loading="lazy" '), sections)


def render(text: str, facts: Mapping[str, str]) -> Prose:
    """Return a text as safe HTML; ``{name}`` in it stands for the fact of that name, and stays as it is when there is none."""
    return _rendered(re.sub(r"\{([a-z_]+)\}", lambda found: facts.get(found[1], found[0]), text))
