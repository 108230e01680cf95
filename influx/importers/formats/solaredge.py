"""SolarEdge: what its monitoring interface answers as JSON, in Wh by the hour or finer, or as mean power in W.

A time is the start of its interval by the plant's clock, and may have an offset behind the zone's short name. By night
nothing is measured: a value that is null counts as zero on a day that has others, and as unknown on one that has none.
`energy` and `power` are of the plant's output; `energyDetails` and `powerDetails` name the meter of each list. From the
interface's public documentation and the answers that are stored with public programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table
from influx.importers.reading.units import Measure

_KINDS: dict[str, Measure] = {
    "energy": "energy",
    "energyDetails": "energy",
    "power": "power",
    "powerDetails": "power",
}
_ROLES: dict[str, Role] = {
    "production": "solar",
    "consumption": "household",
    "purchased": "grid_import",
    "feedin": "grid_export",
}
_STEPS = ("QUARTER_OF_AN_HOUR", "HOUR")
_KEYS = {"date": "date", "value": "value", "meter": "meter"}
_ZONE = re.compile(r" [A-Z]{2,5}(?=[+-]\d{2}:?\d{2}$)")


def matches(path: Path) -> bool:
    """Tell whether the JSON names a time unit and values at dates below one of the interface's names."""
    words = ('"timeUnit"', '"values"', '"date"', '"unit"')
    return any(json_text.begins_with(path, f'"{kind}"', *words) for kind in _KINDS)


def read(path: Path, settings: Settings) -> Part:
    """Read the output, and where the answer has them the other meters.

    Raises
    ------
    InputError
        Its values are of days or longer, or more than half of them cannot be used.
    """
    content = json_text.load(path)
    kind = next((kind for kind in _KINDS if isinstance(content, dict) and kind in content), None)
    body = content[kind] if kind is not None and isinstance(content, dict) else None
    if kind is None or not isinstance(body, dict):
        raise InputError(f"{path.name}: this is no answer of SolarEdge. Download it again.")
    if body.get("timeUnit") not in _STEPS:
        raise InputError(
            f"{path.name}: a value for each {str(body.get('timeUnit', '(not said)'))[:20].lower()} is too coarse to "
            "tell one hour from another. Ask for timeUnit=HOUR or QUARTER_OF_AN_HOUR."
        )
    raw = json_text.table_of(path.name, _records(body), _KEYS)
    raw.rows["date"] = raw.rows["date"].str.replace(_ZONE, " ", regex=True)
    unit = str(body.get("unit") or "Wh")
    mappings = {name: SeriesMapping(name, unit, _KINDS[kind], role) for name, role in _ROLES.items()}
    layout = Layout("SolarEdge", "date", mappings, device="meter", value="value", only_mapped=True)
    layout = replace(layout, default=SeriesMapping("", unit, _KINDS[kind]))
    return tabular.of([_with_nights(raw)], overridden(layout, settings.file(path.name)), settings)


def _records(body: dict[str, object]) -> Iterator[object]:
    """Return the values of all meters, each with the name of its meter."""
    meters = body.get("meters")
    for meter in meters if isinstance(meters, list) else [{"type": "production", **body}]:
        values = meter.get("values") if isinstance(meter, dict) else None
        for value in values if isinstance(values, list) else []:
            yield {**value, "meter": str(meter.get("type", "")).lower()} if isinstance(value, dict) else value


def _with_nights(raw: Table) -> Table:
    """Write a zero where a day with other values has none: by night the inverter sleeps."""
    blank = (raw.rows["value"] == "").to_numpy(bool)
    own = [raw.rows["date"].str.slice(0, 10), raw.rows["meter"]]
    alive = (raw.rows["value"] != "").groupby(own).transform("any").to_numpy(bool)
    raw.rows["value"] = np.where(blank & alive, "0", raw.rows["value"])
    if (blank & alive).any():
        raw.notes.append(f"{raw.file}: {(blank & alive).sum()} values are null on days with others, and count as zero.")
    return raw
