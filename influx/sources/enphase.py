"""Enphase Enlighten: the report of a system by quarter hours, Wh produced, consumed, exported (from published files).

Times are local, with an offset or without; whether the month or the day comes first depends on the account, and is told
from the dates.
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.errors import InputError
from influx.settings import Role, Settings
from influx.sources import sample, table, tabular, when
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

TIME = "Date/Time"
_WHAT: tuple[tuple[str, str, Role], ...] = (
    (r"energy produced|energy production|production", "solar", "solar"),
    (r"energy consumed|energy consumption|consumption", "consumption", "household"),
    (r"exported to grid|energy exported|export", "grid_export", "grid_export"),
    (r"imported from grid|energy imported|import", "grid_import", "grid_import"),
    (r"stored in batter(?:y|ies)|battery charged?|energy stored", "battery_in", "battery_in"),
    (r"discharged from batter(?:y|ies)|battery discharged?|energy discharged", "battery_out", "battery_out"),
)
_UNIT = re.compile(r"(.*?) ?\((k?Wh)\)")


def matches(path: Path) -> bool:
    """Tell whether the header has a date with its time and the energy that was produced."""
    names = table.header(path) or []
    return TIME in names and "solar" in {channel.device_id for channel in _channels(names).values()}


def read(path: Path, settings: Settings) -> Part:
    """Read what was produced and, where there are meters of it, consumed, exported, imported and stored.

    Raises
    ------
    InputError
        Day and month cannot be told apart, or it is a report of days.
    """
    names = table.header(path) or []
    try:
        found = when.find(sample.look(path), settings.file(path.name))
    except when.Question as question:
        raise InputError(question.in_words(path.name)) from question
    order = "ymd" if found is None else found.order
    return tabular.read(path, Layout("Enphase Enlighten", TIME, _channels(names), order=order), settings)


def _channels(names: list[str]) -> dict[str, Channel]:
    """Return what each column measures."""
    out = {}
    for name in names:
        told = _UNIT.fullmatch(name)
        for pattern, device, role in _WHAT:
            if told is not None and re.fullmatch(pattern, told[1].lower()):
                out[name] = Channel(device, told[2], role=role)
    return out
