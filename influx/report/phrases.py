"""Sentences for people: Jinja templates rendered with the numbers that they are given.

`phrase("peaks", facts)` renders `templates/text/peaks.j2`. A template is one paragraph or several with a blank line
between them; `**so**` is bold; a frame comes to it as its rows. Whatever a name of the data holds, it stays text: it is
escaped, set on one line, and asterisks in them make nothing bold.
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
import pandas as pd
from markupsafe import Markup

from influx.core import formatting
from influx.core.constants import AGAIN, HOUSEHOLD, WEEK
from influx.report.html import cell

FOLDER = Path(__file__).parent / "templates" / "text"

_SPACES = re.compile(r"[ \t\n]+")


def phrase(name: str, facts: Mapping[str, Any], folder: Path = FOLDER) -> str:
    """Return a text of facts as its template takes them."""
    rendered = environment(folder).get_template(f"{name}.j2").render(_rows(facts))
    lines = (_SPACES.sub(" ", paragraph).strip() for paragraph in re.split(r"\n\s*\n", rendered))
    return html.unescape("\n\n".join(filter(None, lines)))


@lru_cache
def environment(folder: Path) -> jinja2.Environment:
    """Return the environment of the templates of a folder: all values escaped, numbers set as people read them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: function for name, function in vars(formatting).items() if callable(function)}
    environment.filters |= {"each": _each, "household": _household, "several": _several, "date": _date}
    environment.tests["known"] = lambda value: value is not None and math.isfinite(value)
    environment.globals |= {"AGAIN": AGAIN, "WEEK": WEEK}
    return environment


def _rows(facts: Any) -> Any:
    """Return facts with the rows of a frame, a mapping each, in its place."""
    if isinstance(facts, pd.DataFrame):
        return facts.to_dict("records")
    return {name: _rows(value) for name, value in facts.items()} if isinstance(facts, Mapping) else facts


def _value(value: Any) -> Any:
    """Return a value of a template as text: numbers as people read them, names on one line and never bold."""
    if isinstance(value, Markup | jinja2.Undefined):
        return value
    return formatting.plain(_SPACES.sub(" ", cell(value)))


def _each(rows: Sequence[Any], phrase: Callable[[Any], Markup], most: int = 3) -> Markup:
    """Return what a macro makes of each of the first rows, as a list in a sentence: "a, b and 2 more"."""
    more = [f"{len(rows) - most} more"] if len(rows) > most else []
    return Markup(formatting.listed([str(phrase(row)) for row in rows[:most]] + more))


def _household(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((row for row in rows if row["device_id"] == HOUSEHOLD), None)


def _several(count: int, noun: str) -> str:
    return f"{cell(count)} {noun}{'s' if count != 1 else ''}"


def _date(day: pd.Timestamp) -> str:
    return f"{formatting.day(day)} {day.year}"
