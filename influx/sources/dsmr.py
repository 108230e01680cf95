"""DSMR-reader: the export of hours, kWh by tariff, taken and returned, with offsets in its times (a real file)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from influx.errors import InputError
from influx.settings import Settings
from influx.sources import table, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

_TIME = re.compile(r"(Hour|Day)(?: [Ss]tart)?")
_ENERGY = re.compile(r"Electricity ([12])( [Rr]eturned)? \(.*tariff\)", re.IGNORECASE)


def matches(path: Path) -> bool:
    """Tell whether the header begins with an hour or a day and has the tariffs of a smart meter."""
    names = table.header(path) or []
    return bool(names) and _TIME.fullmatch(names[0]) is not None and any(map(_ENERGY.fullmatch, names))


def read(path: Path, settings: Settings) -> Part:
    """Read both tariffs of what was taken and of what was returned; gas is no electricity and is told.

    Raises
    ------
    InputError
        It is the export of days.
    """
    names = table.header(path) or []
    if names[0].startswith("Day"):
        raise InputError(
            f"{path.name}: a value a day is too coarse to tell one hour from another. Export the hours of DSMR-reader."
        )
    channels = {}
    for name in names:
        if (found := _ENERGY.fullmatch(name)) is not None:
            role = "grid_export" if found[2] else "grid_import"
            channels[name] = Channel(f"{role}_tariff_{found[1]}", role=role)  # type: ignore[arg-type]
    part = tabular.read(path, Layout("DSMR-reader, hours", names[0], channels), settings)
    aside = [name for name in names[1:] if name not in channels]
    told = (f"{path.name}: {', '.join(aside)} is no electricity and is not read.",) if aside else ()
    return replace(part, notes=(*part.notes, *told))
