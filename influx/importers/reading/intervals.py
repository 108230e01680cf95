"""From what a file observed to energy in intervals: registers to what they counted, power to energy, ends to starts.

A format hands over the values of its series with their times; here they become the readings that all formats share.
Every row of the file stays a row, so that none is lost: the first state of a register is one whose energy is unknown.
Energy below zero is a meter that counts the other way, a flow that goes both ways, or a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from influx.core.constants import HOUR_US, MINUTE_US
from influx.core.errors import InputError
from influx.core.schema import QUALITIES
from influx.core.settings import Role, Settings
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part, part_of
from influx.importers.reading.registers import count
from influx.importers.reading.table import Table
from influx.importers.reading.times import OUTLIER, most_frequent_step, outliers, reading_lengths
from influx.importers.reading.units import factor

MOST_KW = 100.0
"""No home's connection carries more, unless home.yaml says so [kW]."""

_ABOVE_RATING, _ABOVE_LIMIT = 1.5, 2.0
"""A fuse carries somewhat more than its rating for an hour, and home.yaml may say less than it carries; not twice."""

_SOONER, _LATER = 0.75, 3.0
"""An energy that follows sooner than this share of the usual step has another step; a power holds not so many steps."""

_SHORTEST = 1e-3
"""Minutes of a register's step that has none."""

_SEEN = 20
"""Readings below zero that tell, almost alone, that a meter counts the other way."""

_BACK: dict[Role, Role] = {
    "grid_import": "grid_export",
    "grid_export": "grid_import",
    "battery_in": "battery_out",
    "battery_out": "battery_in",
}
"""Of a flow that goes both ways, what it is below zero."""

_EVENTS = {
    "resets": "the register of {name} began anew {times}; what it counted before that in the same step is lost",
    "replaced": "{name} shows another register {times}; what was used up to its first state is unknown",
    "back": "the register of {name} stepped back a little {times}, which counts as no use",
    "twice": "{name} has two states at one time {times}; the later row counts",
    "outages": "{name} was silent for a while {times}; what it counted meanwhile is spread over that time (estimated)",
}
"""What a register may go through."""

Gaps = Literal["unknown", "unchanged"]


@dataclass
class _Series:
    """The readings of a series, in the order of its rows: start [us], length [min], energy [kWh], quality, faults."""

    start: np.ndarray
    minutes: np.ndarray
    kwh: np.ndarray
    quality: np.ndarray
    reasons: np.ndarray

    @classmethod
    def of(cls, times: np.ndarray, minutes: np.ndarray, kwh: np.ndarray, time_marks: str) -> _Series:
        start = times if time_marks == "start" else times - np.rint(minutes * MINUTE_US).astype("int64")
        return cls(start, minutes, kwh, np.zeros(len(times), "int8"), np.full(len(times), "", dtype=object))


def to_intervals(
    raw: Table,
    mappings: Mapping[str, SeriesMapping],
    format_name: str,
    settings: Settings,
    time_marks: Literal["start", "end"] = "start",
    gaps: Gaps = "unknown",
    column: str = "",
) -> Part:
    """Return the readings of a file from what its series observed.

    The rows of `raw` have `device_id`, `timestamp` (UTC) and `value` (float, NaN unknown), and where the file says them
    `minutes` (how long a value holds), `quality` and `home_id`; the index is the row of the file. `mappings` are by the
    names in `device_id`, `time_marks` and `gaps` are those of a `Layout`, and `column` is where the values stand, for
    the rejected rows; a series' own name where it is not given.

    Raises
    ------
    InputError
        A unit is none of energy or power, the readings of a series are coarser than hourly, or most cannot be used.
    """
    raw.reject(outliers(pd.DatetimeIndex(raw.rows["timestamp"]).asi8), "timestamp", OUTLIER)
    codes, names = pd.factorize(raw.rows["device_id"])
    of_series = [mappings[str(name)] for name in names]
    stamps = pd.DatetimeIndex(raw.rows["timestamp"]).as_unit("us").asi8
    values = raw.rows["value"].to_numpy(float)
    given = raw.rows["minutes"].to_numpy(float) if "minutes" in raw.rows else None
    places = [np.flatnonzero(codes == code) for code in range(len(names))]
    lengths = _lengths(raw, {m.device_id: stamps[rows] for m, rows in zip(of_series, places, strict=True)}, given, gaps)
    whole = _Series.of(stamps.copy(), np.empty(len(stamps)), np.empty(len(stamps)), "start")
    for mapping, rows in zip(of_series, places, strict=True):
        scaled, length = values[rows] * _scale(mapping, raw.file), lengths[mapping.device_id]
        limit_kw = most_kw(mapping.device_id, settings)
        if mapping.measures == "counter":
            series, events = _counted(stamps[rows], scaled, length, limit_kw, gaps)
            for event, times in events.items():
                often = "once" if times == 1 else f"{times} times"
                note = _EVENTS[event].format(name=mapping.device_id, times=often)
                raw.notes += [f"{raw.file}: {note}."] if times else []
        else:
            power = mapping.measures == "power"
            minutes = _lasting(stamps[rows], length, power, time_marks, gaps) if given is None else given[rows]
            series = _Series.of(stamps[rows], minutes, scaled * minutes / 60 if power else scaled, time_marks)
            limit = f"more than the {limit_kw:g} kW that {mapping.device_id} can draw"
            over = np.abs(series.kwh) > limit_kw * minutes / 60 + 1e-9
            series.reasons[over] = f"{limit}; mend power_limit_kw or its power_rating_watt in home.yaml"
            series.reasons[np.isinf(series.kwh)] = "infinite"
            if "quality" in raw.rows:
                series.quality = pd.Categorical(raw.rows["quality"].iloc[rows], QUALITIES).codes.astype("int8")
                series.kwh = np.where(series.quality == 2, np.nan, series.kwh)
        for part, array in vars(whole).items():
            array[rows] = getattr(series, part)
    raw.rows = _frame(raw.rows, codes, [mapping.device_id for mapping in of_series], whole)
    raw.kwh_of = lambda rows: rows["energy_kwh"].to_numpy(float)
    bad = whole.reasons != ""
    if bad.any():
        columns = np.array([column or str(name) for name in names], dtype=object)[codes]
        texts = np.full(len(bad), "", dtype=object)
        texts[bad] = [f"{value:.10g}" for value in values[bad]]
        raw.reject(bad, columns, whole.reasons, pd.Series(texts, index=raw.rows.index))
    roles = {mapping.device_id: mapping.role for mapping in of_series if mapping.role is not None}
    return part_of(raw, "readings", format_name, _split_by_sign(raw, roles, settings, column))


