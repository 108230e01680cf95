"""Ameren (Illinois, Missouri): kWh of each hour and of each quarter of it side by side, by the clock of Chicago.

Both tell of the same energy, so the finer one is read. The header stands below lines about the account, and its names
repeat. Schema: from a public sample export of its site.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.autodetect import sample
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_TIME = "Start Interval Date/Time"
_PAIR = ("Usage", "Interval")
_MINUTES = re.compile(r"(\d+) ?min", re.IGNORECASE)


def matches(path: Path) -> bool:
    """Tell whether one of the first lines names the start of an interval, and usage with its units and interval."""
    return _line(path) > 0


def _line(path: Path) -> int:
    return sample.line_of(path, lambda names: {_TIME, "Usage", "Units", "Interval"} <= set(names))


def read(path: Path, settings: Settings) -> Part:
    """Read the finest usage.

    Raises
    ------
    InputError
        As in `tabular.read`; no usage names its interval, or it is not told which interval is whose.
    """
    line = _line(path) or 1
    header = table.header(path, line) or []
    names = tuple(f"{name} {place}" for place, name in enumerate(header))
    usages, intervals = ([own for own, name in zip(names, header, strict=True) if name == one] for one in _PAIR)
    minutes: dict[str, float] = {}
    for block in table.blocks(path, line, names):
        for usage, interval in zip(usages, intervals, strict=False):
            if (_blank(block.rows[usage]) != _blank(block.rows[interval])).any():
                raise InputError(
                    f"{path.name}: its columns of usage and intervals do not belong together. Export it again."
                )
            found = [
                float(one[1]) for word in block.rows[interval].unique() if (one := _MINUTES.fullmatch(word.strip()))
            ]
            minutes |= {usage: min(found)} if found else {}
    if not minutes:
        raise InputError(f"{path.name}: no usage of this file names its interval, such as 60min. Export it again.")
    finest = min(minutes, key=minutes.__getitem__)
    mappings = {finest: SeriesMapping("grid import", role="grid_import")}
    time = names[header.index(_TIME)]
    layout = Layout("Ameren", time, mappings, order="mdy", zone="America/Chicago", line=line, names=names)
    return tabular.read(path, layout, settings)


def _blank(cells: pd.Series) -> pd.Series:
    return cells.str.strip().isin(["", "-"])
