"""EDC (Czechia): kWh of each quarter of an hour that the data centre of energy sharing holds, by the Czech clock.

`IN-…-O` is what a supply point took from the grid, below zero, and `IN-…-D` what it fed in; `OUT-…` is the same after
sharing, and left aside. A column of two numbers is what one point was allotted of another's energy, which its own meter
counts too, so that home.yaml must say what it is to this home. Schema: from the portal's exports in public projects.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.autodetect import sample
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_COLUMNS = ["Datum", "Cas od", "Cas do"]
_POINT = re.compile(r"IN-\d+-([DO])")
_PAIR = re.compile(r"\d+-\d+")


def matches(path: Path) -> bool:
    """Tell whether the header has a date, a start and an end, in Czech, and a supply point."""
    names = table.header(path) or []
    return names[:3] == _COLUMNS and any(_POINT.fullmatch(name) or _PAIR.fullmatch(name) for name in names)


def read(path: Path, settings: Settings) -> Part:
    """Read what the supply point of the home took and fed in.

    Raises
    ------
    InputError
        The file holds shared energy, or several points: then home.yaml must say which columns are the home's.
    """
    names = table.header(path) or []
    said = settings.file(path.name)
    points = {name: match[1] for name in names if (match := _POINT.fullmatch(name))}
    asked = [name for name in names if _PAIR.fullmatch(name)] + [
        name for name, way in points.items() if [*points.values()].count(way) > 1
    ]
    if asked and not said.columns:
        raise InputError(
            f"{path.name}: {', '.join(asked)}: nothing says which of it is this home's, and shared energy is counted "
            "by its grid meter, too. Say it in home.yaml, such as  "
            f"files: {{{path.name}: {{columns: {{{asked[0]}: {{role: solar}}}}}}}}  "
            "(or grid_import, grid_export; columns that are not named are left out)."
        )
    seen = sample.look(path)  # rows end with a semicolon more than the header
    mappings = {
        name: SeriesMapping("grid export", role="grid_export")
        if way == "D"
        else SeriesMapping("grid import", role="grid_import")
        for name, way in points.items()
        if name not in asked and not said.columns
    }
    layout = Layout("EDC", ("Datum", "Cas od"), mappings, order="dmy", zone="Europe/Prague", comma=True)
    layout = replace(layout, line=seen.line, names=seen.names, separator=seen.separator)
    layout = overridden(layout, said)
    blocks = []
    for block in table.blocks(path, layout.line, layout.names, layout.separator):
        there = [name for name in layout.mappings if name in block.rows]
        plain = {name: block.rows[name].str.strip().str.removeprefix("-") for name in there}
        block.rows = block.rows.assign(**plain)
        blocks.append(block)
    return tabular.of(blocks, layout, settings)
