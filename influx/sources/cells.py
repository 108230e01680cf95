"""From cells to values: numbers, times and names, with a reason for each cell that is none.

Times are ISO 8601 (year first), because 01/07/2024 is two days; a time without an offset is local time at the home.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx import clock
from influx.sources.table import Table

MISSING = ("", "nan", "na", "n/a", "null", "none", "nat", "<na>", "-", "unknown", "unavailable")
"""What files write where nothing is known, in lower case."""

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
    bad : ndarray of bool, shape (n,)
    """
    if pd.api.types.is_bool_dtype(cells) and not flags:
        return np.full(len(cells), np.nan), np.ones(len(cells), bool)
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype("Float64").to_numpy(float, na_value=np.nan), np.zeros(len(cells), bool)
    text = cells.astype("str").fillna("").str.strip().str.lower()
    if flags:
        text = text.replace(_FLAGS)
    if comma:
        text = text.str.replace(",", ".", regex=False)
    values = pd.to_numeric(text, errors="coerce").to_numpy(float).copy()
    words = text.isin([*MISSING, *_FLAGS]).to_numpy(bool)
    values[words] = np.nan
    return values, np.isnan(values) & ~text.isin(MISSING).to_numpy(bool)


def optional_numbers(table: Table, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return those of `columns` that are there, as floats; cells that are no finite number are NaN, told in a note."""
    out = {}
    for name in columns:
        if name in table.rows:
            values, bad = numbers(table.rows[name], table.comma, flags=True)
            bad |= np.isinf(values)
            if bad.any():
                first = table.rows.index[bad][0]
                table.notes.append(
                    f"{table.file}: {_count(int(bad.sum()), 'value')} of {name} cannot be read as a number and "
                    f"count as unknown (first: row {first}, {str(table.rows.at[first, name])[:40]!r})."
                )
            out[name] = np.where(bad, np.nan, values)
    return pd.DataFrame(out, index=table.rows.index)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def reject_empty(table: Table, column: str) -> None:
    """Turn a column into text, and reject the rows where it is blank."""
    text = table.rows[column].astype("str").fillna("")
    table.rows = table.rows.assign(**{column: text.array})
    table.reject((text.str.strip() == "").to_numpy(bool), column, f"{column} is empty")


def times(table: Table, column: str, timezone: str, group: str | None = None) -> None:
    """Turn a column into UTC stamps, and reject the rows whose time cannot be read or has no answer.

    Parameters
    ----------
    group : str, optional
        The column that says whose times they are, where a local hour stands twice (`clock.to_utc`).
    """
    cells = table.rows[column]
    stamps, reasons = (
        _dates(cells) if pd.api.types.is_datetime64_any_dtype(cells) else _texts(cells.astype("str").fillna(""))
    )
    naive = np.flatnonzero(reasons == "naive")
    wall = pd.DatetimeIndex(stamps[naive]).tz_localize(None)
    asked = None if group is None else table.rows[group].to_numpy()[naive]
    known, why = clock.to_utc(wall, timezone, asked)
    micros = stamps.asi8.copy()
    micros[naive] = known.asi8
    utc = pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")
    reasons[naive] = why
    reasons[((utc < _YEARS[0]) | (utc >= _YEARS[1])) & (reasons == "")] = "not a time between the years 2000 and 2099"
    table.rows = table.rows.assign(**{column: utc})
    table.reject(reasons != "", column, reasons, cells)


def _dates(cells: pd.Series) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return typed times as UTC (clock times as if they were), and a reason, or "naive", for each."""
    aware = cells.dt.tz is not None
    stamps = pd.DatetimeIndex(pd.to_datetime(cells, utc=True)).as_unit("us")
    return stamps, np.where(stamps.isna(), "the time is empty", "" if aware else "naive").astype(object)


def _texts(cells: pd.Series) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """The same for times as text."""
    text = cells.str.strip().str.replace(r" ?UTC$", "Z", regex=True)
    naive = text.str.fullmatch(TIME).to_numpy(bool)
    aware = text.str.fullmatch(TIME + OFFSET).to_numpy(bool)
    parsed = pd.to_datetime(text.where(naive | aware), utc=True, format="ISO8601", errors="coerce")
    stamps = pd.DatetimeIndex(parsed).as_unit("us")
    blank = text.str.lower().isin(MISSING).to_numpy(bool)
    swapped = text.str.match(r"\d\d?[/.-]\d\d?[/.-]\d{2,4}").to_numpy(bool)
    reasons = np.select(
        [blank, swapped, stamps.isna(), aware],
        [
            "the time is empty",
            "ambiguous: day and month cannot be told apart; write the year first, as in 2024-07-31 18:00",
            "not a time; write it as 2024-07-31 18:00, or with an offset as in 2024-07-31T18:00+02:00",
            "",
        ],
        "naive",
    ).astype(object)
    return stamps, reasons
