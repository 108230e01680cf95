"""Home Assistant: statistics exported as a table by the integration of that name (files of its layout, made-up values).

Tab, semicolon or comma part the cells; times are local, mostly as 31.12.2025 14:00. A counter's row has its sum at the
end of the hour, or the energy of the hour (`delta`); rows with a mean are measurements of something, and set aside. A
row may end with its last value.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.formats.ha_names import names_of
from influx.importers.reading import cells, intervals, layout, table, tabular, times, units
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import ASIDE, Table
from influx.importers.reading.times import Order

_KEYS = {"statistic_id", "unit", "start"}
_HOUR = pd.Timedelta(hours=1)


def matches(path: Path) -> bool:
    """Tell whether the header has a statistic, its unit and start, and a sum or the energy of the hour."""
    names = set(table.header(path) or ())
    return names >= _KEYS and bool(names & {"sum", "delta"})


def read(path: Path, settings: Settings) -> Part:
    """Read what the sums count, or, of a statistic without sums, the energy of its hours.

    Raises
    ------
    InputError
        The order of day and month cannot be told, or no statistic counts energy.
    """
    raw = table.concat(table.blocks(path, short=True))
    said = layout.overridden(Layout("", "start", order=_order(raw)), settings.file(path.name))
    names = raw.rows["statistic_id"].astype("str").str.strip()
    sums, bad_sum = _numbers(raw, "sum", bool(said.comma))
    deltas, bad_delta = _numbers(raw, "delta", bool(said.comma))
    counts = (pd.Series(np.isfinite(sums)).groupby(names.to_numpy()).transform("sum") > 1).to_numpy(bool)
    unit = raw.rows["unit"].astype("str").str.strip()
    scale = np.array([kind[1] if (kind := units.factor(one)) and kind[0] == "energy" else np.nan for one in unit])
    raw.rows = pd.DataFrame(
        {"device_id": names, "start": raw.rows["start"], "value": np.where(counts, sums, deltas) * scale}
    )
    measured = np.isnan(sums) & np.isnan(deltas) & ~bad_sum & ~bad_delta
    counting = counts.copy()
    no_energy = np.isnan(scale) | measured
    keep = ~no_energy
    raw.reject(no_energy, "unit", np.array([f"{ASIDE}: unit {one or 'unknown'}" for one in unit], object), unit)
    wrong = np.where(counts, bad_sum, bad_delta)[keep]
    raw.reject(wrong, "sum", "not a number", raw.rows["value"])
    if raw.rows.empty:
        raise InputError(f"{path.name}: no statistic of this file counts energy in Wh, kWh or MWh.")
    rank = np.where(counting[keep][~wrong], raw.rows["value"].to_numpy(float), np.nan)
    micros, reasons = times.parse(raw.rows["start"], said.order)
    cells.settle(
        raw, "timestamp", micros, reasons, tabular.zone_of(said, settings), "device_id", raw.rows["start"], rank
    )
    return _part(raw, dict(zip(names, counting, strict=True)), settings)


def _part(raw: Table, counting: dict[str, bool], settings: Settings) -> Part:
    there = list(dict.fromkeys(raw.rows["device_id"]))
    short = names_of(there)
    mappings = {name: SeriesMapping(short[name], measures="counter" if counting[name] else "energy") for name in there}
    late = raw.rows["device_id"].map(counting).to_numpy(bool)  # a sum stands at the end of its hour
    stamps = raw.rows["timestamp"].where(~late, raw.rows["timestamp"] + _HOUR)
    raw.rows = raw.rows.assign(timestamp=stamps).drop(columns="start")
    return intervals.to_intervals(raw, mappings, "Home Assistant, statistics", settings, column="sum")


def _numbers(raw: Table, name: str, comma: bool) -> tuple[np.ndarray, np.ndarray]:
    if name not in raw.rows:
        return np.full(len(raw.rows), np.nan), np.zeros(len(raw.rows), bool)
    values, bad = cells.numbers(raw.rows[name], comma or raw.comma)
    bad |= np.isinf(values)
    return np.where(bad, np.nan, values), bad


def _order(raw: Table) -> Order:
    """Return the order of a date's parts: with points the day comes first; with slashes it must be told."""
    first = str(raw.rows["start"].iloc[0]) if len(raw.rows) else ""
    return "ymd" if first[:4].isdigit() or "/" in first else "dmy"
