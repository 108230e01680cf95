"""Sentences for people: Jinja templates in `templates/text`, rendered with the numbers that they are given.

`phrase("peaks", facts)` renders `templates/text/peaks.j2`. A template is one paragraph or several with a blank line
between them; `**so**` is bold. Whatever a name of the data holds, it stays text: values are escaped, set on one line,
and asterisks in them make nothing bold.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from influx.core import formatting
from influx.report.html import cell

FOLDER = Path(__file__).parent / "templates" / "text"

_SPACES = re.compile(r"[ \t\n]+")


def phrase(name: str, facts: Mapping[str, Any]) -> str:
    """Return a text of facts as its template takes them."""
    rendered = _environment().get_template(f"{name}.j2").render(facts)
    lines = (_SPACES.sub(" ", paragraph).strip() for paragraph in re.split(r"\n\s*\n", rendered))
    return html.unescape("\n\n".join(filter(None, lines)))


def _value(value: Any) -> Any:
    """Return a value of a template as text: numbers as people read them, names on one line and never bold."""
    if isinstance(value, Markup | jinja2.Undefined):
        return value
    return formatting.plain(_SPACES.sub(" ", cell(value)))


def _each(rows: Sequence[Any], phrase: Callable[[Any], Markup], most: int = 3) -> Markup:
    """Return what a macro makes of each of the first rows, as a list in a sentence: "a, b and 2 more"."""
    more = [f"{len(rows) - most} more"] if len(rows) > most else []
    return Markup(formatting.listed([str(phrase(row)) for row in rows[:most]] + more))


def _several(count: int, noun: str) -> str:
    """Return a count with its noun, such as "1 device" or "3 devices"."""
    return f"{cell(count)} {noun}{'s' if count != 1 else ''}"


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: function
        for name, function in vars(formatting).items()
        if getattr(function, "__module__", "") == formatting.__name__
    }
    environment.filters |= {"each": _each, "several": _several, "date": lambda day: f"{formatting.day(day)} {day.year}"}
    environment.tests["known"] = lambda value: value is not None and math.isfinite(value)
    return environment
