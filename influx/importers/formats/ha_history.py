"""Home Assistant: history.csv, the download of its History page (from its documentation and the page's own code).

A row is a change: a sensor says nothing while nothing changes, so silence is no outage; `unavailable` and `unknown`
are. What the recorder no longer holds comes from the hourly statistics: a row an hour, stamped with the hour's start
even where it is a register's state at its end. Rows end with their last value where other entities have columns of
their own. Units are not named: what a sensor measures is told by its name, or home.yaml says it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import File, Settings
from influx.importers.formats.ha_names import measures_of, names_of
from influx.importers.reading import cells, table, tabular, times
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_COLUMNS = ("entity_id", "state", "last_changed")
_HOUR = 3_600_000_000  # microseconds


def matches(path: Path) -> bool:
    """Tell whether the header is that of a history."""
    return set(_COLUMNS) <= set(table.header(path) or ())


def read(path: Path, settings: Settings) -> Part:
    """Read registers of energy in kWh and sensors of power in W.

    Raises
    ------
    InputError
        What a sensor measures cannot be told; the error has the line for home.yaml.
    """
    raw = table.concat(table.blocks(path, short=True))
    own = settings.file(path.name)
    layout = Layout(
        "Home Assistant, history",
        "last_changed",
        _mappings(raw, own),
        device="entity_id",
        value="state",
        gaps="unchanged",
        only_mapped=True,
    )
    layout = overridden(layout, own)
    _to_ends(raw, [name for name, mapping in layout.mappings.items() if mapping.measures == "counter"])
    return tabular.of([raw], layout, settings)


def _mappings(raw: Table, own: File) -> dict[str, SeriesMapping]:
    """Return what each entity with numbers measures, by its name or as home.yaml says."""
    values, _ = cells.numbers(raw.rows["state"], raw.comma if own.decimal is None else own.decimal == ",")
    entities = raw.rows["entity_id"].astype("str").to_numpy(object)
    told = names_of(sorted(set(entities)))
    mappings: dict[str, SeriesMapping] = {}
    for name in dict.fromkeys(entities[np.isfinite(values)]):
        column = own.columns.get(name)
        if column is not None and column.role == "ignore":
            continue
        measures = "counter" if column is not None or own.unit is not None else measures_of(name)
        if measures is None:
            raise InputError(_question(raw.file, name, values[(entities == name) & np.isfinite(values)]))
        mappings[name] = SeriesMapping(told[name], "W" if measures == "power" else "kWh", measures)
    if not mappings:
        raise InputError(f"{raw.file}: no entity of this history has numbers. Choose sensors of energy or power.")
    return mappings


def _to_ends(raw: Table, registers: list[str]) -> None:
    """Move what registers showed by the statistics to the end of its hour.

    These rows stand at whole hours, most of them an hour apart, before any other row of their register.
    """
    micros, reasons = times.parse(raw.rows["last_changed"])
    entities = raw.rows["entity_id"].astype("str").to_numpy(object)
    texts = raw.rows["last_changed"].astype("str").to_numpy(object)
    for name in registers:
        own = np.flatnonzero((entities == name) & (reasons == ""))
        between = micros[own][micros[own] % _HOUR != 0]
        hourly = own[micros[own] < between.min()] if len(between) else own
        steps = np.diff(np.sort(micros[hourly]))
        if len(steps) and np.median(steps) == _HOUR:
            ends = pd.DatetimeIndex((micros[hourly] + _HOUR).view("datetime64[us]"))
            texts[hourly] = ends.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    raw.rows = raw.rows.assign(last_changed=pd.Series(texts, raw.rows.index, dtype="str"))


def _question(file: str, name: str, values: np.ndarray) -> str:
    rises = bool((np.diff(values) >= 0).all())
    guess = "kWh, measures: counter" if rises else "W, measures: power"
    return (
        f"{file}: the file does not say what {name} measures (values from {values.min():g} to {values.max():g}). "
        f"Say it in home.yaml, such as  files: {{{file}: {{columns: {{{name}: {{unit: {guess}}}}}}}}}"
    )
