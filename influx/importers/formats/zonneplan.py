"""Zonneplan (Netherlands): the kWh of each hour that the supplier sends on request, as a spreadsheet.

An hour is named by its end, and where it stands by its start, on the Dutch clock: in UTC the sun would feed in after
sunset. Fed-in energy is written below zero. Gas, which has a column in kWh, is left aside, and so are the totals below
the table. Schema: from a public program that reads these files and its results.
"""

from __future__ import annotations

from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_FROM, _TO = "DateFrom", "DateTo"
_BOUGHT, _SOLD = "ElectricityConsumptionUsageKwh", "ElectricityProductionUsageKwh"
_MAPPINGS = {
    _BOUGHT: SeriesMapping("grid import", role="grid_import"),
    _SOLD: SeriesMapping("grid export", role="grid_export"),
}


def matches(path: Path) -> bool:
    """Tell whether the header has the end of the hour and the electricity in it."""
    names = table.header(path) or []
    return _TO in names and (_BOUGHT in names or _SOLD in names)


def read(path: Path, settings: Settings) -> Part:
    """Read what was bought and what was fed in."""
    names = table.header(path) or []
    mappings = {name: mapping for name, mapping in _MAPPINGS.items() if name in names}
    layout = Layout("Zonneplan", _TO, mappings, time_marks="end", zone="Europe/Amsterdam", comma=True)
    if _FROM in names:
        layout = Layout("Zonneplan", _FROM, mappings, end=_TO, zone="Europe/Amsterdam", comma=True)
    blocks = list(table.blocks(path))
    for block in blocks:
        block.rows = block.rows[block.rows[[_TO]].ne("").any(axis=1)]
        if _SOLD in block.rows:
            block.rows[_SOLD] = block.rows[_SOLD].str.removeprefix("-")
        block.rows_read = len(block.rows) + sum(map(len, block.rejected))
    return tabular.of(blocks, overridden(layout, settings.file(path.name)), settings)
