"""Octopus Energy: the CSV file of an account's half hours, kWh with their start and end (from its documentation).

Spaces and cases of the names vary, and so do the columns of cost. Offsets change with summer time. Half hours without
any use may be left out of such a file: where it holds no zero but hardly any use at times, a gap of less than a day is
no use, which is an estimate and told; any other gap is unknown.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import NoElectricityError
from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_CONSUMPTION = re.compile(r"consumption ?\(kwh\)")
_EXPORT = re.compile(r"export|outgoing|generation|feed.?in", re.IGNORECASE)
_GAS = re.compile(r"(?<![a-z])gas(?![a-z])", re.IGNORECASE)
_HALF = pd.Timedelta(minutes=30)
_NEARLY_NONE = 0.02
"""A home that never uses as little as this in half an hour does not use nothing, so its gaps are unknown [kWh]."""


def matches(path: Path) -> bool:
    """Tell whether the header has a consumption in kWh, a start and an end."""
    return set(_columns(path)) == {"consumption", "start", "end"}


def read(path: Path, settings: Settings) -> Part:
    """Read what was taken from the grid, or, where the file's name says so, fed in.

    Raises
    ------
    InputError
        The file's name says that it is of gas, whose kWh are no electricity.
    """
    columns = _columns(path)
    mappings = {columns["consumption"]: mapping_of(path)}
    layout = Layout("Octopus Energy, half hours", columns["start"], mappings, end=columns["end"])
    return with_zeros(tabular.read(path, layout, settings), path.name)


def _columns(path: Path) -> dict[str, str]:
    """Return the names of the file's columns by what they are: consumption, start and end."""
    found = {}
    for name in table.header(path) or []:
        plain = " ".join(name.lower().split())
        key = "consumption" if _CONSUMPTION.fullmatch(plain) else plain
        if key in ("consumption", "start", "end"):
            found[key] = name
    return found


def mapping_of(path: Path) -> SeriesMapping:
    """Return what a file measures, by its name, as nothing in it says so.

    Raises
    ------
    NoElectricityError
        The name says that it is of gas.
    """
    if _GAS.search(path.stem.replace("_", " ")):
        raise NoElectricityError(path.name, "gas by its name (rename it if it is not)")
    role = "grid_export" if _EXPORT.search(path.stem) else "grid_import"
    return SeriesMapping(role, role=role)  # type: ignore[arg-type]


def with_zeros(part: Part, file: str) -> Part:
    """Return half hours with those that were left out because nothing was used; their `row` is 0."""
    known = part.frame[part.frame["energy_kwh"].notna()].sort_values("timestamp")
    if len(known) < 2 or (known["energy_kwh"] == 0).any() or known["energy_kwh"].min() > _NEARLY_NONE:
        return part
    ends = known["timestamp"] + pd.to_timedelta(known["minutes"], unit="min")
    gap = known["timestamp"].shift(-1) - ends
    short = (gap >= _HALF) & (gap < pd.Timedelta(days=1)) & ~_holds_unknown(part, known["row"].to_numpy())
    if not short.any():
        return part
    count = (gap[short] / _HALF).astype(int).to_numpy()
    begin = ends[short].repeat(count)
    place = np.concatenate([np.arange(number) for number in count])
    added = pd.DataFrame(
        {
            "row": 0,
            "device_id": known["device_id"][short].repeat(count).array,
            "timestamp": (begin + pd.to_timedelta(30 * place, unit="min")).dt.as_unit("us").array,
            "energy_kwh": 0.0,
            "quality": pd.Categorical(["estimated"] * len(place), known["quality"].cat.categories),
            "minutes": np.float32(30),
        }
    )
    told = f"{file}: {len(place)} half hours between others are left out, and no zero is there: they count as no use."
    frame = pd.concat([part.frame, added], ignore_index=True)
    return replace(part, frame=frame, notes=(*part.notes, told))


def _holds_unknown(part: Part, rows: np.ndarray) -> np.ndarray:
    """Tell after which readings, by their rows in order of time, comes a row whose energy is not known."""
    unknown = part.frame.loc[part.frame["energy_kwh"].isna(), "row"].to_numpy()
    bad = np.sort(np.concatenate([unknown, part.rejected["row"].to_numpy()]))
    steps = np.diff(rows)
    if not len(bad) or not ((steps > 0).all() or (steps < 0).all()):
        return np.full(len(rows), len(bad) > 0)  # a file in no order does not tell where the row belongs
    place = np.searchsorted(bad, rows)
    return np.append(place[1:] != place[:-1], False)
