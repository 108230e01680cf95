"""From cells to values: numbers, times and names, with a reason for each cell that is none.

Times are ISO 8601 (year first) unless a format says another order, because 01/07/2024 is two days; a time without an
offset is local time at the home.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influx.core import local_time
from influx.core.constants import HOUR_US
from influx.core.errors import InputError
from influx.importers.reading.table import Table
from influx.importers.reading.times import MISSING, Order, parse

LARGEST = 1e15
"""No meter shows more, in whatever unit: such a number is as good as infinite."""

TIME = r"\d{4}-\d\d-\d\d(?:[T ]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?)?"
PARTED = r"[+-]?[1-9]\d{{0,2}}(?:{}\d{{3}})+"
"""A whole number whose thousands a sign parts: to be formatted with it."""

OFFSET = r" ?(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
_FLAGS = {"true": "1", "false": "0", "yes": "1", "no": "0"}
_YEARS = (pd.Timestamp("2000-01-01", tz="UTC"), pd.Timestamp("2100-01-01", tz="UTC"))


def numbers(
    cells: pd.Series, comma: bool = False, flags: bool = False, parted: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return cells as floats, infinite beyond `LARGEST`, and where they are something else than a number.

    Blank cells and the words of `MISSING` are NaN, not faults. `comma` tells that decimals may be written with a comma,
    `flags` that true, false, yes and no are 1 and 0, rather than faults, and `parted` that the sign before decimals is
    known, so that the other one parts thousands.

    Examples
    --------
    >>> numbers(pd.Series(["1,200", "200"]), parted=True)[0].tolist(), numbers(pd.Series(["1.200"]), True)[0].tolist()
    ([1200.0, 200.0], [1.2])
    """
    bad = np.zeros(len(cells), bool)
    if pd.api.types.is_bool_dtype(cells) and not flags:
        return np.full(len(cells), np.nan), ~bad
    if pd.api.types.is_numeric_dtype(cells):
        values = cells.astype("Float64").to_numpy(float, na_value=np.nan).copy()
    elif comma or flags or parted or (values := _plain_numbers(cells)) is None:
        text = cells.astype("str").fillna("").str.strip().str.lower()
        text = _with_points(text.replace(_FLAGS) if flags else text, comma, parted)
        values = pd.to_numeric(text, errors="coerce").to_numpy(float).copy()
        values[text.isin([*MISSING, *_FLAGS]).to_numpy(bool)] = np.nan
        bad = np.isnan(values) & ~text.isin(MISSING).to_numpy(bool)
    values[np.abs(values) > LARGEST] = np.inf
    return values, bad


