"""Sense: kWh of each device in each hour, the whole home among them, a row a device and hour, by the home's clock.

`Total Usage` is the household and `Solar Production` the sun (below zero in some exports). `Always On` and the detected
devices are parts of the household, and so is `Other`, which no device explains: as `other` it is not counted twice.
Sense writes no row for an hour in which it saw a device off. Such an hour counts as no use, where the file has a row of
the whole home: then Sense was running. From excerpts of real files in the tests of programs that read them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.schema import OTHER
from influx.core.settings import Settings
from influx.importers.reading import cells, encoding, intervals, table, times
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part

_COLUMNS = {"DateTime", "Device ID", "Name", "kWh"}
_MOST_LINES = 6
_TOTAL = "Total Usage"
_MAPPINGS = {
    _TOTAL: SeriesMapping(_TOTAL, role="household"),
    "Solar Production": SeriesMapping("Solar Production", role="solar"),
    "Other": SeriesMapping(OTHER, role="device"),
}

_ALWAYS = {mapping.device_id for mapping in _MAPPINGS.values()} | {"Always On"}
"""Series with a row in every hour in which Sense runs: where one is lacking, nothing is known of it."""


def matches(path: Path) -> bool:
    """Tell whether one of the first lines, below comments, is the header of an export."""
    try:
        return encoding.kind(path) == "text" and _line(path) > 0
    except OSError:
        return False


def _line(path: Path) -> int:
    return next((line for line in range(1, _MOST_LINES) if set(table.header(path, line) or []) >= _COLUMNS), 0)


def read(path: Path, settings: Settings) -> Part:
    """Read an export; an hour for which Sense wrote no row because the device was off is a row, too."""
    raw = table.read(path, _line(path))
    cells.times(raw, "DateTime", settings.timezone, "Device ID", into="timestamp")
    values, bad = cells.numbers(raw.rows["kWh"])
    raw.rows = raw.rows.assign(value=values)
    raw.reject(bad | np.isinf(values), "kWh", "not a number", raw.rows["kWh"])
    series = _series(raw.rows)
    stamps = pd.DatetimeIndex(raw.rows["timestamp"]).as_unit("us").asi8
    total = stamps[(series == _TOTAL).to_numpy()]  # a device's own rows may be far between
    minutes = times.most_frequent_step(total if len(total) > 1 else stamps)[0]
    if minutes > 60:
        raise InputError(f"{path.name}: this export is by {minutes / 60:g} hours. Export it from Sense by hours.")
    raw.rows = raw.rows.assign(device_id=pd.Categorical(series), minutes=60.0 if np.isnan(minutes) else minutes)
    mappings = {name: _MAPPINGS.get(name, SeriesMapping(name)) for name in raw.rows["device_id"].cat.categories}
    return _with_hours_off(intervals.to_intervals(raw, mappings, "Sense", settings), path.name)


def _series(rows: pd.DataFrame) -> pd.Series:
    """Return the names of devices, with their ids where several have the same name."""
    names, ids = (rows[name].astype("str").str.strip() for name in ("Name", "Device ID"))
    shared = ids.groupby(names).transform("nunique") > 1
    return names.where(~shared | names.isin(list(_MAPPINGS)), names + " (" + ids + ")")


def _with_hours_off(part: Part, file: str) -> Part:
    """Add the hours in which Sense saw a device off, between the first and the last in which it saw it on."""
    frame = part.frame.astype({"device_id": "str", "quality": "str"})
    running = frame[frame["device_id"] == _TOTAL].drop_duplicates("timestamp")
    added = []
    for name, stamps in frame.loc[~frame["device_id"].isin(_ALWAYS)].groupby("device_id")["timestamp"]:
        off = running[running["timestamp"].between(stamps.min(), stamps.max()) & ~running["timestamp"].isin(stamps)]
        added.append(off.assign(device_id=name, energy_kwh=0.0, quality="measured"))
    count = sum(map(len, added))
    if not count:
        return part
    rows = pd.concat([frame, *(piece for piece in added if len(piece))], ignore_index=True)
    for name in ("device_id", "quality"):
        rows[name] = pd.Categorical(rows[name], part.frame[name].cat.categories)
    note = f"{file}: Sense wrote no row for {count} device-hours, in which it saw the device off; they count as no use."
    return replace(part, frame=rows, rows_read=part.rows_read + count, notes=(*part.notes, note))
