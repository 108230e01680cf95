"""Glowmarkt (Glow and Bright), which reads British smart meters: JSON of times and values (from its public clients).

Times are seconds since 1970 in UTC, taken for the start of their interval. The file says what it measures.
"""

from __future__ import annotations

from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part


def matches(path: Path) -> bool:
    """Tell whether the JSON names a classifier, units and data."""
    heads = ('"classifier"', '"units"'), ('"resourceTypeId"', '"query"')
    return any(json_text.begins_with(path, '"data"', *words) for words in heads)


def read(path: Path, settings: Settings) -> Part:
    """Read what was drawn from the grid, or fed in.

    Raises
    ------
    InputError
        It is no electric energy (gas, or its cost), or more than half of its records cannot be used.
    """
    content = json_text.load(path)
    data = content.get("data") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(data, list):
        raise InputError(f"{path.name}: this is no answer of Glowmarkt with data. Download it again.")
    what = str(content.get("classifier") or content.get("name") or "").lower()
    if any(word in what for word in ("cost", "gas", "reactive")):
        raise InputError(f"{path.name}: this is {what[:80]}, not electric energy. Move it out of the folder.")
    role: Role = "grid_export" if "export" in what or "production" in what else "grid_import"
    pairs = [{"time": one[0], "value": one[1]} if isinstance(one, list) and len(one) == 2 else one for one in data]
    raw = json_text.table_of(path.name, pairs, {"time": "time", "value": "value"})
    mapping = SeriesMapping(role, str(content.get("units") or "kWh"), "energy", role)
    return tabular.of([raw], Layout("Glowmarkt", "time", {"value": mapping}, order="s"), settings)
