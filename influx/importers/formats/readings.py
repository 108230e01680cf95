"""Tidy readings of meters: energy in each interval, as one row a device and time, or as one column a device.

A reading's time is the start of its interval, and how long the interval is follows from the times themselves: the most
frequent step of each device.
"""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np

from influx.core.errors import InputError
from influx.core.schema import CONTEXT_COLUMNS
from influx.core.settings import File, Settings
from influx.importers.autodetect import column_names
from influx.importers.autodetect.conclusion import AmbiguityError
from influx.importers.autodetect.quantity_detection import Column, Rows, with_measure, with_unit_of_flows
from influx.importers.autodetect.sample import look
from influx.importers.formats.covariates import CARBON, PRICE
from influx.importers.reading import cells, table, tabular, times, units
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_KEYS = ("timestamp", "home_id", "quality")


def matches(path: Path) -> bool:
    """Tell whether the header has the columns of tidy readings, or a time and columns that can only be kWh."""
    names = table.header(path) or []
    if {"device_id", "energy_kwh"} <= set(names):
        return True
    columns = [name for name in names if name not in _KEYS and not _is_context(name)]
    if "timestamp" not in names or not columns:
        return False
    try:
        rows = look(path).rows
        micros, reasons = times.parse(rows["timestamp"].astype("str"))
    except (InputError, OSError, ValueError, KeyError, csv.Error):
        return not any(map(_is_no_kwh, columns))  # what it lacks is said by its reader
    numbers = {name: cells.numbers(rows[name], comma=False)[0] for name in columns if name in rows}
    numbers = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    at = np.where(np.isin(reasons, ("", "naive")), micros, np.nan)
    read = [Column(name, values, units.in_name(name)) for name, values in numbers.items()]
    return not any(map(_is_no_kwh, numbers)) and _can_only_be_kwh(read, Rows.of(at, None))


def _is_context(name: str) -> bool:
    return name in CONTEXT_COLUMNS or PRICE.fullmatch(name) is not None or CARBON.fullmatch(name) is not None


def _is_no_kwh(name: str) -> bool:
    """Tell whether a name says that its values are in another unit, are another quantity, power, or a register's."""
    if (unit := units.in_name(name)) is not None:
        return units.factor(unit) not in (None, ("energy", 1.0)) or column_names.mentions(name, "register")
    kinds = ("power", "register", "flag")
    return column_names.is_other_quantity(name) or any(column_names.mentions(name, kind) for kind in kinds)


def _can_only_be_kwh(columns: list[Column], rows: Rows) -> bool:
    """Tell whether the numbers are no states of a register, and those without a unit too large or small for another."""
    measured = [with_measure(column, rows, File()) for column in columns]
    if any(column.measures == "counter" for column in measured):
        return False
    try:
        rest = with_unit_of_flows([column for column in measured if column.unit is None], rows.step, None)
    except AmbiguityError:
        return False
    return all(column.unit == "kWh" for column in rest)


def read(path: Path, settings: Settings) -> Part:
    """Read a file of readings; a row of its reconciliation is one device at one time."""
    names = table.header(path) or []
    notes: list[str] = []
    if "device_id" in names:
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
    empty = [name for name in columns if not _is_context(name) and _holds_no_number(first, name, whole=not more)]
    other = {name for name in columns if units.in_name(name) is None and column_names.is_other_quantity(name)}
    other -= {*empty, *settings.devices}
    context = [name for name in columns if _is_context(name) or name in other]
    roles = {name: settings.devices[name].role for name in columns if name in settings.devices}
    ignored = [name for name in columns if roles.get(name) == "ignore" and name not in context]
    empty = [name for name in empty if name not in ignored]
    devices = [name for name in columns if name not in {*context, *ignored, *empty}]
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
