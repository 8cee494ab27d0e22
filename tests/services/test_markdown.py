"""The Markdown of editors: what it can say, and that it can do nobody harm."""

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, strategies as st

from portal.difference import MOST_PARAGRAPHS, MOST_WORDS, paragraphs, words
from portal.markdown import TAGS, render

FACTS = {"city": "Kraków", "contact_email": "budzet@example.org"}


def html(text: str) -> BeautifulSoup:
    return BeautifulSoup(render(text, FACTS).html, "html.parser")


def test_headings_have_ids_and_begin_below_the_title_of_the_page():
    prose = render("# Pierwsza {#od-nowa}\n\n## Druga *ważna*\n\n### Trzecia {#trzecia}\n\n##### Piąta", FACTS)
    made = [(one.name, one["id"], one.get_text()) for one in BeautifulSoup(prose.html, "html.parser").find_all(True, id=True)]
    assert [(name, text) for name, _id, text in made] == [
        ("h2", "Pierwsza"), ("h2", "Druga ważna"), ("h3", "Trzecia"), ("h4", "Piąta")]
    assert (made[0][1], made[2][1], len({id for _name, id, _text in made})) == ("od-nowa", "trzecia", 4)
    assert list(prose.sections.values()) == ["Pierwsza", "Druga ważna"]


def test_tables_pictures_and_spans_are_kept():
    shown = html("| a | b |\n|---|--:|\n| 1 | 2 |\n\n![Widok](/static/a.webp){width=640 height=480} [tu]{#a11y-url}")
    assert [cell.get("class") for cell in shown.select("td")] == [None, ["app-right"]]
    assert shown.img.attrs == {"src": "/static/a.webp", "alt": "Widok", "width": "640", "height": "480", "loading": "lazy"}
    assert shown.select_one("span#a11y-url").get_text() == "tu"


def test_placeholders_stand_for_facts_and_unknown_ones_stay():
    shown = html("{city}, [poczta](mailto:{contact_email}), {nobody}")
    assert shown.get_text() == "Kraków, poczta, {nobody}\n" and shown.a["href"] == "mailto:budzet@example.org"


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,x)",
    "![x](https://evil.example.net/x.png)", "![x](//evil.example.net/x.png)", "[x](vbscript:x)", "<style>*{color:red}</style>",
    "[x](/a){onclick=alert(1)}", "[x]{#a style=color:red}", "[x](<javascript&colon;alert(1)>)", "| a |\n|:-:|\n| <b>x</b> |"])
def test_nothing_in_it_runs_loads_or_styles(text: str):
    shown = html(text)
    assert not shown.select("script, style, b, [style], [onclick], [onerror], [src*=evil]")
    assert not [a for a in shown.select("a[href]") if a["href"].split(":")[0] in {"javascript", "data", "vbscript"}]


@given(st.text(st.sampled_from("#*_[](){}<>!`|-:\n\\ ab\"'=/&;1"), max_size=60))
def test_whatever_is_written_becomes_harmless_html(text: str):
    for element in html(text).find_all(True):
        assert element.name in {*TAGS, "div"}
        assert set(element.attrs) <= {"id", "href", "title", "rel", "src", "alt", "width", "height", "start", "class", "loading",
                                      "tabindex"}


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60))
def test_differences_hold_every_word_of_both_texts(before: str, after: str):
    pieces = list(words(before, after))
    assert "".join(text for what, text in pieces if what != "ins") == before
    assert "".join(text for what, text in pieces if what != "del") == after
    assert not list(paragraphs(before, before))


def test_paragraphs_that_both_have_are_left_out():
    assert list(paragraphs("Jeden.\n\nDwa trzy.\n\nKoniec.", "Jeden.\n\nDwa cztery.\n\nKoniec.")) == [
        [("", "Dwa "), ("del", "trzy."), ("ins", "cztery.")]]


def test_many_paragraphs_are_compared_only_up_to_a_limit():
    before, after = ("\n\n".join(f"{word} {number}" for number in range(MOST_PARAGRAPHS + 9)) for word in ("a", "b"))
    assert sum(len(step) for step in paragraphs(before, after)) <= 6 * MOST_PARAGRAPHS


def test_reference_links_are_plain_words():
    text = "[a]: /" + "x" * 3000 + "\n\n" + "[a]" * 1000
    assert len(render(text, FACTS).html) < 2 * len(text), "each would repeat the whole address"


def test_blanks_in_a_heading_are_no_riddle():
    heading = render("## a" + " " * 9000 + "b   {#c}", FACTS)
    assert heading.sections == {"c": "a" + " " * 9000 + "b"}


def test_very_long_texts_differ_as_wholes():
    long = "a b " * MOST_WORDS
    assert [what for what, text in words(long, f"{long}c") if text] == ["del", "ins"]
