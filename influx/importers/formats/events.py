"""The smart-home events file: a row for each use of a device, with start, duration and energy, in up to 19 columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.schema import CONTEXT_COLUMNS, EVENT_COLUMNS, STATIC_COLUMNS
from influx.core.settings import Settings
from influx.importers.reading import cells, table, times
from influx.importers.reading.part import Part, part_of

REQUIRED = ("device_id", "timestamp", "duration_minutes", "power_consumption_kwh")
LONGEST_MINUTES = 7 * 24 * 60.0
"""No use of a device lasts longer than a week [min]."""

_TEXTS = ("device_type", "mode_of_operation", "maintenance_last_date", "home_id")


def matches(path: Path) -> bool:
    """Tell whether the header has an event's own columns, or at least five of the 19."""
    names = set(table.header(path) or ())
    return bool(names & {"duration_minutes", "power_consumption_kwh"}) or len(names & set(EVENT_COLUMNS)) >= 5


def read(path: Path, settings: Settings) -> Part:
    """Read an events file; `timestamp` is the start of use in UTC."""
    raw = table.read(path)
    table.need(raw, REQUIRED)
    _finite(raw, "power_consumption_kwh", zero="")
    raw.kwh_of = lambda rows: rows["power_consumption_kwh"].to_numpy(float)
    cells.reject_empty(raw, "device_id")
    cells.times(raw, "timestamp", settings.timezone, group="device_id")
    _finite(raw, "duration_minutes", zero="zero; a use of a device lasts some time", most=LONGEST_MINUTES)
    raw.reject(times.outliers(pd.DatetimeIndex(raw.rows["timestamp"]).asi8), "timestamp", times.OUTLIER)
    numbers, notes = cells.optional_numbers(raw, STATIC_COLUMNS + CONTEXT_COLUMNS)
    frame, raw.notes = raw.rows[[*REQUIRED]].join(numbers), [*raw.notes, *notes]
    for name in _TEXTS:
        if name in raw.rows:
            text = raw.rows[name].astype("str").str.strip()
            frame[name] = text.where(~text.str.lower().isin(cells.MISSING))
    raw.rows = frame
    return part_of(raw, "events", "smart-home events")


def _finite(raw: table.Table, column: str, zero: str, most: float = np.inf) -> None:
    """Turn a column into finite floats that are not negative, and reject other rows; `zero` is what is wrong with 0."""
    texts = raw.rows[column]
    values, bad = cells.numbers(texts, raw.comma)
    reasons = np.select(
        [bad, np.isnan(values), np.isinf(values), values < 0, values == 0, values > most],
        ["not a number", f"{column} is empty", "infinite", "negative", zero, "longer than a week"],
        "",
    ).astype(object)
    raw.rows = raw.rows.assign(**{column: values})
    raw.reject(reasons != "", column, reasons, texts)
