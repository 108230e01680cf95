"""Enphase Enlighten reports: Wh in each 15 minutes or hour, by the clock of the home, at the start of the interval.

The account's language decides whether 01/02/2024 is in January or February. The report tells it itself: in the right
order its times follow one another, in the wrong one they are scattered over a year. Older reports write the year first
and an offset. Reports by days are too coarse and refused. Schema: from a real file by hours (production); the columns
of use, grid and battery from a real file by days and from programs that read such reports. The report of a site with a
battery calls production what was delivered.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import table, tabular, times
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.times import Order

_TIME = "Date/Time"
_THOUSANDS = r"(?<=\d),(?=\d{3}(?:,\d{3})*$)"
_ORDERS: tuple[Order, ...] = ("ymd", "mdy", "dmy")
_MAPPINGS = {
    "Energy Produced (Wh)": SeriesMapping("solar", "Wh", role="solar"),
    "Energy Consumed (Wh)": SeriesMapping("household", "Wh", role="household"),
    "Imported from Grid (Wh)": SeriesMapping("grid import", "Wh", role="grid_import"),
    "Exported to Grid (Wh)": SeriesMapping("grid export", "Wh", role="grid_export"),
    "Stored in batteries (Wh)": SeriesMapping("battery in", "Wh", role="battery_in"),
    "Discharged from batteries (Wh)": SeriesMapping("battery out", "Wh", role="battery_out"),
    "Stored in AC Batteries (Wh)": SeriesMapping("battery in", "Wh", role="battery_in"),
    "Discharged from AC Batteries (Wh)": SeriesMapping("battery out", "Wh", role="battery_out"),
    "Energy Delivered (Wh)": SeriesMapping("solar", "Wh", role="solar"),
}


def matches(path: Path) -> bool:
    """Tell whether the header has the time and one of the report's energies."""
    names = table.header(path) or []
    return _TIME in names and any(name in _MAPPINGS for name in names)


def read(path: Path, settings: Settings) -> Part:
    """Read the energies that the report holds."""
    names = table.header(path) or []
    layout = Layout("Enphase", _TIME, {name: mapping for name, mapping in _MAPPINGS.items() if name in names})
    blocks = list(table.blocks(path))
    for block in blocks:  # thousands may be parted by a comma, and the last row may be a total
        whole_report = (block.rows[_TIME].str.strip() == "Total").to_numpy(bool)
        if whole_report.any():
            block.rows, block.rows_read = block.rows[~whole_report], block.rows_read - int(whole_report.sum())
            block.notes.append(f"{path.name}: its row Total is the sum of the others and is not read.")
        whole = {name: block.rows[name].str.replace(_THOUSANDS, "", regex=True) for name in layout.mappings}
        block.rows = block.rows.assign(**whole)
    layout = replace(layout, order=_order(path, pd.concat([block.rows[_TIME] for block in blocks])))
    return tabular.of(blocks, overridden(layout, settings.file(path.name)), settings)


def _order(path: Path, cells: pd.Series) -> Order:
    """Return the order in which a report writes its dates: the one in which its times lie closest together."""
    read = {order: times.parse(cells, order) for order in _ORDERS}
    good = {order: np.isin(reasons, ("", "naive")) for order, (_, reasons) in read.items()}
    span = {order: np.ptp(read[order][0][good[order]]) if good[order].any() else 0 for order in _ORDERS}
    best, *others = sorted(_ORDERS, key=lambda order: (-good[order].sum(), span[order]))
    for other in others:
        same = good[other].sum() == good[best].sum() and span[other] == span[best]
        if good[best].any() and same and (read[other][0] != read[best][0]).any():
            raise InputError(
                f"{path.name}: its dates, such as {cells.iloc[0]}, do not tell day from month. Export a longer span."
            )
    return best
