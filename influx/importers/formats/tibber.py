"""Tibber: the hours of consumption or production that its interface returns as JSON (from its documentation)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_ROLES: dict[str, Role] = {"consumption": "grid_import", "production": "grid_export"}


def matches(path: Path) -> bool:
    """Tell whether the JSON holds nodes with an amount, its unit and an interval."""
    return any(
        json_text.begins_with(path, '"nodes"', '"from"', '"to"', f'"{name}Unit"', f'"{name}"') for name in _ROLES
    )


def read(path: Path, settings: Settings) -> Part:
    """Read what was bought and what was fed in.

    Raises
    ------
    InputError
        It holds several homes, or as in `tabular.read`.
    """
    found = list(_found(json_text.load(path)))
    names = [name for name, _ in found]
    if len(names) > len(set(names)):
        raise InputError(f"{path.name}: it holds several homes. Keep one of them, or split the file.")
    keys = {key: key for key in ("from", "to", "amount", "which")}
    records = [
        {**node, "amount": node.get(name), "which": name} if isinstance(node, dict) else node
        for name, nodes in found
        for node in nodes
    ]
    raw = json_text.table_of(path.name, records, keys)
    mappings = {name: SeriesMapping(role.replace("_", " "), role=role) for name, role in _ROLES.items()}
    layout = Layout("Tibber", "from", mappings, device="which", value="amount", end="to")
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)


def _found(content: object) -> Iterator[tuple[str, list[object]]]:
    """Return the lists of nodes, wherever they stand, each with what it is of."""
    if isinstance(content, list):
        for part in content:
            yield from _found(part)
    elif isinstance(content, dict):
        for key, value in content.items():
            nodes = value.get("nodes") if isinstance(value, dict) else None
            if key in _ROLES and isinstance(nodes, list):
                yield key, nodes
            else:
                yield from _found(value)
