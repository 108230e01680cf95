"""NEM12: the interval data of Australian meters, as their distributors hand it over (from the file specification).

A record 200 names a meter's register, its unit and the length of its intervals; each record 300 below it holds one day.
Some portals leave out the file's first record. An interval that is blank is unknown.
Times are eastern standard time (UTC+10) all year, wherever the home is. A letter says how good a day is; where it
varies, records 400 say so by interval. A register of export begins with B, one of import with E.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import encoding, intervals, units
from influx.importers.reading.cells import LARGEST
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table, rejected

_ROLES: dict[str, Role] = {"E": "grid_import", "B": "grid_export"}
_BEGIN = re.compile(r"\s*(?:100,NEM1[23],|200,[^\n]*\n\s*300,\d{8},)", re.IGNORECASE)
_OFFSET = 10 * 3_600_000_000
_QUALITY = {"A": "measured", "E": "estimated", "F": "estimated", "S": "estimated", "N": "missing"}
_MINUTE = 60_000_000


@dataclass
class _Read:
    """What the records hold: intervals as columns (`text` of those that are no number), faults as (line, text, why)."""

    line: list[np.ndarray] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    micros: list[np.ndarray] = field(default_factory=list)
    value: list[np.ndarray] = field(default_factory=list)
    quality: list[np.ndarray] = field(default_factory=list)
    text: list[np.ndarray] = field(default_factory=list)
    minutes: list[np.ndarray] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    aside: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Register:
    name: str
    meter: str
    unit: str
    minutes: int


def matches(path: Path) -> bool:
    """Tell whether the file begins with the record 100 of NEM12 or NEM13, or with a register and a day of it."""
    try:
        return _BEGIN.match(encoding.head(path).lstrip("\ufeff").replace('"', "")) is not None
    except (InputError, OSError, UnicodeError):
        return False


def read(path: Path, settings: Settings) -> Part:
    """Read the intervals of all registers; each interval is a row of the account.

    Raises
    ------
    InputError
        The file holds no intervals (NEM13 has readings of months), or more than half of them cannot be used.
    """
    found = _records(path)
    if not found.line:
        raise InputError(
            f"{path.name}: there is no day of intervals (record 300) that can be read"
            + (f"; line {found.faults[0][0]}: {found.faults[0][2]}" if found.faults else "")
            + ". Ask for the interval data, NEM12, in kWh."
        )
    sizes = [len(part) for part in found.line]
    rows = pd.DataFrame(
        {
            "device_id": np.repeat(np.array(found.series, object), sizes),
            "timestamp": pd.DatetimeIndex(np.concatenate(found.micros).view("datetime64[us]")).tz_localize("UTC"),
            "value": np.concatenate(found.value),
            "quality": np.concatenate(found.quality),
            "minutes": np.concatenate(found.minutes),
            "text": np.concatenate(found.text),
        },
        index=np.concatenate(found.line),
    )
    lines, texts, reasons = ([fault[place] for fault in found.faults] for place in range(3))
    bad = rejected(path.name, lines, "", [str(text)[:80] for text in texts], reasons)
    raw = Table(path.name, rows, rejected=[bad], rows_read=len(rows) + len(bad))
    for name, count in found.aside.items():
        raw.notes.append(f"{path.name}: {count} days of {name}, which is no energy, are not read.")
    raw.reject(np.abs(rows["value"].to_numpy(float)) > LARGEST, "interval", "infinite", rows["value"])
    texts = raw.rows.pop("text")
    raw.reject((texts != "").to_numpy(bool), "interval", "not a number", texts)
    return intervals.to_intervals(raw, _mappings(found.series), "NEM12", settings, column="interval")


def _mappings(series: list[str]) -> dict[str, SeriesMapping]:
    """Return what each register measures; values are in kWh already."""
    return {name: SeriesMapping(name, role=_ROLES[re.split(r"[ _]", name)[-1][0]]) for name in dict.fromkeys(series)}


def _records(path: Path) -> _Read:
    """Read all records; one that cannot be read is a fault of its line."""
    out = _Read()
    register: _Register | None = None
    day: int | None = None
    lines = "".join(encoding.blocks(path)).split("\n")
    meters = {line.split(",")[1].strip() for line in lines if line.startswith("200,") and line.count(",") > 1}
    for number, line in enumerate(lines, start=1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line]), [])]
        except csv.Error as error:
            out.faults.append((number, line, f"not readable as CSV: {error}"))
            continue
        kind = cells[0] if cells else ""
        if kind in ("", "100", "500", "550", "900"):
            continue
        if kind == "200":
            register, day = _register(cells, number, line, len(meters) > 1, out), None
        elif kind == "300":
            day = _day(cells, number, line, register, out)
        elif kind == "400":
            _change(cells, number, line, register, day, out)
        else:
            out.faults.append((number, line, f"{kind[:20]!r} is no record of NEM12"))
    return out


def _register(cells: list[str], number: int, line: str, several: bool, out: _Read) -> _Register | None:
    """Return the register that a record 200 names, or None where it is none of energy."""
    if len(cells) < 9 or not cells[8].isdigit() or int(cells[8]) not in (1, 5, 10, 15, 30, 60):
        out.faults.append((number, line, "a record 200 names a register, its unit, and an interval of 5, 15 or 30 min"))
        return None
    suffix = (cells[4] or cells[3]).upper()
    name = f"{cells[1]}_{suffix}" if several else suffix
    return _Register(name, cells[1], cells[7], int(cells[8]))


def _day(cells: list[str], number: int, line: str, register: _Register | None, out: _Read) -> int | None:
    """Take in a day of intervals; return its place among those of the file."""
    if register is None:
        out.faults.append((number, line, "no record 200 above it names a register that can be read"))
        return None
    kind = units.factor(register.unit)
    if kind is None or kind[0] != "energy" or register.name.split("_")[-1][:1] not in _ROLES:
        out.aside[f"{register.name} [{register.unit}]"] = out.aside.get(f"{register.name} [{register.unit}]", 0) + 1
        return None
    count = 1440 // register.minutes
    if len(cells) < count + 3:
        out.faults.append((number, line, f"{len(cells) - 2} cells where a day has {count} intervals and its quality"))
        return None
    try:
        first = pd.Timestamp(cells[1]) if re.fullmatch(r"(19|20)\d{6}", cells[1]) else None
    except ValueError:
        first = None
    texts = np.array(cells[2 : count + 2], dtype=object)
    values = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(float)
    quality = cells[count + 2][:1].upper()
    strange = np.isnan(values) & (texts != "") & (quality != "N")
    if first is None or strange.all() or quality not in {*_QUALITY, "V"}:
        why = "not a date, written as 20240731" if first is None else "no interval is a number"
        if first is not None and quality not in {*_QUALITY, "V"}:
            why = f"no quality (A, E, F, S, N or V) stands after {count} intervals"
        out.faults.append((number, line, why))
        return None
    begin = int(first.timestamp()) * 1_000_000 - _OFFSET
    out.line.append(np.full(count, number))
    out.series.append(register.name)
    out.micros.append(begin + np.arange(count) * register.minutes * _MINUTE)
    out.value.append(values * kind[1])
    out.quality.append(np.full(count, _QUALITY.get(quality, "measured"), dtype=object))
    out.text.append(np.where(strange, texts, ""))
    out.minutes.append(np.full(count, float(register.minutes)))
    return len(out.line) - 1


def _change(cells: list[str], number: int, line: str, register: _Register | None, day: int | None, out: _Read) -> None:
    """Take in the quality of some intervals of the day above."""
    if day is None or register is None:
        return
    count = len(out.line[day])
    sound = len(cells) > 3 and cells[1].isdigit() and cells[2].isdigit() and cells[3][:1].upper() in _QUALITY
    if not sound or not 1 <= int(cells[1]) <= int(cells[2]) <= count:
        out.faults.append((number, line, f"a record 400 names the first and last of {count} intervals and a quality"))
        return
    out.quality[day][int(cells[1]) - 1 : int(cells[2])] = _QUALITY[cells[3][:1].upper()]
