"""What no home's hours look like, whatever file they came from: the last look before anything is forecast.

A reader of files goes by names and units, which people choose; here the hours themselves are looked at. A register
never falls, a state of charge ends at 100, a sum equals its parts, and no home draws the power of a village. Each rule
asks for far more than chance, so that a home as it should be is left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.home.audit import Audit, SourceFile

LEAST_DAY, LEAST_HOURS, LEAST_PARTS = 24, 48, 2
"""Known hours of a series below which its size, and its shape, prove nothing; parts that make a sum."""

LEAST_VALUES = 12
"""Different values below which two series, or a series and a pattern, are alike by chance."""

MOST_MEAN_KW = 12.0
"""Mean power above which a meter is no home's: 105 MWh a year, as much as thirty flats."""

MOST_HOUR_KWH = 60.0
"""Energy of an hour that a home's connection hardly carries: 87 A on three phases."""

LEAST_MEAN_KW = 0.01
"""Mean power of a whole home below which not even its router runs."""

FACTORS = (12.0, 60.0, 100.0, 1000.0, 3600.0, 60000.0)
"""What a mistaken unit or interval multiplies by."""

_EQUAL = 2e-3


class Doubt(NamedTuple):
    """A series that is hardly what it is taken for: what is wrong with its hours, and the role or unit it may have."""

    device_id: str
    what: str
    role: str = ""
    unit: str = ""


def refuse_implausible(
    hours: pd.DataFrame, series: pd.DataFrame, files: list[SourceFile], settings: Settings, audit: Audit
) -> None:
    """Refuse a home of which a series is hardly what it is taken for; what home.yaml gives a role is noted instead.

    Parameters
    ----------
    hours : DataFrame
        device_id, timestamp, energy_kwh.
    series : DataFrame
        device_id and role of each, as `meter_roles.decide` returns them.

    Raises
    ------
    InputError
        It names each such series, its files, what is wrong with its hours, and the lines that settle it.
    """
    roles: dict[str, Role] = dict(zip(series["device_id"], series["role"], strict=True))
    found = doubts(hours.pivot(index="timestamp", columns="device_id", values="energy_kwh"), roles, settings)
    accepted = {name for name, device in settings.devices.items() if device.role is not None}
    for doubt in found:
        if doubt.device_id in accepted:
            audit.note("implausible", name=doubt.device_id, what=doubt.what)
    refused = [doubt for doubt in found if doubt.device_id not in accepted]
    if refused:
        keep = _role(refused[0].device_id, roles[refused[0].device_id])
        problems = "; ".join(_problem(doubt, files, settings) for doubt in refused)
        raise InputError(f"{problems}. Write into home.yaml what holds; {keep} keeps the hours as they are.")


def _problem(doubt: Doubt, files: list[SourceFile], settings: Settings) -> str:
    """Return what is wrong with a series, with its files and the lines of home.yaml that settle it."""
    sources = [
        file.name
        for file in files
        if "device_id" in file.frame and doubt.device_id in map(settings.name_of, file.frame["device_id"].unique())
    ]
    lines = [_role(doubt.device_id, doubt.role)] if doubt.role else []
    lines += [f"files: {{{file!r}: {{unit: {doubt.unit}}}}}" for file in sources if doubt.unit]
    return f"{', '.join((*sources, doubt.device_id))}: {doubt.what} (such as {' or '.join(lines)})"


def doubts(table: pd.DataFrame, roles: Mapping[str, Role], settings: Settings) -> list[Doubt]:
    """Return what is wrong with the hours of a home: `table` has a column a series and a row an hour [kWh]."""
    names = [str(name) for name in table if roles[str(name)] != "ignore"]
    values = {name: table[name].to_numpy(dtype=float) for name in names}
    alone = [doubt for name in names for doubt in _alone(name, values[name], roles[name], settings.power_limit_kw)]
    seen = {doubt.device_id for doubt in alone}
    return alone + [doubt for doubt in _together(values, roles) if doubt.device_id not in seen]


