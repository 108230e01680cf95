"""myenergi Zappi: the report of a charger by hour or half hour, Wh or kWh by phase, in UTC (a real file)."""

from __future__ import annotations

import re
from pathlib import Path

from influx.settings import Settings
from influx.sources import table, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

_ENERGY = re.compile(r"(Diverter|Boost|Charger) Energy(?: \((L[123])\))? \((k?Wh)\)", re.IGNORECASE)
_KEYS = {"serial number", "timestamp"}


def matches(path: Path) -> bool:
    """Tell whether the header has a serial number, a time and the energy of a phase."""
    names = table.header(path) or []
    return {name.lower() for name in names} >= _KEYS and any(map(_ENERGY.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read what the charger took, diverted from the sun or boosted from the grid, each phase a series."""
    names = table.header(path) or []
    channels = {}
    for name in names:
        if (found := _ENERGY.fullmatch(name)) is not None:
            phase = "" if found[2] is None else f"_{found[2].lower()}"
            channels[name] = Channel(f"zappi_{found[1].lower()}{phase}", found[3], role="device")
    time = next(name for name in names if name.lower() == "timestamp")
    return tabular.read(path, Layout("myenergi Zappi", time, channels, zone="UTC"), settings)
