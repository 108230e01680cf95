"""Shelly EM and 3EM: energy of each phase every ten minutes, as the meter's own page exports it (`em_data.csv`).

Each phase counts what it took and what it gave back by itself, in Wh, and its times are UTC. A 3EM writes a file a
phase, or all phases into one; columns of other things (volts) are left aside. Schema: from a real file (phase A).
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_TIME = "Date/time UTC"
_COLUMN = re.compile(r"(Active|Returned) energy Wh(?: \(([A-C])\))?")


def matches(path: Path) -> bool:
    """Tell whether the header has the meter's time and the energy of a phase."""
    names = table.header(path) or []
    return _TIME in names and any(map(_COLUMN.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read the phases as what came from the grid and what was fed into it; home.yaml says if it is another circuit."""
    found = {name: _COLUMN.fullmatch(name) for name in table.header(path) or []}
    mappings = {name: _mapping(*match.groups()) for name, match in found.items() if match is not None}
    return tabular.read(path, Layout("Shelly EM", _TIME, mappings, zone="UTC"), settings)


def _mapping(way: str, phase: str | None) -> SeriesMapping:
    name = f" {phase}" if phase else ""
    if way == "Active":
        return SeriesMapping(f"grid import{name}", "Wh", role="grid_import")
    return SeriesMapping(f"grid export{name}", "Wh", role="grid_export")
