"""From what a file observed to energy in intervals: registers to what they counted, power to energy, ends to starts.

A format hands over the values of its series with their times; here they become the readings that all formats share.
Every row of the file stays a row, so that none is lost: the first state of a register is one whose energy is unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part, part_of
from influx.importers.reading.registers import count
from influx.importers.reading.table import Table
from influx.importers.reading.times import OUTLIER, most_frequent_step, outliers, reading_lengths
from influx.importers.reading.units import factor

MOST_KW = 100.0
"""No home's connection carries more, unless home.yaml says so [kW]."""

_MINUTE = 60_000_000  # microseconds
_ABOVE_RATING = 1.5
_ABOVE_LIMIT = 2.0
"""A fuse carries somewhat more than its rating for an hour, and home.yaml may say less than it carries; not twice."""

_SOONER = 0.75
"""A reading that follows sooner than this share of the usual step has another step; later ones are a logger's seconds.
"""
_SEEN = 20
_BACK: dict[Role, Role] = {
    "grid_import": "grid_export",
    "grid_export": "grid_import",
    "battery_in": "battery_out",
    "battery_out": "battery_in",
}
"""Of a flow that goes both ways, what it is below zero."""

_QUALITIES = ("measured", "estimated", "missing")


@dataclass
class _Series:
    """The readings of one series, in the order of its rows: start [us], length [min], energy [kWh], quality, faults."""

    start: np.ndarray
    minutes: np.ndarray
    kwh: np.ndarray
    quality: np.ndarray
    reasons: np.ndarray


def to_intervals(
    raw: Table,
    mappings: Mapping[str, SeriesMapping],
    format_name: str,
    settings: Settings,
    time_marks: Literal["start", "end"] = "start",
    gaps: Literal["unknown", "unchanged"] = "unknown",
    column: str = "",
) -> Part:
    """Return the readings of a file from what its series observed.

    Parameters
    ----------
    raw : Table
        Its rows have `device_id`, `timestamp` (UTC) and `value` (float, NaN unknown), and where the file says them
        `minutes` (how long a value holds), `quality` and `home_id`; the index is the row of the file.
    mappings : mapping of str to SeriesMapping
        What each series measures, by the names in `device_id`, which may differ from `SeriesMapping.device_id`.
    format_name : str
        What the account calls the format.
    settings : Settings
        Whose devices and connection say what is impossible.
    time_marks : {"start", "end"}
        Which end of its interval the time of an energy or a power marks.
    gaps : {"unknown", "unchanged"}
        Whether nothing is known between two rows that are further apart than usual, or nothing changed.
    column : str, optional
        The file's column of values, for its rejected rows; each series has its own where it is not given.

    Returns
    -------
    Part
        Of kind "readings".

    Raises
    ------
    InputError
        A unit is none of energy or power, the readings are coarser than hourly, or more than half cannot be used.
    """
    raw.kwh_of = functools.partial(own_energy, mappings=mappings)
    lost = outliers(pd.DatetimeIndex(raw.rows["timestamp"]).as_unit("us").asi8)
    raw.reject(lost, "timestamp", OUTLIER)
    codes, names = pd.factorize(raw.rows["device_id"])
    names = [str(name) for name in names]
    stamps = pd.DatetimeIndex(raw.rows["timestamp"]).as_unit("us").asi8
    rows_of = [np.flatnonzero(codes == code) for code in range(len(names))]
    lasts = _lengths(raw, mappings, names, stamps, rows_of, gaps)
    n = len(raw.rows)
    out = _Series(np.empty(n, "int64"), np.empty(n), np.empty(n), np.zeros(n, "int8"), np.full(n, "", dtype=object))
    for name, rows in zip(names, rows_of, strict=True):
        series = _one(raw, rows, stamps[rows], mappings[name], settings, lasts[name], time_marks, gaps)
        out.start[rows], out.minutes[rows], out.kwh[rows] = series.start, series.minutes, series.kwh
        out.quality[rows], out.reasons[rows] = series.quality, series.reasons
    values = raw.rows["value"].to_numpy(float)
    raw.rows = _frame(raw, codes, names, mappings, out)
    raw.kwh_of = _energy
    bad = out.reasons != ""
    if bad.any():
        where = np.array([column or name for name in names], dtype=object)[codes]
        texts = np.full(len(bad), "", dtype=object)
        texts[bad] = [f"{value:.10g}" for value in values[bad]]
        raw.reject(bad, where, out.reasons, pd.Series(texts, index=raw.rows.index))
    roles = {mappings[name].device_id: role for name in names if (role := mappings[name].role) is not None}
    _give_signs(raw, roles, settings, column)
    return part_of(raw, "readings", format_name, roles)


