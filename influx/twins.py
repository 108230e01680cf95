"""One meter under two names, as when a home holds the exports of its meter and of an app that reads it, too."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from influx.errors import InputError
from influx.settings import Role

_ALIKE = 0.01
"""Largest relative difference of two hours that count as equal."""

_OFTEN = 0.95
_HOURS = 48


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
        if roles[one] == roles[two] and not files.get(one, set()) & files.get(two, set()) and _alike(hours, one, two):
            raise InputError(
                f"{one} ({', '.join(sorted(files[one]))}) and {two} ({', '.join(sorted(files[two]))}) count the same "
                f"energy hour by hour: they are one {roles[one].replace('_', ' ')} meter, and would be added up. Take "
                f"one file out of the folder, or say in home.yaml  devices: {{{two}: {{role: ignore}}}}"
            )


def _alike(hours: pd.DataFrame, one: str, two: str) -> bool:
    """Tell whether two series are equal in nearly all hours in which any of them flows, of two days at least."""
    pair = hours[hours["device_id"].isin([one, two])].pivot(index="timestamp", columns="device_id", values="energy_kwh")
    left, right = pair[one].to_numpy(float), pair[two].to_numpy(float)
    there = np.isfinite(left) & np.isfinite(right) & ((left > 0) | (right > 0))
    if there.sum() < _HOURS:
        return False
    same = np.abs(left[there] - right[there]) <= _ALIKE * np.maximum(left[there], right[there])
    return bool(same.mean() > _OFTEN)
