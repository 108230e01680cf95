"""Ameren (Illinois, Missouri): kWh of each hour and of each quarter of it side by side, by the clock of Chicago.

Both tell of the same energy, so the finer one is read. The header stands below lines about the account, and its names
repeat. Schema: from a public sample export of its site.
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.errors import InputError
from influx.settings import Settings
from influx.sources import table, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

_TIME = "Start Interval Date/Time"
_LINES = range(1, 31)
_MINUTES = re.compile(r"(\d+) ?min", re.IGNORECASE)


def matches(path: Path) -> bool:
    """Tell whether one of the first lines names the start of an interval, and usage with its units and interval."""
    return _line(path) > 0


def _line(path: Path) -> int:
    for line in _LINES:
        names = table.header(path, line) or []
        if names[:1] == [_TIME] and {"Usage", "Units", "Interval"} <= set(names):
            return line
    return 0


def read(path: Path, settings: Settings) -> Part:
    """Read the finest usage.

    Raises
    ------
    InputError
        As in `tabular.read`, or no usage names its interval.
    """
    line = _line(path) or 1
    names = [f"{name} {n}" if n else name for n, name in enumerate(table.header(path, line) or [])]
    minutes: dict[str, float] = {}
    for block in table.blocks(path, line, tuple(names)):
        for usage, _, interval in zip(names, names[1:], names[2:], strict=False):
            if usage.startswith("Usage") and interval.startswith("Interval"):
                found = [_MINUTES.fullmatch(str(word).strip()) for word in block.rows[interval].unique()]
                minutes |= {usage: min(float(one[1]) for one in found if one)} if any(found) else {}
    if not minutes:
        raise InputError(f"{path.name}: no usage of this file names its interval, such as 60min. Export it again.")
    finest = min(minutes, key=minutes.__getitem__)
    channels = {finest: Channel("grid import", role="grid_import")}
    layout = Layout("Ameren", names[0], channels, order="mdy", zone="America/Chicago", line=line, names=tuple(names))
    return tabular.read(path, layout, settings)
