"""Green Button as text: the CSV of Southern California Edison and of American cooperatives, a block a meter.

A row is an interval, "2025-10-19 00:00 to 2025-10-19 01:00", by the clock of the home, and its kWh; what was fed in is
below zero, or stands below a header of its own. Where a block is the sum of the others, which is the meter that is
billed, it is not counted beside them. Schema: from public samples by hours and by days.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import encoding, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_BEGIN = re.compile(r'\s*"?Meter Reading Information\b')
_TIME = r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)"
_ROW = re.compile(rf'\s*"?{_TIME}\s+to\s+{_TIME}"?\s*,\s*"?([^",]*)')
_KIND = re.compile(r'\s*"?Type of readings:(.*)')
_HEADER = re.compile(r'\s*"?Energy (\w+) time period')
_FED_IN = ("received", "generation", "generated", "production")
_ROUNDED = 0.0051
_LOOKED_AT = 100


def matches(path: Path) -> bool:
    """Tell whether a block of readings begins in the first lines, and says of which type they are."""
    lines = encoding.first_lines(path, _LOOKED_AT)
    return any(map(_BEGIN.match, lines)) and any(map(_KIND.match, lines))


def read(path: Path, settings: Settings) -> Part:
    """Read the meters that are no sum of others.

    Raises
    ------
    InputError
        No block is of electricity in kWh; or there are several meters, and it is not told which are parts of which.
    """
    raw = _rows(path)
    values = pd.to_numeric(raw.rows["value"], errors="coerce")
    by_meter = pd.DataFrame({"at": raw.rows["start"], "meter": raw.rows["meter"], "kwh": values})
    wide = by_meter.pivot_table(index="at", columns="meter", values="kwh", aggfunc="sum")
    kept = _apart(path.name, wide, raw)
    raw.rows = raw.rows[raw.rows["meter"].isin(kept)].copy()
    raw.rows_read = len(raw.rows) + sum(map(len, raw.rejected))
    mappings = {}
    for name in kept:
        kwh = wide[name].dropna()
        fed_in = name.endswith(_FED_IN) or bool(len(kept) > 1 and (kwh <= 0).all() and (kwh < 0).any())
        if len(kept) > 1 and not fed_in and (kwh < 0).any():
            raise InputError(
                f"{path.name}: it has {len(kept)} meters of which one flows both ways, so that energy may stand in it "
                "twice. Export the net meter alone, or the two directions."
            )
        if fed_in:
            own = raw.rows["meter"] == name
            raw.rows.loc[own, "value"] = raw.rows.loc[own, "value"].str.removeprefix("-")
        number = f" {name.split(' ')[0]}" if len(kept) > 2 else ""
        role = "grid_export" if fed_in else "grid_import"
        mappings[name] = SeriesMapping(role.replace("_", " ") + number, role=role)  # type: ignore[arg-type]
    layout = Layout("Green Button, text", "start", mappings, device="meter", value="value", end="end")
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)


def _rows(path: Path) -> Table:
    """Return the rows of all blocks of electricity, by the line in which they stand.

    Raises
    ------
    InputError
        There are none, or rows without the header of their block.
    """
    found: list[tuple[int, str, str, str, str]] = []
    lost: list[tuple[int, str]] = []
    meter, other, kwh, way = 0, False, False, ""
    for number, line in enumerate("".join(encoding.blocks(path)).split("\n"), start=1):
        row = _ROW.match(line)
        if _BEGIN.match(line):
            meter, other, kwh, way = meter + 1, False, False, ""
        elif (kind := _KIND.match(line)) is not None:
            kwh = "kilowatt-hours" in kind[1].lower()
            other = "electric" not in kind[1].lower() or ("," in kind[1] and not kwh)
        elif (head := _HEADER.match(line)) is not None:
            way, kwh = head[1].lower(), kwh or "kilowatt-hours" in line.lower()
        elif row is not None and not other and not (meter and kwh):
            raise InputError(f"{path.name}, line {number}: no header above it says of what it is. Download it again.")
        elif row is not None and not other:
            found.append((number, row[1], row[2], row[3].strip(), f"{meter} {way}".strip()))
        elif re.match(r'\s*"?\d{4}-', line) and not other:
            lost.append((number, line.strip()[:80]))
    if not found:
        raise InputError(f"{path.name}: no block of it holds electricity in kilowatt-hours. Export it again.")
    numbers, *columns = zip(*found, strict=True)
    rows = pd.DataFrame(dict(zip(("start", "end", "value", "meter"), columns, strict=True)), numbers, dtype="str")
    bad = table.rejected(path.name, [n for n, _ in lost], "", [text for _, text in lost], "no interval and its energy")
    return Table(path.name, rows, rejected=[bad], rows_read=len(rows) + len(bad))


def _apart(file: str, wide: pd.DataFrame, raw: Table) -> list[str]:
    """Return the meters without the one that is the sum of the others.

    Raises
    ------
    InputError
        There are more than two, and none is that sum.
    """
    names = [str(name) for name in wide]
    if len(names) < 3:
        return names
    for name in names:
        others = wide.drop(columns=name).sum(axis=1, min_count=1)
        if (np.abs(wide[name] - others) <= _ROUNDED * len(names)).all() and (wide[name] != 0).any():
            number = name.split(" ")[0]
            raw.notes.append(f"{file}: of its {len(names)} meters number {number} is the sum of the others: not read.")
            return [own for own in names if own != name]
    raise InputError(
        f"{file}: it holds {len(names)} meters, and none is the sum of the others, so that energy may stand in it "
        "twice. Export a file for each meter."
    )
