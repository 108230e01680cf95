"""Enedis (France): the load curve of a Linky meter, mean power in W of each half hour, by the end of which it is named.

Two lines above the table say what it is of. Schema: from public samples and from the public programs that read them.
"""

from __future__ import annotations

from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import encoding, tabular, units
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.lines import split_header
from influx.importers.reading.part import Part

_HEADER = "Horodate;Valeur"
_MOST_LINES = 10


def matches(path: Path) -> bool:
    """Tell whether the point of delivery and the table's header stand in the first lines."""
    lines = encoding.first_lines(path, _MOST_LINES)
    return any("Identifiant PRM" in line for line in lines) and _line(lines) is not None


def _line(lines: list[str]) -> int | None:
    return next((n for n, line in enumerate(lines, start=1) if line.strip().strip(";") == _HEADER), None)


def read(path: Path, settings: Settings) -> Part:
    """Read what was drawn from the grid, or fed in.

    Raises
    ------
    InputError
        The table is none of power or energy, or its rows are of days.
    """
    lines = encoding.first_lines(path, _MOST_LINES)
    line = _line(lines) or 1
    said = [cell.strip() for text in lines[: line - 1] for cell in split_header(text, ";")[0]]
    unit = next((cell for cell in reversed(said) if units.factor(cell) is not None), None)
    if unit is None:
        raise InputError(f"{path.name}: this is no load curve in W. Ask Enedis for the hourly consumption.")
    words = " ".join(said).lower()
    role: Role = "grid_export" if "production" in words or "injection" in words else "grid_import"
    kind = units.factor(unit) or ("power", 1.0)
    mapping = SeriesMapping(role.replace("_", " "), unit, kind[0], role)
    layout = Layout("Enedis", "Horodate", {"Valeur": mapping}, time_marks="end", line=line, separator=";", comma=True)
    return tabular.read(path, layout, settings)
