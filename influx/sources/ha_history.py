"""Home Assistant: history.csv, the download of its History page (from its documentation and the page's own code).

A row is a change: a sensor says nothing while nothing changes, so silence is no outage; `unavailable` and `unknown`
are. What the recorder no longer holds comes from the hourly statistics: a row an hour, stamped with the hour's start
even where it is a register's state at its end. Rows end with their last value where other entities have columns of
their own. Units are not named: what a sensor measures is told by its name, or home.yaml says it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.errors import InputError
from influx.file_settings import File
from influx.settings import Settings
from influx.sources import cells, layout, observed, table, tabular, times
from influx.sources.ha_names import measures_of, names_of
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part
from influx.sources.table import ASIDE, Table

_COLUMNS = ("entity_id", "state", "last_changed")
_HOUR = 3_600_000_000  # microseconds


def matches(path: Path) -> bool:
    """Tell whether the header is that of a history."""
    return set(_COLUMNS) <= set(table.header(path) or ())


def read(path: Path, settings: Settings) -> Part:
    """Read registers of energy in kWh and sensors of power in W.

    Raises
    ------
    InputError
        What a sensor measures cannot be told; the error has the line for home.yaml.
    """
    raw = table.concat(table.blocks(path, short=True))
    own = settings.file(path.name)
    values, bad = cells.numbers(raw.rows["state"], raw.comma if own.decimal is None else own.decimal == ",")
    names = raw.rows["entity_id"].astype("str").str.strip()
    raw.rows = raw.rows[list(_COLUMNS)].assign(device_id=names, value=values)
    said = layout.overridden(Layout("", "last_changed", _channels(raw, own), silence="unchanged"), own)
    others = ~names.isin(list(said.channels)).to_numpy(bool)
    raw.reject(others, "entity_id", f"{ASIDE}: a series of something else")
    raw.reject(bad[~others], "state", "not a number")
    raw.reject(np.isinf(raw.rows["value"]).to_numpy(bool), "state", "infinite")
    micros, reasons = times.parse(raw.rows["last_changed"], said.order)
    texts = raw.rows["last_changed"]
    cells.settle(raw, "timestamp", micros, reasons, tabular.zone_of(said, settings), "device_id", texts)
    _to_ends(raw, [name for name, channel in said.channels.items() if channel.measures == "counter"])
    raw.rows = raw.rows[["device_id", "timestamp", "value"]]
    return observed.part(raw, said.channels, "Home Assistant, history", settings, silence=said.silence, column="state")


def _channels(raw: Table, own: File) -> dict[str, Channel]:
    """Return what each entity with numbers measures, by its name or as home.yaml says."""
    known = raw.rows[np.isfinite(raw.rows["value"])]
    told = names_of(sorted(set(raw.rows["device_id"])))
    channels: dict[str, Channel] = {}
    for name, values in known.groupby("device_id", sort=False)["value"]:
        column = own.columns.get(str(name))
        if column is not None and column.role == "ignore":
            continue
        measures = "counter" if column is not None or own.unit is not None else measures_of(str(name))
        if measures is None:
            raise InputError(_question(raw.file, str(name), values.to_numpy(float)))
        unit = "W" if measures == "power" else "kWh"
        channels[str(name)] = Channel(told[str(name)], unit, measures)
    if not channels:
        raise InputError(f"{raw.file}: no entity of this history has numbers. Choose sensors of energy or power.")
    return channels


def _to_ends(raw: Table, registers: list[str]) -> None:
    """Move what registers showed by the statistics to the end of its hour.

    These rows stand at whole hours, most of them an hour apart, before any other row of their register.
    """
    stamps = pd.DatetimeIndex(raw.rows["timestamp"]).as_unit("us").asi8.copy()
    entities = raw.rows["device_id"].to_numpy(object)
    for name in registers:
        own = np.flatnonzero(entities == name)
        between = stamps[own][stamps[own] % _HOUR != 0]
        hourly = own[stamps[own] < between.min()] if len(between) else own
        steps = np.diff(np.sort(stamps[hourly]))
        if len(steps) and np.median(steps) == _HOUR:
            stamps[hourly] += _HOUR
    moved = pd.Series(pd.DatetimeIndex(stamps.view("datetime64[us]"), tz="UTC"), index=raw.rows.index)
    raw.rows = raw.rows.assign(timestamp=moved)


def _question(file: str, name: str, values: np.ndarray) -> str:
    rises = bool((np.diff(values) >= 0).all())
    guess = "kWh, measures: counter" if rises else "W, measures: power"
    return (
        f"{file}: the file does not say what {name} measures (values from {values.min():g} to {values.max():g}). "
        f"Say it in home.yaml, such as  files: {{{file}: {{columns: {{{name}: {{unit: {guess}}}}}}}}}"
    )
