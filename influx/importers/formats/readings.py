"""Tidy readings of meters: energy in each interval, as one row a device and time, or as one column a device.

A reading's time is the start of its interval, and how long the interval is follows from the times themselves: the most
frequent step of each device.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np

from influx.core.errors import InputError
from influx.core.schema import CONTEXT_COLUMNS
from influx.core.settings import Settings
from influx.importers.formats.covariates import CARBON, PRICE
from influx.importers.reading import cells, table, tabular, units
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_KEYS = ("timestamp", "home_id", "quality")


def matches(path: Path) -> bool:
    """Tell whether the header has the columns of tidy readings, or a time and more, none of it in another unit."""
    names = table.header(path) or []
    return {"device_id", "energy_kwh"} <= set(names) or (
        "timestamp" in names and len(names) > 1 and not any(map(_in_another_unit, names))
    )


def _in_another_unit(name: str) -> bool:
    """Tell whether a name says that its values are in Wh, W or kW, which are no kWh."""
    unit = units.in_name(name)
    return unit is not None and units.factor(unit) not in (None, ("energy", 1.0)) and name not in CONTEXT_COLUMNS


def read(path: Path, settings: Settings) -> Part:
    """Read a file of readings; a row of its reconciliation is one device at one time."""
    names = table.header(path) or []
    notes: list[str] = []
    if {"device_id", "energy_kwh"} & set(names):
        layout = Layout("readings", "timestamp", device="device_id", value="energy_kwh")
    else:
        devices, notes = _devices(path, names, settings)
        layout = Layout("readings, one column a device", "timestamp", {name: SeriesMapping(name) for name in devices})
    quality, home = (name if name in names else None for name in ("quality", "home_id"))
    part = tabular.read(path, replace(layout, quality=quality, home=home), settings)
    return replace(part, notes=(*notes, *part.notes))


def _devices(path: Path, names: list[str], settings: Settings) -> tuple[list[str], list[str]]:
    """Return the columns that are devices' energy, and notes on the others."""
    first, *more = itertools.islice(table.blocks(path), 2)
    columns = [name for name in names if name not in _KEYS]
    context = [name for name in columns if name in CONTEXT_COLUMNS or PRICE.fullmatch(name) or CARBON.fullmatch(name)]
    roles = {name: settings.devices[name].role for name in columns if name in settings.devices}
    ignored = [name for name in columns if roles.get(name) == "ignore" and name not in context]
    rest = [name for name in columns if name not in {*context, *ignored}]
    empty = [name for name in rest if _holds_no_number(first, name, whole=not more)]
    devices = [name for name in rest if name not in empty]
    notes = [f"{path.name}: the column {name} holds no number and is not read." for name in empty]
    if devices:
        notes += [f"{path.name}: the column {name} is left out, as home.yaml says." for name in ignored]
    if context:
        notes.append(f"{path.name}: {', '.join(context)} is no energy and is not read here.")
    if not devices and not ignored:
        raise InputError(
            f"{path.name}: no column holds the energy of a device; there are {', '.join(names)}. "
            "Readings have the columns device_id, timestamp, energy_kwh, or timestamp and one column of kWh a device."
        )
    return devices or ignored, notes  # a file of nothing else is read, and its devices are ignored later


def _holds_no_number(block: table.Table, name: str, whole: bool) -> bool:
    values, bad = cells.numbers(block.rows[name], block.comma)
    return bool(np.isnan(values).all() and (whole or bad.any()))
