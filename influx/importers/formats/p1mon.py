"""P1 Monitor (ZTATZ): the hours of a Dutch meter, from its database `e_historie.db` or the spreadsheet of it.

An hour is named by its start on the Dutch clock; what was used and fed in during it stands in columns of its own, so
that its registers, which show the hour's end, are not needed. Minutes are kept for a month only, days are too coarse.
Gas is left aside; the spreadsheet of the water meter is refused. Schema: from the public code of P1 Monitor.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Settings
from influx.importers.reading import database, encoding, sheet, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

RANK = 40
"""Asked before the format of all other SQLite databases."""

_HOURS = "e_history_uur"
_TIME = "TIMESTAMP"
_MAPPINGS = {
    "VERBR_KWH_X": SeriesMapping("grid import", role="grid_import"),
    "GELVR_KWH_X": SeriesMapping("grid export", role="grid_export"),
}
_WATER = "VERBR_IN_M3_TOTAAL"


def matches(path: Path) -> bool:
    """Tell whether it is a database with the table of hours, or a spreadsheet with the columns of one."""
    if _HOURS in database.tables(path):
        return True
    names = table.header(path) or []
    return _TIME in names and (_WATER in names or set(_MAPPINGS) <= set(names))


def read(path: Path, settings: Settings) -> Part:
    """Read the table of hours.

    Raises
    ------
    InputError
        It holds no hours, or the water meter.
    """
    if _WATER in (table.header(path) or []):
        raise NoElectricityError(path.name, "a water meter")
    kind = encoding.kind(path)
    if kind == "database":
        names, cells = _of_database(path)
    elif kind == "sheet":
        names, *cells = sheet.rows(path, _HOURS)
    else:
        return tabular.read(path, Layout("P1 Monitor", _TIME, _MAPPINGS), settings)
    rows = pd.DataFrame(cells, columns=names, index=range(2, len(cells) + 2), dtype="str")
    layout = overridden(Layout("P1 Monitor", _TIME, _MAPPINGS, comma=False), settings.file(path.name))
    return tabular.of([Table(path.name, rows, rows_read=len(rows))], layout, settings)


def _of_database(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the columns and the cells of the table of hours."""
    names = [_TIME, *_MAPPINGS]
    try:
        with database.opened(path) as base:
            found = base.execute(f"SELECT {', '.join(names)} FROM {_HOURS} ORDER BY {_TIME}").fetchall()
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise InputError(f"{path.name}: not readable as a database of P1 Monitor: {error}. Copy it again.") from error
    if not found:
        raise InputError(f"{path.name}: its table of hours is empty. Wait for an hour, and copy it again.")
    return names, [["" if cell is None else str(cell) for cell in row] for row in found]
