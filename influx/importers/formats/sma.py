"""SMA: the data that an inverter's own page, Sunny Explorer or SBFspot exports as CSV, by the clock of the home.

Lines of serial numbers, names, kinds and units stand above the rows, and what parts the cells is said in the first two.
A register of all that was produced, in Wh or kWh, stands at its time; the powers beside it tell the same and are left
aside. Schema: from public samples of Sunny Tripower inverters and from the public code of SBFspot.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import cells, encoding, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.lines import split_header
from influx.importers.reading.part import Part
from influx.importers.reading.times import Order

_VERSION = re.compile(r"Version CSV\d\|Tool ", re.IGNORECASE)
_TIME = re.compile(r"(?=.*hh)[dmy]+[./-][dmy]+[./-][dmy]+ ", re.IGNORECASE)
_REGISTERS: dict[str, tuple[str, Role]] = {
    "metering.totwhout": ("solar", "solar"),
    "total yield": ("solar", "solar"),
    "gesamtertrag": ("solar", "solar"),
    "metering.gridms.totwhout": ("grid export", "grid_export"),
    "metering.gridms.totwhin": ("grid import", "grid_import"),
}
_ORDERS: dict[str, Order] = {"d": "dmy", "m": "mdy", "y": "ymd"}
_MOST_LINES = 20


def matches(path: Path) -> bool:
    """Tell whether one of the first lines names the version and the tool."""
    return any(map(_VERSION.match, encoding.first_lines(path, 3)))


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of what was produced, and those at the grid where they count.

    Raises
    ------
    InputError
        The file has no such register, or its rows are of days.
    """
    lines = encoding.first_lines(path, _MOST_LINES)
    semicolon = any(_VERSION.match(line) and "semicolon" in line.lower() for line in lines)
    comma = any(_VERSION.match(line) and "decimalpoint comma" in line.lower() for line in lines)
    sign = ";" if semicolon else ","
    at = next((place for place, line in enumerate(lines) if _TIME.match(line)), None)
    if at is None or at < 3:
        raise InputError(f"{path.name}: no line tells the units of its columns. Export it again.")
    kinds, units = split_header(lines[at - 2], sign)[0], split_header(lines[at], sign)[0]
    names = [f"{kind} ({place})" for place, kind in enumerate(kinds, start=1)]
    names += [f"(column {place})" for place in range(len(names) + 1, len(units) + 1)]
    wanted = {
        name: (*_REGISTERS[kind.lower()], unit.strip("[]"), owner)
        for name, kind, unit, owner in zip(names, kinds, units, split_header(lines[at - 3], sign)[0], strict=False)
        if kind.lower() in _REGISTERS
    }
    counting = _counting(path, at + 1, tuple(names), sign, list(wanted), comma)
    kept = {name: found for name, found in wanted.items() if name in counting or found[1] == "solar"}
    if not kept:
        raise InputError(f"{path.name}: no register in it counts energy. Export the total yield (Metering.TotWhOut).")
    alone = len({owner for *_, owner in kept.values()}) == 1
    mappings = {
        name: SeriesMapping(what if alone else f"{what} {owner}", unit, "counter", role)
        for name, (what, role, unit, owner) in kept.items()
    }
    order = _ORDERS[units[0][:1].lower()]
    layout = Layout(
        "SMA", names[0], mappings, line=at + 1, names=tuple(names), separator=sign, comma=comma, order=order
    )
    return tabular.read(path, layout, settings)


def _counting(path: Path, line: int, names: tuple[str, ...], sign: str, wanted: list[str], comma: bool) -> set[str]:
    """Return the registers that move; those of grid meters that are not there are zero or not a number."""
    low, high = dict.fromkeys(wanted, np.inf), dict.fromkeys(wanted, -np.inf)
    for block in table.blocks(path, line, names, sign):
        for name in wanted:
            values = cells.numbers(block.rows[name], comma)[0]
            values = values[np.isfinite(values)]
            if len(values):
                low[name], high[name] = min(low[name], values.min()), max(high[name], values.max())
    return {name for name in wanted if high[name] > low[name]}
