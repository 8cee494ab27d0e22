"""Pages that differ between people only by their own words: rendered once a second for all of them, the words set in afterwards.

Nothing of a visitor gets into what is shared: while it is rendered the own words are blanks, and a template that asks who looks
is told that it must not.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import g, render_template, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import escape
from wtforms import BooleanField, Form, SelectField
from wtforms.fields import StringField

from portal import cache, clock
from portal.templating import TOKEN, ballot_reminder, current_view

BLANK = re.compile(cache.blank("([a-z0-9_]+)").encode())


class _Nobody:
    """Who looks at a page that is rendered for all."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"a page that is rendered for all asks for {name} of its visitor: hand it over as an own word")


NOBODY = _Nobody()


def render(template: str, own: Mapping[str, Any], also: Mapping[str, Any] | None = None, **shown: Any) -> bytes:
    """Return a page: ``own`` are the visitor's own words by their names, ``shown`` is the same to all who have the same.

    ``also`` is what the template needs beside them and what follows from them.
    """
    def make() -> list[bytes]:
        blanks = {name: cache.blank(name) for name in own}
        page = render_template(template, own=blanks, **shown, **also or {}, current_user=NOBODY, session=NOBODY)
        return BLANK.split((page.replace(generate_csrf(), TOKEN) if "csrf_token" in g else page).encode())
    is_own, key = "_flashes" in session or clock.is_previewing(), (template, request.path, *shown.items())
    parts = make() if is_own else cache.remember((*key, current_view(), ballot_reminder()), make).copy()
    names = [name.decode() for name in parts[1::2]]
    words = {**own, "token": generate_csrf() if "token" in names else ""}
    parts[1::2] = [str(escape(words[name])).encode() for name in names]
    return b"".join(parts)


def render_form(template: str, form: Form, **own: Any) -> bytes:
    """Return the page of a form that nobody has sent yet, what its lines of text hold being the visitor's own words."""
    choices = []
    for field in form:
        if isinstance(field, (SelectField, BooleanField)):
            choices.append((field.name, field.data))
        elif isinstance(field, StringField) and field._value():
            own[f"form_{field.name}"] = field._value()
            field.data, field.raw_data = cache.blank(f"form_{field.name}"), [cache.blank(f"form_{field.name}")]
    return render(template, own, {"form": form}, choices=tuple(choices), fields=(*form._fields, *sorted(own)))
