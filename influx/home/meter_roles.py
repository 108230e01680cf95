"""What each series measures: as home.yaml says, else as the format of its file does, else as its name does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from influx.core.constants import HOUSEHOLD
from influx.core.settings import Role, Settings

NOTHING: Mapping[str, Role] = MappingProxyType({})
_COUNTED = r"(?:_?\d+)?"
_BATTERY = rf"(?:home_|house_)?battery{_COUNTED}(?:_energy)?"
_TARIFF = r"_(?:tarif+_?|t)[1-4]"
"""Only the meter of a connection counts by tariffs; its `feed_in` is what it brings, as Home Assistant names it."""

_NAMES: dict[Role, re.Pattern[str]] = {
    "household": re.compile(
        rf"(?:household|mains?|total|aggregate|whole_(?:home|house)|main_meter|total_(?:use|load|consumption)){_COUNTED}"
    ),
    "grid_import": re.compile(rf"(?:grid_)?import{_COUNTED}|\w*(?:import|consum|feed_in|delivered)\w*{_TARIFF}"),
    "grid_export": re.compile(
        rf"(?:grid_)?export{_COUNTED}|feed_?in{_COUNTED}|grid_feed_?in{_COUNTED}"
        rf"|\w*(?:export|produc|feed_out|returned)\w*{_TARIFF}"
    ),
    "solar": re.compile(
        rf"(?:pv|solar|photovoltaics?)(?:_(?:pv|power|panels?|roof|inverter|production|generation))*{_COUNTED}"
    ),
    "battery_in": re.compile(rf"{_BATTERY}_(?:in|charged?){_COUNTED}"),
    "battery_out": re.compile(rf"{_BATTERY}_(?:out|discharged?){_COUNTED}"),
}
_SAID: dict[Role, str] = {
    "device": "one device",
    "household": "the main meter",
    "grid_import": "energy from the grid",
    "grid_export": "energy fed in",
    "solar": "solar output",
    "battery_in": "energy that charges a battery",
    "battery_out": "energy from a battery",
}
_SILENT = Settings()


def role_of(name: str, settings: Settings, of_formats: Mapping[str, Role] = NOTHING) -> Role:
    """Return what a series measures: what home.yaml says, else its file's format, else its name, else one device."""
    return _told(name, settings, of_formats)[0]


def _told(name: str, settings: Settings, of_formats: Mapping[str, Role]) -> tuple[Role, str]:
    """Return the role of a series, and what says so."""
    device = settings.devices.get(name)
    if device is not None and device.role is not None:
        return device.role, "home.yaml"
    if name in of_formats:
        return of_formats[name], "its file"
    plain = re.sub(r"[\s.-]+", "_", name.strip().lower())
    return next((role for role, pattern in _NAMES.items() if pattern.fullmatch(plain)), "device"), "its name"


def roles_of(
    energy: pd.DataFrame, settings: Settings, of_formats: Mapping[str, Role], notes: list[str]
) -> dict[str, Role]:
    """Return the role of each series; note those that home.yaml does not say, and what is ignored."""
    of_formats = {settings.name_of(name): role for name, role in of_formats.items()}
    roles: dict[str, Role] = {}
    alike: dict[tuple[Role, str], list[str]] = {}
    ignored = []
    for name in map(str, energy):
        role, source = _told(name, settings, of_formats)
        roles[name] = role
        if role == "ignore":
            ignored.append(f"{name} is ignored, as {source} says ({energy[name].sum():.3g} kWh).")
        elif name != HOUSEHOLD and source != "home.yaml" and not role == role_of(name, _SILENT) == "device":
            alike.setdefault((role, source), []).append(name)
    notes += [*(_sentence(names, role, source) for (role, source), names in alike.items()), *ignored]
    return roles


def _sentence(names: list[str], role: Role, source: str) -> str:
    """Return what some series are taken for, and what says so."""
    one = len(names) == 1
    told = f"{', '.join(names)} {'is' if one else 'are'} taken for {_SAID[role]}"
    if source == "its file":
        return f"{told}, as {'its' if one else 'their'} file says."
    if one:
        return f"{told}, by its name; give it a role in home.yaml if it is not."
    return f"{told}, by their names; give them a role in home.yaml if they are not."
