"""History laid out as days of 24 local hours: those of the calendar, or those that begin at the hour of an origin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from influx.core.local_time import HOUR, is_day_off, local

VIEW_DAYS = 224
"""Days that are looked at in all: the longest member's window, and six weeks more in which the level settles."""


@dataclass(frozen=True)
class Days:
    """Days of 24 local hours around an origin, which is the first hour of the first day ahead.

    `kwh` (past, 24) is the energy before the origin; `off`, `weekday` and `celsius` (past + ahead, 24) tell whether
    each hour lies in a day off, its weekday and its temperature. Unknown hours are NaN.
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

    An hour that the clock shows twice shares a place, one that it skips leaves its place empty.
    """
    start = local(pd.DatetimeIndex([origin]), timezone)[0]
    place = np.asarray((local(stamps, timezone) - start) // HOUR)
    place = np.where(stamps < origin, np.minimum(place, -1), place)  # a doubled hour may straddle the origin
    return place // 24, place % 24


@lru_cache(maxsize=64)
def hourly_cells(first: pd.Timestamp, count: int, origin: pd.Timestamp, timezone: str) -> tuple[np.ndarray, np.ndarray]:
    """Return `cells` of complete UTC hours from `first` on; the devices of a home share them, so they are kept."""
    return _read_only(*cells(pd.date_range(first, periods=count, freq="h"), origin, timezone))


@lru_cache(maxsize=128)
def _calendar_cells(first: pd.Timestamp, count: int, timezone: str) -> tuple[np.ndarray, np.ndarray, pd.DatetimeIndex]:
    """Return day and local hour of complete UTC hours from `first` on, and the local days; kept as above."""
    wall = local(pd.date_range(first, periods=count, freq="h"), timezone)
    days = pd.date_range(wall[0].normalize(), wall[-1].normalize(), freq="D")
    return *_read_only((wall.normalize() - days[0]).days.to_numpy(), wall.hour.to_numpy()), days


def calendar_days(stamps: pd.DatetimeIndex, kwh: np.ndarray, timezone: str) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Lay complete UTC hours out as local days, shape (n, 24), from the first known hour to the last one."""
    known = np.flatnonzero(np.isfinite(kwh))
    first, count = known[0], int(known[-1] - known[0]) + 1
    day, hour, days = _calendar_cells(stamps[first], count, timezone)
    return to_days(kwh[first : first + count], day, hour, 0, len(days)), days


def to_days(values: np.ndarray, day: np.ndarray, hour: np.ndarray, first: int, count: int) -> np.ndarray:
    """Lay hourly values out as days, shape (count, 24), the first one being day `first`; unknown places are NaN."""
    inside = np.isfinite(values) & (day >= first) & (day < first + count)
    cell = (day[inside] - first) * 24 + hour[inside]
    total = np.bincount(cell, values[inside], minlength=24 * count)
    known = np.bincount(cell, minlength=24 * count)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan).reshape(count, 24)


@lru_cache(maxsize=64)
def calendar(
    origin: pd.Timestamp, past: int, ahead: int, timezone: str, country: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each place lies in a day off, and its weekday, both of shape (past + ahead, 24); kept as above."""
    start = local(pd.DatetimeIndex([origin]), timezone)[0] - pd.Timedelta(days=past)
    wall = pd.date_range(start, periods=24 * (past + ahead), freq="h", tz="UTC")  # clock times, whatever the zone
    off, weekday = is_day_off(wall, "UTC", country), wall.day_of_week.to_numpy().astype(np.int8)
    return _read_only(off.reshape(-1, 24), weekday.reshape(-1, 24))


def _read_only(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first.flags.writeable = second.flags.writeable = False
    return first, second


def neighbours(values: np.ndarray, reach: int, blank: float = np.nan) -> np.ndarray:
    """Return each hour of days (d, 24) with those up to `reach` before and after it, shape (24, (2 reach + 1) d)."""
    flat = np.pad(values.ravel(), reach, constant_values=blank)
    return np.concatenate([flat[shift : shift + values.size].reshape(-1, 24) for shift in range(2 * reach + 1)]).T


def nearest_known(known: np.ndarray) -> np.ndarray:
    """Return for each hour of the day the nearest one that is known, the earlier of two equally near ones."""
    there = np.flatnonzero(known)
    behind = (np.arange(24)[:, None] - there) % 24
    return np.asarray(there[np.minimum(behind, 24 - behind + 0.5).argmin(axis=1)])
