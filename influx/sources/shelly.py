"""Shelly EM and 3EM: the CSV file of a meter's own page, Wh by phase in steps of some minutes, in UTC (a real file)."""

from __future__ import annotations

import re
from pathlib import Path

from influx.settings import Settings
from influx.sources import table, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

TIME = "Date/time UTC"
_ENERGY = re.compile(r"(Active|Returned) energy Wh(?: \(([A-C])\))?")


def matches(path: Path) -> bool:
    """Tell whether the header has this meter's time and one of its energies."""
    names = table.header(path) or []
    return TIME in names and any(map(_ENERGY.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read active energy as taken from the grid and returned energy as fed in, each phase a series."""
    channels = {}
    for name in table.header(path) or []:
        if (found := _ENERGY.fullmatch(name)) is None:
            continue
        back = found[1] == "Returned"
        phase = "" if found[2] is None else f"_{found[2].lower()}"
        device = f"{'grid_export' if back else 'grid_import'}{phase}"
        channels[name] = Channel(device, "Wh", role="grid_export" if back else "grid_import")
    return tabular.read(path, Layout("Shelly energy meter", TIME, channels, zone="UTC"), settings)
