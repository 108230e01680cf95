"""myenergi reports of a zappi, eddi or another device: Wh in each hour, in UTC.

What the device used is the sum over its phases of what it was given of the sun (diverted) and what it took on demand
(boosted). Where the report holds them, the home's import, export and generation are read too. Volts, hertz and clamps
are left aside. Schema: the diverted columns from a real file, the others from programs that read such reports.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_NUMBER = "Serial Number"
_OWN = re.compile(r"(Diverter|Boosted) Energy \(L[1-3]\) \(Wh\)")
_HOME = {
    "Net Grid Import (Wh)": SeriesMapping("grid import", "Wh", role="grid_import"),
    "Net Grid Export (Wh)": SeriesMapping("grid export", "Wh", role="grid_export"),
    "Total Generation (Wh)": SeriesMapping("solar", "Wh", role="solar"),
}


def matches(path: Path) -> bool:
    """Tell whether the header has a serial number, the time, and energy."""
    names = table.header(path) or []
    return names[:2] == [_NUMBER, "Timestamp"] and any(_OWN.fullmatch(name) or name in _HOME for name in names)


def read(path: Path, settings: Settings) -> Part:
    """Read one device's report.

    Raises
    ------
    InputError
        As in `tabular.read`, or the report holds several devices.
    """
    numbers = {str(number) for block in table.blocks(path) for number in block.rows[_NUMBER].astype("str").unique()}
    if len(numbers) > 1:
        raise InputError(
            f"{path.name}: holds several devices ({', '.join(sorted(numbers))}). Export a report a device."
        )
    names = table.header(path) or []
    own = SeriesMapping(f"myenergi {numbers.pop() if numbers else ''}".strip(), "Wh", role="device")
    mappings = {name: own for name in names if _OWN.fullmatch(name)}
    mappings |= {name: mapping for name, mapping in _HOME.items() if name in names}
    part = tabular.read(path, Layout("myenergi", "Timestamp", mappings, zone="UTC"), settings)
    if own in mappings.values() and not any(name.startswith("Boosted") for name in names):
        told = f"{path.name}: the report lacks the columns of boosted energy; what was charged on demand is not in it."
        part = replace(part, notes=(*part.notes, told))
    return part
