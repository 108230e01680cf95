"""DSMR-reader: the hours of a Dutch or Belgian smart meter, in kWh by tariff, with the offset of each time.

Its days are too coarse and refused. Gas and prices are left aside. Schema: from a real file in English; the Dutch names
are those of its translation.
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_TIMES = ("hour start", "begintijd uur", "date", "datum")
_COLUMN = re.compile(r"ele(?:ctricity|ktriciteit) ([12])( returned| teruggeleverd)? \([^)]*\)", re.IGNORECASE)


def matches(path: Path) -> bool:
    """Tell whether the header begins with the hour (or day) and has the energy of a tariff."""
    names = table.header(path) or [""]
    return names[0].lower() in _TIMES and any(map(_COLUMN.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read both tariffs of both directions."""
    names = table.header(path) or [""]
    found = {name: _COLUMN.fullmatch(name) for name in names}
    mappings = {name: _mapping(*match.groups()) for name, match in found.items() if match is not None}
    return tabular.read(path, Layout("DSMR-reader", names[0], mappings), settings)


def _mapping(tariff: str, back: str | None) -> SeriesMapping:
    name = "low tariff" if tariff == "1" else "normal tariff"
    return SeriesMapping(f"grid {'export' if back else 'import'} {name}", role="grid_export" if back else "grid_import")
