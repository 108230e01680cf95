"""Sentences and tables as they stand on a page: plain text in, escaped HTML out.

Whatever a name holds, it is text here: this module is the one place where words of the data become HTML, so nothing is
escaped twice and nothing is forgotten. Numbers are set as people compare them: right-aligned, three significant digits,
thin spaces between thousands; what is not known is said in words.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import pandas as pd

from influx.core.formatting import NOT_KNOWN, THIN_SPACE, number

LONGEST_TABLE = 200
"""Rows that a table shows at most, its fold included; the frames beside the page hold them all."""

LONGEST_LINE = 32
"""Characters up to which the texts of a column stay on one line: a phone then scrolls and does not break every word."""

NOTHING = "There is nothing to show here."

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_MATHS = re.compile(r"[$\\]")
_AMOUNT = re.compile(r"[-\u2212+]?\d[\d.,\u202f]*([ \u00a0\u202f]?[A-Za-z%°€$£]{1,4})?")


@dataclass(frozen=True)
class Shown:
    """Something that a notebook's cell ends with: HTML for the page, a line of text where there is none."""

    markup: str
    words: str

    def _repr_html_(self) -> str:
        # JupyterLab sets what stands between dollars as mathematics, and leaves out what is marked so.
        return f'<div class="mathjax_ignore">{self.markup}</div>' if _MATHS.search(self.markup) else self.markup

    def __repr__(self) -> str:
        return self.words


def paragraphs(texts: list[str], first: str = "ix-sentence") -> Shown:
    """Return the texts that are not empty, each as a paragraph, the first one of class `first`.

    `**so**` is bold, all else is plain text.
    """
    texts = list(filter(None, texts))
    kinds = [first] + ["ix-sentence"] * len(texts)
    escaped = [_BOLD.sub(r"<strong>\1</strong>", html.escape(text)) for text in texts]
    markup = "".join(f'<p class="{kind}">{words}</p>' for kind, words in zip(kinds, escaped, strict=False))
    return Shown(markup, " ".join(texts).replace("**", ""))


def answer(text: str) -> Shown:
    """Return the sentence that answers a page's question, set large; the rest is as in :func:`paragraphs`."""
    return paragraphs([text], first="ix-answer")


def sentence(text: str) -> Shown:
    """Return a sentence of the page's text, as :func:`paragraphs` does."""
    return paragraphs([text])


def table(frame: pd.DataFrame, caption: str | None = None, rows: int = 8, empty: str = NOTHING) -> Shown:
    """Set `frame` as a table of which at most `rows` rows stand before a fold, or say `empty` where it has none.

    Its column names are the headings, so they hold the units; an index with a name is shown as the first columns.
    Numbers are right-aligned with three significant digits, missing values are "not known".
    """
    if frame.empty:
        return sentence(empty)
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    shown = frame.iloc[:LONGEST_TABLE]
    columns = [[cell(value) for value in shown.iloc[:, place]] for place in range(shown.shape[1])]
    kinds = [_kind(shown.iloc[:, place], texts) for place, texts in enumerate(columns)]
    head = "".join(_cell("th", str(name), kind, ' scope="col"') for name, kind in zip(frame, kinds, strict=True))
    lines = [
        "<tr>" + "".join(_cell("td", text, kind) for text, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in zip(*columns, strict=True)
    ]
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    markup = _table(title, head, lines[:rows])
    if (hidden := len(lines) - rows) > 0:
        fold = f"{hidden} more row{'s' * (hidden > 1)}"
        if len(frame) > LONGEST_TABLE:
            fold += f", of {cell(len(frame))} in all; the week's files hold them"
        markup += f"<details><summary>{fold}</summary>{_table('', head, lines[rows:])}</details>"
    return Shown(f'<div class="ix-table">{markup}</div>', f"Table: {caption or ''} ({len(frame)} rows)")


def cell(value: Any) -> str:
    """Return one value of a table as plain text.

    Examples
    --------
    >>> cell(0.123456), cell(12.0), cell(float("nan")), cell(True), cell("AC_LR_01")
    ('0.123', '12.0', 'not known', 'yes', 'AC_LR_01')
    """
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, Real) and math.isnan(value)):
        return NOT_KNOWN
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}".replace(",", THIN_SPACE)
    if isinstance(value, Real):
        return number(float(value))
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d" if value == value.normalize() else "%Y-%m-%d %H:%M")
    return str(value)


def _kind(column: pd.Series, texts: list[str]) -> str:
    """Return how a column is set: numbers and amounts, texts that fit on a line each, or longer texts."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return "num"
    if any(texts) and all(text in ("", NOT_KNOWN) or _AMOUNT.fullmatch(text) for text in texts):
        return "num"
    return "line" if max(map(len, texts), default=0) <= LONGEST_LINE else ""


def _cell(tag: str, text: str, kind: str, more: str = "") -> str:
    kinds = " ".join(filter(None, (kind, "unknown" if text == NOT_KNOWN else "")))
    return f"<{tag}{more}" + (f' class="{kinds}"' if kinds else "") + f">{html.escape(text)}</{tag}>"


def _table(title: str, head: str, lines: list[str]) -> str:
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
