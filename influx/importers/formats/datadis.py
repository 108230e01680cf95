"""Datadis and Spanish distributors: kWh of each hour of a supply point (CUPS), by the Spanish clock.

An hour is named by its end: 1 or 01:00 is the first of a day, 24 the last. On the days on which the clock is changed,
files count the hours (up to 23 or 25) or keep to the clock; the largest hour of such a day tells which. From excerpts
of real files in the tests of programs that read them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import cells, intervals, table, times
from influx.importers.reading.layout import flow
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_MAPPINGS = {
    "consumo_kwh": flow("grid_import"),
    "ae_kwh": flow("grid_import"),
    "as_kwh": flow("grid_export"),
    "energia_vertida_kwh": flow("grid_export"),
    "energia_generada_kwh": flow("solar"),
}
_YEARS = (np.datetime64("2000-01-01"), np.datetime64("2100-01-01"))
_FAR = "not a day between the years 2000 and 2099"
_BAD_HOUR = "not an hour of this day, from 1 (or 01:00) to 24"


def matches(path: Path) -> bool:
    """Tell whether the header has the supply point, day, hour and an energy."""
    names = [name.lower() for name in table.header(path) or []]
    return names[:3] == ["cups", "fecha", "hora"] and any(name in _MAPPINGS for name in names)


def read(path: Path, settings: Settings) -> Part:
    """Read what was taken from the grid, fed into it and generated, at one supply point."""
    raw = table.read(path)
    column = {name.lower(): name for name in raw.rows}
    supplies = raw.rows[column["cups"]].astype("str").str.strip().unique()
    if len(supplies) > 1:
        raise InputError(f"{path.name}: holds {len(supplies)} supply points. Export each by itself, or keep one.")
    zone = settings.timezone if "timezone" in settings.model_fields_set else "Europe/Madrid"
    _set_starts(raw, column["fecha"], column["hora"], zone)
    columns = [column[name] for name in column if name in _MAPPINGS]
    method = column.get("metodo_obtencion", column.get("real/estimado"))
    word = raw.rows[method].astype("str").str.strip().str.upper() if method else pd.Series("R", raw.rows.index)
    quality = np.where(word.str.startswith("E").to_numpy(bool), "estimated", "measured")
    count = len(columns)
    raw.rows_read += (count - 1) * (len(raw.rows) + sum(map(len, raw.rejected)))
    raw.rejected *= count
    raw.rows = raw.rows[["timestamp", "minutes", *columns]].assign(quality=quality)
    raw.rows = raw.rows.melt(["timestamp", "minutes", "quality"], columns, "device_id", "cell", ignore_index=False)
    raw.rows = raw.rows.sort_index(kind="stable")
    values, bad = cells.numbers(raw.rows["cell"], True)
    raw.rows = raw.rows.assign(value=values)
    raw.reject(bad | np.isinf(values), raw.rows["device_id"].to_numpy(object), "not a number", raw.rows["cell"])
    return intervals.to_intervals(raw, {name: _MAPPINGS[name.lower()] for name in columns}, "Datadis", settings)


def _set_starts(raw: Table, day_column: str, hour_column: str, zone: str) -> None:
    """Turn days and hours into the start of each interval and its length, and reject those that are none."""
    dates = raw.rows[day_column].astype("str").str.strip()
    micros, reasons = times.parse(dates, "dmy" if dates.str.match(r"\d\d?[/.-]").mean() > 0.5 else "ymd")
    day = micros.view("datetime64[us]").astype("datetime64[D]")
    far = (day < _YEARS[0]) | (day >= _YEARS[1])
    reasons = np.where(reasons != "naive", np.where(reasons == "", times.NOT_A_TIME, reasons), np.where(far, _FAR, ""))
    raw.reject(reasons != "", day_column, reasons)
    days = pd.DatetimeIndex(day[reasons == ""].astype("datetime64[us]"))
    ends, step = _minutes(raw.rows[hour_column])
    stamps, why = _stamps(days, ends, step, zone)
    raw.rows = raw.rows.assign(minutes=float(step), timestamp=stamps)
    raw.reject(why != "", hour_column, why)


def _minutes(hours: pd.Series) -> tuple[np.ndarray, int]:
    """Return the ends of intervals since the first moment of their day [min], and how long an interval is [min]."""
    parts = hours.astype("str").str.strip().str.extract(r"^(\d{1,3})(?::(\d\d))?(?::00)?$").astype(float)
    hour, minute = parts[0].to_numpy(), np.nan_to_num(parts[1].to_numpy())
    if np.nan_to_num(hour).max(initial=0) > 25:
        return hour * 15, 15
    return hour * 60 + minute, 15 if (minute > 0).any() else 60


def _stamps(days: pd.DatetimeIndex, ends: np.ndarray, step: int, zone: str) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return the starts of intervals, from their ends [min] since the day began, and what is wrong with each."""
    since = pd.to_timedelta(np.nan_to_num(ends) - step, unit="min")
    hours = local_time.hours_of_days(days, zone)
    largest = pd.Series(ends).groupby(days.asi8).transform("max").to_numpy()
    counted = (hours == 24) | (largest == hours * 60)
    wall, why = local_time.to_utc(days + since, zone)
    stamps = (local_time.begin_of(days, zone) + since).where(counted, wall)
    strange = ~((ends >= step) & (ends <= np.where(counted, hours, 24) * 60))
    return stamps, np.where(strange, _BAD_HOUR, np.where(counted, "", why))
