"""From cells to values: numbers, times and names, with a reason for each cell that is none.

Times are ISO 8601 (year first) unless a format says another order, because 01/07/2024 is two days; a time without an
offset is local time at the home.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influx.core import local_time
from influx.importers.reading.table import Table
from influx.importers.reading.times import MISSING, Order, parse

LARGEST = 1e15
"""No meter shows more, in whatever unit: such a number is as good as infinite."""

_FLAGS = {"true": "1", "false": "0", "yes": "1", "no": "0"}
TIME = r"\d{4}-\d\d-\d\d(?:[T ]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?)?"
OFFSET = r" ?(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
_YEARS = (pd.Timestamp("2000-01-01", tz="UTC"), pd.Timestamp("2100-01-01", tz="UTC"))


def numbers(cells: pd.Series, comma: bool = False, flags: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return cells as floats, and where they are something else than a number.

    Parameters
    ----------
    cells : Series, shape (n,)
        Text or numbers; blank cells and the words of `MISSING` are NaN, not faults.
    comma : bool
        Whether decimals may be written with a comma.
    flags : bool
        Whether true, false, yes and no are 1 and 0, rather than faults.

    Returns
    -------
    values : ndarray of float, shape (n,)
        Infinite beyond `LARGEST`.
    bad : ndarray of bool, shape (n,)
    """
    values, bad = _numbers(cells, comma, flags)
    values = values.copy()
    values[np.abs(values) > LARGEST] = np.inf
    return values, bad


def _numbers(cells: pd.Series, comma: bool, flags: bool) -> tuple[np.ndarray, np.ndarray]:
    if pd.api.types.is_bool_dtype(cells) and not flags:
        return np.full(len(cells), np.nan), np.ones(len(cells), bool)
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype("Float64").to_numpy(float, na_value=np.nan), np.zeros(len(cells), bool)
    quick = None if comma or flags else _quick(cells)
    if quick is not None:
        return quick, np.zeros(len(cells), bool)
    text = cells.astype("str").fillna("").str.strip().str.lower()
    if flags:
        text = text.replace(_FLAGS)
    text = _plain(text, comma)
    values = pd.to_numeric(text, errors="coerce").to_numpy(float).copy()
    words = text.isin([*MISSING, *_FLAGS]).to_numpy(bool)
    values[words] = np.nan
    return values, np.isnan(values) & ~text.isin(MISSING).to_numpy(bool)


def _quick(cells: pd.Series) -> np.ndarray | None:
    """Return cells as floats, or None where any of them is neither a plain number nor blank."""
    texts = pa.array(cells, from_pandas=True)
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        return None
    try:
        blank = pc.equal(texts, "")
        if pc.any(blank).as_py():
            texts = pc.if_else(blank, pa.scalar(None, texts.type), texts)
        values = pc.cast(texts, pa.float64()).fill_null(np.nan)
    except pa.ArrowInvalid:
        return None
    return values.to_numpy(zero_copy_only=False).copy()


def _plain(text: pd.Series, comma: bool) -> pd.Series:
    """Return numbers without the signs that part their thousands, and with a point before their decimals."""
    decimal, thousands = (",", r"[. '\u00a0\u202f]") if comma else (r"\.", r"[, '\u00a0\u202f]")
    parted = text.str.fullmatch(rf"[+-]?\d{{1,3}}(?:{thousands}\d{{3}})+{decimal}\d*")
    text = text.where(~parted, text.str.replace(thousands, "", regex=True))
    return text.str.replace(",", ".", regex=False) if comma else text


def optional_numbers(table: Table, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return those of `columns` that are there, as floats; cells that are no finite number are NaN, told in a note."""
    out = {}
    for name in columns:
        if name in table.rows:
            values, bad = numbers(table.rows[name], table.comma, flags=True)
            bad |= np.isinf(values)
            if bad.any():
                first, count = table.rows.index[bad][0], int(bad.sum())
                table.notes.append(
                    f"{table.file}: {count} value{'s' * (count > 1)} of {name} cannot be read as a number and count as "
                    f"unknown (first: row {first}, {str(table.rows.at[first, name])[:40]!r})."
                )
            out[name] = np.where(bad, np.nan, values)
    return pd.DataFrame(out, index=table.rows.index)


def reject_empty(table: Table, column: str) -> None:
    """Turn a column into text, and reject the rows where it is blank."""
    text = table.rows[column].astype("str").fillna("")
    table.rows = table.rows.assign(**{column: text.array})
    table.reject((text.str.strip() == "").to_numpy(bool), column, f"{column} is empty")


def times(
    table: Table, column: str, timezone: str, group: str | None = None, order: Order = "ymd", into: str | None = None
) -> None:
    """Turn a column into UTC stamps, and reject the rows whose time cannot be read or has no answer.

    Parameters
    ----------
    timezone : str
        Whose clock wrote the times without an offset.
    group : str, optional
        The column that says whose times they are, where a local hour stands twice (`clock.to_utc`).
    order : Order
    into : str, optional
        The column that the stamps are written to, where it is another one.
    """
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

    `rank` rises with time beside them, where something does (`clock.to_utc`).
    """
    naive = np.flatnonzero(reasons == "naive")
    wall = pd.DatetimeIndex(micros[naive].view("datetime64[us]"))
    whose = None if group is None else pd.factorize(table.rows[group])[0][naive]
    known, why = local_time.to_utc(wall, timezone, whose, None if rank is None else rank[naive])
    micros, reasons = micros.copy(), reasons.copy()
    micros[naive] = known.asi8
    reasons[naive] = why
    utc = pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")
    reasons[((utc < _YEARS[0]) | (utc >= _YEARS[1])) & (reasons == "")] = "not a time between the years 2000 and 2099"
    table.rows = table.rows.assign(**{column: utc})
    table.reject(reasons != "", column, reasons, cells)
