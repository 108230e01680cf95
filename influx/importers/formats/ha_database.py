"""Home Assistant: the long-term statistics of its recorder's SQLite database (from the schema of its tables).

A statistic that has a sum counts energy: `sum` is the state of a register at the end of the hour that begins at
`start_ts` (`start` as text in older databases). Statistics of five minutes follow for the time after the last hour. The
database is opened read-only, also while Home Assistant writes to it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.formats.ha_names import names_of
from influx.importers.reading import database, encoding, intervals, units
from influx.importers.reading.cells import LARGEST
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table
from influx.importers.reading.units import Measure

_TABLES = {"statistics": 3600, "statistics_short_term": 300}
"""Tables, and how long a row of each lasts [s]."""

_YEARS = (946_684_800.0, 4_102_444_800.0)


@dataclass(frozen=True)
class _Statistic:
    number: int
    name: str
    unit: str
    sums: bool


def matches(path: Path) -> bool:
    """Tell whether the file is an SQLite database."""
    try:
        return encoding.kind(path) == "database"
    except OSError:
        return False


def read(path: Path, settings: Settings) -> Part:
    """Read the energy of all statistics that have a sum; where none has, the mean power of those in W or kW.

    Raises
    ------
    InputError
        The database is damaged, is none of Home Assistant, or holds no statistic of energy.
    """
    try:
        with database.opened(path) as base:
            statistics = _statistics(base, path)
            wanted, aside = _wanted(statistics, path)
            rows = _rows(base, wanted)
    except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path.name}: not readable as a Home Assistant database: {error}. Copy it again, if need be while Home "
            "Assistant stands still."
        ) from error
    if not len(rows):
        raise InputError(
            f"{path.name}: the statistics of this database are empty. Wait for an hour, and copy it again."
        )
    names = names_of([one.name for one in wanted])
    mappings = {}
    for one in wanted:
        measures: Measure = "counter" if one.sums else "power"
        said = settings.file(path.name).columns.get(one.name)
        name = said.device if said is not None and said.device else names[one.name]
        mappings[one.name] = SeriesMapping(name, one.unit, measures, None if said is None else said.role)
    raw = _table(path.name, rows, {one.number: one.name for one in wanted})
    raw.notes += aside
    return intervals.to_intervals(raw, mappings, "Home Assistant, database", settings, column="sum")


def _columns(base: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in base.execute(f"PRAGMA table_info({table})")}


def _statistics(base: sqlite3.Connection, path: Path) -> list[_Statistic]:
    """Return what the database has statistics of."""
    needed = {"id", "statistic_id", "unit_of_measurement", "has_sum"}
    lacking = needed - _columns(base, "statistics_meta")
    if lacking:
        raise InputError(
            f"{path.name}: a database, but none of Home Assistant: its table statistics_meta has no "
            f"{', '.join(sorted(lacking))}. Move the file out of the home's folder."
        )
    rows = base.execute("SELECT id, statistic_id, unit_of_measurement, has_sum FROM statistics_meta ORDER BY id")
    return [_Statistic(int(number), str(name), str(unit or ""), bool(sums)) for number, name, unit, sums in rows]


def _wanted(statistics: list[_Statistic], path: Path) -> tuple[list[_Statistic], list[str]]:
    """Return the statistics that are read, and sentences on the others."""
    kinds = {one: units.factor(one.unit) for one in statistics}
    energy = [one for one, kind in kinds.items() if one.sums and kind is not None and kind[0] == "energy"]
    power = [one for one, kind in kinds.items() if not one.sums and kind is not None and kind[0] == "power"]
    wanted = energy or power
    if not wanted:
        raise InputError(
            f"{path.name}: none of the {len(statistics)} statistics of this database counts energy (a sum in kWh). "
            "Add the meters to the Energy page of Home Assistant first."
        )
    notes = []
    if energy and power:
        told = ", ".join(one.name for one in power[:5]) + (" ..." if len(power) > 5 else "")
        notes.append(f"{path.name}: power is not read where energy is counted ({told}).")
    other = len(statistics) - len(energy) - len(power)
    if other:
        notes.append(f"{path.name}: {other} statistics of something else than energy are not read.")
    return wanted, notes


def _rows(base: sqlite3.Connection, wanted: list[_Statistic]) -> np.ndarray:
    """Return rows as (statistic, row, end [s], value), those of five minutes only after the last hour of theirs."""
    value = "sum" if wanted[0].sums else "mean"
    parts = []
    last: dict[int, float] = {}
    for table, length in _TABLES.items():
        there = _columns(base, table)
        if not {"metadata_id", value} <= there or not there & {"start", "start_ts"}:
            continue
        text = "CAST(strftime('%s', start) AS REAL)" if "start" in there else "NULL"
        start = f"COALESCE(start_ts, {text})" if "start_ts" in there else text
        chosen = ",".join(str(one.number) for one in wanted)
        found = base.execute(
            f"SELECT metadata_id, rowid, {start}, CASE WHEN typeof({value}) IN ('real', 'integer') THEN {value} END "
            f"FROM {table} WHERE metadata_id IN ({chosen})"
        ).fetchall()
        rows = np.array(found, dtype=float).reshape(-1, 4)
        if length == 3600:
            starts = pd.Series(rows[:, 2]).groupby(rows[:, 0]).max()
            last = {int(number): float(at) + length for number, at in starts.items()}
        else:
            rows = rows[rows[:, 2] >= np.array([last.get(int(number), -np.inf) for number in rows[:, 0]])]
        rows[:, 2] += length if wanted[0].sums else 0
        parts.append(rows)
    return np.concatenate(parts) if parts else np.zeros((0, 4))


def _table(file: str, rows: np.ndarray, names: dict[int, str]) -> Table:
    """Return rows as a table of values; a row without a time is rejected."""
    good = (rows[:, 2] > _YEARS[0]) & (rows[:, 2] < _YEARS[1])
    micros = (np.where(good, rows[:, 2], 0) * 1e6).round().astype("int64")
    numbers = sorted(names)
    frame = pd.DataFrame(
        {
            "device_id": pd.Categorical.from_codes(
                np.searchsorted(numbers, rows[:, 0]), [names[number] for number in numbers]
            ),
            "timestamp": pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC"),
            "value": rows[:, 3],
        },
        index=rows[:, 1].astype("int64"),
    )
    raw = Table(file, frame, rows_read=len(frame))
    raw.reject(~good, "start_ts", "its start is not a time between the years 2000 and 2099", pd.Series(rows[:, 2]))
    infinite = np.abs(raw.rows["value"].to_numpy(float)) > LARGEST
    raw.reject(infinite, "sum", "infinite", raw.rows["value"])
    return raw
