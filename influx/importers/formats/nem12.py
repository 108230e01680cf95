"""NEM12: the interval data of Australian meters, as their distributors hand it over (from the file specification).

A record 200 names a meter's register, its unit and the length of its intervals; each record 300 below it holds one day.
Some portals leave out the file's first record. An interval that is blank is unknown.
Times are eastern standard time (UTC+10) all year, wherever the home is. A letter says how good a day is; where it
varies, records 400 say so by interval. A register of export begins with B, one of import with E.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

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
_OFFSET = pd.Timedelta(hours=10)
_QUALITY = {"A": "measured", "E": "estimated", "F": "estimated", "S": "estimated", "N": "missing"}


class _RecordError(ValueError):
    """Why a record cannot be read."""


class _Register(NamedTuple):
    name: str
    unit: str
    minutes: int
    factor: float | None  # the kWh in one of its unit; None where it counts no energy


def matches(path: Path) -> bool:
    """Tell whether the file begins with the record 100 of NEM12 or NEM13, or with a register and a day of it."""
    return _BEGIN.match("\n".join(encoding.first_lines(path, 100)).replace('"', "")) is not None


def read(path: Path, settings: Settings) -> Part:
    """Read the intervals of all registers; each interval is a row of the reconciliation."""
    days: list[pd.DataFrame] = []
    faults: dict[int, tuple[str, str]] = {}
    ignored: Counter[str] = Counter()
    register, day = None, None
    lines = "".join(encoding.blocks(path)).split("\n")
    meters = {line.split(",")[1].strip() for line in lines if line.startswith("200,") and line.count(",") > 1}
    for number, line in enumerate(lines, start=1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line]), [])]
            kind = cells[0] if cells else ""
            if kind == "200":
                register, day = None, None
                register = _register(cells, len(meters) > 1)
            elif kind == "300":
                day = None
                if register is None:
                    raise _RecordError("no record 200 above it names a register that can be read")
                if register.factor is None:
                    ignored[f"{register.name} [{register.unit}]"] += 1
                else:
                    day = _day(cells, register, register.factor, number)
                    days.append(day)
            elif kind == "400" and day is not None:
                _change_quality(cells, day)
            elif kind not in ("", "100", "400", "500", "550", "900"):
                raise _RecordError(f"{kind[:20]!r} is no record of NEM12")
        except csv.Error as error:
            faults[number] = (line[:80], f"not readable as CSV: {error}")
        except _RecordError as fault:
            faults[number] = (line[:80], str(fault))
    if not days:
        raise InputError(
            f"{path.name}: there is no day of intervals (record 300) that can be read"
            + "".join(f"; line {number}: {why}" for number, (_, why) in [*faults.items()][:1])
            + ". Ask for the interval data, NEM12, in kWh."
        )
    rows = pd.concat(days)
    texts, reasons = ([fault[place] for fault in faults.values()] for place in range(2))
    bad = rejected(path.name, list(faults), "", texts, reasons)
    notes = [
        f"{path.name}: {count} days of {name}, which is no energy, are not read." for name, count in ignored.items()
    ]
    raw = Table(path.name, rows, rejected=[bad], notes=notes, rows_read=len(rows) + len(bad))
    raw.reject((rows["value"].abs() > LARGEST).to_numpy(bool), "interval", "infinite", rows["value"])
    strange = raw.rows.pop("text")
    raw.reject((strange != "").to_numpy(bool), "interval", "not a number", strange)
    mappings = {name: SeriesMapping(name, role=_ROLES[name.split("_")[-1][0]]) for name in rows["device_id"].unique()}
    return intervals.to_intervals(raw, mappings, "NEM12", settings, column="interval")


def _register(cells: list[str], several: bool) -> _Register:
    """Return the register that a record 200 names."""
    if len(cells) < 9 or not cells[8].isdigit() or int(cells[8]) not in (1, 5, 10, 15, 30, 60):
        raise _RecordError("a record 200 names a register, its unit, and an interval of 5, 15 or 30 min")
    suffix = (cells[4] or cells[3]).upper()
    measures, factor = units.factor(cells[7]) or ("", 0.0)
    name = f"{cells[1]}_{suffix}" if several else suffix
    energy = measures == "energy" and name.split("_")[-1][:1] in _ROLES
    return _Register(name, cells[7], int(cells[8]), factor if energy else None)


def _day(cells: list[str], register: _Register, factor: float, line: int) -> pd.DataFrame:
    """Return the intervals of a day [kWh]; `text` is what stands where one is no number."""
    count = 1440 // register.minutes
    if len(cells) < count + 3:
        raise _RecordError(f"{len(cells) - 2} cells where a day has {count} intervals and its quality")
    date = pd.to_datetime(cells[1], format="%Y%m%d", errors="coerce")
    if not re.fullmatch(r"(19|20)\d{6}", cells[1]) or date is pd.NaT:
        raise _RecordError("not a date, written as 20240731")
    quality = cells[count + 2][:1].upper()
    if quality not in {*_QUALITY, "V"}:
        raise _RecordError(f"no quality (A, E, F, S, N or V) stands after {count} intervals")
    texts = np.array(cells[2 : count + 2], dtype=object)
    values = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(float)
    strange = np.isnan(values) & (texts != "") & (quality != "N")
    if strange.all():
        raise _RecordError("no interval is a number")
    first = (date - _OFFSET).tz_localize("UTC")
    return pd.DataFrame(
        {
            "device_id": register.name,
            "timestamp": pd.date_range(first, periods=count, freq=f"{register.minutes}min", unit="us"),
            "value": values * factor,
            "quality": _QUALITY.get(quality, "measured"),
            "minutes": float(register.minutes),
            "text": np.where(strange, texts, ""),
        },
        index=np.full(count, line),
    )


def _change_quality(cells: list[str], day: pd.DataFrame) -> None:
    """Change the quality of some intervals of a day as a record 400 says."""
    sound = len(cells) > 3 and cells[1].isdigit() and cells[2].isdigit() and cells[3][:1].upper() in _QUALITY
    if not sound or not 1 <= int(cells[1]) <= int(cells[2]) <= len(day):
        raise _RecordError(f"a record 400 names the first and last of {len(day)} intervals and a quality")
    places = slice(int(cells[1]) - 1, int(cells[2]))
    day.iloc[places, day.columns.get_loc("quality")] = _QUALITY[cells[3][:1].upper()]
