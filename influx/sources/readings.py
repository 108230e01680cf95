"""Tidy readings of meters: energy in each interval, as one row a device and time, or as one column a device.

A reading's time is the start of its interval, and how long the interval is follows from the times themselves: the most
frequent step of each device.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.errors import InputError
from influx.schema import CONTEXT_COLUMNS, QUALITIES
from influx.settings import Settings
from influx.sources import cells, per_kwh, table
from influx.sources.part import Part, part_of

RANK = 90
"""Asked after the other formats: any table with times and numbers looks like one column a device."""

REQUIRED = ("device_id", "timestamp", "energy_kwh")
_KEYS = ("timestamp", "home_id", "quality")


def matches(path: Path) -> bool:
    """Tell whether the header has the columns of tidy readings, or a time and more."""
    names = table.header(path) or []
    return {"device_id", "energy_kwh"} <= set(names) or ("timestamp" in names and len(names) > 1)


def read(path: Path, settings: Settings) -> Part:
    """Read a file of readings.

    Returns
    -------
    Part
        Of kind "readings"; a row of the account is one device at one time, in a file with one column a device too.

    Raises
    ------
    InputError
        A column is missing, the readings are coarser than hourly, or more than half of them cannot be used.
    """
    raw = table.read(path)
    wide = not {"device_id", "energy_kwh"} & set(raw.rows.columns)
    if wide:
        _melt(raw, settings)
    else:
        table.need(raw, REQUIRED)
        cells.reject_empty(raw, "device_id")
    cells.times(raw, "timestamp", settings.timezone, group="device_id")
    _energy(raw, wide)
    _quality(raw)
    kept = [name for name in (*REQUIRED, "quality", "home_id") if name in raw.rows]
    raw.rows = raw.rows[kept].assign(minutes=step_minutes(raw.rows, path.name))
    return part_of(raw, "readings", "readings, one column a device" if wide else "readings")


def _melt(raw: table.Table, settings: Settings) -> None:
    """Turn one column a device into one row a device and time."""
    devices = []
    for name in (name for name in raw.rows if not _is_aside(name)):
        device = settings.devices.get(name)
        if device is not None and device.role == "ignore":
            raw.notes.append(f"{raw.file}: the column {name} is left out, as home.yaml says.")
        elif np.isnan(cells.numbers(raw.rows[name], raw.comma)[0]).all():
            raw.notes.append(f"{raw.file}: the column {name} holds no number and is not read.")
        else:
            devices.append(name)
    aside = [name for name in raw.rows if _is_aside(name) and name not in _KEYS]
    if aside:
        raw.notes.append(f"{raw.file}: {', '.join(aside)} is no energy and is not read here.")
    if not devices:
        raise InputError(
            f"{raw.file}: no column holds the energy of a device; there are {', '.join(raw.rows.columns)}. "
            f"Readings have the columns {', '.join(REQUIRED)}, or timestamp and one column of kWh a device."
        )
    same = {name: raw.rows[name] for name in ("timestamp", "home_id", "quality") if name in raw.rows}
    raw.rows_read += len(raw.rows) * (len(devices) - 1)
    raw.rows = pd.concat([pd.DataFrame({"device_id": name, **same, "energy_kwh": raw.rows[name]}) for name in devices])


def _is_aside(name: str) -> bool:
    """Tell whether a column beside the devices' is none of them: a key, the state of the home, a price or carbon."""
    return name in (*_KEYS, *CONTEXT_COLUMNS) or bool(per_kwh.PRICE.fullmatch(name) or per_kwh.CARBON.fullmatch(name))


def _energy(raw: table.Table, wide: bool) -> None:
    """Turn energy_kwh into floats, NaN where unknown, and reject the rows whose energy cannot be."""
    cell = raw.rows["energy_kwh"]
    values, bad = cells.numbers(cell, raw.comma)
    reasons = np.select([bad, np.isinf(values), values < 0], ["not a number", "infinite", "negative"], "").astype(
        object
    )
    raw.rows = raw.rows.assign(energy_kwh=values)
    raw.reject(reasons != "", raw.rows["device_id"].to_numpy() if wide else "energy_kwh", reasons, cell)


def _quality(raw: table.Table) -> None:
    """Check the words of `quality`, and forget the energy of missing readings; without the column all are measured."""
    if "quality" not in raw.rows:
        raw.rows = raw.rows.assign(quality="measured")
        return
    word = raw.rows["quality"].astype("str").fillna("").str.strip().str.lower()
    word = word.where(~word.isin(cells.MISSING), "measured")
    raw.rows = raw.rows.assign(
        quality=word.array, energy_kwh=raw.rows["energy_kwh"].where((word != "missing").array).array
    )
    raw.reject(~word.isin(QUALITIES).to_numpy(bool), "quality", f"not one of {', '.join(QUALITIES)}")


def step_minutes(frame: pd.DataFrame, file: str) -> np.ndarray:
    """Return how long each reading lasts [min]: the most frequent step between the times of its device.

    Parameters
    ----------
    frame : DataFrame
        Columns `device_id` and `timestamp` (UTC), in any order.

    Raises
    ------
    InputError
        The steps are longer than an hour.
    """
    times = frame[["device_id", "timestamp"]].drop_duplicates().sort_values(["device_id", "timestamp"])
    same = (times["device_id"] == times["device_id"].shift()).to_numpy(bool)
    steps = (times["timestamp"].diff().dt.total_seconds() / 60).to_numpy()
    steps = np.where(steps < 5, steps, np.rint(steps))  # a logger that writes a few seconds late
    counts = pd.DataFrame({"device_id": times["device_id"].array, "step": steps})[same].value_counts().reset_index()
    if counts.empty:
        return np.full(len(frame), 60.0)
    usual = float(counts.groupby("step")["count"].sum().idxmax())
    counts["of"] = counts.groupby("device_id")["count"].transform("sum")
    own = counts.sort_values(["count", "step"], ascending=[False, True]).drop_duplicates("device_id")
    coarse = own[(own["step"] > 60) & ((own["count"] > own["of"] / 2) & (own["count"] > 1) | (usual > 60))]
    if len(coarse):
        name, step = coarse.iloc[0][["device_id", "step"]]
        raise InputError(
            f"{file}: a reading of {name} every {step / 60:g} hours is too coarse to tell one hour from another. "
            "Export hourly or finer readings."
        )
    step = own.set_index("device_id")["step"]
    return frame["device_id"].map(step.where(step <= 60, usual)).fillna(usual).to_numpy(float)
