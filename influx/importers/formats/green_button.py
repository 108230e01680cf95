"""Green Button (ESPI, NAESB REQ.21): XML of a utility, with a reading for each interval of each meter (a real file).

An Atom feed holds usage points, meter readings, reading types and blocks of intervals, linked to each other. Some
utilities leave the links out where there is one of each. What a reading means its type says: unit, power of ten, energy
of the interval or state of a register, delivered to the home or received from it. Times are seconds since 1970 in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.formats import espi
from influx.importers.reading import encoding, intervals
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import ASIDE, Table
from influx.importers.reading.units import Measure

_ELECTRICITY = "0"
_UNITS = {"72": "Wh", "38": "W"}
_FORWARD: dict[str, Role] = {"1": "grid_import", "19": "grid_export", "4": "grid_import", "0": "grid_import"}
_ESTIMATED = {"7", "8", "9", "10", "12", "13"}
"""Qualities of a reading that was not measured: edited by hand, estimated, questionable, projected or mixed."""

_REGISTERS = {"1", "2", "3", "9"}
"""Accumulations that are states of a register: bulk quantity, continuously cumulative, cumulative, summation."""

_MOST_POWER = 12
_LONGEST = 40 * 86_400.0  # seconds
_YEARS = (946_684_800.0, 4_102_444_800.0)


@dataclass(frozen=True)
class _Meaning:
    """What the values of a block are: series, power of ten, length [s], where and by which meter, or why none."""

    mapping: SeriesMapping
    scale: float
    length: float
    where: str
    which: str
    why: str


def matches(path: Path) -> bool:
    """Tell whether the head of the file is XML that names the ESPI namespace or an Atom feed with its resources."""
    try:
        head = encoding.head(path)
    except (InputError, OSError, UnicodeError):
        return False
    return head.lstrip("\ufeff \n\t")[:1] == "<" and (
        espi.NAMESPACE in head or re.search(r"<(?:\w+:)?(?:UsagePoint|IntervalBlock|MeterReading)\b", head) is not None
    )


def read(path: Path, settings: Settings) -> Part:
    """Read the intervals of electricity; each is a row of the account, numbered in the order of the file.

    Raises
    ------
    InputError
        The file is no XML, defines entities, holds no electricity, or more than half of it cannot be used.
    """
    feed = espi.parsed(path)
    meanings = _named([_meaning(block, feed) for block in feed.blocks])
    frames, count = [], 0
    for block, meaning in zip(feed.blocks, meanings, strict=True):
        frames.append(_numbers(block, meaning, count + 1))
        count += len(block.value)
    if not count:
        raise InputError(f"{path.name}: there is no reading of an interval in this file. Download it again.")
    raw = Table(path.name, pd.concat(frames), rows_read=count)
    why = raw.rows.pop("why").to_numpy(object)
    raw.reject(why != "", "value", why, raw.rows.pop("text"))
    raw.rows["quality"] = pd.Categorical(raw.rows["quality"])
    mappings = {one.mapping.device_id: one.mapping for one in meanings}
    return intervals.to_intervals(raw, mappings, "Green Button", settings, column="value")


# --- what it means ----------------------------------------------------------------------------------------------------


def _meaning(block: espi.Block, feed: espi.Feed) -> _Meaning:
    """Return what the values of a block are, by the meter, the type and the usage point that it is linked to."""
    meter = block.meter or _one_of(block.entry, feed.meters)
    kinds = [kind for kind, _ in feed.types]
    kind = None if meter is None else next((one for one in kinds if one.here in meter.related), None)
    said = next((what for one, what in feed.types if one is kind), feed.types[0][1] if len(feed.types) == 1 else None)
    points = [point for point, _ in feed.points]
    point = _one_of(meter or block.entry, points)
    service = next((what for one, what in feed.points if one is point), _ELECTRICITY) or _ELECTRICITY
    where = "" if point is None or len(points) < 2 else point.here.rpartition("/")[2]
    which = "" if meter is None else meter.here.rpartition("/")[2].strip("#")
    if said is None:
        why = "no reading type says what the value means"
        return _Meaning(SeriesMapping("grid_import"), 1.0, np.nan, where, which, why)
    unit = _UNITS.get(said.get("uom", ""))
    role = _FORWARD.get(said.get("flowDirection", "1") or "1")
    why = ""
    if service != _ELECTRICITY or unit is None or role is None:
        why = f"{ASIDE}: service {service}, unit {said.get('uom', '')}, direction {said.get('flowDirection', '')}"
    measures: Measure = "power" if unit == "W" else "energy"
    if unit == "Wh" and said.get("accumulationBehaviour") in _REGISTERS:
        measures = "counter"
    mapping = SeriesMapping(role or "grid_import", unit or "Wh", measures, role)
    return _Meaning(mapping, _scale(said), _number(said.get("intervalLength", "")), where, which, why)


def _scale(said: dict[str, str]) -> float:
    """Return ten to the power that a type says; one where it says none that can be."""
    power = _number(said.get("powerOfTenMultiplier", "") or "0")
    return 10.0**power if np.isfinite(power) and abs(power) <= _MOST_POWER else np.nan


def _number(text: str) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan


def _one_of(entry: espi.Entry, others: list[espi.Entry]) -> espi.Entry | None:
    """Return the resource that an entry belongs to: the one it is linked to, else the only one there is."""
    linked = [one for one in others if entry.up and (entry.up in one.related or entry.here in one.related)]
    below = [one for one in others if one.here and f"{entry.here}/".startswith(f"{one.here}/")]
    found = linked or sorted(below, key=lambda one: -len(one.here))
    return found[0] if found else others[0] if len(others) == 1 else None


def _named(meanings: list[_Meaning]) -> list[_Meaning]:
    """Return meanings under the names of their series; what a finer meter measures too is set aside."""
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for one in meanings:
        if not one.why:
            group = groups.setdefault((one.where, one.mapping.device_id), {})
            group[one.which] = min(one.length, group.get(one.which, np.inf))
    out = []
    for one in meanings:
        group = groups.get((one.where, one.mapping.device_id), {})
        finest = np.nanmin([*group.values(), np.inf])
        several = sum(length == finest for length in group.values()) > 1
        name = "_".join(filter(None, [one.mapping.device_id, one.where, one.which if several else ""]))
        why = one.why or ("a finer meter reading of the file counts" if one.length > finest else "")
        out.append(replace(one, mapping=replace(one.mapping, device_id=name), why=why))
    return out


def _numbers(block: espi.Block, meaning: _Meaning, first: int) -> pd.DataFrame:
    """Return the intervals of a block as rows: time, length, value, quality, and why one cannot be used."""
    count = len(block.value)
    start, duration, value = (
        pd.to_numeric(pd.Series(texts, dtype="str"), errors="coerce").to_numpy(float)
        for texts in (block.start, block.duration, block.value)
    )
    duration = np.where(np.isfinite(duration) & (duration > 0), duration, meaning.length)
    own = _number(block.first) + np.arange(count) * meaning.length
    begin = np.where(np.isfinite(start), start, own)
    begin = begin + duration if meaning.mapping.measures == "counter" else begin
    sane = np.isfinite(begin) & (begin > _YEARS[0]) & (begin < _YEARS[1])
    long = np.isfinite(duration) & (duration < _LONGEST)
    reasons = np.select(
        [
            np.full(count, bool(meaning.why)),
            ~sane,
            ~long & (meaning.mapping.measures != "counter"),
            ~np.isfinite(value),
        ],
        [
            meaning.why,
            "its start is not a time between the years 2000 and 2099",
            "its length is not known",
            "not a number",
        ],
        "",
    ).astype(object)
    estimated = np.isin(np.array(block.quality, object), list(_ESTIMATED))
    stamps = (np.where(sane, begin, 0) * 1e6).round().astype("int64").view("datetime64[us]")
    return pd.DataFrame(
        {
            "device_id": meaning.mapping.device_id,
            "timestamp": pd.DatetimeIndex(stamps).tz_localize("UTC"),
            "minutes": np.where(long, duration, 3600.0) / 60,
            "value": value * meaning.scale,
            "quality": np.where(estimated, "estimated", "measured"),
            "why": reasons,
            "text": np.array(block.value, dtype=object),
        },
        index=range(first, first + count),
    )
