"""What each series measures: as home.yaml says, else as the format of its file does, else as its name does.

A series that counts another one again, as Home Assistant's helpers do by the day or by the month, is ignored; two main
meters of one flow are refused, as nobody can tell which one is meant. Of meters that contain others (`part_of` in
home.yaml), each has the next one out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from types import MappingProxyType

import numpy as np
import pandas as pd

from influx.core.constants import HOUSEHOLD
from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.home.audit import Audit, SourceFile

NOTHING: Mapping[str, Role] = MappingProxyType({})
_COUNTED = r"(?:_?\d+)?"
_BATTERY = rf"(?:home_|house_)?battery{_COUNTED}(?:_energy)?"
_TARIFF = r"_(?:tarif+_?|t)[1-4]"
"""Only the meter of a connection counts by tariffs; its `feed_in` is what it brings, as Home Assistant names it."""

_NAMES: dict[Role, re.Pattern[str]] = {
    "household": re.compile(
        rf"(?:household|mains?|total|aggregate|whole_(?:home|house)|main_meter|total_(?:use|load|consumption)){_COUNTED}"
    ),
    "grid_import": re.compile(rf"(?:grid_)?import{_COUNTED}|\w*(?:import|consum|feed_in|delivered)\w*{_TARIFF}"),
    "grid_export": re.compile(
        rf"(?:grid_)?export{_COUNTED}|feed_?in{_COUNTED}|grid_feed_?in{_COUNTED}"
        rf"|\w*(?:export|produc|feed_out|returned)\w*{_TARIFF}"
    ),
    "solar": re.compile(
        rf"(?:pv|solar|photovoltaics?)(?:_(?:pv|power|panels?|roof|inverter|production|generation))*{_COUNTED}"
    ),
    "battery_in": re.compile(rf"{_BATTERY}_(?:in|charged?){_COUNTED}"),
    "battery_out": re.compile(rf"{_BATTERY}_(?:out|discharged?){_COUNTED}"),
}
_MEANINGS: dict[Role, str] = {
    "device": "one device",
    "household": "the main meter",
    "grid_import": "energy from the grid",
    "grid_export": "energy fed in",
    "solar": "solar output",
    "battery_in": "energy that charges a battery",
    "battery_out": "energy from a battery",
}
_OF_ALL_USE: tuple[Role, ...] = ("household", "grid_import")
"""Meters behind which every device of a home stands anyway."""

_EQUAL = 0.01  # largest relative difference of two hours that count as equal
_OFTEN = 0.95
_LEAST_HOURS = 48
_SAMPLE = 256  # hours, evenly spread, by which most pairs are told apart
_VARIED = 0.2  # standard deviation over the mean, from which two devices hardly count the same by chance

_HELPER = re.compile(
    r"(?:^|[_. ])(?:hourly|daily|weekly|monthly|quarterly|yearly|annual|today|day|week|month|year)(?:$|[_. ])",
    re.IGNORECASE,
)


def decide(
    hours: pd.DataFrame, files: list[SourceFile], settings: Settings, audit: Audit
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Decide what each series of `hours` (device_id, timestamp, energy_kwh) measures.

    Return device_id, role, hours (known) and kwh, a row a series, and the meter that contains each one that stands
    behind another of its role. Two meters of one flow, from different files, that count the same energy are an
    InputError.
    """
    series = hours.groupby("device_id")["energy_kwh"].agg(hours="count", kwh="sum").reset_index()
    of_formats = {settings.name_of(name): role for file in files for name, role in file.part.roles.items()}
    found = {str(name): _role_and_source(str(name), settings, of_formats) for name in series["device_id"]}
    roles = {name: role for name, (role, _) in found.items()}
    table = hours.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    _refuse_duplicate_meters(table, roles, files)
    copies, alike = duplicates(table, roles, settings)
    for copy, original in copies.items():
        audit.note("copy", copy=copy, original=original)
    for name, other in alike:
        audit.note("alike", name=name, other=other)
    kwh = dict(zip(series["device_id"], series["kwh"], strict=True))
    _note_roles({name: row for name, row in found.items() if name not in copies}, kwh, audit)
    absent = [name for name in settings.devices if name not in roles]
    if absent:
        audit.note("absent devices", names=", ".join(absent))
    roles |= dict.fromkeys(copies, "ignore")
    series.insert(1, "role", pd.Series([roles[str(name)] for name in series["device_id"]], dtype="str"))
    return series, _containers(roles, settings, audit)


def role_of(name: str, settings: Settings, of_formats: Mapping[str, Role] = NOTHING) -> Role:
    """Return what a series measures: what home.yaml says, else its file's format, else its name, else one device."""
    return _role_and_source(name, settings, of_formats)[0]


def _role_and_source(name: str, settings: Settings, of_formats: Mapping[str, Role]) -> tuple[Role, str]:
    device = settings.devices.get(name)
    if device is not None and device.role is not None:
        return device.role, "home.yaml"
    if name in of_formats:
        return of_formats[name], "its file"
    return _by_name(name), "its name"


def _by_name(name: str) -> Role:
    plain = re.sub(r"[\s.-]+", "_", name.strip().lower())
    return next((role for role, pattern in _NAMES.items() if pattern.fullmatch(plain)), "device")


