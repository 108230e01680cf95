"""SQLite databases of programs that read a smart meter: Domoticz, and P1 Monitor (ZTATZ) with its spreadsheets.

Schemas: from the code of both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.reading import database, encoding, sheet, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, flow, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table


@contextmanager
def opened(path: Path, program: str) -> Iterator[sqlite3.Connection]:
    """Open the database of a program; that it cannot be read is an error of the user's file."""
    try:
        with database.opened(path) as base:
            yield base
    except InputError:
        raise
    except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path.name}: not readable as a database of {program}: {error}. Copy it again, if need be while {program} "
            "stands still."
        ) from error


# --- Domoticz: registers in Wh every five minutes, by the home's clock ------------------------------------------------

_WAYS: dict[str, tuple[str, Role]] = {
    "Value1": ("import 1", "grid_import"),
    "Value5": ("import 2", "grid_import"),
    "Value2": ("export 1", "grid_export"),
    "Value6": ("export 2", "grid_export"),
}
"""Columns of the registers of a smart meter, in the table MultiMeter; other meters have one in the table Meter."""

_KWH_METER = "Type = 243 AND SubType = 29"
_GENERATED = 4  # as SwitchType; what is used has 0
_SELECT = "SELECT ID, Name, '{}', SwitchType, Date, {} FROM {} AS m JOIN DeviceStatus ON ID = DeviceRowID WHERE {} "


def is_domoticz(path: Path) -> bool:
    """Tell whether the file is an SQLite database with the meters of Domoticz."""
    return {"DeviceStatus", "Meter", "MultiMeter"} <= database.tables(path)


def read_domoticz(path: Path, settings: Settings) -> Part:
    """Read the registers of electricity under the names of their devices; gas, water and others are left aside."""
    selects = [("", "Value", "Meter", _KWH_METER), *((way, way, "MultiMeter", "Type = 250") for way in _WAYS)]
    others = _SELECT.format("", "Value", "Meter", f"NOT ({_KWH_METER})") + "GROUP BY ID ORDER BY ID"
    with opened(path, "Domoticz") as base:
        states = [row for select in selects for row in base.execute(_SELECT.format(*select) + "ORDER BY ID, m.rowid")]
        aside = list(dict.fromkeys(str(row[1]) for row in base.execute(others)))
    if not states:
        raise InputError(f"{path.name}: this database of Domoticz holds no state of a meter of electricity.")
    rows = pd.DataFrame(states, columns=["id", "name", "column", "kind", "time", "value"])
    twice = rows.groupby(["name", "column"])["id"].transform("nunique") > 1
    way = rows["column"].map(lambda column: _WAYS.get(column, ("", None))[0])
    names = rows["name"].astype("str").where(~twice, rows["name"].astype("str") + " " + rows["id"].astype("str"))
    rows = rows.assign(series=(names + " " + way).str.strip())
    mappings = {}
    for row in rows.drop_duplicates("series").itertuples(index=False):
        solar: Role | None = "solar" if row.kind == _GENERATED else None
        mappings[row.series] = SeriesMapping(row.series, "Wh", "counter", _WAYS.get(row.column, ("", solar))[1])
    texts = rows[["series", "time", "value"]].astype("str").set_axis(range(1, len(rows) + 1))
    notes = [f"{path.name}: {', '.join(aside)} is no meter in kWh and is not read."] if aside else []
    layout = Layout("Domoticz", "time", mappings, device="series", value="value")
    raw = Table(path.name, texts, notes=notes, rows_read=len(texts))
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)


# --- P1 Monitor: hours of a Dutch meter, named by their start on the Dutch clock --------------------------------------

_HOURS = "e_history_uur"
_TIME = "TIMESTAMP"
_FLOWS = {
    "VERBR_KWH_X": flow("grid_import"),
    "GELVR_KWH_X": flow("grid_export"),
}
_WATER = "VERBR_IN_M3_TOTAAL"


def is_p1mon(path: Path) -> bool:
    """Tell whether it is a database with the table of hours, or a spreadsheet with the columns of one."""
    names = table.header(path) or []
    return _HOURS in database.tables(path) or (_TIME in names and (_WATER in names or set(_FLOWS) <= set(names)))


def read_p1mon(path: Path, settings: Settings) -> Part:
    """Read the table of hours, not that of minutes, which are kept for a month only."""
    if _WATER in (table.header(path) or []):
        raise NoElectricityError(path.name, "a water meter")
    kind = encoding.kind(path)
    if kind == "database":
        names, cells = [_TIME, *_FLOWS], _hours(path)
    elif kind == "sheet":
        names, *cells = sheet.rows(path, _HOURS)
    else:
        return tabular.read(path, Layout("P1 Monitor", _TIME, _FLOWS), settings)
    rows = pd.DataFrame(cells, columns=names, index=range(2, len(cells) + 2), dtype="str")
    layout = overridden(Layout("P1 Monitor", _TIME, _FLOWS, comma=False), settings.file(path.name))
    return tabular.of([Table(path.name, rows, rows_read=len(rows))], layout, settings)


def _hours(path: Path) -> list[list[str]]:
    """Return the cells of the table of hours."""
    with opened(path, "P1 Monitor") as base:
        rows = base.execute(f"SELECT {', '.join([_TIME, *_FLOWS])} FROM {_HOURS} ORDER BY {_TIME}").fetchall()
    if not rows:
        raise InputError(f"{path.name}: its table of hours is empty. Wait for an hour, and copy it again.")
    return [["" if cell is None else str(cell) for cell in row] for row in rows]
