"""One meter under two names, as when a home holds the exports of its meter and of an app that reads it, too.

Two main meters of one flow are refused, as nobody can tell which one is meant. A helper that counts another series by
the day or by the month, as Home Assistant has them, is set aside. Any other two that are alike are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings

_ALIKE = 0.01
"""Largest relative difference of two hours that count as equal."""

_OFTEN = 0.95
_HOURS = 48
_LOOKED_AT = 256
"""Hours, evenly spread, by which most pairs are told apart."""

_VARIED = 0.2
"""Standard deviation over the mean, from which two different devices hardly count the same by chance."""

_HELPER = re.compile(
    r"(?:^|[_. ])(?:hourly|daily|weekly|monthly|quarterly|yearly|annual|today|day|week|month|year)(?:$|[_. ])",
    re.IGNORECASE,
)


def refuse(hours: pd.DataFrame, roles: Mapping[str, Role], files: Mapping[str, set[str]]) -> None:
    """Refuse two meters of one flow, from different files, that count the same energy: it would be added up.

    Parameters
    ----------
    hours : DataFrame
        device_id, timestamp, energy_kwh.
    roles : mapping
        What each series measures.
    files : mapping
        The files that each series stands in; phases and tariffs of one meter stand in one.

    Raises
    ------
    InputError
        There are such meters; the error names them, and the line that leaves one out.
    """
    flows = [name for name, role in roles.items() if role not in ("device", "ignore")]
    for one, two in combinations(flows, 2):
        if roles[one] != roles[two] or files.get(one, set()) & files.get(two, set()):
            continue
        if _alike(*_table(hours[hours["device_id"].isin([one, two])]).to_numpy(float).T):
            raise InputError(
                f"{one} ({', '.join(sorted(files[one]))}) and {two} ({', '.join(sorted(files[two]))}) count the same "
                f"energy hour by hour: they are one {roles[one].replace('_', ' ')} meter, and would be added up. Take "
                f"one file out of the folder, or say in home.yaml  devices: {{{two}: {{role: ignore}}}}"
            )


def repeated(
    hours: pd.DataFrame, roles: Mapping[str, Role], settings: Settings
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the devices that count again what another series counts, and those that only seem to.

    A device is a copy where its name says that it counts by the day, week, month or year and the other's does not. Any
    other two that are alike may be two devices. What home.yaml names is never taken for a copy.

    Parameters
    ----------
    hours : DataFrame
        device_id, timestamp, energy_kwh.
    roles : mapping
        What each series measures.
    settings : Settings

    Returns
    -------
    copies : dict
        The name of the series that each copy repeats.
    alike : list of (str, str)
        A series and the device that may be a copy of it.
    """
    devices = settings.devices
    named = {*devices, *(device.part_of for device in devices.values())}
    table = _table(hours[hours["device_id"].map(roles) != "ignore"])
    sames = [pair for pair in _candidates(table) if _alike(*table[[*pair]].to_numpy(float).T)]
    ordered = [
        sorted(pair, key=lambda name: (roles[name] == "device", bool(_HELPER.search(name)), name not in named))
        for pair in sames
    ]
    pairs = [(kept, copy) for kept, copy in ordered if roles[copy] == "device" and copy not in named]
    copies = {copy: kept for kept, copy in pairs if _HELPER.search(copy) and not _HELPER.search(kept)}
    alike: list[tuple[str, str]] = []
    for kept, copy in pairs:
        if not {kept, copy} & {*copies, *(two for _, two in alike)} and _varies(table[copy].to_numpy(float)):
            alike.append((kept, copy))
    return copies, alike


def told(copies: Mapping[str, str], alike: Iterable[tuple[str, str]]) -> list[str]:
    """Return sentences on copies, which are set aside, and on devices that are alike, which are not."""
    out = [
        f"{copy} counts hour by hour what {kept} counts, so it is not added. If it is a device of its own, say in "
        f"home.yaml  devices: {{{copy}: {{role: device}}}}"
        for copy, kept in copies.items()
    ]
    return out + [
        f"{one} and {two} count the same energy hour by hour. If they are one, say in home.yaml  "
        f"devices: {{{two}: {{role: ignore}}}}"
        for one, two in alike
    ]


def _table(hours: pd.DataFrame) -> pd.DataFrame:
    return hours.pivot(index="timestamp", columns="device_id", values="energy_kwh")


def _candidates(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the pairs of columns that are alike in most of the hours that are looked at first."""
    names = [str(name) for name in table]
    some = table.to_numpy(float)[np.unique(np.linspace(0, len(table) - 1, _LOOKED_AT).astype(int))]
    for place, name in enumerate(names):
        one, others = some[:, place, None], some[:, place + 1 :]
        there = np.isfinite(one) & np.isfinite(others) & ((one > 0) | (others > 0))
        near = there & (np.abs(one - others) <= _ALIKE * np.maximum(one, others))
        count = there.sum(axis=0)
        for other in np.flatnonzero((count > 0) & (near.sum(axis=0) >= 0.8 * count)):
            yield name, names[place + 1 + other]


def _varies(energy: np.ndarray) -> bool:
    used = energy[np.isfinite(energy)]
    return bool(used.std() > _VARIED * used.mean())


def _alike(left: np.ndarray, right: np.ndarray) -> bool:
    """Tell whether two series are equal in nearly all hours in which any of them flows, of two days at least."""
    there = np.isfinite(left) & np.isfinite(right) & ((left > 0) | (right > 0))
    if there.sum() < _HOURS:
        return False
    same = np.abs(left[there] - right[there]) <= _ALIKE * np.maximum(left[there], right[there])
    return bool(same.mean() > _OFTEN)
