"""GivEnergy: the records of an inverter every five minutes, as its cloud returns them in JSON, at times in UTC.

Of the registers in kWh those since the beginning are read. They do not part charge from discharge, so of the battery
those of the day are read, which begin anew at midnight. Records whose status is not normal, or that were not metered,
hold no states. Schema: from public sample files of the interface and its documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part

_MAPPINGS = {
    "total.solar": SeriesMapping("solar", measures="counter", role="solar"),
    "total.grid.import": SeriesMapping("grid import", measures="counter", role="grid_import"),
    "total.grid.export": SeriesMapping("grid export", measures="counter", role="grid_export"),
    "total.consumption": SeriesMapping("household", measures="counter", role="household"),
    "today.battery.charge": SeriesMapping("battery in", measures="counter", role="battery_in"),
    "today.battery.discharge": SeriesMapping("battery out", measures="counter", role="battery_out"),
}


def matches(path: Path) -> bool:
    """Tell whether the head of the file is JSON with the registers of an inverter."""
    return json_text.begins_with(path, '"time"', '"today"', '"total"', '"battery"', '"consumption"')


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of the sun, the grid, the battery and the household.

    Raises
    ------
    InputError
        As in `tabular.read`, or the file is no such JSON.
    """
    names = ("time", *_MAPPINGS)
    raw = json_text.table_of(path.name, _records(json_text.load(path)), dict(zip(names, names, strict=True)))
    lost = (raw.rows[list(_MAPPINGS)] == "").all(axis=1).to_numpy(bool)
    raw.reject(lost, "status", "the inverter was not in a normal state, or not metered", raw.rows["time"])
    layout = overridden(Layout("GivEnergy", "time", _MAPPINGS), settings.file(path.name))
    return tabular.of([raw], layout, settings)


def _records(content: object) -> Iterator[object]:
    """Return the records of a page, or of a bare list, each flat: a register by the names that lead to it."""
    page = content.get("data") if isinstance(content, dict) else content
    for record in page if isinstance(page, list) else [page]:
        if not isinstance(record, dict) or json_text.TWICE in record:
            yield record
            continue
        good = record.get("status") == "NORMAL" and record.get("is_metered", True) is not False
        yield {"time": record.get("time"), **({name: _under(record, name) for name in _MAPPINGS} if good else {})}


def _under(record: object, name: str) -> object:
    for key in name.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record
