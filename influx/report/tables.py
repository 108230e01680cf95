"""Tables for people: `templates/tables.yaml` names the columns of each, its headings and formats.

A table that shows more than a frame's own rows has a function of its name in `influx.report.rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.core.local_time import local
from influx.report import html, rows
from influx.report.html import NOTHING, Shown

COLUMNS: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "templates" / "tables.yaml").read_text(encoding="utf-8")
)
"""The columns of each table by its name: what stands under each heading, as `tables.yaml` explains."""

CODES: dict[str, dict[Any, str]] = COLUMNS.pop("codes")  # type: ignore[assignment] # they nest one level deeper


def _amounts(low: float, high: float) -> str:
    """Return a range of money without its currency."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return fmt.NOT_KNOWN
    return f"{low:z.2f} to {high:z.2f}" if high - low >= 0.005 else f"{low:z.2f}"


def _end(start: pd.Timestamp, end: pd.Timestamp) -> str:
    return f"{end:%H:%M}" if end - start < pd.Timedelta(days=1) else f"{end:%Y-%m-%d %H:%M}"


def _trend(slope: float, p: float) -> str:
    """Return a trend: a direction only where its test is clear."""
    if not np.isfinite(slope) or p >= 0.05:
        return "no clear trend" if np.isfinite(slope) else fmt.NOT_KNOWN
    return f"{'rising' if slope > 0 else 'falling'}, {fmt.kwh(abs(slope))} a week each week ({fmt.chance(p)})"


FORMATS: dict[str, Callable[..., str]] = {
    "amounts": _amounts,
    "clock_span": lambda start, end: f"{fmt.clock(int(start))} to {fmt.clock(int(end))}",
    "date": "{:%Y-%m-%d}".format,
    "end": _end,
    "month_so_far": lambda month, so_far: f"{fmt.month(month)}{', so far' * so_far}",
    "stamp": "{:%Y-%m-%d %H:%M}".format,
    "time": "{:%H:%M}".format,
    "trend": _trend,
    "two_digits": lambda value: fmt.number(value, 2),
}
"""Formats beside those of `influx.core.formatting`."""


def table(
    frame: pd.DataFrame | None,
    columns: str | Mapping[str, str] = "",
    caption: str | None = None,
    rows: int = 8,
    empty: str = NOTHING,
    currency: str = "",
    timezone: str = "UTC",
    **more: Any,
) -> Shown:
    """Set a frame as a table of which at most `rows` rows stand before a fold.

    Parameters
    ----------
    frame : DataFrame, optional
        None, where the home has no such frame, is shown like one without rows.
    columns : str or mapping of str to str, optional
        A table of `tables.yaml`, or columns as they stand there. Without it the frame's own columns are the headings,
        and an index with a name is shown as the first columns.
    caption : str, optional
        One sentence above the table; plain text.
    rows : int
        Rows before the fold.
    empty : str
        What stands there where the frame has no rows.
    currency : str
        The currency of amounts; empty is one that nobody named.
    timezone : str
        Where the clock times are shown of columns with times in UTC.
    **more
        Further frames that the rows of this table take (`influx.report.rows`).

    Returns
    -------
    Shown
        Numbers right-aligned, texts as they are, missing values as "not known"; a table whose first column is the
        device has the household on top.

    Examples
    --------
    >>> frame = pd.DataFrame({"device_id": ["AC"], "share": [0.123]})
    >>> table(frame, {"device": "device_id", "share": "share | percent"}, caption="Shares.")
    Table: Shares. (1 rows)
    """
    if frame is None:
        return html.table(pd.DataFrame(), caption, rows, empty)
    if isinstance(columns, str):
        frame = _prepare(columns)(frame, **more)
        columns = COLUMNS[columns] if columns else {}
    if frame.empty or not columns:
        return html.table(frame, caption, rows, empty)
    if next(iter(columns.values())) == "device_id":
        frame = frame.iloc[np.argsort(frame["device_id"] != HOUSEHOLD, kind="stable")]
    words = {"currency": fmt.unit_of_money(currency)} | frame.attrs
    out = {}
    for heading, column in columns.items():
        sources, _, form = column.partition(" | ")
        names = [name.rstrip("?") for name in sources.split() if _is_there(frame, name)]
        if len(names) == len(sources.split()):
            values = [_values(frame[name], timezone) for name in names]
            out[heading.format_map(words)] = _formatted(values, form, currency)
    return html.table(pd.DataFrame(out), caption, rows, empty)


def _prepare(name: str) -> Callable[..., pd.DataFrame]:
    return getattr(rows, name, lambda frame: frame)


def _is_there(frame: pd.DataFrame, name: str) -> bool:
    optional, name = name.endswith("?"), name.rstrip("?")
    return not optional or (name in frame and not (frame[name] == 0).all())


def _values(values: pd.Series, timezone: str) -> pd.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.Series(local(pd.DatetimeIndex(values), timezone))
    return values.reset_index(drop=True)


def _formatted(values: list[pd.Series], form: str, currency: str) -> pd.Series | list[Any]:
    form, has_substitute, substitute = form.partition(" or")
    if not form:
        return values[0]
    if form in CODES:
        return [CODES[form].get(value, value) for value in values[0]]
    function = FORMATS.get(form) or getattr(fmt, form)
    more = [currency] if form == "money" else []
    texts = [function(*cells, *more) for cells in zip(*values, strict=True)]
    return [
        substitute.strip() if has_substitute and missing else text
        for text, missing in zip(texts, values[0].isna(), strict=True)
    ]
