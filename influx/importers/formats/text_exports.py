"""Exports whose lines are no plain table: the half hours of EDF below the date of their day, and the files of SMA.

Schemas: from public programs that read the files of EDF and the samples in their tests; from public samples of Sunny
Tripower inverters and the public code of SBFspot.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import cells, encoding, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.lines import split_header
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table
from influx.importers.reading.times import Order

# --- EDF (France): mean power in W of each half hour, named by its end, so that 00:00 belongs to the day above it -----

_TITLE = re.compile(r"puissances? atteintes? \(?en W\b|Puissance atteinte \(W\)", re.IGNORECASE)
_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4});*\s*")
_POWER = re.compile(r"(\d\d):(\d\d):\d\d;([^;]*)(?:;.*)?")
_DISORDER = "the half hours of a day do not stand below its date, the last one first. Download the file again."
_AGAIN = 60
"""So far back the clock goes in autumn [min]."""


def is_edf(path: Path) -> bool:
    """Tell whether one of the first lines names the power that was reached."""
    return any(map(_TITLE.search, encoding.first_lines(path, 6)))


def read_edf(path: Path, settings: Settings) -> Part:
    """Read the half hours of all days, the newest first.

    Raises
    ------
    InputError
        No line holds a half hour, or the lines are in another order, so that the day of some is not known.
    """
    found, lost, day, last = [], [], None, -1
    for number, line in enumerate("".join(encoding.blocks(path)).split("\n"), start=1):
        date, power = _DAY.fullmatch(line), _POWER.fullmatch(line.strip())
        if date is not None:
            day, last = pd.to_datetime("-".join(reversed(date.groups())), format="%Y-%m-%d", errors="coerce"), 25 * 60
        elif power is not None and (day is None or (day is not pd.NaT and int(power[1]) < 24)):
            minute = int(power[1]) * 60 + int(power[2]) or 24 * 60
            if day is None or minute > last + _AGAIN:
                raise InputError(f"{path.name}, line {number}: {_DISORDER}")
            last = minute
            found.append((number, f"{day + pd.Timedelta(minutes=minute):%Y-%m-%d %H:%M}", power[3].strip()))
        elif re.match(r"\d", line):
            lost.append((number, line.strip()[:80]))
    if not found:
        raise InputError(f"{path.name}: no line of it holds a half hour and its power. Export it again.")
    numbers, times, values = zip(*found, strict=True)
    rows = pd.DataFrame({"time": times, "power": values}, index=list(numbers), dtype="str")
    bad = table.rejected(path.name, [n for n, _ in lost], "", [text for _, text in lost], "no half hour and its power")
    raw = Table(path.name, rows, rejected=[bad], rows_read=len(rows) + len(bad))
    mapping = SeriesMapping("grid import", "W", "power", "grid_import")
    layout = Layout("EDF", "time", {"power": mapping}, time_marks="end", zone="Europe/Paris", comma=True)
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)


# --- SMA (its own page, Sunny Explorer, SBFspot): registers by the home's clock, below lines of serial numbers, names,
# --- kinds and units; the first two lines tell what parts the cells ---------------------------------------------------

_VERSION = re.compile(r"Version CSV\d\|Tool ", re.IGNORECASE)
_TIME = re.compile(r"(?=.*hh)[dmy]+[./-][dmy]+[./-][dmy]+ ", re.IGNORECASE)
_REGISTERS: dict[str, tuple[str, Role]] = {
    "metering.totwhout": ("solar", "solar"),
    "total yield": ("solar", "solar"),
    "gesamtertrag": ("solar", "solar"),
    "metering.gridms.totwhout": ("grid export", "grid_export"),
    "metering.gridms.totwhin": ("grid import", "grid_import"),
}
_ORDERS: dict[str, Order] = {"d": "dmy", "m": "mdy", "y": "ymd"}
_MOST_LINES = 20


def is_sma(path: Path) -> bool:
    """Tell whether one of the first lines names the version and the tool."""
    return any(map(_VERSION.match, encoding.first_lines(path, 3)))


def read_sma(path: Path, settings: Settings) -> Part:
    """Read the registers of what was produced, and those at the grid where they count; the powers tell the same.

    Raises
    ------
    InputError
        The file has no such register, or its rows are of days.
    """
    lines = encoding.first_lines(path, _MOST_LINES)
    about = " ".join(line.lower() for line in lines if _VERSION.match(line))
    sign, comma = (";" if "semicolon" in about else ","), "decimalpoint comma" in about
    at = next((place for place, line in enumerate(lines) if _TIME.match(line)), 0)
    if at < 3:
        raise InputError(f"{path.name}: no line tells the units of its columns. Export it again.")
    owners, kinds, units = (split_header(lines[place], sign)[0] for place in (at - 3, at - 2, at))
    names = [f"{kind} ({place})" for place, kind in enumerate(kinds, start=1)]
    names += [f"(column {place})" for place in range(len(names) + 1, len(units) + 1)]
    registers = {
        name: (*_REGISTERS[kind.lower()], unit.strip("[]"), owner)
        for name, kind, unit, owner in zip(names, kinds, units, owners, strict=False)
        if kind.lower() in _REGISTERS
    }
    layout = Layout("SMA", names[0], line=at + 1, names=tuple(names), separator=sign, comma=comma)
    moving = _moving(path, layout, list(registers))
    kept = {name: found for name, found in registers.items() if name in moving or found[1] == "solar"}
    if not kept:
        raise InputError(f"{path.name}: no register in it counts energy. Export the total yield (Metering.TotWhOut).")
    alone = len({owner for *_, owner in kept.values()}) == 1
    mappings = {
        name: SeriesMapping(what if alone else f"{what} {owner}", unit, "counter", role)
        for name, (what, role, unit, owner) in kept.items()
    }
    return tabular.read(path, replace(layout, mappings=mappings, order=_ORDERS[units[0][:1].lower()]), settings)


def _moving(path: Path, layout: Layout, columns: list[str]) -> set[str]:
    """Return the registers that move; those of grid meters that are not there are zero or not a number."""
    ranges = []
    for block in table.blocks(path, layout.line, layout.names, layout.separator):
        values = pd.DataFrame({name: cells.numbers(block.rows[name], bool(layout.comma))[0] for name in columns})
        ranges.append(values.replace([np.inf, -np.inf], np.nan).agg(["min", "max"]))
    whole = pd.concat(ranges)
    return {name for name in columns if whole[name].max() > whole[name].min()}
