"""Home Assistant: energy.csv, the download of its Energy page (from its documentation).

A row is an entity with its type and unit, a column an hour (of a longer time, a day); a blank cell is unknown. Rows of
cost are money, and those that Home Assistant calculated name no entity: both are set aside, as gas and water are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.formats.ha_names import names_of
from influx.importers.reading import cells, intervals, table, times, units
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import ASIDE, Table

_KEYS = ("entity_id", "type", "unit")
_ROLES: dict[str, Role] = {
    "device_consumption": "device",
    "grid_consumption": "grid_import",
    "grid_return": "grid_export",
    "solar_production": "solar",
    "battery_in": "battery_in",
    "battery_out": "battery_out",
}


def matches(path: Path) -> bool:
    """Tell whether the header begins with entity_id, type and unit."""
    return tuple(table.header(path) or ())[:3] == _KEYS


def read(path: Path, settings: Settings) -> Part:
    """Read the hours of all entities; each hour of an entity is a row of the account, and so is each row set aside.

    Raises
    ------
    InputError
        The columns are days, no entity has energy, or a column is no time.
    """
    raw = table.read(path)
    stamps = _stamps([name for name in raw.rows if name not in _KEYS], settings, path.name)
    kind = raw.rows["type"].astype("str").str.strip()
    factors = [units.factor(str(unit)) for unit in raw.rows["unit"]]
    entity = raw.rows["entity_id"].astype("str").str.strip()
    bad = np.array(
        [
            name not in _ROLES or not who or factor is None or factor[0] != "energy"
            for name, who, factor in zip(kind, entity, factors, strict=True)
        ]
    )
    raw.reject(bad, "type", np.array([f"{ASIDE} of an entity: {name}" for name in kind], object), kind)
    if raw.rows.empty:
        raise InputError(f"{path.name}: no row of this file is the energy of an entity. Download it again.")
    return _long(raw, stamps, kind[~bad], settings)


def _stamps(names: list[str], settings: Settings, file: str) -> pd.DatetimeIndex:
    """Return the times that the columns are named by."""
    micros, reasons = times.parse(pd.Series(names, dtype="str"))
    probe = Table(file, pd.DataFrame({"name": names, "device_id": ""}))
    cells.settle(probe, "at", micros, reasons, settings.timezone, cells=probe.rows["name"])
    if len(probe.rows) < len(names) or not names:
        first = probe.rejected[0].iloc[0] if probe.rejected else None
        told = "there is no column of a time" if first is None else f"the column {first['value']!r}: {first['reason']}"
        raise InputError(f"{file}: {told}. Download it again.")
    stamps = pd.DatetimeIndex(probe.rows["at"])
    if len(stamps) > 1 and np.median(np.diff(np.sort(stamps.asi8))) > 3_600_000_000:
        raise InputError(
            f"{file}: its columns are days or longer, too coarse to tell one hour from another. On the Energy page "
            "choose a single day, and download each, or hand over the database home-assistant_v2.db."
        )
    return stamps


def _long(raw: Table, stamps: pd.DatetimeIndex, kind: pd.Series, settings: Settings) -> Part:
    """Turn a row an entity into a row an entity and hour."""
    count = len(stamps)
    columns = [name for name in raw.rows if name not in _KEYS]
    texts = raw.rows[columns].astype("str").to_numpy(object).ravel()
    values, bad = cells.numbers(pd.Series(texts, dtype="str"), raw.comma)
    unit = [str(unit) for unit in raw.rows["unit"]]
    whose = raw.rows["entity_id"].astype("str").str.strip()
    names = names_of(sorted(set(whose)))
    keys = [f"{who} {what}" for who, what in zip(whose, kind, strict=True)]
    mappings = {
        key: SeriesMapping(names[who], one, role=None if what == "device_consumption" else _ROLES[what])
        for key, who, what, one in zip(keys, whose, kind, unit, strict=True)
    }
    rows = pd.DataFrame(
        {
            "device_id": np.repeat(keys, count),
            "timestamp": np.tile(stamps, len(raw.rows)),
            "value": values,
        },
        index=np.repeat(raw.rows.index.to_numpy(), count),
    )
    rows["timestamp"] = pd.DatetimeIndex(rows["timestamp"])
    out = Table(raw.file, rows, raw.comma, raw.rejected, raw.notes, len(rows) + sum(map(len, raw.rejected)))
    where = np.tile(np.array(columns, object), len(raw.rows))
    strange = bad | np.isinf(values)
    out.reject(strange, where, "not a number", pd.Series(texts, index=rows.index))
    return intervals.to_intervals(out, mappings, "Home Assistant, Energy page", settings)
