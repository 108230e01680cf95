"""Engie (Netherlands): kWh of each hour, a row a direction and hour, with the offset of each time.

What is fed in has rows of its own; gas has the same columns and is left aside. Whether an hour is one of the high
tariff follows from the clock and is not read. Schema: from public sample exports of the app.
"""

from __future__ import annotations

from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_COLUMNS = {"Datum", "EAN", "Verbruik", "Type", "Piek"}
_MAPPINGS = {
    "Elektriciteit": SeriesMapping("grid import", role="grid_import"),
    "Teruglevering": SeriesMapping("grid export", role="grid_export"),
}


def matches(path: Path) -> bool:
    """Tell whether the header has the columns of an export."""
    return set(table.header(path) or ()) >= _COLUMNS


def read(path: Path, settings: Settings) -> Part:
    """Read both directions."""
    layout = Layout("Engie", "Datum", _MAPPINGS, device="Type", value="Verbruik", only_mapped=True)
    return tabular.read(path, layout, settings)
