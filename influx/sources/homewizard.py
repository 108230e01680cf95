"""HomeWizard P1: the export of a smart meter's registers, kWh by tariff, in local time (a real file)."""

from __future__ import annotations

import re
from pathlib import Path

from influx.settings import Role, Settings
from influx.sources import table, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

_REGISTER = re.compile(r"(Import|Export) T([1-4]) kWh", re.IGNORECASE)


def matches(path: Path) -> bool:
    """Tell whether the header has a time and the registers of a tariff."""
    names = table.header(path) or []
    return "time" in names and any(map(_REGISTER.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read what each register counted between its states; peaks of power by phase are not read."""
    channels = {}
    for name in table.header(path) or []:
        if (found := _REGISTER.fullmatch(name)) is not None:
            role: Role = "grid_import" if found[1].lower() == "import" else "grid_export"
            channels[name] = Channel(f"{role}_tariff_{found[2]}", measures="counter", role=role)
    return tabular.read(path, Layout("HomeWizard P1", "time", channels), settings)
