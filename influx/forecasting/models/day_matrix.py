"""History laid out as days of 24 hours of the local clock, beginning at the hour of an origin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from influx.core.local_time import HOUR, is_day_off, local

VIEW_DAYS = 224
"""Days that are looked at in all: the longest memory's window, and six weeks more in which the level settles."""


@dataclass(frozen=True)
class Days:
    """Days of 24 local hours around an origin, which is the first hour of the first day ahead.

    Attributes
    ----------
    kwh : ndarray, shape (past, 24)
        Energy of the days before the origin [kWh], NaN where unknown.
    off, weekday : ndarray, shape (past + ahead, 24)
        Whether each hour lies in a day off, and its weekday.
    celsius : ndarray, shape (past + ahead, 24)
        Outdoor temperature [C], NaN where unknown.
    """

    kwh: np.ndarray
    off: np.ndarray
    weekday: np.ndarray
    celsius: np.ndarray

    @property
    def ahead(self) -> int:
        """Number of days after the origin."""
        return len(self.off) - len(self.kwh)

    def at(self, day: int, ahead: int) -> Days:
        """Return the days that are looked at when day number `day` is about to begin, as they were known then."""
        first, end = max(0, day - VIEW_DAYS), day + ahead
        return Days(self.kwh[first:day], self.off[first:end], self.weekday[first:end], self.celsius[first:end])


def cells(stamps: pd.DatetimeIndex, origin: pd.Timestamp, timezone: str) -> tuple[np.ndarray, np.ndarray]:
    """Return day (0 is the first one ahead, -1 the last one past) and place in it (0 to 23) of UTC stamps.

    Days are 24 hours of the local clock: an hour that the clock shows twice shares a place, one that it skips leaves
    its place empty.
    """
    start = local(pd.DatetimeIndex([origin]), timezone)[0]
    place = np.asarray((local(stamps, timezone) - start) // HOUR)
    place = np.where(stamps < origin, np.minimum(place, -1), place)  # a doubled hour may straddle the origin
    return place // 24, place % 24


def to_days(values: np.ndarray, day: np.ndarray, hour: np.ndarray, first: int, count: int) -> np.ndarray:
    """Lay hourly values out as days, shape (count, 24), the first one being day `first`; unknown places are NaN."""
    inside = np.isfinite(values) & (day >= first) & (day < first + count)
    cell = (day[inside] - first) * 24 + hour[inside]
    total = np.bincount(cell, values[inside], minlength=24 * count)
    known = np.bincount(cell, minlength=24 * count)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan).reshape(count, 24)


@lru_cache(maxsize=64)
def hourly_cells(first: pd.Timestamp, count: int, origin: pd.Timestamp, timezone: str) -> tuple[np.ndarray, np.ndarray]:
    """Return `cells` of complete UTC hours from `first` on; the devices of a home share them, so they are kept."""
    day, place = cells(pd.date_range(first, periods=count, freq="h"), origin, timezone)
    day.flags.writeable = place.flags.writeable = False
    return day, place


@lru_cache(maxsize=64)
def calendar(
    origin: pd.Timestamp, past: int, ahead: int, timezone: str, country: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each place lies in a day off, and its weekday, both of shape (past + ahead, 24); kept as above."""
    start = local(pd.DatetimeIndex([origin]), timezone)[0] - pd.Timedelta(days=past)
    wall = pd.date_range(start, periods=24 * (past + ahead), freq="h", tz="UTC")  # clock times, whatever the zone
    off = is_day_off(wall, "UTC", country).reshape(-1, 24)
    weekday = wall.day_of_week.to_numpy().astype(np.int8).reshape(-1, 24)
    off.flags.writeable = weekday.flags.writeable = False
    return off, weekday