def _energy(rows: pd.DataFrame) -> np.ndarray:
    return rows["energy_kwh"].to_numpy(float)


def own_energy(rows: pd.DataFrame, mappings: Mapping[str, SeriesMapping]) -> np.ndarray:
    """Return the energy of values that are energy by themselves [kWh], NaN of the others."""
    codes, names = pd.factorize(rows["device_id"])
    scale = [
        kind[1] if (kind := factor(mappings[name].unit)) is not None and mappings[name].measures == "energy" else np.nan
        for name in map(str, names)
    ]
    return rows["value"].to_numpy(float) * np.array([*scale, np.nan])[codes]


def _lengths(
    raw: Table,
    mappings: Mapping[str, SeriesMapping],
    names: list[str],
    stamps: np.ndarray,
    rows_of: list[np.ndarray],
    gaps: str,
) -> dict[str, float]:
    """Return how long a reading of each series lasts by itself [min]."""
    if "minutes" in raw.rows:
        long = raw.rows["minutes"].to_numpy(float) > 60
        if long.sum() * 2 > len(long):
            raise InputError(
                f"{raw.file}: readings of {float(raw.rows['minutes'].median()) / 60:g} hours are too coarse to tell "
                "one hour from another. Export hourly or finer readings."
            )
        return dict.fromkeys(names, 60.0)
    steps = {
        mappings[name].device_id: most_frequent_step(stamps[rows]) for name, rows in zip(names, rows_of, strict=True)
    }
    if gaps == "unchanged":
        return {name: 60.0 for name in names}
    found = reading_lengths(steps, raw.file)
    return {name: found[mappings[name].device_id] for name in names}


def _one(
    raw: Table,
    rows: np.ndarray,
    stamps: np.ndarray,
    mapping: SeriesMapping,
    settings: Settings,
    length: float,
    time_marks: str,
    gaps: str,
) -> _Series:
    """Return the readings of one series."""
    kind = factor(mapping.unit)
    if kind is None or (kind[0] == "power") != (mapping.measures == "power"):
        raise InputError(
            f"{raw.file}: {mapping.device_id} is in {mapping.unit!r}, which is no unit of {mapping.measures}. "
            "Give its unit under files in home.yaml."
        )
    values = raw.rows["value"].to_numpy(float)[rows] * (-kind[1] if mapping.sign_flipped else kind[1])
    given = raw.rows["minutes"].to_numpy(float)[rows] if "minutes" in raw.rows else None
    most = most_kw(mapping.device_id, settings)
    if mapping.measures == "counter":
        return _counted(raw, stamps, values, mapping, most, length, gaps)
    series = _flowed(stamps, values, mapping, length if given is None else given, time_marks, gaps)
    _refuse_impossible(series, most, mapping.device_id, settings)
    if "quality" in raw.rows:
        series.quality = pd.Categorical(raw.rows["quality"].iloc[rows], _QUALITIES).codes.astype("int8")
        series.kwh = np.where(series.quality == 2, np.nan, series.kwh)
    return series


def most_kw(device_id: str, settings: Settings) -> float:
    """Return the power above which a reading of a series cannot be [kW]."""
    limit = MOST_KW if settings.power_limit_kw is None else settings.power_limit_kw * _ABOVE_LIMIT
    device = settings.devices.get(settings.name_of(device_id)) or settings.devices.get(device_id)
    watts = None if device is None else device.power_rating_watt
    return limit if watts is None else min(limit, watts / 1000 * _ABOVE_RATING)


def _flowed(
    stamps: np.ndarray,
    values: np.ndarray,
    mapping: SeriesMapping,
    length: float | np.ndarray,
    time_marks: str,
    gaps: str,
) -> _Series:
    """Return readings of energy, or of a mean power, as energy."""
    minutes = np.broadcast_to(np.asarray(length, float), len(stamps)).copy()
    if not isinstance(length, np.ndarray):
        minutes = (_held if mapping.measures == "power" else _cut)(stamps, minutes, time_marks, gaps)
    kwh = values * minutes / 60 if mapping.measures == "power" else values
    start = stamps if time_marks == "start" else stamps - np.rint(minutes * _MINUTE).astype("int64")
    return _Series(start, minutes, kwh, np.zeros(len(stamps), "int8"), np.full(len(stamps), "", dtype=object))