def own_energy(rows: pd.DataFrame, mappings: Mapping[str, SeriesMapping]) -> np.ndarray:
    """Return the energy of values that are energy by themselves [kWh], NaN of the others."""
    codes, names = pd.factorize(rows["device_id"])
    of_series = [mappings[str(name)] for name in names]
    kinds = [factor(mapping.unit) if mapping.measures == "energy" else None for mapping in of_series]
    scale = [np.nan if kind is None else kind[1] for kind in kinds]
    return rows["value"].to_numpy(float) * np.array([*scale, np.nan])[codes]


def most_kw(device_id: str, settings: Settings) -> float:
    """Return the power above which a reading of a series cannot be [kW]."""
    limit = MOST_KW if settings.power_limit_kw is None else settings.power_limit_kw * _ABOVE_LIMIT
    device = settings.devices.get(settings.name_of(device_id)) or settings.devices.get(device_id)
    watts = None if device is None else device.power_rating_watt
    return limit if watts is None else min(limit, watts / 1000 * _ABOVE_RATING)


def _scale(mapping: SeriesMapping, file: str) -> float:
    """Return the kWh or kW in one of a series' unit."""
    kind = factor(mapping.unit)
    if kind is None or (kind[0] == "power") != (mapping.measures == "power"):
        raise InputError(
            f"{file}: {mapping.device_id} is in {mapping.unit!r}, which is no unit of {mapping.measures}. "
            "Give its unit under files in home.yaml."
        )
    return -kind[1] if mapping.sign_flipped else kind[1]


def _lengths(raw: Table, stamps: dict[str, np.ndarray], given: np.ndarray | None, gaps: Gaps) -> dict[str, float]:
    """Return how long a reading of each device lasts by itself [min]."""
    if given is not None and (given > 60).sum() * 2 > len(given):
        raise InputError(
            f"{raw.file}: readings of {float(np.nanmedian(given)) / 60:g} hours are too coarse to tell one hour from "
            "another. Export hourly or finer readings."
        )
    if given is not None or gaps == "unchanged":
        return dict.fromkeys(stamps, 60.0)
    return reading_lengths({name: most_frequent_step(times) for name, times in stamps.items()}, raw.file)


def _lasting(stamps: np.ndarray, length: float, power: bool, time_marks: str, gaps: Gaps) -> np.ndarray:
    """Return how long each value lasts [min]: an energy as usual, a power up to the next value unless that is late."""

    def to_neighbour(times: np.ndarray) -> np.ndarray:
        gap = np.diff(times) / MINUTE_US
        return np.append(gap, length) if time_marks == "start" else np.append(length, gap)

    if power and gaps == "unknown":  # rows of one time last equally long; of states that replace each other the last
        times, place = np.unique(stamps, return_inverse=True)
        gap = to_neighbour(times)[place]
        return np.where(gap <= _LATER * length, gap, length)
    order, gap = np.argsort(stamps, kind="stable"), np.empty(len(stamps))
    gap[order] = to_neighbour(stamps[order])
    return gap if power else np.where((gap > 0) & (gap < _SOONER * length), gap, length)


