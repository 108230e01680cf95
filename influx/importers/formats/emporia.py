"""Emporia Vue: kWh of each circuit and hour (or mean kW of each 15 minutes, minute or second), at the interval's start.

The header names the clock's zone. The mains of one panel are added up to what came from the grid; where they are below
zero, it was fed in. Circuits are devices. A column without any number (a clamp that is not there) is left aside.
Schema: the header and its names from programs that read such exports; hours and labels from the vendor's help.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import cells, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_TIME = re.compile(r"Time Bucket \((.+)\)")
_COLUMN = re.compile(r"(.+) \((kWhs|kWatts)\)")
_MAINS = re.compile(r"(.*?)-?Mains_[ABC]")


def matches(path: Path) -> bool:
    """Tell whether the header begins with a time bucket and has a circuit."""
    names = table.header(path) or [""]
    return _TIME.fullmatch(names[0]) is not None and any(map(_COLUMN.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read all circuits that hold a number.

    Raises
    ------
    InputError
        As in `tabular.read`, or no circuit holds a number.
    """
    names = table.header(path) or [""]
    zone = _TIME.fullmatch(names[0])
    found = {name: match for name in names if (match := _COLUMN.fullmatch(name))}
    full = set().union(*(_full(block, found) for block in table.blocks(path)))
    mappings = {name: _mapping(*match.groups()) for name, match in found.items() if name in full}
    if zone is None or not mappings:
        raise InputError(f"{path.name}: no circuit holds a number. Export it again, or remove it.")
    layout = Layout("Emporia", names[0], mappings, zone=_zone(zone[1], settings), order="mdy")
    part = tabular.read(path, layout, settings)
    aside = [name for name in found if name not in full]
    told = [f"{path.name}: {', '.join(aside)} holds no number and is not read."] if aside else []
    return replace(part, notes=(*told, *part.notes))


def _full(block: Table, columns: Iterable[str]) -> set[str]:
    """Return the columns that hold a number."""
    return {name for name in columns if not np.isnan(cells.numbers(block.rows[name], block.comma)[0]).all()}


def _mapping(name: str, unit: str) -> SeriesMapping:
    mapping = SeriesMapping(name, "kWh", "energy") if unit == "kWhs" else SeriesMapping(name, "kW", "power")
    if mains := _MAINS.fullmatch(name):
        return replace(mapping, device_id=f"{mains[1]} mains".strip(), role="grid_import")
    return replace(mapping, role="solar" if "Solar/Generation" in name else "device")


def _zone(name: str, settings: Settings) -> str:
    """Return the zone that the header names; the home's where it is none."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return settings.timezone
