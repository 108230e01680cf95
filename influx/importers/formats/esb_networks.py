"""ESB Networks (Ireland): the half hours of a smart meter as mean power in kW, or as kWh that they calculated from it.

A row is a register and half hour, named by its end on the Irish clock, the newest first. Registers by days are too
coarse and left aside. Schema: from the public programs that read these files.
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.units import Measure

_TIME, _TYPE, _VALUE = "Read Date and End Time", "Read Type", "Read Value"
_INTERVAL = re.compile(r"Active (Import|Export) Interval \((kWh?)\)", re.IGNORECASE)


def matches(path: Path) -> bool:
    """Tell whether the header has the end of a reading, its type and its value."""
    return {_TIME, _TYPE, _VALUE} <= set(table.header(path) or ())


def read(path: Path, settings: Settings) -> Part:
    """Read the half hours of both directions.

    Raises
    ------
    InputError
        The file holds no half hours.
    """
    names = {str(name) for block in table.blocks(path) for name in block.rows[_TYPE].astype("str").unique()}
    found = {name: match for name in sorted(names) if (match := _INTERVAL.search(name)) is not None}
    if not found:
        raise InputError(
            f"{path.name}: it holds no half hours, but {', '.join(sorted(names))[:120]}. Download those of 30 minutes."
        )
    energy = {name: match for name, match in found.items() if match[2].lower() == "kwh"}
    mappings = {}
    for name, match in (energy or found).items():
        role: Role = "grid_import" if match[1].lower() == "import" else "grid_export"
        measures: Measure = "energy" if energy else "power"
        mappings[name] = SeriesMapping(role.replace("_", " "), match[2], measures, role)
    layout = Layout(
        "ESB Networks",
        _TIME,
        mappings,
        device=_TYPE,
        value=_VALUE,
        only_mapped=True,
        time_marks="end",
        zone="Europe/Dublin",
        order="dmy",
    )
    return tabular.read(path, layout, settings)