def _note_roles(roles: Mapping[str, tuple[Role, str]], kwh: Mapping[str, float], audit: Audit) -> None:
    """Note the roles that home.yaml does not give, and what is ignored."""
    taken: dict[tuple[Role, str], list[str]] = {}
    for name, (role, source) in roles.items():
        if role != "ignore" and name != HOUSEHOLD and source != "home.yaml" and not role == _by_name(name) == "device":
            taken.setdefault((role, source), []).append(name)
    for (role, source), names in taken.items():
        note = f"{'role' if len(names) == 1 else 'roles'} by {source.removeprefix('its ')}"
        audit.note(note, names=", ".join(names), meaning=_MEANINGS[role])
    for name, (role, source) in roles.items():
        if role == "ignore":
            audit.note("ignored series", name=name, source=source, kwh=kwh[name])


def _containers(roles: Mapping[str, Role], settings: Settings, audit: Audit) -> dict[str, str]:
    """Return the meter that contains each one that stands behind another of its role.

    A meter that the files do not hold, or that is to be ignored, is passed over: what is part of it is part of the
    next one out.
    """
    part_of = settings.containers()
    out = {}
    for name in (name for name in part_of if roles.get(name, "ignore") != "ignore"):
        up = part_of[name]
        while up != HOUSEHOLD and roles.get(up, "ignore") == "ignore":
            if up not in roles:
                audit.note("absent container", name=name, container=up)
            if up not in part_of:
                break
            up = part_of[up]
        role = roles.get(up, "household" if up == HOUSEHOLD else "ignore")
        if role == roles[name] != "household":
            out[name] = up
        elif role != "ignore" and not (roles[name] == "device" and role in _OF_ALL_USE):
            kinds = {"kind": roles[name].replace("_", " "), "its_kind": role.replace("_", " ")}
            audit.note("other kind of container", name=name, container=up, **kinds)
    for up in dict.fromkeys(out.values()):
        if roles[up] == "device" and up in settings.devices and settings.devices[up].flexible:
            audit.note("flexible container", name=up)
    return out


def _refuse_duplicate_meters(table: pd.DataFrame, roles: Mapping[str, Role], files: list[SourceFile]) -> None:
    """Refuse two meters of one flow, from different files, that count the same energy: it would be added up.

    Phases and tariffs of one meter stand in one file.
    """
    flows = [name for name, role in roles.items() if role not in ("device", "ignore")]
    for left, right in combinations(flows, 2):
        if roles[left] != roles[right] or not _alike(table[left], table[right]):
            continue
        names = [
            {file.name for file in files if file.part.kind == "readings" and (file.frame["device_id"] == name).any()}
            for name in (left, right)
        ]
        if not names[0] & names[1]:
            raise InputError(
                f"{left} ({', '.join(sorted(names[0]))}) and {right} ({', '.join(sorted(names[1]))}) count the same "
                f"energy hour by hour: they are one {roles[left].replace('_', ' ')} meter, and would be added up. Take "
                f"one file out of the folder, or say in home.yaml  devices: {{{right}: {{role: ignore}}}}"
            )


def duplicates(
    table: pd.DataFrame, roles: Mapping[str, Role], settings: Settings
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the devices that count again what another series counts, with it, and pairs that only seem to.

    A device is a copy where its name says that it counts by the day, week, month or year and the other's does not. Any
    other two that are alike may be two devices. What home.yaml names is never taken for a copy. `table` has a column a
    series and a row an hour [kWh].
    """
    named = {*settings.devices, *(device.part_of for device in settings.devices.values())}
    pairs = []
    for pair in _candidates(table[[name for name in table if roles[name] != "ignore"]]):
        original, copy = sorted(
            pair, key=lambda name: (roles[name] == "device", bool(_HELPER.search(name)), name not in named)
        )
        if roles[copy] == "device" and copy not in named and _alike(table[original], table[copy]):
            pairs.append((original, copy))
    copies = {copy: original for original, copy in pairs if _HELPER.search(copy) and not _HELPER.search(original)}
    alike: list[tuple[str, str]] = []
    for original, copy in pairs:
        varies = table[copy].std(ddof=0) > _VARIED * table[copy].mean()
        if varies and not {original, copy} & {*copies, *(other for _, other in alike)}:
            alike.append((original, copy))
    return copies, alike


def _candidates(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the pairs of columns that are alike in most hours of a sample."""
    names = [str(name) for name in table]
    sample = table.to_numpy(float)[np.unique(np.linspace(0, len(table) - 1, _SAMPLE).astype(int))]
    for place, name in enumerate(names):
        known, equal = _equal_hours(sample[:, place, None], sample[:, place + 1 :])
        count = known.sum(axis=0)
        for other in np.flatnonzero((count > 0) & (equal.sum(axis=0) >= 0.8 * count)):
            yield name, names[place + 1 + other]


def _alike(left: pd.Series, right: pd.Series) -> bool:
    """Tell whether two series are equal in nearly all hours in which any of them flows, of two days at least."""
    known, equal = _equal_hours(left.to_numpy(float), right.to_numpy(float))
    return bool(known.sum() >= _LEAST_HOURS and equal.sum() > _OFTEN * known.sum())


def _equal_hours(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell in which hours two series are known and any of them flows, and in which of these they are equal."""
    known = np.isfinite(left) & np.isfinite(right) & ((left > 0) | (right > 0))
    return known, known & (np.abs(left - right) <= _EQUAL * np.maximum(left, right))
