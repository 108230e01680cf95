"""n3rgy, which reads British smart meters: the half hours that its interface returns as JSON (from its public clients).

Times are in UTC and mark the end of their half hour, as n3rgy says of SMETS2 meters. The file itself says whether it is
electricity or gas.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_KEYS = {"timestamp": "timestamp", "value": "value", "primaryValue": "primary"}


def matches(path: Path) -> bool:
    """Tell whether the JSON names a resource, its granularity and values at times."""
    words = ('"resource"', '"granularity"', '"timestamp"')
    return any(json_text.begins_with(path, *words, value) for value in ('"value"', '"primaryValue"'))


def read(path: Path, settings: Settings) -> Part:
    """Read what was drawn from the grid, or fed in.

    Raises
    ------
    InputError
        It is of gas or in no unit of energy, or more than half of its records cannot be used.
    """
    content = json_text.load(path)
    if not isinstance(content, dict):
        raise InputError(f"{path.name}: this is no answer of n3rgy. Download it again.")
    resource = str(content.get("resource", "")).lower().split("/")
    if "gas" in resource:
        raise NoElectricityError(path.name, "gas")
    role: Role = "grid_export" if {"production", "export"} & set(resource) else "grid_import"
    raw = json_text.table_of(path.name, _records(content), _KEYS)
    raw.rows["value"] = raw.rows["value"].where(raw.rows["value"] != "", raw.rows["primary"])
    mapping = SeriesMapping(role, str(content.get("unit") or "kWh"), "energy", role)
    return tabular.of([raw], Layout("n3rgy", "timestamp", {"value": mapping}, time_marks="end", zone="UTC"), settings)


def _records(content: dict[str, object]) -> Iterator[object]:
    """Return the values of the meter, or of the devices that it consists of."""
    devices = content.get("devices")
    for part in [content, *(devices if isinstance(devices, list) else [])]:
        values = part.get("values") if isinstance(part, dict) else None
        yield from values if isinstance(values, list) else []
