"""Sense: kWh of each device in each hour, the whole home among them, a row a device and hour, by the home's clock.

`Total Usage` is the household and `Solar Production` the sun (below zero in some exports). `Always On` and the detected
devices are parts of the household, and so is `Other`, which no device explains: as `other` it is not counted twice.
Sense writes no row for an hour in which it saw a device off. Such an hour counts as no use, where the file has a row of
the whole home: then Sense was running. Schema: from excerpts of real files in the tests of programs that read them.
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
from influx.importers.reading.table import Table

_COLUMNS = ("DateTime", "Device ID", "Name", "kWh")
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
    """Tell whether one of the first lines is the header of an export."""
    return _line(path) > 0


def _line(path: Path) -> int:
    """Return the line of the header, which stands below comments; 0 where there is none."""
    if not _is_text(path):
        return 0
    return next((line for line in range(1, _MOST_LINES) if set(_COLUMNS) <= set(table.header(path, line) or [])), 0)


def _is_text(path: Path) -> bool:
    try:
        return encoding.kind(path) == "text"
    except OSError:
        return False


def read(path: Path, settings: Settings) -> Part:
    """Read an export.

    Returns
    -------
    Part
        A row of its account is a device in an hour, also one for which Sense wrote no row because the device was off.

    Raises
    ------
    InputError
        The export is by days, or more than half of it cannot be used.
    """
    raw = table.read(path, _line(path))
    cells.times(raw, "DateTime", settings.timezone, "Device ID", into="timestamp")
    values, bad = cells.numbers(raw.rows["kWh"])
    raw.rows = raw.rows.assign(value=values)
    raw.reject(bad | np.isinf(values), "kWh", "not a number", raw.rows["kWh"])
    raw.rows["device_id"] = pd.Categorical(_names(raw.rows))
    names = list(raw.rows["device_id"].cat.categories)
    _refuse_days(raw)
    part = intervals.to_intervals(
        raw, {name: _MAPPINGS.get(name, SeriesMapping(name)) for name in names}, "Sense", settings
    )
    return _with_hours_off(part, path.name)


def _names(rows: pd.DataFrame) -> pd.Series:
    """Return a name a device: its own, with its id where several have the same one."""
    names, ids = (rows[name].astype("str").str.strip() for name in ("Name", "Device ID"))
    shared = ids.groupby(names).transform("nunique") > 1
    return names.where(~shared | names.isin(list(_MAPPINGS)), names + " (" + ids + ")")


def _refuse_days(raw: Table) -> None:
    """Give every row its length, as the whole home's rows tell it: a device's own may be far between."""
    stamps = pd.DatetimeIndex(raw.rows["timestamp"]).as_unit("us").asi8
    total = stamps[(raw.rows["device_id"] == _TOTAL).to_numpy()]
    minutes = times.most_frequent_step(total if len(total) > 1 else stamps)[0]
    if minutes > 60:
        raise InputError(f"{raw.file}: this export is by {minutes / 60:g} hours. Export it from Sense by hours.")
    raw.rows["minutes"] = 60.0 if np.isnan(minutes) else minutes


def _with_hours_off(part: Part, file: str) -> Part:
    """Add the hours in which Sense saw a device off, between the first and the last in which it saw it on."""
    frame = part.frame
    running = frame[frame["device_id"] == _TOTAL].drop_duplicates("timestamp")
    added = []
    for name, rows in frame.groupby("device_id", observed=True):
        if name in _ALWAYS:
            continue
        stamps = rows["timestamp"]
        off = running[running["timestamp"].between(stamps.min(), stamps.max()) & ~running["timestamp"].isin(stamps)]
        added.append(off.assign(device_id=name, energy_kwh=0.0, quality="measured"))
    count = sum(map(len, added))
    if not count:
        return part
    names = frame["device_id"].cat.categories
    rows = pd.concat([piece.astype({"device_id": "str", "quality": "str"}) for piece in (frame, *added) if len(piece)])
    rows["device_id"] = pd.Categorical(rows["device_id"], names)
    rows["quality"] = pd.Categorical(rows["quality"], frame["quality"].cat.categories)
    told = f"{file}: Sense wrote no row for {count} device-hours, in which it saw the device off; they count as no use."
    rows = rows.reset_index(drop=True)
    return replace(part, frame=rows, rows_read=part.rows_read + count, notes=(*part.notes, told))