def _cut(stamps: np.ndarray, usual: np.ndarray, time_marks: str, _silence: str) -> np.ndarray:
    """Return how long each energy flowed [min]: as usual, but not beyond the next reading where that is much sooner."""
    order = np.argsort(stamps, kind="stable")
    gap = np.diff(stamps[order]) / _MINUTE
    own = usual[order]
    gap = np.append(gap, own[-1:]) if time_marks == "start" else np.append(own[:1], gap)
    minutes = np.empty(len(stamps))
    minutes[order] = np.where((gap > 0) & (gap < _SOONER * own), gap, own)
    return minutes


def _held(stamps: np.ndarray, usual: np.ndarray, time_marks: str, gaps: str) -> np.ndarray:
    """Return how long each value of a power holds [min]: up to the next one, unless that is much later than usual."""
    if gaps != "unchanged":  # rows of one time last equally long; of states that replace each other the last holds
        times, first, place = np.unique(stamps, return_index=True, return_inverse=True)
        gap = np.diff(times) / _MINUTE
        gap = np.append(gap, usual[first[-1:]]) if time_marks == "start" else np.append(usual[first[:1]], gap)
        return np.where(gap[place] <= 3 * usual, gap[place], usual)
    order = np.argsort(stamps, kind="stable")
    gap = np.diff(stamps[order]) / _MINUTE
    held = np.empty(len(stamps))
    held[order] = np.append(gap, usual[order[-1:]]) if time_marks == "start" else np.append(usual[order[:1]], gap)
    return held


def _counted(
    raw: Table, stamps: np.ndarray, states: np.ndarray, mapping: SeriesMapping, most: float, length: float, gaps: str
) -> _Series:
    """Return what a register counted between its states, each at the row of the later one."""
    order = np.argsort(stamps, kind="stable")
    hours = stamps[order] / (60 * _MINUTE)
    twice = np.append(hours[:-1] == hours[1:], False)
    ordered = np.where(twice, np.nan, states[order])
    found = count(ordered, hours, most)
    before = np.where(found.since >= 0, found.since, 0)
    times = stamps[order]
    whole = np.where(found.since >= 0, (times - times[before]) / _MINUTE, length)
    outage = np.isfinite(found.kwh) & (found.kwh > 0) & _interrupted(found.since, whole, length, ordered, gaps)
    quality = np.where(np.isnan(found.kwh), 2, np.where(outage | found.estimated, 1, 0))
    out = _Series(*(np.empty(len(stamps), kind) for kind in ("int64", float, float, "int8", object)))
    out.minutes[order] = np.maximum(whole, 1e-3)
    out.start[order] = times - np.rint(np.maximum(whole, 1e-3) * _MINUTE).astype("int64")
    out.kwh[order], out.quality[order], out.reasons[order] = found.kwh, quality, found.reasons
    _tell(raw, mapping.device_id, found.resets, found.replaced, found.back, int(twice.sum()), int(outage.sum()))
    return out


def _interrupted(since: np.ndarray, whole: np.ndarray, length: float, ordered: np.ndarray, gaps: str) -> np.ndarray:
    """Tell which intervals bridge an outage: states that are lacking, or were reported as unknown."""
    if gaps == "unchanged":
        places = np.arange(len(since))
        return (since >= 0) & (since < places - 1)
    return whole > 1.5 * length


def _tell(raw: Table, name: str, resets: int, replaced: int, back: int, twice: int, outages: int) -> None:
    told = [
        (resets, "the register of {name} began anew {times}; what it counted before that in the same step is lost"),
        (replaced, "{name} shows another register {times}; what was used up to its first state is unknown"),
        (back, "the register of {name} stepped back a little {times}, which counts as no use"),
        (twice, "{name} has two states at one time {times}; the later row counts"),
        (
            outages,
            "{name} was silent for a while {times}; what it counted meanwhile is spread over that time (estimated)",
        ),
    ]
    for number, words in told:
        if number:
            often = "once" if number == 1 else f"{number} times"
            raw.notes.append(f"{raw.file}: {words.format(name=name, times=often)}.")


