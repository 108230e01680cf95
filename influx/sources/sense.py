"""Sense: the export of a monitor by hours, kWh of each device that it found (from its documentation).

Some lines may stand above the header. `Total Usage` is the whole home and `Solar Production` the sun's, which is below
zero in some exports; `Other` and `Always On` are parts of the whole like every device.
"""

from __future__ import annotations

from pathlib import Path

from influx.settings import Role, Settings
from influx.sources import table, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

_NEEDED = ("DateTime", "Name", "kWh")
_MOST_LINES = 8
_ROLES: dict[str, Role] = {"Total Usage": "household", "Solar Production": "solar"}


def _line(path: Path) -> int:
    """Return the line of the header, 0 where there is none."""
    lines = range(1, _MOST_LINES + 1)
    return next((line for line in lines if set(_NEEDED) <= set(table.header(path, line) or ())), 0)


def matches(path: Path) -> bool:
    """Tell whether one of the first lines has a time, a name and kWh."""
    return _line(path) > 0


def read(path: Path, settings: Settings) -> Part:
    """Read the energy of the home and of its devices; two devices of one name go by their ids."""
    line = _line(path)
    channels = {name: Channel(name, role=role) for name, role in _ROLES.items()}
    layout = Layout("Sense", "DateTime", channels, device="Name", value="kWh", line=line)
    first = next(table.blocks(path, line)).rows
    if "Device ID" in first and first.groupby("Name")["Device ID"].nunique().max() > 1:
        whole = first[first["Name"].isin(_ROLES)].drop_duplicates("Name")
        ids = {str(row["Device ID"]): str(row["Name"]) for _, row in whole.iterrows()}
        named = {id_: Channel(name, role=_ROLES[name]) for id_, name in ids.items()}
        layout = Layout("Sense", "DateTime", named, device="Device ID", value="kWh", line=line)
    return tabular.read(path, layout, settings)
