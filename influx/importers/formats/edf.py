"""EDF (France): the mean power of each half hour in W, the newest day first, a line with its date above each day.

A half hour is named by its end, so that 00:00 belongs to the day above it. Schema: from the public programs that read
these files, and the samples in their tests.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import encoding, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_TITLE = re.compile(r"puissances? atteintes? \(?en W\b|Puissance atteinte \(W\)", re.IGNORECASE)
_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4});*\s*")
_DISORDER = "the half hours of a day do not stand below its date, the last one first. Download the file again."
_AGAIN = 60
"""So far back the clock goes in autumn [min]."""

_POWER = re.compile(r"(\d\d):(\d\d):\d\d;([^;]*)(?:;.*)?")


def matches(path: Path) -> bool:
    """Tell whether one of the first lines names the power that was reached."""
    return any(map(_TITLE.search, encoding.first_lines(path, 6)))


def read(path: Path, settings: Settings) -> Part:
    """Read the half hours of all days.

    Raises
    ------
    InputError
        No line holds a half hour, or the lines are in another order, so that the day of some is not known.
    """
    found, lost, day, last = [], [], None, -1
    for number, line in enumerate("".join(encoding.blocks(path)).split("\n"), start=1):
        date, power = _DAY.fullmatch(line), _POWER.fullmatch(line.strip())
        if date is not None:
            day, last = pd.to_datetime("-".join(reversed(date.groups())), format="%Y-%m-%d", errors="coerce"), 25 * 60
        elif power is not None and day is not None and day is not pd.NaT and int(power[1]) < 24:
            later = 24 if power[1] + power[2] == "0000" else int(power[1])
            at = day + pd.Timedelta(hours=later, minutes=int(power[2]))
            if later * 60 + int(power[2]) > last + _AGAIN:
                raise InputError(f"{path.name}, line {number}: {_DISORDER}")
            last = later * 60 + int(power[2])
            found.append((number, f"{at:%Y-%m-%d %H:%M}", power[3].strip()))
        elif power is not None and day is None:
            raise InputError(f"{path.name}, line {number}: {_DISORDER}")
        elif re.match(r"\d", line):
            lost.append((number, line.strip()[:80]))
    if not found:
        raise InputError(f"{path.name}: no line of it holds a half hour and its power. Export it again.")
    numbers, times, values = zip(*found, strict=True)
    rows = pd.DataFrame({"time": times, "power": values}, index=list(numbers), dtype="str")
    bad = table.rejected(path.name, [n for n, _ in lost], "", [text for _, text in lost], "no half hour and its power")
    raw = Table(path.name, rows, rejected=[bad], rows_read=len(rows) + len(bad))
    mapping = SeriesMapping("grid import", "W", "power", "grid_import")
    layout = Layout("EDF", "time", {"power": mapping}, time_marks="end", zone="Europe/Paris", comma=True)
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)
