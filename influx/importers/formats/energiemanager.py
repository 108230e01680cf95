"""Energiemanager (energiemanageronline.nl): the registers of a Dutch meter, a row a register and time.

A state is a number times its factor, in kWh, at a time in seconds since 1970; the header is the first line that is not
blank. Gas is left aside. Schema: from public sample exports of its interface.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.settings import Settings
from influx.importers.autodetect import sample
from influx.importers.reading import cells, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_COLUMNS = {"code", "moment", "moment-date", "value", "factor"}
_MAPPINGS = {
    "ellm": SeriesMapping("grid import", measures="counter", role="grid_import"),
    "eltm": SeriesMapping("grid export", measures="counter", role="grid_export"),
}


def matches(path: Path) -> bool:
    """Tell whether one of the first lines is the header of an export."""
    return _line(path) > 0


def _line(path: Path) -> int:
    return sample.line_of(path, lambda names: set(names) >= _COLUMNS)


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of both directions."""
    layout = Layout("Energiemanager", "moment", _MAPPINGS, device="code", value="value", only_mapped=True, order="s")
    layout = overridden(layout, settings.file(path.name))
    return tabular.of(_states(path, _line(path) or layout.line), layout, settings)


def _states(path: Path, line: int) -> Iterator[Table]:
    """Return the rows with their states in kWh; what is no number stays as it is."""
    for block in table.blocks(path, line):
        number, factor = (cells.numbers(block.rows[name], comma=False)[0] for name in ("value", "factor"))
        states = [f"{state:.6f}" for state in number * factor]
        block.rows["value"] = np.where(np.isfinite(number * factor), states, block.rows["value"].astype("str"))
        block.rows["value"] = pd.Series(block.rows["value"].to_numpy(object), block.rows.index, dtype="str")
        block.comma = False
        yield block
