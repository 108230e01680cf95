"""Home Assistant's Energy page: which statistics of its database it is about, and what each of them measures.

The settings of the page are the file `energy` in the folder `.storage` of Home Assistant's configuration (its keys are
those of the integration `energy`). A database holds many a statistic that counts what another one counts as well; with
these settings beside it, only those of the page are taken, as what the page takes them for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from influx.core.settings import Device, Role, Settings
from influx.home.source_file import File
from influx.importers.reading import json_text

NAMES = ("energy", "energy.json")
FORMATS = ("Home Assistant, database", "Home Assistant, statistics")
"""Formats whose series are Home Assistant's statistics, and that do not know themselves what those measure."""

_FLOWS: Mapping[tuple[str, str], Role] = {
    ("grid", "stat_energy_from"): "grid_import",
    ("grid", "stat_energy_to"): "grid_export",
    ("solar", "stat_energy_from"): "solar",
    ("wind", "stat_energy_from"): "solar",
    ("battery", "stat_energy_from"): "battery_out",
    ("battery", "stat_energy_to"): "battery_in",
}
_SHOWN = 5


@dataclass(frozen=True)
class EnergyPage:
    """What the page says of statistics, by their names without `sensor.`: roles, and what each is included in."""

    roles: dict[str, Role]
    inside: dict[str, str]


def find(folder: Path, settings: Settings) -> EnergyPage | None:
    """Return what the page says whose settings lie in a folder, or None where none do that count."""
    found = [folder / name for name in NAMES if is_page(folder / name) and not settings.file(name).ignore]
    return read(found[0]) if found else None


def is_page(path: Path) -> bool:
    """Tell whether a file holds the settings of the Energy page."""
    return path.name in NAMES and path.is_file() and json_text.begins_with(path, '"key"', '"energy"', '"data"')


def read(path: Path) -> EnergyPage:
    """Read the settings of the Energy page.

    Raises
    ------
    InputError
        The file is damaged.
    """
    content = json_text.load(path)
    page = content.get("data") if isinstance(content, dict) else None
    sources, devices = ([*_rows(page, key)] for key in ("energy_sources", "device_consumption"))
    roles: dict[str, Role] = {}
    for source in sources:
        flows = [source, *_rows(source, "flow_from"), *_rows(source, "flow_to")]
        for (kind, key), role in _FLOWS.items():
            if source.get("type") == kind:
                roles |= {_short(flow[key]): role for flow in flows if isinstance(flow.get(key), str)}
    inside = {}
    for device in devices:
        name, up = device.get("stat_consumption"), device.get("included_in_stat")
        if isinstance(name, str):
            roles.setdefault(_short(name), "device")
            if isinstance(up, str):
                inside[_short(name)] = _short(up)
    return EnergyPage(roles, inside)


def _rows(content: Any, key: str) -> Iterator[dict[str, Any]]:
    rows = content.get(key) if isinstance(content, dict) else None
    return (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else iter(())


def _short(statistic: str) -> str:
    return statistic.removeprefix("sensor.")


def applied(page: EnergyPage, files: list[File], settings: Settings, notes: list[str]) -> tuple[list[File], Settings]:
    """Give the series of Home Assistant's statistics the roles of the page; what it does not name is left out.

    What home.yaml says of a series, or of a file's column, comes first.

    Parameters
    ----------
    files : list of File
        As they were read.
    notes : list of str
        Takes a sentence on what was left out.

    Returns
    -------
    files : list of File
        With the roles of the page among those that their formats give.
    settings : Settings
        With the page's circuits: `part_of` of devices for which home.yaml gives none.
    """
    wanted = {*settings.devices, *(device.same_as for device in settings.devices.values())}
    out, there, aside = [], dict[str, str](), []
    for file in files:
        roles = dict(file.part.roles)
        if file.part.format in FORMATS:
            names = sorted(map(str, file.frame["device_id"].unique()))
            named = {name: page.roles[_short(name)] for name in names if _short(name) in page.roles}
            if not named:
                notes.append(f"{file.name} holds none of the {len(page.roles)} statistics that the Energy page names.")
            else:
                there |= {_short(name): name for name in named}
                others = [name for name in names if name not in {*named, *roles, *wanted}]
                aside += others
                roles = {**named, **dict.fromkeys(others, "ignore"), **roles}
        out.append(replace(file, part=replace(file.part, roles=roles)))
    if aside:
        shown = ", ".join(aside[:_SHOWN]) + (" ..." if len(aside) > _SHOWN else "")
        notes.append(
            f"Left out, as Home Assistant's Energy page does not name {'it' if len(aside) == 1 else 'them'}: {shown}"
            f"{f', {len(aside)} in all' if len(aside) > 1 else ''}. A line below devices in home.yaml brings one back."
        )
    devices = dict(settings.devices)
    for name, up in page.inside.items():
        known = devices.get(there.get(name, ""), Device())
        if name in there and up in there and known.part_of is None:
            devices[there[name]] = known.model_copy(update={"part_of": there[up]})
    return out, settings.model_copy(update={"devices": devices})