def _alone(name: str, hours: np.ndarray, role: Role, limit: float | None) -> Iterator[Doubt]:
    energy = hours[np.isfinite(hours)]
    if len(energy) < LEAST_DAY:
        return
    mean, peak, whole = float(energy.mean()), float(np.quantile(energy, 0.999)), role in ("household", "grid_import")
    shaped = len(energy) >= LEAST_HOURS and len(np.unique(energy)) >= LEAST_VALUES
    steps = np.diff(energy)
    if shaped and (steps >= 0).all() and (steps > 0).sum() >= LEAST_VALUES:
        yield Doubt(name, f"it never falls in {len(energy)} hours, as a meter's reading does and no use", "ignore")
    elif shaped and energy.max() == 100 and mean > 5 and (energy == np.round(energy)).mean() > 0.9:
        yield Doubt(name, "it moves in whole numbers up to 100, as a percentage does", "ignore")
    elif mean > MOST_MEAN_KW or peak > max(MOST_HOUR_KWH, 1.5 * (limit or 0)):
        size = f"{mean:,.3g} kWh an hour in the mean and {peak:,.3g} in its highest hours"
        yield Doubt(name, f"{size} are more than a home takes", "ignore", "Wh")
    elif whole and limit is not None and (energy > 1.25 * limit).mean() > 0.01:
        words = f"{peak:,.3g} kWh in an hour are more than power_limit_kw: {limit:g} lets through"
        yield Doubt(name, words, unit="Wh")
    elif whole and len(energy) >= LEAST_HOURS and 0 < mean < LEAST_MEAN_KW:
        yield Doubt(name, f"{1000 * mean:,.2g} Wh an hour in the mean are less than a home's router takes", unit="kWh")


def _together(values: Mapping[str, np.ndarray], roles: Mapping[str, Role]) -> Iterator[Doubt]:
    mean = {name: float(np.nanmean(hours)) for name, hours in values.items() if np.isfinite(hours).any()}
    for small, large in permutations(mean, 2):
        # Means, over different hours as they may be, tell most pairs apart at no cost.
        if not any(mean[large] < 2 * factor * mean[small] < 4 * mean[large] for factor in FACTORS):
            continue
        ratio = _ratio(values[small], values[large])
        if ratio is not None and any(abs(ratio / factor - 1) < _EQUAL for factor in FACTORS):
            yield Doubt(large, f"hour by hour it is {ratio:,.4g} times {small}, as in another unit", "ignore")
    devices = [name for name in values if roles[name] == "device"]
    if len(devices) < LEAST_PARTS + 1:
        return
    total = max(devices, key=lambda name: np.nansum(values[name]))
    parts = np.column_stack([values[name] for name in devices if name != total])
    several = (np.count_nonzero(np.nan_to_num(parts), axis=1) >= LEAST_PARTS).mean() >= 0.1
    ratio = _ratio(parts.sum(axis=1), values[total])
    if several and ratio is not None and abs(ratio - 1) < _EQUAL:
        words = f"hour by hour it is the sum of the other {len(devices) - 1} devices, so all energy would count twice"
        yield Doubt(total, words, "household")


def _ratio(left: np.ndarray, right: np.ndarray) -> float | None:
    """Return by what one series must be multiplied to be the other, None where no one number does it."""
    both = np.isfinite(left) & np.isfinite(right) & ((left > 0) | (right > 0))
    if both.sum() < LEAST_HOURS or (left[both] <= 0).any() or len(np.unique(left[both])) < LEAST_VALUES:
        return None
    ratios = right[both] / left[both]
    middle = float(np.median(ratios))
    return middle if middle > 0 and (np.abs(ratios / middle - 1) < _EQUAL).mean() > 0.98 else None


def _role(name: str, role: str) -> str:
    return f"devices: {{{name!r}: {{role: {role}}}}}"