def _refuse_impossible(series: _Series, most: float, name: str, settings: Settings) -> None:
    """Give a reason to readings that are more than can flow."""
    over = np.abs(series.kwh) > most * series.minutes / 60 + 1e-9
    if over.any():
        series.reasons[over] = (
            f"more than the {most:g} kW that {name} can draw; mend power_limit_kw or its power_rating_watt in home.yaml"
        )
    series.reasons[np.isinf(series.kwh)] = "infinite"


def _frame(
    raw: Table, codes: np.ndarray, names: list[str], mappings: Mapping[str, SeriesMapping], out: _Series
) -> pd.DataFrame:
    """Return the rows of a table as readings."""
    own = [mappings[name].device_id for name in names]
    devices = list(dict.fromkeys(own))
    place = np.array([devices.index(name) for name in own], "int32")
    frame = pd.DataFrame(
        {
            "device_id": pd.Categorical.from_codes(place[codes] if len(codes) else codes, devices),
            "timestamp": pd.DatetimeIndex(out.start.view("datetime64[us]")).tz_localize("UTC"),
            "energy_kwh": out.kwh,
            "quality": pd.Categorical.from_codes(np.where(np.isnan(out.kwh), 2, out.quality), _QUALITIES),
            "minutes": out.minutes.astype("float32"),
        },
        index=raw.rows.index,
    )
    return frame.assign(home_id=raw.rows["home_id"].array) if "home_id" in raw.rows else frame


def _give_signs(raw: Table, roles: dict[str, Role], settings: Settings, column: str = "") -> None:
    """Give energy below zero its meaning: a meter that counts the other way, or two flows in one series.

    A flow that goes both ways becomes two series, each with all of its rows: where one flows, the other is zero. So the
    hours of both are known, and the account counts a row for each. What has no meaning is rejected as negative, at
    its `column`, or that of its series.
    """
    if not (raw.rows["energy_kwh"].to_numpy(float) < 0).any():
        return
    parts = []
    for name, rows in raw.rows.groupby("device_id", observed=True, sort=False):
        said = settings.devices.get(str(name))
        role = said.role if said is not None and said.role is not None else roles.get(str(name))
        parts += _with_sign(raw, str(name), rows.astype({"device_id": "str"}), role, roles)
    raw.rows = pd.concat(parts).sort_index(kind="stable")
    raw.rows["device_id"] = pd.Categorical(raw.rows["device_id"])
    kwh = raw.rows["energy_kwh"].to_numpy(float)
    where = column or raw.rows["device_id"].astype("str").to_numpy()
    raw.reject(kwh < 0, where, "negative", raw.rows["energy_kwh"])


def _with_sign(
    raw: Table, name: str, rows: pd.DataFrame, role: Role | None, roles: dict[str, Role]
) -> list[pd.DataFrame]:
    """Return the rows of one series as one or two, and note what was turned."""
    kwh = rows["energy_kwh"].to_numpy(float)
    below, above = kwh < 0, kwh > 0
    outweighed = role == "solar" and -kwh[below].sum() > kwh[above].sum()
    fed_in = role == "grid_export" and not above.any()  # by those who write it below zero
    if below.sum() > max(99 * above.sum(), _SEEN) or outweighed or fed_in:
        raw.notes.append(f"{raw.file}: {name} counts below zero; its sign is turned.")
        kwh, below = 0.0 - kwh, above
    if role == "solar" and below.any():
        raw.notes.append(
            f"{raw.file}: {name} is below zero in {below.sum()} readings, which count as zero "
            f"({-kwh[below].sum():.3g} kWh that the inverter used itself)."
        )
        kwh = np.where(below, 0.0, kwh)
    if role not in _BACK or not below.any():
        return [rows.assign(energy_kwh=kwh)]
    back = f"{name} back"
    roles |= {name: role, back: _BACK[role]}
    raw.rows_read += len(rows)
    raw.notes.append(f"{raw.file}: {name} flows both ways; what is below zero is {back}.")
    two = (np.maximum(kwh, 0.0), np.maximum(-kwh, 0.0))  # NaN stays NaN in both
    return [rows.assign(energy_kwh=kwh, device_id=own) for own, kwh in zip((name, back), two, strict=True)]
