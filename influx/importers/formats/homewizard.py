"""HomeWizard P1: the registers of a smart meter every 15 minutes, in kWh by tariff, at times of the home's clock.

What was used follows from two states of a register, so an outage loses no energy. The largest power of each phase, in
newer exports, is left aside; an export by days is too coarse and refused. The exports of its kWh meters do not say
whether they measure a device or solar panels, and are not claimed here. Schema: from a real file.
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_COLUMN = re.compile(r"(Import|Export) T([1-4]) kWh")


def matches(path: Path) -> bool:
    """Tell whether the header has the time and the register of a tariff."""
    names = table.header(path) or []
    return names[:1] == ["time"] and any(map(_COLUMN.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of both directions."""
    found = {name: _COLUMN.fullmatch(name) for name in table.header(path) or []}
    mappings = {name: _mapping(*match.groups()) for name, match in found.items() if match is not None}
    return tabular.read(path, Layout("HomeWizard P1", "time", mappings), settings)


def _mapping(way: str, tariff: str) -> SeriesMapping:
    name = f"grid {way.lower()} T{tariff}"
    return SeriesMapping(name, measures="counter", role="grid_import" if way == "Import" else "grid_export")
