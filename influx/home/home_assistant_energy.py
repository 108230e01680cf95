"""Home Assistant's Energy page: which statistics of its database it is about, and what each of them measures.

The settings of the page are the file `energy` in the folder `.storage` of Home Assistant's configuration (its keys are
those of the integration `energy`). A database holds many a statistic that counts what another one counts as well; with
these settings beside it, only those of the page are taken, as what the page takes them for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from influx.core.settings import Device, Role, Settings
from influx.home.audit import Audit, SourceFile
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
    """Roles of statistics, by their names without `sensor.`, and the one that each is included in."""

    roles: dict[str, Role]
    containers: dict[str, str]


def is_page(path: Path) -> bool:
    """Tell whether a file holds the settings of the Energy page."""
    return path.name in NAMES and path.is_file() and json_text.begins_with(path, '"key"', '"energy"', '"data"')


def read(path: Path) -> EnergyPage:
    """Read the settings of the Energy page."""
    content = json_text.load(path)
    page = content.get("data") if isinstance(content, dict) else None
    roles: dict[str, Role] = {}
    for source in _rows(page, "energy_sources"):
        flows = [source, *_rows(source, "flow_from"), *_rows(source, "flow_to")]
        for (kind, key), role in _FLOWS.items():
            if source.get("type") == kind:
                roles |= {_short(flow[key]): role for flow in flows if isinstance(flow.get(key), str)}
    devices = {_short(row.get("stat_consumption")): row for row in _rows(page, "device_consumption")}
    containers = {name: _short(row.get("included_in_stat")) for name, row in devices.items()}
    return EnergyPage({**dict.fromkeys(filter(None, devices), "device"), **roles}, containers)


def _rows(content: Any, key: str) -> list[dict[str, Any]]:
    rows = content.get(key) if isinstance(content, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _short(statistic: object) -> str:
    return statistic.removeprefix("sensor.") if isinstance(statistic, str) else ""


def with_roles_of_page(
    folder: Path, files: list[SourceFile], settings: Settings, audit: Audit
) -> tuple[list[SourceFile], Settings]:
    """Give the series of Home Assistant's statistics the roles of the page, and home.yaml its containers (`part_of`).

    What the page does not name is left out. What home.yaml says of a series, or of a file's column, comes first.
    """
    path = next((folder / name for name in NAMES if is_page(folder / name) and not settings.file(name).ignore), None)
    if path is None:
        return files, settings
    page = read(path)
    listed = {*settings.devices, *(device.same_as for device in settings.devices.values())}
    names: dict[str, str] = {}
    left_out: list[str] = []
    out = []
    for file in files:
        if file.part.format in FORMATS:
            series = sorted(map(str, file.frame["device_id"].unique()))
            roles = {name: page.roles[_short(name)] for name in series if _short(name) in page.roles}
            names |= {_short(name): name for name in roles}
            if roles:
                others = [name for name in series if name not in {*roles, *file.part.roles, *listed}]
                left_out += others
                roles |= {**dict.fromkeys(others, "ignore"), **file.part.roles}
                file = replace(file, part=replace(file.part, roles=roles))
            else:
                audit.note("no statistic", file=file.name, count=len(page.roles))
        out.append(file)
    if left_out:
        shown = ", ".join(left_out[:_SHOWN]) + (" ..." if len(left_out) > _SHOWN else "")
        several = len(left_out) > 1
        in_all = f", {len(left_out)} in all" if several else ""
        audit.note("left out", them="them" if several else "it", names=shown, in_all=in_all)
    devices = dict(settings.devices)
    for part, container in page.containers.items():
        known = devices.get(names.get(part, ""), Device())
        if part in names and container in names and known.part_of is None:
            devices[names[part]] = known.model_copy(update={"part_of": names[container]})
    return out, settings.model_copy(update={"devices": devices})
