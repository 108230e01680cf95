"""Pieces of the page as HTML; every word that comes from a home's data is escaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from influx.core import formatting as fmt
from influx.core.sanitize import file_name
from influx.dashboard.columns import Columns

UNKNOWN = "Nothing is known."

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


def sentence(words: str, kind: str = "ix-sentence") -> str:
    """Return a paragraph; `**so**` is bold, all else is plain text."""
    marked = _BOLD.sub(r"<strong>\1</strong>", escape(words))
    return f'<p class="{kind}">{marked}</p>'


def answer(words: str) -> str:
    """Return the sentence that answers a part's question, set large."""
    return sentence(words, "ix-answer")


def heading(words: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(words)}</h{level}>"


def card(title: str, value: str, more: str = "") -> str:
    """Return a number with its name above and what it means below."""
    below = f'<div class="ix-more">{escape(more)}</div>' if more else ""
    above = f'<div class="ix-name">{escape(title)}</div><div class="ix-value">{escape(value)}</div>'
    return f'<div class="ix-card">{above}{below}</div>'


def cards(every: Sequence[str]) -> str:
    """Return cards side by side, as many as fit."""
    return f'<div class="ix-cards">{"".join(every)}</div>'


def table(
    columns: Mapping[str, Sequence[Any] | np.ndarray], caption: str = "", empty: str = "Nothing is known."
) -> str:
    """Return a table; numbers stand right with three significant digits, what is not known says so."""
    names = list(columns)
    rows = list(zip(*columns.values(), strict=True))
    if not rows:
        return sentence(empty)
    kinds = ["num" if _numeric([row[place] for row in rows]) else "line" for place in range(len(names))]
    head = [f'<th scope="col" class="{kind}">{escape(name)}</th>' for name, kind in zip(names, kinds, strict=True)]
    lines = ["".join(_cell(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    whole = f"<table>{title}<thead><tr>{''.join(head)}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="ix-table" tabindex="0">{whole}</div>'


def cell(value: Any) -> str:
    """Return one value as plain text."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{int(value)}"
    if isinstance(value, float | np.floating):
        return fmt.number(float(value))
    if isinstance(value, np.datetime64):
        return fmt.NOT_KNOWN if np.isnat(value) else str(value.astype("datetime64[m]")).replace("T", " ")
    return str(value) if str(value) else fmt.NOT_KNOWN


def download(columns: Columns, name: str) -> str:
    """Return a link that saves what is shown as CSV."""
    if not columns:
        return ""
    content = base64.b64encode(("\ufeff" + columns.csv()).encode()).decode()
    link = f"data:text/csv;charset=utf-8;base64,{content}"
    return f'<p class="ix-save"><a download="{file_name(name)}.csv" href="{link}">Save as CSV</a></p>'


def _cell(value: Any, kind: str) -> str:
    shown = cell(value)
    unknown = " unknown" if shown == fmt.NOT_KNOWN else ""
    return f'<td class="{kind}{unknown}">{escape(shown)}</td>'


_AMOUNT = re.compile(r"[-+]?[\d\u202f.,]+(\u202f\S+)?|not known|[\d\u202f.,]+ to [\d\u202f.,]+.*")


def _numeric(values: Sequence[Any]) -> bool:
    return all(
        (isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_))
        or (isinstance(value, str) and bool(_AMOUNT.fullmatch(value)))
        for value in values
    )
