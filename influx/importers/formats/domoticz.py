"""Domoticz: the registers of its SQLite database, every five minutes by the home's clock (from its schema and code).

A smart meter has its four registers in the table MultiMeter, other meters one in the table Meter, all in Wh. What a
meter counts follows from its type: energy that is used is a device's, energy that is generated the sun's; gas, water
and counters of something else are left aside. The tables hold the last days, as long as its settings say.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import database, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

RANK = 40
"""Asked before databases of which nothing is known."""

_P1 = {"Value1": "import 1", "Value5": "import 2", "Value2": "export 1", "Value6": "export 2"}
_ELECTRIC = "Type = 243 AND SubType = 29"  # a kWh meter
_GENERATED = 4  # as SwitchType; what is used has 0
_ROWS = (
    f"SELECT ID, Name, Date, Value FROM Meter JOIN DeviceStatus ON ID = DeviceRowID WHERE {_ELECTRIC} "
    "ORDER BY ID, Meter.rowid"
)
_ASIDE = f"SELECT DISTINCT Name FROM Meter JOIN DeviceStatus ON ID = DeviceRowID WHERE NOT ({_ELECTRIC}) ORDER BY ID"
_ROWS_P1 = (
    "SELECT ID, Name, Date, {} FROM MultiMeter JOIN DeviceStatus ON ID = DeviceRowID WHERE Type = 250 "
    "ORDER BY ID, MultiMeter.rowid"
)


def matches(path: Path) -> bool:
    """Tell whether the file is an SQLite database with the meters of Domoticz."""
    return {"DeviceStatus", "Meter", "MultiMeter"} <= database.tables(path)


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of electricity; a series has the name of its device in Domoticz.

    Raises
    ------
    InputError
        The database is damaged, or holds no state of a meter of electricity.
    """
    try:
        with database.opened(path) as base:
            sun = {number for (number,) in base.execute(f"SELECT ID FROM DeviceStatus WHERE SwitchType = {_GENERATED}")}
            found = [(number, str(name), "", at, value) for number, name, at, value in base.execute(_ROWS)]
            aside = [str(name) for (name,) in base.execute(_ASIDE)]
            for column, way in _P1.items():
                rows = base.execute(_ROWS_P1.format(column))
                found += [(number, str(name), way, at, value) for number, name, at, value in rows]
    except (sqlite3.Error, OSError, ValueError) as error:
        raise InputError(f"{path.name}: not readable as a Domoticz database: {error}. Copy it again.") from error
    if not found:
        raise InputError(f"{path.name}: this database of Domoticz holds no state of a meter of electricity.")
    frame = pd.DataFrame(found, columns=["number", "name", "way", "time", "value"])
    keys = frame[["number", "name", "way"]].drop_duplicates()
    twice = set(keys.loc[keys.duplicated(["name", "way"], keep=False), "name"])
    mappings, series = {}, {}
    for number, name, way in keys.itertuples(index=False):
        shown = " ".join([name, *([str(number)] if name in twice else []), *([way] if way else [])])
        role = "solar" if number in sun and not way else None
        grid = {"import": "grid_import", "export": "grid_export"}.get(way.split(" ")[0])
        mappings[shown] = SeriesMapping(shown, "Wh", "counter", grid or role)  # type: ignore[arg-type]
        series[number, way] = shown
    frame["series"] = [series[key] for key in zip(frame["number"], frame["way"], strict=True)]
    rows = frame[["series", "time", "value"]].astype("str")
    rows.index = pd.RangeIndex(1, len(rows) + 1)
    layout = Layout("Domoticz", "time", mappings, device="series", value="value")
    notes = [f"{path.name}: {', '.join(aside)} is no meter in kWh and is not read."] if aside else []
    raw = Table(path.name, rows, notes=notes, rows_read=len(rows))
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)