def _plain_numbers(cells: pd.Series) -> np.ndarray | None:
    """Return cells as floats, quickly, or None where any of them is neither a plain number nor blank."""
    try:
        texts = pa.array(cells, from_pandas=True)
        if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
            return None
        blank = pc.equal(texts, "")
        if pc.any(blank).as_py():
            texts = pc.if_else(blank, pa.scalar(None, texts.type), texts)
        return pc.cast(texts, pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
    except pa.ArrowException:  # no number, or cells of several types
        return None


def _with_points(text: pd.Series, comma: bool, parted: bool) -> pd.Series:
    """Return numbers without the signs that part their thousands, and with a point before their decimals."""
    sign, other = (".", ",") if comma else (",", ".")
    whole = text.str.fullmatch(PARTED.format(re.escape(sign)))
    parts = text.str.contains(sign, regex=False) & ~text.str.contains(other, regex=False)
    if parted and whole.any() and not (parts & ~whole).any():  # otherwise the sign parts no thousands
        text = text.where(~whole, text.str.replace(sign, "", regex=False))
    decimal, thousands = (",", r"[. '\u00a0\u202f]") if comma else (r"\.", r"[, '\u00a0\u202f]")
    parted = text.str.fullmatch(rf"[+-]?\d{{1,3}}(?:{thousands}\d{{3}})+{decimal}\d*")
    text = text.where(~parted, text.str.replace(thousands, "", regex=True))
    return text.str.replace(",", ".", regex=False) if comma else text


def optional_numbers(table: Table, columns: tuple[str, ...]) -> tuple[pd.DataFrame, list[str]]:
    """Return those of `columns` that are there, as floats, and notes on cells that are no finite number, and so NaN."""
    out, notes = {}, []
    for name in columns:
        if name in table.rows:
            values, bad = numbers(table.rows[name], table.comma, flags=True)
            bad |= np.isinf(values)
            if bad.any():
                first, count = table.rows.index[bad][0], int(bad.sum())
                notes.append(
                    f"{table.file}: {count} value{'s' * (count > 1)} of {name} cannot be read as a number and count as "
                    f"unknown (first: row {first}, {str(table.rows.at[first, name])[:40]!r})."
                )
            out[name] = np.where(bad, np.nan, values)
    return pd.DataFrame(out, index=table.rows.index), notes


NAMELESS = ("", "none", "null", "nan", "nat", "<na>", "n/a")
"""What stands for a name that is not known, in lower case."""


def reject_empty(table: Table, column: str) -> None:
    """Turn a column into text, and reject the rows where it is blank."""
    text = table.rows[column].astype("str").fillna("")
    table.rows = table.rows.assign(**{column: text.array})
    table.reject(text.str.strip().str.lower().isin(NAMELESS).to_numpy(bool), column, f"{column} is empty")


def times(
    table: Table, column: str, timezone: str, group: str | None = None, order: Order = "ymd", into: str | None = None
) -> None:
    """Turn a column of times into UTC stamps, as `settle` does; `into` is another column for them."""
    cells = table.rows[column]
    micros, reasons = parse(cells, order)
    settle(table, into or column, micros, reasons, timezone, group, cells)


def settle(
    table: Table,
    column: str,
    micros: np.ndarray,
    reasons: np.ndarray,
    timezone: str,
    group: str | None = None,
    cells: pd.Series | None = None,
    rank: np.ndarray | None = None,
) -> None:
    """Put what `times.parse` returned into a column as UTC stamps, and reject the rows that have a reason.

    `timezone` is that of the clock that wrote times without an offset. Where a local hour stands twice, `group` is the
    column that says whose times they are, and `rank` rises with time beside them, where something does.
    """
    naive = np.flatnonzero(reasons == "naive")
    wall = pd.DatetimeIndex(micros[naive].view("datetime64[us]"))
    whose = None if group is None else pd.factorize(table.rows[group])[0][naive]
    micros, reasons = micros.copy(), reasons.copy()
    known, reasons[naive] = local_time.to_utc(wall, timezone, whose, None if rank is None else rank[naive])
    micros[naive] = known.asi8
    utc = pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")
    reasons[((utc < _YEARS[0]) | (utc >= _YEARS[1])) & (reasons == "")] = "not a time between the years 2000 and 2099"
    table.rows = table.rows.assign(**{column: utc})
    table.reject(reasons != "", column, reasons, cells)


def refuse_standard_time(table: Table, micros: np.ndarray, naive: np.ndarray, timezone: str) -> None:
    """Refuse readings of an hour that the clock of their zone skips in spring: another clock wrote all of the file."""
    filled = naive & (np.nan_to_num(table.rows["value"].to_numpy(float)) > 0)
    hours = pd.DatetimeIndex((np.unique(micros[filled] // HOUR_US) * HOUR_US).view("datetime64[us]"))
    skipped = hours.tz_localize(timezone, ambiguous=np.ones(len(hours), bool), nonexistent="NaT").isna()
    wall = hours[skipped]
    if not len(wall):
        return
    offset = wall[:1].normalize().tz_localize(timezone)[0].isoformat()[-6:]
    raise InputError(
        f"{table.file}: it has readings at {wall[0]:%Y-%m-%d %H:%M}, a time that the clock of {timezone} skipped, so "
        "another clock wrote it, such as one that keeps standard time all year. Decide it in home.yaml: under "
        f'`files:`, in a line `{table.file}:`, write one of these below it: timezone: "{offset}" or timezone: UTC '
        "(and for other files of the same source, too)"
    )
