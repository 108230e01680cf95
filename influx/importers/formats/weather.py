"""Hourly weather at the home: measured in the past, and a forecast for the coming days where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from influx.core.settings import Settings
from influx.importers.reading import cells, table
from influx.importers.reading.part import Part, part_of

VALUES = ("outdoor_temp_celsius", "humidity_percent")
KINDS = ("measured", "forecast")


def matches(path: Path) -> bool:
    """Tell whether the header has a time and an outdoor temperature, and nothing of a device."""
    names = set(table.header(path) or ())
    return {"timestamp", VALUES[0]} <= names and not names & {"device_id", "energy_kwh", "power_consumption_kwh"}


def read(path: Path, settings: Settings) -> Part:
    """Read a weather file: `timestamp`, `outdoor_temp_celsius`, and optionally `humidity_percent` and `kind`.

    Raises
    ------
    InputError
        More than half of the rows cannot be used.
    """
    raw = table.read(path)
    cells.times(raw, "timestamp", settings.timezone)
    for name in (name for name in VALUES if name in raw.rows):
        values, bad = cells.numbers(raw.rows[name], raw.comma)
        cell = raw.rows[name]
        raw.rows = raw.rows.assign(**{name: values})
        raw.reject(bad | np.isinf(values), name, "not a number", cell)
    check_kind(raw)
    kept = [name for name in ("timestamp", *VALUES, "kind") if name in raw.rows]
    others = [name for name in raw.rows if name not in kept]
    if others:
        raw.notes.append(f"{path.name}: the column {', '.join(others)} is not read from a weather file.")
    raw.rows = raw.rows[kept]
    return part_of(raw, "weather", "weather")


def check_kind(raw: table.Table) -> None:
    """Put the words of `kind`, where there is such a column, into lower case, and reject the rows with another one."""
    if "kind" in raw.rows:
        word = raw.rows["kind"].astype("str").fillna("").str.strip().str.lower()
        raw.rows = raw.rows.assign(kind=word.array)
        raw.reject(~word.isin(KINDS).to_numpy(bool), "kind", f"not one of {', '.join(KINDS)}")
