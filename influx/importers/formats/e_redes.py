"""E-REDES (Portugal): the load curve of the meter, mean kW of each quarter of an hour, at the end of the quarter.

The clock is that of Lisbon, also where the household's is another. What was measured at the connection comes before
what was registered after sharing within a community. Schema: from public programs that read such spreadsheets, and what
their authors found by comparing them with the meter.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.autodetect import sample
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_MEASURED = re.compile(r"(consumo|inje[cç][aã]o)\b.*\(kW\)", re.IGNORECASE)
_AT_CONNECTION = "medid"  # consumo medido, injeção medida


def matches(path: Path) -> bool:
    """Tell whether one of the first lines names date, clock and a power."""
    return _line(path) > 0


def _line(path: Path) -> int:
    return sample.line_of(path, lambda names: {"Data", "Hora"} <= set(names) and any(map(_MEASURED.match, names)))


def read(path: Path, settings: Settings) -> Part:
    """Read what was taken from the grid and what was fed in."""
    line = _line(path) or 1
    names = table.header(path, line) or []
    mappings: dict[str, SeriesMapping] = {}
    for way, mapping in (
        ("c", SeriesMapping("grid import", "kW", "power", "grid_import")),
        ("i", SeriesMapping("grid export", "kW", "power", "grid_export")),
    ):
        there = [name for name in names if _MEASURED.match(name) and name[:1].lower() == way]
        first = [name for name in there if _AT_CONNECTION in name.lower()] or there
        mappings |= {name: mapping for name in first[:1]}
    layout = Layout("E-REDES", ("Data", "Hora"), mappings, time_marks="end", zone="Europe/Lisbon", line=line)
    if "Estado" in names:
        layout = replace(layout, quality="Estado", quality_words={"estimado": "estimated"})
    layout = overridden(layout, settings.file(path.name))
    blocks = []
    for block in table.blocks(path, layout.line, layout.names, layout.separator):
        block.rows = block.rows.assign(Data=block.rows["Data"].str.slice(0, 10))  # a sheet's date has midnight with it
        blocks.append(block)
    return tabular.of(blocks, layout, settings)