def _counted(
    stamps: np.ndarray, states: np.ndarray, length: float, limit_kw: float, gaps: Gaps
) -> tuple[_Series, dict[str, int]]:
    """Return what a register counted between its states, each at the row of the later one, and what it went through."""
    order = np.argsort(stamps, kind="stable")
    times = stamps[order]
    repeated = np.append(times[:-1] == times[1:], False)
    counted = count(np.where(repeated, np.nan, states[order]), times / HOUR_US, limit_kw)
    bridged = counted.since >= 0
    minutes = np.where(bridged, (times - times[counted.since]) / MINUTE_US, length)
    passed_over = bridged & (counted.since < np.arange(len(times)) - 1)
    outage = (counted.kwh > 0) & (passed_over if gaps == "unchanged" else minutes > 1.5 * length)
    quality = np.where(outage | counted.estimated, 1, 0)
    series = _Series.of(times, np.maximum(minutes, _SHORTEST), counted.kwh, "end")
    back = np.argsort(order, kind="stable")
    parts = (series.start, series.minutes, counted.kwh, quality, counted.reasons)
    events = {name: int(getattr(counted, name)) for name in ("resets", "replaced", "back")}
    return _Series(*(part[back] for part in parts)), {
        **events,
        "twice": int(repeated.sum()),
        "outages": int(outage.sum()),
    }


def _frame(rows: pd.DataFrame, codes: np.ndarray, names: list[str], series: _Series) -> pd.DataFrame:
    """Return the rows of a table as readings."""
    devices = list(dict.fromkeys(names))
    place = np.array([devices.index(name) for name in names], "int32")
    frame = pd.DataFrame(
        {
            "device_id": pd.Categorical.from_codes(place[codes] if len(codes) else codes, devices),
            "timestamp": pd.DatetimeIndex(series.start.view("datetime64[us]")).tz_localize("UTC"),
            "energy_kwh": series.kwh,
            "quality": pd.Categorical.from_codes(np.where(np.isnan(series.kwh), 2, series.quality), QUALITIES),
            "minutes": series.minutes.astype("float32"),
        },
        index=rows.index,
    )
    return frame.assign(home_id=rows["home_id"].array) if "home_id" in rows else frame


def _split_by_sign(raw: Table, roles: dict[str, Role], settings: Settings, column: str) -> dict[str, Role]:
    """Give energy below zero its meaning, and return the roles of the series that there are then.

    A flow that goes both ways becomes two series, each with all of its rows: where one flows, the other is zero. So the
    hours of both are known, and a row is counted for each. What has no meaning is rejected as negative.
    """
    if not (raw.rows["energy_kwh"].to_numpy(float) < 0).any():
        return roles
    parts, roles = [], dict(roles)
    for device_id, rows in raw.rows.groupby("device_id", observed=True, sort=False):
        name = str(device_id)
        device = settings.devices.get(name)
        role = device.role if device is not None and device.role is not None else roles.get(name)
        kwh, notes = _with_sign(rows["energy_kwh"].to_numpy(float), name, role)
        series = {name: kwh}
        if role in _BACK and (kwh < 0).any():
            back = f"{name} back"
            notes.append(f"{name} flows both ways; what is below zero is {back}.")
            series = {name: np.maximum(kwh, 0.0), back: np.maximum(-kwh, 0.0)}  # NaN stays NaN in both
            roles |= {name: role, back: _BACK[role]}
            raw.rows_read += len(rows)
        raw.notes += [f"{raw.file}: {note}" for note in notes]
        rows = rows.astype({"device_id": "str"})
        parts += [rows.assign(device_id=device_id, energy_kwh=energy) for device_id, energy in series.items()]
    raw.rows = pd.concat(parts).sort_index(kind="stable")
    raw.rows["device_id"] = pd.Categorical(raw.rows["device_id"])
    where = column or raw.rows["device_id"].astype("str").to_numpy()
    raw.reject(raw.rows["energy_kwh"].to_numpy(float) < 0, where, "negative", raw.rows["energy_kwh"])
    return roles


def _with_sign(kwh: np.ndarray, name: str, role: Role | None) -> tuple[np.ndarray, list[str]]:
    """Return the energy of a series, turned where it counts the other way, and notes."""
    notes = []
    below, above = kwh < 0, kwh > 0
    outweighed = role == "solar" and -kwh[below].sum() > kwh[above].sum()
    fed_in = role == "grid_export" and not above.any()  # by those who write it below zero
    if below.sum() > max(99 * above.sum(), _SEEN) or outweighed or fed_in:
        notes.append(f"{name} counts below zero; its sign is turned.")
        kwh, below = 0.0 - kwh, above
    if role == "solar" and below.any():
        lost = f"{-kwh[below].sum():.3g} kWh that the inverter used itself"
        notes.append(f"{name} is below zero in {below.sum()} readings, which count as zero ({lost}).")
        kwh = np.where(below, 0.0, kwh)
    return kwh, notes
