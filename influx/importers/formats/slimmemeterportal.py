"""Slimme Meter Portal (Netherlands): kWh of each quarter of an hour, as spreadsheets of a meter and year.

A time is the end of its interval and has its offset; numbers are texts with a decimal comma. Of the two tariffs the one
that does not hold is blank, which is zero. The file of a gas meter has one column of what was delivered, and is
refused. Schema: from the public programs that read these files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from influx.core.errors import NoElectricityError
from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_TIME = "datum_tijd"
_MAPPINGS = {
    "levering_normaal": SeriesMapping("grid import normal tariff", role="grid_import"),
    "levering_laag": SeriesMapping("grid import low tariff", role="grid_import"),
    "teruglevering_normaal": SeriesMapping("grid export normal tariff", role="grid_export"),
    "teruglevering_laag": SeriesMapping("grid export low tariff", role="grid_export"),
}
_GAS = "levering"
_PAIRS = (("levering_normaal", "levering_laag"), ("teruglevering_normaal", "teruglevering_laag"))


def matches(path: Path) -> bool:
    """Tell whether the header has the time and what was delivered, in two tariffs or as gas."""
    names = table.header(path) or []
    return _TIME in names and ("levering_normaal" in names or _GAS in names)


def read(path: Path, settings: Settings) -> Part:
    """Read both tariffs of both directions.

    Raises
    ------
    InputError
        It is the file of a gas meter (NoElectricityError), or as in `tabular.read`.
    """
    names = table.header(path) or []
    if _GAS in names:
        raise NoElectricityError(path.name, "a gas meter")
    mappings = {name: mapping for name, mapping in _MAPPINGS.items() if name in names}
    layout = Layout("Slimme Meter Portal", _TIME, mappings, time_marks="end", order="dmy", comma=True)
    blocks = list(table.blocks(path))
    for block in blocks:
        for pair in _PAIRS:
            both = [name for name in pair if name in block.rows]
            filled = (block.rows[both] != "").any(axis=1).to_numpy(bool)
            for name in both:
                block.rows[name] = np.where(filled & (block.rows[name] == ""), "0", block.rows[name])
    return tabular.of(blocks, overridden(layout, settings.file(path.name)), settings)
