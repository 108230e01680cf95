"""NextEnergy (Netherlands): the states of a meter's registers by the hour that the supplier sends on request.

A row is a register and time, in UTC; its direction is `levering` where energy comes from the grid. Gas (m3) has the
same columns and is left aside. A day ends with the state that the next one begins with. Schema: from a public program
that reads these files.
"""

from __future__ import annotations

from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_TIME, _VALUE, _DIRECTION, _UNIT = "Date Time UTC", "Reading Start", "Direction", "Unit"


def matches(path: Path) -> bool:
    """Tell whether the header has the time, the direction, the unit and the register's state."""
    return {_TIME, _VALUE, _DIRECTION, _UNIT} <= set(table.header(path) or ())


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of both directions.

    Raises
    ------
    InputError
        The file holds gas only, or as in `tabular.read`.
    """
    blocks = list(table.blocks(path))
    for block in blocks:
        drawn = block.rows[_DIRECTION].str.strip().str.lower() == "levering"
        block.rows[_DIRECTION] = drawn.map({True: "grid import", False: "grid export"}).astype("str")
    mappings = {
        "grid import": SeriesMapping("grid import", measures="counter", role="grid_import"),
        "grid export": SeriesMapping("grid export", measures="counter", role="grid_export"),
    }
    layout = Layout("NextEnergy", _TIME, mappings, _DIRECTION, _VALUE, _UNIT, zone="UTC", order="dmy", comma=True)
    return tabular.of(blocks, overridden(layout, settings.file(path.name)), settings)
