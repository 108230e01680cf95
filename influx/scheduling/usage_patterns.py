"""How a device has been used: its past uses, as far as hours tell them.

A use is a row of hours in which the device is on: by the minutes of use where events tell them, else by an energy that
stands clear of its standby. Nothing is invented: where uses cannot be told apart or are too few, there is no habit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.constants import WEEK
from influx.forecasting.device_series import Series

RECENT_DAYS = 56
"""Days before the origin whose uses count: habits change with the season."""

LEAST_USES = 3
"""Uses below which no habit is told."""

ON = 0.1
"""Part of the energy of a device's strongest hours (their 99 % quantile) above which it counts as on."""

MOST_ON = 0.6
"""Part of the hours above which a device is never off long enough for its uses to be told apart."""


@dataclass(frozen=True)
class Habit:
    """What is known of a device's recent uses.

    Attributes
    ----------
    minutes : ndarray
        Lengths of the parts of a typical use [min].
    kwh : ndarray
        Energy in each part [kWh]; together the mean energy of a use.
    runs_a_week : float
    uses : int
        Uses from which this is taken.
    weeks : float
        Weeks of known hours in which they lie.
    source : str
        "events" or "readings".
    """

    minutes: np.ndarray
    kwh: np.ndarray
    runs_a_week: float
    uses: int
    weeks: float
    source: str


def habit(series: Series, origin: pd.Timestamp) -> Habit | None:
    """Return a device's habit at `origin`, None where its uses are too few or cannot be told apart."""
    energy = series.ordinary(origin)
    energy = energy[energy.index >= origin - pd.Timedelta(days=RECENT_DAYS)]
    minutes = None if series.around.minutes is None else series.around.minutes.reindex(energy.index)
    found = uses(energy, minutes)
    weeks = float(energy.notna().sum()) / WEEK
    if len(found) < LEAST_USES:
        return None
    parts = _parts(energy, found) if minutes is None else (np.array([found["minutes"].median()]), np.ones(1))
    return Habit(
        parts[0],
        parts[1] * float(found["kwh"].mean()),
        len(found) / weeks,
        len(found),
        weeks,
        "readings" if minutes is None else "events",
    )


def uses(energy: pd.Series, minutes: pd.Series | None = None) -> pd.DataFrame:
    """Return the uses of a device.

    Parameters
    ----------
    energy : Series of float, index complete UTC hours
        [kWh], NaN where unknown.
    minutes : Series, optional
        Minutes of use in the same hours, 0 where none.

    Returns
    -------
    DataFrame
        `start` (UTC hour), `hours`, `minutes` and `kwh` of each use. Those that touch an unknown hour or the ends of
        the span are left out, as nobody knows their length. Empty where the device is hardly ever off.
    """
    on = in_use(energy, minutes)
    number = (on != on.shift()).cumsum()[on]
    table = pd.DataFrame({"stamp": energy.index[on], "kwh": energy[on].to_numpy(), "number": number.to_numpy()})
    table["minutes"] = 60.0 if minutes is None else minutes[on].to_numpy()
    out = table.groupby("number").agg(
        start=("stamp", "min"), hours=("stamp", "size"), minutes=("minutes", "sum"), kwh=("kwh", "sum")
    )
    if on.mean() > MOST_ON * energy.notna().mean():
        return out.iloc[:0].reset_index(drop=True)
    before = energy.reindex(out["start"] - pd.Timedelta(hours=1)).notna().to_numpy()
    after = energy.reindex(out["start"] + pd.to_timedelta(out["hours"], unit="h")).notna().to_numpy()
    return out[before & after].reset_index(drop=True)


def in_use(energy: pd.Series, minutes: pd.Series | None = None) -> pd.Series:
    """Tell in which hours a device is on; not in those that are unknown."""
    if minutes is not None:
        return (minutes > 0) & (energy > 0)
    used = energy[energy > 0]
    return energy > ON * used.quantile(0.99) if len(used) else energy > 0


def _parts(energy: pd.Series, found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the hours of a use of median length, and the share of its energy that each takes on average."""
    length = int(found["hours"].median())
    alike = found[found["hours"] == length] if (found["hours"] == length).any() else found[found["hours"] > length]
    first = energy.index.get_indexer(alike["start"])
    kwh = energy.to_numpy()[first[:, None] + np.arange(length)].mean(axis=0)
    return np.full(length, 60.0), kwh / kwh.sum()
