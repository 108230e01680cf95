"""Home Assistant: history.csv, the download of its History page (from its documentation).

A row is a change: a sensor says nothing while nothing changes, so silence is no outage; `unavailable` and `unknown`
are. The file does not name units: what a sensor measures is told by its name, or home.yaml says it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from influx.errors import InputError
from influx.settings import Settings
from influx.sources import cells, table, tabular, units
from influx.sources.ha_names import measures_of, names_of
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part

_COLUMNS = ("entity_id", "state", "last_changed")


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
    raw = table.read(path)
    names = raw.rows["entity_id"].astype("str")
    values, _ = cells.numbers(raw.rows["state"], raw.comma)
    said = settings.file(path.name)
    channels, told = {}, names_of(sorted(set(names)))
    for name in dict.fromkeys(names):
        own = (names == name).to_numpy(bool)
        if np.isnan(values[own]).all():
            continue  # on and off, a text, or never known
        if (column := said.columns.get(name)) is None and said.unit is None:
            measures = measures_of(name)
            if measures is None:
                raise InputError(_question(path.name, name, values[own]))
        else:
            unit = (column.unit if column is not None else None) or said.unit or "kWh"
            kind = units.factor(unit)
            measures = "power" if kind is not None and kind[0] == "power" else "counter"
        channels[name] = Channel(told[name], "W" if measures == "power" else "kWh", measures)  # type: ignore[arg-type]
    if not channels:
        raise InputError(f"{path.name}: no entity of this history has numbers. Choose sensors of energy or power.")
    layout = Layout(
        "Home Assistant, history",
        "last_changed",
        channels,
        device="entity_id",
        value="state",
        silence="unchanged",
        only=True,
    )
    return tabular.read(path, layout, settings)


def _question(file: str, name: str, values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    rises = bool((np.diff(known) >= 0).all())
    guess = "kWh, measures: counter" if rises else "W, measures: power"
    return (
        f"{file}: the file does not say what {name} measures (values from {known.min():g} to {known.max():g}). "
        f"Say it in home.yaml, such as  files: {{{file}: {{columns: {{{name}: {{unit: {guess}}}}}}}}}"
    )
