"""Exports whose lines are no plain table: half hours of EDF, files of SMA, and Green Button as text.

Schemas: from public programs that read the files of EDF and the samples in their tests; from public samples of Sunny
Tripower inverters and the public code of SBFspot; from public samples of American utilities by hours and by days.
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
from influx.importers.reading.layout import Layout, SeriesMapping, flow, overridden
from influx.importers.reading.lines import split_header
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table
from influx.importers.reading.times import Order


def _lines(path: Path) -> list[str]:
    return "".join(encoding.blocks(path)).split("\n")


def _table(path: Path, rows: dict[int, tuple[str, ...]], columns: list[str], lost: dict[int, str], why: str) -> Table:
    """Return rows by the line in which they stand, and the lines that make none."""
    bad = table.rejected(path.name, list(lost), "", [line.strip()[:80] for line in lost.values()], why)
    frame = pd.DataFrame.from_dict(rows, "index", columns=columns, dtype="str")
    return Table(path.name, frame, rejected=[bad], rows_read=len(frame) + len(bad))


# --- EDF (France): mean power in W of each half hour, named by its end, so that 00:00 belongs to the day above it -----

_TITLE = re.compile(r"puissances? atteintes? \(?en W\b|Puissance atteinte \(W\)", re.IGNORECASE)
_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4});*\s*")
_POWER = re.compile(r"(\d\d):(\d\d):\d\d;([^;]*)(?:;.*)?")
_AGAIN = 60
"""So far back the clock goes in autumn [min]."""


def is_edf(path: Path) -> bool:
    """Tell whether one of the first lines names the power that was reached."""
    return any(map(_TITLE.search, encoding.first_lines(path, 6)))


def read_edf(path: Path, settings: Settings) -> Part:
    """Read the half hours of all days, the newest first."""
    rows: dict[int, tuple[str, ...]] = {}
    lost, day, last = {}, None, -1
    for number, line in enumerate(_lines(path), start=1):
        date, power = _DAY.fullmatch(line), _POWER.fullmatch(line.strip())
        if date is not None:
            day, last = pd.to_datetime("-".join(reversed(date.groups())), format="%Y-%m-%d", errors="coerce"), 25 * 60
        elif power is not None and (day is None or (day is not pd.NaT and int(power[1]) < 24)):
            minute = int(power[1]) * 60 + int(power[2]) or 24 * 60
            if day is None or minute > last + _AGAIN:
                raise InputError(
                    f"{path.name}, line {number}: the half hours of a day do not stand below its date, the last one "
                    "first. Download the file again."
                )
            last = minute
            rows[number] = (f"{day + pd.Timedelta(minutes=minute):%Y-%m-%d %H:%M}", power[3].strip())
        elif re.match(r"\d", line):
            lost[number] = line
    if not rows:
        raise InputError(f"{path.name}: no line of it holds a half hour and its power. Export it again.")
    raw = _table(path, rows, ["time", "power"], lost, "no half hour and its power")
    layout = Layout(
        "EDF",
        "time",
        {"power": flow("grid_import", "", "W", "power")},
        time_marks="end",
        zone="Europe/Paris",
        comma=True,
    )
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
    """Read the registers of what was produced, and those at the grid where they count; the powers tell the same."""
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


# --- Green Button as text: a block a meter, and rows such as "2025-10-19 00:00 to 2025-10-19 01:00" and their kWh -----

_BEGIN = re.compile(r'\s*"?Meter Reading Information\b')
_STAMP = r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)"
_ROW = re.compile(rf'\s*"?{_STAMP}\s+to\s+{_STAMP}"?\s*,\s*"?([^",]*)')
_KIND = re.compile(r'\s*"?Type of readings:(.*)')
_HEAD = re.compile(r'\s*"?Energy (\w+) time period')
_FED_IN = ("received", "generation", "generated", "production")
_ROUNDED = 0.0051


def is_green_button(path: Path) -> bool:
    """Tell whether a block of readings begins in the first lines, and says of which type they are."""
    lines = encoding.first_lines(path, 100)
    return any(map(_BEGIN.match, lines)) and any(map(_KIND.match, lines))


def read_green_button(path: Path, settings: Settings) -> Part:
    """Read the meters that are no sum of others; what was fed in is below zero, or has a header of its own."""
    raw = _blocks(path)
    values = pd.to_numeric(raw.rows["value"], errors="coerce")
    wide = raw.rows.assign(kwh=values).pivot_table(index="start", columns="meter", values="kwh", aggfunc="sum")
    meters = _without_sum(path.name, wide, raw)
    raw.rows = raw.rows[raw.rows["meter"].isin(meters)].copy()
    raw.rows_read = len(raw.rows) + sum(map(len, raw.rejected))
    mappings = {}
    for name in meters:
        kwh = wide[name].dropna()
        fed_in = name.endswith(_FED_IN) or bool(len(meters) > 1 and (kwh <= 0).all() and (kwh < 0).any())
        if len(meters) > 1 and not fed_in and (kwh < 0).any():
            raise InputError(
                f"{path.name}: it has {len(meters)} meters of which one flows both ways, so that energy may stand in "
                "it twice. Export the net meter alone, or the two directions."
            )
        if fed_in:
            rows = raw.rows["meter"] == name
            raw.rows.loc[rows, "value"] = raw.rows.loc[rows, "value"].str.removeprefix("-")
        number = name.split(" ")[0] if len(meters) > 2 else ""
        role: Role = "grid_export" if fed_in else "grid_import"
        mappings[name] = flow(role, number)
    layout = Layout("Green Button, text", "start", mappings, device="meter", value="value", end="end")
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)


def _blocks(path: Path) -> Table:
    """Return the rows of all blocks of electricity."""
    rows: dict[int, tuple[str, ...]] = {}
    lost: dict[int, str] = {}
    meter, other, kwh, way = 0, False, False, ""
    for number, line in enumerate(_lines(path), start=1):
        if _BEGIN.match(line):
            meter, other, kwh, way = meter + 1, False, False, ""
        elif (kind := _KIND.match(line)) is not None:
            kwh = "kilowatt-hours" in kind[1].lower()
            other = "electric" not in kind[1].lower() or ("," in kind[1] and not kwh)
        elif (head := _HEAD.match(line)) is not None:
            way, kwh = head[1].lower(), kwh or "kilowatt-hours" in line.lower()
        elif not other and (row := _ROW.match(line)) is not None:
            if not (meter and kwh):
                raise InputError(
                    f"{path.name}, line {number}: no header above it says of what it is. Download it again."
                )
            rows[number] = (row[1], row[2], row[3].strip(), f"{meter} {way}".strip())
        elif not other and re.match(r'\s*"?\d{4}-', line):
            lost[number] = line
    if not rows:
        raise InputError(f"{path.name}: no block of it holds electricity in kilowatt-hours. Export it again.")
    return _table(path, rows, ["start", "end", "value", "meter"], lost, "no interval and its energy")


def _without_sum(file: str, wide: pd.DataFrame, raw: Table) -> list[str]:
    """Return the meters without the one that is the sum of the others, which is the meter that is billed."""
    names = [str(name) for name in wide]
    if len(names) < 3:
        return names
    for name in names:
        others = wide.drop(columns=name).sum(axis=1, min_count=1)
        if (np.abs(wide[name] - others) <= _ROUNDED * len(names)).all() and (wide[name] != 0).any():
            number = name.split(" ")[0]
            raw.notes.append(f"{file}: of its {len(names)} meters number {number} is the sum of the others: not read.")
            return [other for other in names if other != name]
    raise InputError(
        f"{file}: it holds {len(names)} meters, and none is the sum of the others, so that energy may stand in it "
        "twice. Export a file for each meter."
    )
